"""The TIFF against programs that did not come from us: HylaFAX's checker and spandsp's fax machine."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from faxgw.render.line import line_seconds
from faxgw.render.page import render_sheet
from faxgw.render.paper import PAPERS
from faxgw.render.sheet import AnySheet, Document, Resolution
from tests.fax_machines import build_fax_machines, call, pixels
from tests.peers import require_peer
from tests.render import sheets

SHEETS: dict[str, AnySheet] = {
    "everyday": sheets.sheet(),
    "smallest": sheets.sheet(sheets.smallest_order(), language="en"),
    "longest": sheets.sheet(sheets.longest_order(), language="de"),
    "duplicate": sheets.sheet(language="nb", possible_duplicate=True),
    "relay message": sheets.relay_sheet(),
}


def _document(sheet: AnySheet, resolution: Resolution = Resolution.FINE) -> Document:
    document = render_sheet(sheet, resolution)
    assert isinstance(document, Document)
    return document


def _tiff(sheet: AnySheet, resolution: Resolution = Resolution.FINE) -> bytes:
    return _document(sheet, resolution).tiff


def _tiffcheck(path: Path, lines_per_inch: int) -> str:
    program = require_peer("tiffcheck", "/usr/lib/hylafax/bin/tiffcheck")
    command = [program, "-3", "-r", str(lines_per_inch), "-w", "1728", "-l", "297", str(path)]
    # tiffcheck always exits with 0; its first line is the verdict.
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0]


@pytest.mark.live
@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("kind", SHEETS)
def test_hylafax_sends_every_page_kind_as_it_is(tmp_path: Path, kind: str, resolution: Resolution) -> None:
    """HylaFAX's own checker asks for no change of any page, at any resolution."""
    path = tmp_path / "page.tif"
    path.write_bytes(_tiff(SHEETS[kind], resolution))
    assert _tiffcheck(path, PAPERS[resolution].lines_per_inch) == "OK"


@pytest.mark.live
def test_hylafax_refuses_what_pillow_writes_by_itself(tmp_path: Path) -> None:
    """The checker can say no: Pillow's own group-4 file of the same page fails."""
    path = tmp_path / "page.tif"
    with Image.open(io.BytesIO(_tiff(SHEETS["everyday"]))) as page:
        page.convert("1").save(path, compression="group4")
    verdict = _tiffcheck(path, 196)
    assert "REFORMAT" in verdict
    assert "REIMAGE" in verdict


@pytest.fixture(scope="module")
def fax_machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fax_machines(tmp_path_factory.mktemp("t30"))


@pytest.mark.live
@pytest.mark.parametrize(
    ("kind", "resolution"),
    [
        ("everyday", Resolution.FINE),
        ("everyday", Resolution.STANDARD),
        ("everyday", Resolution.SUPERFINE),
        ("smallest", Resolution.FINE),
        ("longest", Resolution.FINE),
    ],
)
def test_a_fax_machine_receives_every_pixel(
    tmp_path: Path, fax_machine: Path, kind: str, resolution: Resolution
) -> None:
    """A fax sent over T.30 with error correction arrives pixel for pixel, and in the time that we say it takes."""
    document = _document(SHEETS[kind], resolution)
    received = call(fax_machine, document.tiff, tmp_path)
    assert received.seconds == pytest.approx(line_seconds(document), rel=0.03)
    for page, copy in zip(pixels(document.tiff), received.pages, strict=True):
        np.testing.assert_array_equal(copy, page)


def test_the_container_has_the_tags_of_a_fax() -> None:
    """One strip, white is zero, bits in line order, pages numbered from zero with their total."""
    with Image.open(io.BytesIO(_tiff(SHEETS["longest"]))) as file:
        pages = [dict(page.tag_v2) for page in ImageSequence.Iterator(file)]  # type: ignore[attr-defined]
    assert [page[297] for page in pages] == [(number, len(pages)) for number in range(len(pages))]
    for page in pages:
        assert {tag: page[tag] for tag in (254, 256, 257, 258, 259, 262, 266, 277, 278, 293, 296)} == {
            254: 2, 256: 1728, 257: 2287, 258: (1,), 259: 4, 262: 0, 266: 2, 277: 1, 278: 2287, 293: 0, 296: 2,
        }  # fmt: skip
        assert (page[282], page[283]) == (204, 196)
        assert len(page[273]) == 1
        assert page[306] == "2027:05:29 07:12:00"
