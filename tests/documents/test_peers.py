"""The documents' faxes against programs that did not come from us: HylaFAX, libtiff, netpbm, Ghostscript, spandsp."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faxgw.render.handed_in.handed import Kind
from faxgw.render.join import join_documents
from faxgw.render.page import document_to_pdf, render_sheet
from faxgw.render.paper import PAPERS
from faxgw.render.sheet import Document, Resolution
from tests.documents import samples
from tests.fax_machines import build_fax_machines, call, pixels
from tests.peers import require_peer
from tests.render import sheets

DOCUMENTS = {
    "text": (Kind.TEXT, samples.text(90)),
    "png": (Kind.PNG, samples.picture()),
    "jpeg": (Kind.JPEG, samples.picture(format="JPEG")),
    "scan": (Kind.TIFF, samples.tiff_pages(2)),
    "fax": (Kind.TIFF, samples.fax_tiff(samples.fax_page())),
    "long fax": (Kind.TIFF, samples.fax_tiff(samples.fax_page(rows=2376, top=0))),
    "blank fax": (Kind.TIFF, samples.fax_tiff(samples.fax_page(rows=2292, top=2290).crop((0, 0, 1728, 2280)))),
    "pdf": (Kind.PDF, samples.pdf()),
    "landscape pdf": (Kind.PDF, samples.pdf(1, (842, 595))),
}

pytestmark = pytest.mark.live


def _tiffcheck(path: Path, lines_per_inch: int) -> str:
    program = require_peer("tiffcheck", "/usr/lib/hylafax/bin/tiffcheck")
    command = [program, "-3", "-r", str(lines_per_inch), "-w", "1728", "-l", "297", str(path)]
    # tiffcheck always exits with 0; its first line is the verdict.
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0]


def _read_pbm(pbm: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(pbm)) as picture:
        return ~np.asarray(picture.convert("1"))


def _joined() -> Document:
    sheet = render_sheet(sheets.sheet())
    assert isinstance(sheet, Document)
    return join_documents([sheet, samples.drawn(*DOCUMENTS["text"]), sheet])


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_hylafax_sends_every_document_as_it_is(tmp_path: Path, name: str, resolution: Resolution) -> None:
    """HylaFAX's own checker asks for no change of any page, at any resolution."""
    path = tmp_path / "page.tif"
    path.write_bytes(samples.drawn(*DOCUMENTS[name], resolution=resolution).tiff)
    assert _tiffcheck(path, PAPERS[resolution].lines_per_inch) == "OK"


def test_hylafax_sends_a_joined_document_as_it_is(tmp_path: Path) -> None:
    """Several faxes in one call are one good document."""
    path = tmp_path / "pages.tif"
    path.write_bytes(_joined().tiff)
    assert _tiffcheck(path, 196) == "OK"


@pytest.mark.parametrize("name", [*DOCUMENTS, "joined"])
def test_other_decoders_see_the_same_pixels(tmp_path: Path, name: str) -> None:
    """netpbm reads every page from the TIFF, and Ghostscript from the PDF around the same strips, to the pixel."""
    tiffsplit, tifftopnm, ghostscript = require_peer("tiffsplit"), require_peer("tifftopnm"), require_peer("gs")
    document = _joined() if name == "joined" else samples.drawn(*DOCUMENTS[name])
    tiff, pdf = tmp_path / "pages.tif", tmp_path / "pages.pdf"
    tiff.write_bytes(document.tiff)
    pdf.write_bytes(document_to_pdf(document))
    # netpbm reads a file's first page only; tiffsplit copies strips as they are.
    subprocess.run([tiffsplit, str(tiff), f"{tmp_path}/page-"], check=True, capture_output=True)
    device = (
        "-q",
        "-dBATCH",
        "-dNOPAUSE",
        "-dSAFER",
        "-sDEVICE=pbmraw",
        "-r204x196",
        f"-sOutputFile={tmp_path}/%02d.pbm",
    )
    subprocess.run([ghostscript, *device, str(pdf)], check=True, capture_output=True)
    by_netpbm, by_ghostscript = sorted(tmp_path.glob("page-*.tif")), sorted(tmp_path.glob("*.pbm"))
    for ink, one, other in zip(samples.pixels(document), by_netpbm, by_ghostscript, strict=True):
        pbm = subprocess.run([tifftopnm, str(one)], check=True, capture_output=True).stdout
        np.testing.assert_array_equal(_read_pbm(pbm), ink)
        np.testing.assert_array_equal(_read_pbm(other.read_bytes()), ink)


@pytest.fixture(scope="module")
def fax_machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fax_machines(tmp_path_factory.mktemp("t30"))


@pytest.mark.parametrize("name", ["text", "png", "pdf", "scan", "fax", "joined"])
def test_a_fax_machine_receives_every_pixel(tmp_path: Path, fax_machines: Path, name: str) -> None:
    """Every page of every kind of document arrives over T.30 as it was sent."""
    document = _joined() if name == "joined" else samples.drawn(*DOCUMENTS[name])
    received = call(fax_machines, document.tiff, tmp_path)
    assert len(received.pages) == document.pages
    for page, copy in zip(pixels(document.tiff), received.pages, strict=True):
        np.testing.assert_array_equal(copy, page)


def test_netpbm_reads_a_strip_of_a_fax_page_as_it_was_handed_in(tmp_path: Path) -> None:
    """The first page's strip itself, read by another decoder, holds the rows of the fax that came in."""
    tifftopnm = require_peer("tifftopnm")
    page = samples.fax_page()
    path = tmp_path / "fax.tif"
    path.write_bytes(samples.drawn(Kind.TIFF, samples.fax_tiff(page)).tiff)
    seen = _read_pbm(subprocess.run([tifftopnm, str(path)], check=True, capture_output=True).stdout)
    np.testing.assert_array_equal(seen[200:2100], ~np.asarray(page)[200:])
