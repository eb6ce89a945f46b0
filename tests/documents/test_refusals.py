"""A document that cannot become a fax is answered with what is the matter and what can be done, and breaks nothing."""

import struct
import time
import tracemalloc
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faxgw.render.handed_in.draw import draw_handed_in
from faxgw.render.handed_in.handed import Kind, Limits
from faxgw.render.handed_in.kind import recognise
from faxgw.render.sheet import Document, Unrenderable
from tests.documents import samples

WHOLE = {
    Kind.TEXT: samples.text(),
    Kind.PNG: samples.picture((200, 300)),
    Kind.JPEG: samples.picture((200, 300), format="JPEG"),
    Kind.TIFF: samples.tiff_pages(2, compression="tiff_lzw"),
    Kind.PDF: samples.pdf(1),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("declared", ["right", "", "application/octet-stream"])
def test_a_kind_is_told_from_the_content(kind: Kind, declared: str) -> None:
    """Every kind is recognised, declared rightly or not at all."""
    types = {Kind.TEXT: "text/plain; charset=utf-8", Kind.PDF: "Application/PDF"}
    media_type = types.get(kind, f"image/{kind}") if declared == "right" else declared
    assert recognise(WHOLE[kind], media_type) is kind


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"", "", "the document is empty"),
        (WHOLE[Kind.PNG], "application/pdf", "declared as application/pdf but its content is png"),
        (WHOLE[Kind.PDF], "text/plain", "declared as text/plain but its content is pdf"),
        (b"hello", "application/msword", "documents of the type 'application/msword' are not taken"),
        (b"PK\x03\x04\x14\x00", "", "a ZIP archive or an office document"),
        (b"{\\rtf1 hello}", "", "a rich text document"),
        (b"<!DOCTYPE HTML><p>hello", "", "a web page"),
        (b"%!PS-Adobe-3.0\nshowpage", "", "PostScript"),
        (b"GIF89a\x01\x00\x01\x00", "", "a GIF"),
        (b"\x00\x01\x02\x03", "", "it cannot be told what the document is"),
        ("Bär".encode("latin-1"), "text/plain", "it cannot be told what the document is"),
        (b"%PDF-1.7", "", None),
        (b"\n\n%PDF-1.7", "", None),
        (b"BM is how this text begins", "", None),
    ],
)
def test_what_is_not_taken_is_named(content: bytes, media_type: str, reason: str | None) -> None:
    """Whatever else comes is refused by its name, with what can be done about it; a text may begin like a bitmap."""
    outcome = recognise(content, media_type)
    if reason is None:
        assert isinstance(outcome, Kind)
    else:
        assert isinstance(outcome, Unrenderable)
        assert reason in outcome.reason


def test_a_document_too_large_is_refused_at_the_door_and_behind_it() -> None:
    """The bound on bytes holds before anything else looks at them."""
    limits = Limits(bytes_max=100)
    assert isinstance(recognise(b"a" * 101, "", limits), Unrenderable)
    assert "has 101 bytes; at most 100" in samples.refusal(Kind.TEXT, b"a" * 101, limits)


def _png(width: int, height: int, colour_type: int = 2, data: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))

    head = struct.pack(">LLBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _tiff(width: int, height: int, *more: tuple[int, int, int, int]) -> bytes:
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 0), (273, 4, 1, 8),
        (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100),
    ]  # fmt: skip
    given_tags = {entry[0] for entry in more}
    entries = sorted([entry for entry in entries if entry[0] not in given_tags] + list(more))
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<L", 108) + b"\0" * 100 + directory + b"\0" * 4


