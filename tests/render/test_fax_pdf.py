"""The PDF and the TIFF, decoded by programs that did not come from us, show the same pixels."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from faxgw.render.page import document_to_pdf, render_sheet
from faxgw.render.sheet import Document, Resolution
from faxgw.render.tiff import read_pages, write_tiff
from tests.peers import require_peer
from tests.render import sheets
from tests.render.test_fax_tiff import SHEETS


def _document(kind: str, resolution: Resolution = Resolution.FINE) -> Document:
    document = render_sheet(SHEETS[kind], resolution)
    assert isinstance(document, Document)
    return document


def _pixels(tiff: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(tiff)) as file:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(file)]


@pytest.mark.live
@pytest.mark.parametrize(
    ("kind", "resolution", "lines_per_inch"),
    [
        ("everyday", Resolution.FINE, 196),
        ("everyday", Resolution.STANDARD, 98),
        ("everyday", Resolution.SUPERFINE, 391),
        ("longest", Resolution.FINE, 196),
    ],
)
def test_ghostscript_reads_the_same_pixels_from_the_pdf(
    tmp_path: Path, kind: str, resolution: Resolution, lines_per_inch: int
) -> None:
    """Ghostscript, at the fax's own resolution, paints each page as the TIFF has it."""
    document = _document(kind, resolution)
    path = tmp_path / "fax.pdf"
    path.write_bytes(document_to_pdf(document))
    command = [require_peer("gs"), "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4"]
    command += [f"-r204x{lines_per_inch}", "-o", str(tmp_path / "painted.tif"), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    painted = _pixels((tmp_path / "painted.tif").read_bytes())
    pages = _pixels(document.tiff)
    assert len(painted) == len(pages)
    for page, copy in zip(pages, painted, strict=True):
        assert abs(len(copy) - len(page)) <= 1
        rows = min(len(copy), len(page))
        np.testing.assert_array_equal(copy[:rows, : page.shape[1]], page[:rows])


@pytest.mark.live
def test_netpbm_decodes_the_strip(tmp_path: Path) -> None:
    """netpbm's TIFF reader, on a libtiff of its own, finds the same pixels."""
    document = _document("everyday")
    path = tmp_path / "fax.tif"
    path.write_bytes(document.tiff)
    bitmap = subprocess.run([require_peer("tifftopnm"), str(path)], check=True, capture_output=True).stdout
    with Image.open(io.BytesIO(bitmap)) as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("1")), _pixels(document.tiff)[0])


@pytest.mark.parametrize("kind", SHEETS)
def test_a_tiff_of_ours_can_be_taken_apart_again(kind: str) -> None:
    """Pages read back and written again are the same file: nothing but strips and sizes is in it."""
    document = _document(kind)
    assert write_tiff(read_pages(document.tiff), sheets.sheet().sent_at) == document.tiff


def test_the_pdf_holds_the_strips_and_little_more() -> None:
    """Around each strip stand less than a thousand bytes, and twice the same is the same."""
    document = _document("longest")
    strips = [page.strip for page in read_pages(document.tiff)]
    pdf = document_to_pdf(document)
    assert pdf == document_to_pdf(document)
    assert all(strip in pdf for strip in strips)
    assert len(pdf) < sum(map(len, strips)) + 1000 * len(strips)
