"""Whether what was fetched is a fax."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faxgw.inbox.content import Unfinished, Unfit, Whole, judge
from faxgw.inbox.tiff import Tiff, read_tiff
from faxgw.store.inbound.keeping import DocumentKind, PoisonReason
from tests.inbox.faxes import Tags, make_fax

FAX = make_fax(1, pages=3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_whole_tiff_is_a_fax(order: str) -> None:
    """Of either byte order, every page of it."""
    match judge(make_fax(1, 3, order=order)):
        case Whole(kind=DocumentKind.TIFF, tiff=Tiff(directories=directories)):
            assert [page[257].numbers() for page in directories] == [(400,)] * 3
        case other:
            pytest.fail(str(other))


@pytest.mark.parametrize("compression", ["group3", "group4", "raw"])
def test_what_libtiff_writes_is_a_fax(compression: str) -> None:
    """Several strips a page, and several pages."""
    file = io.BytesIO()
    pages = [Image.linear_gradient("L").resize((1_728, 700)).convert("1") for _ in range(2)]
    pages[0].save(file, "TIFF", compression=compression, save_all=True, append_images=pages[1:])
    assert isinstance(judge(file.getvalue()), Whole)


@given(st.integers(0, len(FAX) - 1))
def test_every_beginning_of_a_fax_may_still_become_one(length: int) -> None:
    """An upload under way is never taken for a fax, nor for what can never be one."""
    assert isinstance(judge(FAX[:length]), Unfinished)


@given(st.binary(max_size=300), st.sampled_from([b"", b"II*\0", b"MM\0*", b"%PDF-1.4"]))
def test_no_bytes_break_the_reader(tail: bytes, head: bytes) -> None:
    """Directories that run in circles or point anywhere get an answer, too."""
    assert judge(head + tail) is not None


def test_a_directory_that_names_itself_as_the_next_is_damaged() -> None:
    """Not read for ever."""
    fax = make_fax(1)
    place = fax[4:8]
    assert isinstance(judge(fax[:-4] + place), Unfit)


def expanded(content: bytes) -> bytes:
    """As a Unix sender's text mode stores it on a server that keeps what comes."""
    return content.replace(b"\n", b"\r\n")


def shrunk(content: bytes) -> bytes:
    """As a Unix server stores what came in text mode."""
    return content.replace(b"\r\n", b"\n")


def few_breaks(count: int) -> bytes:
    """A fax whose picture has so many line breaks, as random bytes of its size would."""
    fax = make_fax(1, rows=3_000)
    return fax.replace(b"\r\n", b"xy", fax.count(b"\r\n") - count)


@pytest.mark.parametrize(
    "content", [expanded(shrunk(FAX)), expanded(shrunk(make_fax(2))), shrunk(few_breaks(1)), shrunk(few_breaks(3))],
    ids=["expanded pages", "expanded", "shrunk by 1", "shrunk by 3"],
)  # fmt: skip
def test_a_fax_that_went_through_text_mode_is_called_that(content: bytes) -> None:
    """Whoever mends it must change the sender's mode, and hears so."""
    judged = judge(content)
    assert isinstance(judged, Unfinished | Unfit)
    assert judged.reason is PoisonReason.MANGLED
    assert "binary mode" in judged.detail


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.4\n...\n%%EOF\n", Whole),
        (b"\n\n%PDF-1.4\n...\n%%EOF" + bytes(500), Whole),
        (b"%PDF-1.4\n...\n", Unfinished),
        (b"", Unfinished),
        (b"MM", Unfinished),
        (b"\x89PNG\r\n\x1a\n", Unfit),
        (b"<html>550 no such file</html>", Unfit),
    ],
)
def test_other_files_are_told_apart(content: bytes, expected: type) -> None:
    """PDFs by their first and last words; the rest is none of ours."""
    assert isinstance(judge(content), expected)


def test_tags_of_both_byte_orders_read_alike() -> None:
    """What a machine that counts the other way round wrote is turned."""
    tags: Tags = {270: "Fleurs Martin", 306: "2026:11:21 23:59:00", 326: 17}
    little, big = (read_tiff(make_fax(1, order=order, tags=tags)) for order in "<>")
    assert isinstance(little, Tiff)
    assert isinstance(big, Tiff)
    for tag in (257, 270, 306, 326):
        assert little.directories[0][tag] == big.directories[0][tag]
    assert little.directories[0][270].text() == "Fleurs Martin"