BOMBS = {
    "png": (Kind.PNG, _png(30_000, 30_000, data=zlib.compress(b"\0" * 10_000_000))),
    "huge png": (Kind.PNG, _png(2**31 - 1, 2**31 - 1)),
    "jpeg": (
        Kind.JPEG,
        samples.picture((64, 64), format="JPEG").replace(b"\x08\0\x40\0\x40", b"\x08\xff\xdc\xff\xdc"),
    ),
    "tiff": (Kind.TIFF, _tiff(100_000, 100_000)),
    "tiff of the largest size": (Kind.TIFF, _tiff(2**32 - 1, 2**32 - 1)),
    "tiled tiff": (
        Kind.TIFF,
        _tiff(100, 100, (322, 4, 1, 65_536), (323, 4, 1, 65_536), (324, 4, 1, 8), (325, 4, 1, 100)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_declared_size(name: str) -> None:
    """Nothing of it is decoded: the answer comes in a moment and takes no memory."""
    kind, bomb = BOMBS[name]
    samples.drawn(Kind.PNG, WHOLE[Kind.PNG])
    tracemalloc.start()
    started = time.process_time()
    try:
        reason = samples.refusal(kind, bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "declares" in reason
    assert peak < 2_000_000 + 2 * len(bomb)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (Kind.TEXT, b"caf\xe9", "the text is not UTF-8 (byte 3): save it as UTF-8"),
        (Kind.TEXT, b" \n\f ", "the text is blank"),
        (Kind.TEXT, b"\n" * 10 + b"a\n" * 60_000, "the document has more than 50 pages: split it"),
        (Kind.TEXT, b"a" * 1_000_001, "the text has 1000001 characters"),
        (Kind.PDF, samples.pdf(1, locked=True), "the PDF is encrypted: save it without a password"),
        (Kind.PDF, samples.pdf(51), "the document has 51 pages; a fax has at most 50: split it"),
        (Kind.PDF, samples.empty_pdf(), "the PDF has no pages"),
        (Kind.PDF, b"%PDF-1.7\nnothing", "the PDF is damaged or cut off"),
        (Kind.PDF, samples.raw_pdf("/MediaBox[0 0 30000 30000]"), "PDF allows 14400"),
        (Kind.PDF, samples.raw_pdf("/MediaBox[0 0 1 1]"), "less than a millimetre"),
        (Kind.PDF, samples.raw_pdf("/MediaBox[0 0 14000 100]"), "over 20 times as long as wide"),
        (Kind.PNG, samples.picture((3, 3)), "less than a millimetre"),
        (Kind.PNG, samples.picture((3000, 40)), "over 20 times as long as wide: cut it into pages"),
        (Kind.PNG, WHOLE[Kind.PNG][:-200], "the png document is damaged or cut off"),
        (Kind.JPEG, WHOLE[Kind.JPEG][:700], "the jpeg document is damaged or cut off"),
        (Kind.PNG, WHOLE[Kind.JPEG], "the png document is damaged or cut off"),
        (Kind.TIFF, b"II*\0\0\0\0\0", "the tiff document is damaged"),
        (Kind.TIFF, samples.saved(Image.fromarray(np.ones((90, 90), np.int32)), format="TIFF"), "32 bits a sample"),
        (Kind.TIFF, samples.saved(Image.fromarray(np.ones((90, 90), np.float32)), format="TIFF"), "32 bits a sample"),
        (Kind.TIFF, _tiff(100, 100, (279, 4, 1, 5000)), "the TIFF is cut off in page 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_says_why(kind: Kind, content: bytes, reason: str) -> None:
    """Each trouble has an answer of its own."""
    assert reason in samples.refusal(kind, content)


def test_a_tiff_of_too_many_pages_is_refused() -> None:
    """The bound on pages holds for TIFF, and stops the work at its page."""
    content = samples.tiff_pages(4)
    assert "more than 3 pages" in samples.refusal(Kind.TIFF, content, Limits(pages_max=3))
    assert isinstance(draw_handed_in(samples.handed_in(Kind.TIFF, content), Limits(pages_max=4)), Document)


def test_a_document_that_takes_too_long_is_given_up_between_pages() -> None:
    """Computing time is bounded, and the answer says how far it came."""
    reason = samples.refusal(Kind.PDF, samples.pdf(5), Limits(cpu_seconds_max=0.0))
    assert "its first 1 pages took over 0 s" in reason


def test_directories_that_go_round_in_a_circle_come_to_an_end() -> None:
    """A TIFF whose last page points back to its first has the pages it has."""
    content = bytearray(samples.saved(samples.letter((200, 300)), format="TIFF"))
    (directory,) = struct.unpack_from("<4xL", content)
    (entries,) = struct.unpack_from("<H", content, directory)
    struct.pack_into("<L", content, directory + 2 + 12 * entries, directory)
    outcome = draw_handed_in(samples.handed_in(Kind.TIFF, bytes(content)))
    assert isinstance(outcome, Unrenderable) or outcome.pages == 1


def _damage(content: bytes, places: list[tuple[float, int]], keep: float) -> bytes:
    damaged = bytearray(content)
    for place, bits in places:
        damaged[int(place * (len(damaged) - 1))] ^= bits
    return bytes(damaged[: max(1, int(keep * len(damaged)))])


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FRACTIONS = st.floats(0, 1)


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.JPEG, Kind.TIFF, Kind.PDF])
@FUZZ
@given(
    places=st.lists(st.tuples(FRACTIONS, st.integers(1, 255)), max_size=8),
    keep=st.one_of(st.just(1.0), FRACTIONS),
)
def test_damage_is_answered_and_never_raised(kind: Kind, places: list[tuple[float, int]], keep: float) -> None:
    """Flipped bits and lost ends give a fax or a reason, whatever they hit."""
    content = _damage(WHOLE[kind], places, keep)
    outcome = draw_handed_in(samples.handed_in(kind, content), Limits(pixels_max=4_000_000, pages_max=5))
    assert isinstance(outcome, Document | Unrenderable)
    if isinstance(outcome, Document):
        assert len(samples.pixels(outcome)) == outcome.pages


@FUZZ
@given(content=st.binary(max_size=400), kind=st.sampled_from(list(Kind)), magic=st.booleans())
def test_any_bytes_are_answered_and_never_raised(content: bytes, kind: Kind, magic: bool) -> None:
    """Bytes from nowhere, with or without a beginning that looks right, give a fax or a reason."""
    content = WHOLE[kind][:16] + content if magic else content
    assert isinstance(recognise(content, ""), Kind | Unrenderable)
    assert isinstance(draw_handed_in(samples.handed_in(kind, content)), Document | Unrenderable)


@FUZZ
@given(text=st.text(max_size=300))
def test_any_text_is_drawn(text: str) -> None:
    """Whatever people write is a fax, or blank."""
    outcome = draw_handed_in(samples.handed_in(Kind.TEXT, text.encode()))
    assert isinstance(outcome, Document) or outcome == Unrenderable("the text is blank")


def test_a_header_of_any_length_stays_in_its_place() -> None:
    """A long sender name is cut, so that time and page number stay legible."""
    handed = samples.handed_in(Kind.TEXT, b"x")
    long = draw_handed_in(msgspec.structs.replace(handed, header_name="W" * 500 + "\n日"))
    short = draw_handed_in(msgspec.structs.replace(handed, header_name=""))
    assert isinstance(long, Document)
    assert isinstance(short, Document)
    np.testing.assert_array_equal(samples.pixels(long)[0][:, 760:], samples.pixels(short)[0][:, 760:])
