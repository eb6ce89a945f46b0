"""Every kind of document becomes a fax page that shows what it shows."""

import io
import itertools
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from faxgw.order import Language
from faxgw.render.handed_in.fit import MARGIN
from faxgw.render.handed_in.handed import HandedIn, Kind
from faxgw.render.handed_in.header import HEADER_ROWS, RIGHT, Header
from faxgw.render.marks import Text
from faxgw.render.paper import PAPERS
from faxgw.render.pool import encode_drawings
from faxgw.render.sheet import Resolution
from faxgw.render.typeface import width_px
from faxgw.render.wording import wording_of
from faxgw.render.worker import decode_drawings
from tests.documents import samples

TOP = HEADER_ROWS


def _content_box(ink: np.ndarray, header_rows: int = TOP) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of what stands below the header (last ones included)."""
    below = ink[header_rows:]
    rows, columns = np.flatnonzero(below.any(axis=1)), np.flatnonzero(below.any(axis=0))
    return int(rows[0]) + header_rows, int(rows[-1]) + header_rows, int(columns[0]), int(columns[-1])


def _letter_again(ink: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The content, scaled back to the size of the letter it was drawn from."""
    top, bottom, left, right = _content_box(ink)
    page = Image.fromarray(~ink[top : bottom + 1, left : right + 1]).convert("L")
    return np.asarray(page.resize(size, Image.Resampling.BOX)) < 128


def _differs(ink: np.ndarray, letter: Image.Image) -> float:
    """The share of pixels in which a drawn page and a letter differ."""
    return float(np.mean(_letter_again(ink, letter.size) != (np.asarray(letter) < 128)))


ONE_LETTER: dict[str, tuple[Kind, dict[str, Any]]] = {
    "grey png": (Kind.PNG, {}),
    "bilevel png": (Kind.PNG, {"mode": "1"}),
    "palette png": (Kind.PNG, {"mode": "P"}),
    "colour png": (Kind.PNG, {"mode": "RGB"}),
    "alpha png": (Kind.PNG, {"mode": "RGBA"}),
    "grey alpha png": (Kind.PNG, {"mode": "LA"}),
    "16-bit png": (Kind.PNG, {"mode": "I;16"}),
    "jpeg": (Kind.JPEG, {"format": "JPEG"}),
    "progressive jpeg": (Kind.JPEG, {"format": "JPEG", "mode": "RGB", "progressive": True}),
    "cmyk jpeg": (Kind.JPEG, {"format": "JPEG", "mode": "CMYK"}),
    "cmyk tiff": (Kind.TIFF, {"format": "TIFF", "mode": "CMYK"}),
    "lab tiff": (Kind.TIFF, {"format": "TIFF", "mode": "LAB"}),
    "16-bit tiff": (Kind.TIFF, {"format": "TIFF", "mode": "I;16"}),
    "lzw tiff": (Kind.TIFF, {"format": "TIFF", "compression": "tiff_lzw"}),
    "deflate tiff": (Kind.TIFF, {"format": "TIFF", "compression": "tiff_adobe_deflate", "mode": "RGB"}),
    "packbits tiff": (Kind.TIFF, {"format": "TIFF", "compression": "packbits"}),
    "jpeg tiff": (Kind.TIFF, {"format": "TIFF", "compression": "jpeg", "mode": "RGB"}),
    "group 3 tiff": (Kind.TIFF, {"format": "TIFF", "compression": "group3", "mode": "1"}),
    "group 4 tiff": (Kind.TIFF, {"format": "TIFF", "compression": "group4", "mode": "1"}),
    "ccitt tiff": (Kind.TIFF, {"format": "TIFF", "compression": "tiff_ccitt", "mode": "1"}),
    "big tiff": (Kind.TIFF, {"format": "TIFF", "big_tiff": True}),
}


@pytest.mark.parametrize("name", ONE_LETTER)
def test_every_sort_of_picture_shows_black_on_white(name: str) -> None:
    """Whatever the depth, colours and compression, the letter on the fax is the letter that was handed in."""
    kind, save = ONE_LETTER[name]
    size = (900, 1200)
    page = samples.letter(size)
    if save.get("mode") == "LAB":
        page_lab = Image.merge("LAB", (page, Image.new("L", size, 0), Image.new("L", size, 0)))
        content = samples.saved(page_lab, format="TIFF")
    elif save.get("mode") == "I;16":
        content = samples.saved(
            Image.fromarray(np.asarray(page).astype(np.uint16) * 257), format=save.get("format", "PNG")
        )
    else:
        content = samples.picture(size, **save)
    (ink,) = samples.pixels(samples.drawn(kind, content))
    assert _differs(ink, page) < 0.01


