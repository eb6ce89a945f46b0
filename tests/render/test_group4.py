"""The strip put together from bands is libtiff's own coding of the whole page, bit for bit."""

import io

import hypothesis
import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from PIL import Image

from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient, Window
from faxgw.render import libtiff, relayform
from faxgw.render.bands import Band, cut
from faxgw.render.coded import BandCache
from faxgw.render.marks import Page, Rule, Text, frame
from faxgw.render.orderform import lay_out
from faxgw.render.paper import COLUMNS, PAPERS
from faxgw.render.setting import Overlong
from faxgw.render.sheet import Resolution
from faxgw.render.strip import encode_page, paint_page
from faxgw.render.typeface import Style
from tests.render import sheets


def _whole(page: Page, resolution: Resolution) -> bytes:
    canvas = paint_page(page, resolution)
    (strip,) = libtiff.encode(canvas, len(canvas))
    return strip


_WORDS = st.sampled_from(
    [
        *("à", "la", "maison", "cœur", "Ærø", "blåbær", "Łódź", "Příliš", "W", "iiii", "fjord", "Ǻngström", "€50"),
        *("日本", "שלום", "🌹", "❤\ufe0f", "e\u0301\u0323", "«\u00a0oui\u00a0»", "--", "/", ".", "\t", "\r\n", "\n\n"),
        "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselanhängergravurwerkstatt",
    ]
)
_PROSE = st.lists(_WORDS | st.text(max_size=12), max_size=60).map(" ".join)


def _text(at_most: int, at_least: int = 0) -> st.SearchStrategy[str]:
    return _PROSE.map(lambda text: (text or "x")[:at_most]).filter(lambda text: len(text) >= at_least)


_LONG_PROSE = st.builds(lambda text, times: (text * times)[:4000], _PROSE, st.sampled_from([1, 1, 1, 1, 12]))

_MONEY = st.builds(Money, st.integers(0, 10_000_000_00), st.just("EUR"))
_LINES = st.builds(
    ProductLine,
    description=_text(200, 1),
    quantity=st.integers(1, 999),
    unit_price=_MONEY,
    code=st.none() | _text(32, 1),
)
_RECIPIENTS = st.builds(
    Recipient,
    name=_text(120, 1),
    street=st.lists(_text(120, 1), min_size=1, max_size=4),
    postcode=_text(16, 1),
    city=_text(60, 1),
    country=st.sampled_from(["FR", "NO", "XX"]),
    company=st.none() | _text(120, 1),
    phone=st.none() | st.just("+33 1 99 00 12 34"),
)
_TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))
_ORDERS = st.builds(
    Order,
    key=st.just("k"),
    number=st.from_regex(r"[A-Za-z0-9/_.-]{1,20}", fullmatch=True),
    delivery=st.builds(Delivery, st.dates(), st.none() | st.builds(Window, _TIMES, _TIMES)),
    recipient=_RECIPIENTS,
    lines=st.lists(_LINES, min_size=1, max_size=25),
    customer_price=_MONEY,
    execution_price=_MONEY,
    sending_member=st.just("M1"),
    card_message=_LONG_PROSE,
    instructions=_text(600),
    payment_reference=_text(64),
)


@hypothesis.given(
    order=_ORDERS,
    language=st.sampled_from(sheets.LANGUAGES),
    possible_duplicate=st.booleans(),
    resolution=st.sampled_from(Resolution),
)
@hypothesis.settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
def test_the_composed_strip_is_libtiffs_own(
    order: Order, language: str, possible_duplicate: bool, resolution: Resolution
) -> None:
    """Any order, language and resolution: composing with a shared cache gives libtiff's bytes of the whole page."""
    sheet = msgspec.structs.replace(sheets.sheet(order, possible_duplicate=possible_duplicate), language=language)
    pages = lay_out(sheet)
    hypothesis.assume(not isinstance(pages, Overlong))
    assert not isinstance(pages, Overlong)
    hypothesis.event(f"{len(pages)} pages")
    for page in pages:
        assert encode_page(page, resolution) == _whole(page, resolution)


