"""Files as carriers drop them: every coding, width, sense of black; what is damaged, too large or no fax at all."""

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from faxgw.config.intake import ReadingLimits
from faxgw.intake.faxread import FaxRead, Unreadable, UnreadableReason
from faxgw.intake.pages.open import open_pages
from faxgw.intake.read import draw_page, read_fax
from faxgw.render.orderform import order_code
from faxgw.render.page import document_to_pdf, render_sheet
from faxgw.render.sheet import Document, Resolution
from tests.documents import samples
from tests.intake.scanner import fax
from tests.peers import require_peer
from tests.render import sheets

LIMITS = ReadingLimits()
CODE = order_code(sheets.order().number, 1)


def document(resolution: Resolution = Resolution.FINE, lines: int = 2) -> Document:
    drawn = render_sheet(sheets.sheet(sheets.order(lines=lines)), resolution)
    assert isinstance(drawn, Document)
    return drawn


TIFF = document().tiff


def picture(tiff: bytes = TIFF) -> Image.Image:
    with Image.open(io.BytesIO(tiff)) as file:
        return file.convert("1")


def saved(image: Image.Image, compression: str, tags: Mapping[int, object] | None = None, **more: object) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in (tags or {}).items():
        directory[tag] = value
    file = io.BytesIO()
    image.save(file, "TIFF", compression=compression, tiffinfo=directory, **more)
    return file.getvalue()


def seen(content: bytes, limits: ReadingLimits = LIMITS) -> list[tuple[str, str, int]]:
    """Of each page: what its code says, its form, its boxes."""
    read = read_fax(content, limits)
    assert isinstance(read, FaxRead), read
    return [(page.code, page.form.split("/")[0], len(page.ticks)) for page in read.pages]


def refused(content: bytes, limits: ReadingLimits = LIMITS) -> UnreadableReason:
    read = read_fax(content, limits)
    assert isinstance(read, Unreadable), read
    assert read.detail
    return read.reason


WHOLE = [(CODE, "order-sheet", 4)]


@pytest.mark.live
@pytest.mark.parametrize(
    "options",
    ["-c g3:1d", "-c g3:2d", "-c g3:1d:fill", "-c g3:2d:fill", "-c g4", "-c g4 -r 64", "-c none", "-c packbits"],
)
@pytest.mark.parametrize("order", ["-f lsb2msb", "-f msb2lsb", "-B", "-L"])
def test_every_coding_gives_the_same_page(tmp_path: Path, options: str, order: str) -> None:
    """As libtiff's own tool writes them, both fill orders and byte orders."""
    sent, copied = tmp_path / "a.tif", tmp_path / "b.tif"
    sent.write_bytes(TIFF)
    subprocess.run([require_peer("tiffcp"), *options.split(), *order.split(), sent, copied], check=True)
    (page,) = open_pages(copied.read_bytes(), LIMITS)
    np.testing.assert_array_equal(page.ink, ~np.asarray(picture()))
    assert page.bad_rows == 0


@pytest.mark.parametrize("compression", ["group3", "group4", "raw", "packbits", "tiff_lzw"])
def test_black_is_black_in_both_senses(compression: str) -> None:
    """Pillow writes black as zero where faxes have it as one."""
    assert seen(saved(picture(), compression, dpi=(204, 196))) == WHOLE


@pytest.mark.parametrize("resolution", Resolution)
def test_every_resolution_is_brought_to_the_forms_own(resolution: Resolution) -> None:
    """98, 196 and 391 lines to the inch."""
    assert seen(document(resolution).tiff) == WHOLE


@pytest.mark.parametrize("resolution", Resolution)
def test_a_page_without_resolution_is_known_by_its_shape(resolution: Resolution) -> None:
    """Tags that lack, or that say nothing."""
    for tags in ({}, {282: 0.0, 283: 0.0}, {282: 1.0, 283: 1.0}):
        assert seen(saved(picture(document(resolution).tiff), "group4", tags)) == WHOLE