def test_transparency_is_paper() -> None:
    """What is transparent prints white, even where its hidden colour is black; half of black prints black."""
    page = Image.new("RGBA", (600, 600), (0, 0, 0, 0))
    page.paste((0, 0, 0, 160), (200, 200, 400, 400))
    (ink,) = samples.pixels(samples.drawn(Kind.PNG, samples.saved(page, format="PNG")))
    top, bottom, left, right = _content_box(ink)
    assert ink[top : bottom + 1, left : right + 1].mean() > 0.999
    assert right - left == pytest.approx(200 / 96 * 204, abs=3)
    assert bottom - top == pytest.approx(200 / 96 * 196, abs=3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_as_the_camera_was_held(orientation: int) -> None:
    """All eight orientations of EXIF and TIFF end as the same upright letter."""
    upright = samples.letter((900, 1200))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[274] = orientation
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[274] = orientation
    as_jpeg = samples.saved(stored, format="JPEG", exif=exif)
    as_tiff = samples.saved(stored, format="TIFF", tiffinfo=tags)
    for kind, content in ((Kind.JPEG, as_jpeg), (Kind.TIFF, as_tiff)):
        (ink,) = samples.pixels(samples.drawn(kind, content))
        assert _differs(ink, upright) < 0.01, kind


def test_a_landscape_page_is_turned() -> None:
    """A page that is wider than high lies along the paper, turned against the clock, picture and PDF alike."""
    landscape = samples.letter((1600, 1000))
    (ink,) = samples.pixels(samples.drawn(Kind.PNG, samples.saved(landscape, format="PNG")))
    assert _differs(ink, landscape.transpose(Image.Transpose.ROTATE_90)) < 0.01
    (flat,) = samples.pixels(samples.drawn(Kind.PDF, samples.pdf(1, (842, 595))))
    top, bottom, left, right = _content_box(flat)
    assert bottom - top > 1900
    # The text, at the top of the landscape page, lies along the left edge now.
    text = flat[top + 200 : bottom - 200, left + 20 : right - 20].sum(axis=0)
    assert text[: len(text) // 3].sum() > 5 * text[-len(text) // 3 :].sum()


def test_a_small_wide_picture_is_not_turned() -> None:
    """A picture that fits as it stands stays upright and as large as it says it is."""
    banner = samples.letter((600, 200))
    (ink,) = samples.pixels(samples.drawn(Kind.PNG, samples.saved(banner, format="PNG", dpi=(150, 150))))
    top, bottom, left, right = _content_box(ink)
    assert right - left + 1 == pytest.approx(600 / 150 * 204, abs=2)
    assert bottom - top + 1 == pytest.approx(200 / 150 * 196, abs=2)
    assert abs((left + right) - 1727) <= 2


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("dpi", [(300, 300), (204, 98), (1, 1), (600, 300)])
def test_nothing_comes_under_the_header_or_over_the_margin(resolution: Resolution, dpi: tuple[int, int]) -> None:
    """A picture of any size and density lies between header and margins, whole, in its proportions."""
    size = (2400, 3100)
    content = samples.picture(size, dpi=dpi)
    (ink,) = samples.pixels(samples.drawn(Kind.PNG, content, resolution=resolution))
    paper = PAPERS[resolution]
    assert ink.shape == (paper.rows, 1728)
    top = paper.row(HEADER_ROWS)
    _, bottom, left, right = _content_box(ink, top)
    upper_side = ink[top : top + 3, left + 20 : right - 20].any(axis=0)
    assert upper_side.all(), "the frame's upper side comes right below the header"
    assert not ink[paper.row(62) : top].any()
    assert bottom < paper.row(2287 - MARGIN)
    assert left >= MARGIN
    assert right < 1728 - MARGIN
    stated = (96, 96) if dpi == (1, 1) else dpi
    wide, high = (right - left + 1) / 204, (bottom - top + 1) / paper.lines_per_inch
    assert wide / high == pytest.approx(size[0] / stated[0] / (size[1] / stated[1]), rel=0.01)


def test_a_photo_is_made_of_dots_only_on_request() -> None:
    """By threshold mid grey is all black or white; as a photo it keeps its share of ink, and costs more bytes."""
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (400, 1)).repeat(3, axis=1))
    content = samples.saved(ramp, format="PNG")
    plain, photo = samples.drawn(Kind.PNG, content), samples.drawn(Kind.PNG, content, photo=True)
    top, bottom, left, right = _content_box(samples.pixels(photo)[0])
    dots = samples.pixels(photo)[0][top : bottom + 1, left : right + 1]
    assert dots.mean() == pytest.approx(0.5, abs=0.03)
    changes = np.count_nonzero(np.diff(samples.pixels(plain)[0][TOP + 50].astype(np.int8)))
    assert changes == 2
    assert len(photo.tiff) > 5 * len(plain.tiff)