_TOP_MARKS = st.builds(
    lambda x, y, width, height: [Rule(x, y, width, height)],
    st.integers(8, 800), st.integers(0, 1000), st.integers(1, 800), st.integers(1, 400),
)  # fmt: skip
_FRAMES = st.builds(
    frame, st.integers(8, 300), st.integers(0, 900), st.integers(20, 1300), st.integers(20, 900), st.integers(1, 8)
)
_TEXTS = st.builds(
    lambda x, y, style, text: [Text(x, y, style, text)],
    st.integers(8, 300), st.integers(120, 1900), st.sampled_from(Style), st.text("aÅgj❤W日 ", max_size=8),
)  # fmt: skip


@hypothesis.given(st.lists(_TOP_MARKS | _FRAMES | _TEXTS, max_size=12), st.sampled_from(Resolution))
@hypothesis.settings(max_examples=300, deadline=None)
def test_any_heap_of_marks_is_cut_right(heap: list[Page], resolution: Resolution) -> None:
    """Frames that cross, touch or nest, uprights that end anywhere: no form would do it, the cutter bears it."""
    page = [mark for marks in heap for mark in marks]
    assert encode_page(page, resolution, BandCache()) == _whole(page, resolution)


def test_a_full_cache_forgets_and_stays_right() -> None:
    """With room for almost nothing every band is coded again, and the strip is the same."""
    cache = BandCache(bytes_max=4000)
    for page in _pages():
        assert encode_page(page, Resolution.FINE, cache) == _whole(page, Resolution.FINE)
    assert cache.bytes_held <= 4000


def test_a_band_is_kept_when_it_comes_up_again() -> None:
    """A name comes once and takes no room; what stands on every page is remembered from the second on."""
    cache = BandCache()
    page: Page = [Text(100, 100, Style.BODY, "Roses")]
    ((_, band),) = cut(page, Resolution.FINE)
    held = []
    for _ in range(3):
        encode_page(page, Resolution.FINE, cache)
        held.append((cache.get(band) is not None, cache.bytes_held > 0))
    assert held == [(False, False), (True, True), (True, True)]


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("text", [sheets.MESSAGE, "Ærøskøbing ♥ " * 300])
def test_a_relay_messages_strip_is_libtiffs_own(text: str, resolution: Resolution) -> None:
    """The second form is coded as the first is: whatever it says, on one page and on more."""
    pages = relayform.lay_out(sheets.relay_sheet(text=text))
    assert isinstance(pages, list)
    for page in pages:
        assert encode_page(page, resolution) == _whole(page, resolution)


def _pages() -> list[Page]:
    pages = lay_out(sheets.sheet(sheets.longest_order()))
    assert not isinstance(pages, Overlong)
    return pages


def test_most_bands_of_the_next_order_are_remembered() -> None:
    """Another order of the same day and florist shares labels, rules, boxes: few bands are drawn again."""
    first, second = (
        [band for _, band in cut(lay_out(sheets.sheet(sheets.order(number=number)))[0], Resolution.FINE)]  # type: ignore[index]
        for number in ("2027-1", "2027-2")
    )
    assert len(set(second) - set(first)) <= 2
    assert len(second) > 20


@pytest.mark.parametrize("rows", [1, 2, 64])
def test_libtiff_called_directly_codes_as_through_pillow(rows: int) -> None:
    """The way past Pillow's `save` gives the strips that `save` gives."""
    canvas = np.random.default_rng(7).integers(0, 256, (64, COLUMNS // 8), np.uint8)
    canvas[10:30] = 0
    file = io.BytesIO()
    Image.frombytes("1", (COLUMNS, 64), canvas.tobytes()).save(
        file, "TIFF", compression="group4", strip_size=rows * COLUMNS // 8
    )
    through_save = file.getvalue()
    strips = libtiff.encode(canvas, rows)
    assert len(strips) == 64 // rows
    assert all(strip in through_save for strip in strips)
    with Image.open(io.BytesIO(through_save)) as tiff:
        assert list(tiff.tag_v2[279]) == [len(strip) for strip in strips]  # type: ignore[attr-defined]


def test_equal_bands_are_equal_wherever_they_stand() -> None:
    """A line of text moved down the page is the same band."""
    bands = [cut([Text(100, baseline, Style.BODY, "Roses")], Resolution.FINE)[0][1] for baseline in (100, 777)]
    assert isinstance(bands[0], Band)
    assert bands[0] == bands[1]


def test_an_empty_page_is_white() -> None:
    """Nothing on it is one bit a row."""
    for resolution, paper in PAPERS.items():
        strip = encode_page([], resolution)
        assert strip == _whole([], resolution)
        assert len(strip) == -(-(paper.rows + 24) // 8)