@pytest.mark.parametrize(
    ("width", "dpi"), [(2048, (204, 196)), (2432, (204, 196)), (1700, (200, 200)), (1734, (204, 196))]
)
def test_odd_widths_are_read(width: int, dpi: tuple[int, int]) -> None:
    """B4 and A3 rolls, letter paper at 200 dpi, off by a few."""
    page = Image.new("1", (width, 2300), 255)
    page.paste(picture(), ((width - 1728) // 2, 8))
    assert seen(saved(page, "group4", dpi=dpi)) == WHOLE


@pytest.mark.parametrize("dpi", [(300, 300), (408, 391), (203, 98), (80, 77)])
def test_other_densities_are_scaled(dpi: tuple[int, int]) -> None:
    """Among them dots to the centimeter."""
    unit = {296: 3} if dpi == (80, 77) else {}
    across, down = (side * (2.54 if unit else 1) for side in dpi)
    size = round(1728 * across / 204), round(2287 * down / 196)
    scaled = picture().convert("L").resize(size, Image.Resampling.LANCZOS).convert("1", dither=Image.Dither.NONE)
    tags = {282: float(dpi[0]), 283: float(dpi[1]), 296: unit.get(296, 2)}
    assert seen(saved(scaled, "group4", tags)) == WHOLE


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_lies_turned_is_set_upright(turn: int) -> None:
    """And how far it lay turned is told."""
    turned = picture().rotate(turn, expand=True)
    content = saved(turned, "group4", dpi=(204, 196))
    read = read_fax(content)
    assert isinstance(read, FaxRead)
    assert read.pages[0].turned_degrees == 360 - turn
    assert seen(content) == WHOLE


def test_pages_are_read_one_by_one() -> None:
    """Each has its code; the boxes stand on the last."""
    long = document(lines=15)
    number = sheets.order().number
    assert seen(long.tiff) == [(order_code(number, 1), "", 0), (order_code(number, 2), "order-sheet", 4)]
    assert seen(document_to_pdf(long)) == seen(long.tiff)


def test_a_grey_scan_is_read() -> None:
    """As some gateways send it."""
    assert seen(saved(picture().convert("L"), "tiff_lzw", dpi=(204, 196))) == WHOLE


def test_damaged_codes_spoil_their_rows_and_no_more() -> None:
    """Two-dimensional lines between whole ones; group 4, which never finds back, loses what comes after."""
    read = read_fax(_damaged(saved(picture(), "group3", {292: 0}, dpi=(204, 196))))
    assert isinstance(read, FaxRead)
    assert read.pages[0].code == CODE
    late = read_fax(_damaged(TIFF))
    assert isinstance(late, FaxRead)
    assert late.pages[0].code == CODE
    assert late.pages[0].bad_rows > 0


def _damaged(tiff: bytes) -> bytes:
    """Three bytes in the middle of the only strip are wrong."""
    with Image.open(io.BytesIO(tiff)) as file:
        offsets, sizes = file.tag_v2[273], file.tag_v2[279]  # type: ignore[attr-defined]
    middle = offsets[len(offsets) // 2] + sizes[len(sizes) // 2] // 2
    return tiff[:middle] + bytes(byte ^ 0x5A for byte in tiff[middle : middle + 3]) + tiff[middle + 3 :]


def test_rows_that_the_receiver_lost_are_told() -> None:
    """By tag 326, which HylaFAX and spandsp write."""
    read = read_fax(saved(picture(), "group4", {326: 7}, dpi=(204, 196)))
    assert isinstance(read, FaxRead)
    assert read.pages[0].bad_rows == 7


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", UnreadableReason.NOT_A_FAX),
        (b"GIF89a", UnreadableReason.NOT_A_FAX),
        (TIFF[:4], UnreadableReason.DAMAGED),
        (TIFF[: len(TIFF) // 2], UnreadableReason.DAMAGED),
        (TIFF[8:], UnreadableReason.NOT_A_FAX),
        (b"%PDF-1.7 and nothing more", UnreadableReason.DAMAGED),
        (samples.pdf(locked=True), UnreadableReason.ENCRYPTED),
    ],
)
def test_what_is_no_whole_fax_is_refused(content: bytes, reason: UnreadableReason) -> None:
    """With what is the matter."""
    assert refused(content) is reason


def test_bombs_are_refused_by_what_they_declare() -> None:
    """Pixels, pages, bytes: before anything is decoded."""
    huge = saved(Image.new("1", (12_000, 12_000), 255), "group4")
    assert len(huge) < 20_000
    assert refused(huge) is UnreadableReason.TOO_LARGE
    assert refused(TIFF, ReadingLimits(bytes_max=1024)) is UnreadableReason.TOO_LARGE
    blank = np.zeros((100, 1728), bool)
    assert refused(fax([blank] * 3, 196), ReadingLimits(pages_max=2)) is UnreadableReason.TOO_LARGE
    assert seen(fax([blank] * 2, 196), ReadingLimits(pages_max=2)) == [("", "", 0)] * 2


def test_a_page_is_shown_upright_and_small() -> None:
    """For the review queue; a page that is not there is not shown."""
    content = saved(picture().rotate(180), "group4", dpi=(204, 196))
    with Image.open(io.BytesIO(draw_page(content, 1))) as shown:
        assert shown.width == 1000
        assert shown.height == pytest.approx(1324, abs=2)
        left = np.asarray(shown.convert("L"))[:, :500] < 128
    # The order's number stands upper left.
    assert left[60:140].mean() > 0.05
    assert len(draw_page(content, 1)) < 150_000
    assert draw_page(content, 2) == b""