def test_text_is_set_line_by_line() -> None:
    """Lines stay lines, long ones wrap, a form feed turns the page, tabs keep their stops; boxes are reported."""
    assert samples.drawn(Kind.TEXT, samples.text(52)).pages == 1
    assert samples.drawn(Kind.TEXT, samples.text(53)).pages == 2
    assert samples.drawn(Kind.TEXT, b"one\ftwo\fthree").pages == 3
    assert samples.drawn(Kind.TEXT, b"word " * 20_000).pages > 10
    assert samples.drawn(Kind.TEXT, "\ufeffBär 日本".encode()).unprintable == "日本"
    (unix,), (windows,) = (
        samples.pixels(samples.drawn(Kind.TEXT, text)) for text in (b"a\n\n\nb\tc", b"a\r\n\r\n\r\nb\tc")
    )
    np.testing.assert_array_equal(unix, windows)
    assert _content_box(unix)[1] - _content_box(unix)[0] == pytest.approx(3 * 40, abs=30)


def test_a_document_of_many_pages_keeps_their_order() -> None:
    """Each page of a TIFF and a PDF becomes one page, in order, numbered in the tags."""
    tiff = samples.drawn(Kind.TIFF, samples.tiff_pages(4))
    pages = samples.pixels(tiff)
    assert len(pages) == 4
    for page, ink in enumerate(pages):
        assert _differs(ink, samples.numbered_letter(page)) < 0.01
    pdf = samples.drawn(Kind.PDF, samples.pdf(3))
    with Image.open(io.BytesIO(pdf.tiff)) as file:
        numbers = []
        for page in range(3):
            file.seek(page)
            numbers.append(file.tag_v2[297])  # type: ignore[attr-defined]
    assert numbers == [(0, 3), (1, 3), (2, 3)]


def test_what_was_filled_into_a_form_is_printed() -> None:
    """The values in a PDF's form fields are on the fax."""
    filled, empty = (samples.pixels(samples.drawn(Kind.PDF, samples.form(value)))[0] for value in ("WWWWWWWW", ""))
    changed_rows = np.flatnonzero((filled != empty).any(axis=1))
    assert filled.sum() - empty.sum() > 2_000
    assert changed_rows.max() - changed_rows.min() < 30 / 72 * 196


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_a_fax_page_keeps_every_pixel(compression: str) -> None:
    """A bilevel page as wide as a fax moves down below the header and is not changed otherwise."""
    page = samples.fax_page(rows=2100, top=10)
    (ink,) = samples.pixels(samples.drawn(Kind.TIFF, samples.fax_tiff(page, compression=compression)))
    np.testing.assert_array_equal(ink[TOP : TOP + 2090], ~np.asarray(page)[10:])
    assert not ink[TOP + 2090 :].any()


def test_a_fax_page_with_room_at_its_head_stays_where_it_is() -> None:
    """Where the header's rows are white already, nothing moves, and the codes below it are the codes handed in."""
    page = samples.fax_page(rows=2287, top=400)
    (ink,) = samples.pixels(samples.drawn(Kind.TIFF, samples.fax_tiff(page)))
    np.testing.assert_array_equal(ink[TOP:], ~np.asarray(page)[TOP:])


def test_a_full_fax_page_is_made_smaller() -> None:
    """Where a fax page has no white to give for the header, all of it is scaled into the area below."""
    (ink,) = samples.pixels(samples.drawn(Kind.TIFF, samples.fax_tiff(samples.fax_page(rows=2292, top=0))))
    top, bottom, left, right = _content_box(ink)
    assert bottom < 2287 - MARGIN
    assert left >= MARGIN
    assert right - left < 1728 - 2 * MARGIN
    assert not ink[62:TOP].any()
    assert top >= TOP


@pytest.mark.parametrize(("stated", "wanted", "times"), [(98, Resolution.FINE, 2), (196, Resolution.SUPERFINE, 2)])
def test_a_coarser_fax_page_repeats_its_rows(stated: int, wanted: Resolution, times: int) -> None:
    """A fax page of half the resolution keeps its columns and its height on paper."""
    page = samples.fax_page(rows=1000, top=120)
    (ink,) = samples.pixels(samples.drawn(Kind.TIFF, samples.fax_tiff(page, stated), resolution=wanted))
    expected = np.repeat(~np.asarray(page)[120:], times, axis=0)
    np.testing.assert_array_equal(ink[120 * times : 1000 * times], expected)


def test_a_finer_fax_page_merges_its_rows() -> None:
    """Two rows become one, black where either is, so that no thin line is lost."""
    page = samples.fax_page(rows=2000, top=200)
    (ink,) = samples.pixels(samples.drawn(Kind.TIFF, samples.fax_tiff(page), resolution=Resolution.STANDARD))
    both = ~np.asarray(page)
    np.testing.assert_array_equal(ink[100:1000], both[200::2] | both[201::2])


def test_a_picture_of_the_page_beside_it_is_no_page() -> None:
    """A TIFF's reduced pictures (thumbnails) are left out."""
    thumbnail = TiffImagePlugin.ImageFileDirectory_v2()
    thumbnail[254] = 1
    small = samples.letter((90, 120))
    small.encoderinfo = {"tiffinfo": thumbnail}
    content = samples.saved(samples.letter((900, 1200)), format="TIFF", save_all=True, append_images=[small])
    assert samples.drawn(Kind.TIFF, content).pages == 1


SAMPLES = {
    Kind.TEXT: samples.text(),
    Kind.PNG: samples.picture(),
    Kind.JPEG: samples.picture(format="JPEG"),
    Kind.TIFF: samples.tiff_pages(2),
    Kind.PDF: samples.pdf(),
}


@pytest.mark.parametrize("kind", Kind)
def test_the_same_document_gives_the_same_bytes(kind: Kind) -> None:
    """Twice drawn is byte for byte the same, with the versions that decide it; and a duplicate says that it is one."""
    once, again = samples.drawn(kind, SAMPLES[kind]), samples.drawn(kind, SAMPLES[kind])
    assert once == again
    assert ("pypdfium2" in once.form_version) == (kind is Kind.PDF)
    duplicate = samples.drawn(kind, SAMPLES[kind], possible_duplicate=True)
    for page, marked in itertools.zip_longest(samples.pixels(once), samples.pixels(duplicate)):
        changed = np.flatnonzero((page != marked).any(axis=1))
        assert changed.size
        assert changed.max() < 58, "the mark stands in the header line"


@pytest.mark.parametrize("language", get_args(Language))
def test_the_header_speaks_the_readers_language(language: Language) -> None:
    """Name, time with its zone, duplicate mark and page stand beside each other, the longest of each."""
    header = Header("W" * 80, samples.SENT_AT, language, possible_duplicate=True)
    texts = sorted((mark for mark in header.marks(49, 50) if isinstance(mark, Text)), key=lambda text: text.x)
    wording = wording_of(language)
    labels = wording.labels["handed-in"]
    stamp = f"{wording.stamp(samples.SENT_AT)} +0200"
    assert [text.text for text in texts[1:]] == [
        stamp,
        labels["possible_duplicate"],
        labels["page"].format(page=49, pages=50),
    ]
    ends = [text.x + width_px(text.style, text.text) for text in texts]
    assert all(end + 12 <= after.x for end, after in zip(ends, texts[1:], strict=False))
    assert ends[-1] == RIGHT


def test_a_document_survives_the_way_to_the_process() -> None:
    """What is handed in can be told apart from a sheet on the wire."""
    document = samples.handed_in(Kind.TEXT, b"hello", photo=True)
    decoded = decode_drawings(encode_drawings([document]))[0]
    assert isinstance(decoded, HandedIn)
    assert decoded == document
    assert decoded.sent_at.isoformat() == document.sent_at.isoformat(), "the zone is printed"
