"""Listings as servers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.inbox.listing import read_list_line, read_listing, read_mlsd_line
from faxgw.inbox.names import readable
from faxgw.inbox.port import Listed

NAMES = st.text(st.characters(exclude_characters="/\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("-rw-r--r--    1 0        0           30000 Nov 22 00:27 a b.tif", "Nov 22 00:27"),
        ("-rw-r--r--   1 shop     florists    30000 Jan  5  2025 a b.tif", "Jan  5  2025"),
        ("-rw-r--r--+  1 1000 1000 30000 2026-11-21 23:59 a b.tif", "2026-11-21 23:59"),
        ("-rw-rw-r-- 1 user domain users 30000 21 Nov 23:59 a b.tif", "21 Nov 23:59"),
        ("-rwxrwxrwx 1 owner 30000 mars 3 12:00 a b.tif", "mars 3 12:00"),
        ("11-21-26  11:59PM                30000 a b.tif", "11-21-26  11:59PM"),
        ("11-21-2026  23:59                30000 a b.tif", "11-21-2026  23:59"),
    ],
)
def test_a_line_of_list_names_a_file(line: str, stamp: str) -> None:
    """Of Unix, of Windows, and of those who leave the group out or speak French."""
    assert read_list_line(line) == Listed("a b.tif", 30_000, stamp)


@pytest.mark.parametrize(
    "line",
    [
        "", "total 12", "drwxr-xr-x    2 0        0            4096 Nov 22 00:27 done",
        "lrwxrwxrwx    1 0        0               5 Nov 22 00:27 last -> a.tif", "11-21-26  11:59PM  <DIR>  done",
    ],
)  # fmt: skip
def test_what_is_no_file_is_passed_over(line: str) -> None:
    """Folders, links and totals."""
    assert read_list_line(line) is None


def test_a_line_of_mlsd_tells_size_and_time() -> None:
    """Facts come in any order and any case; the name begins after the first space, and may begin with one."""
    line = "Type=file;Size=7;modify=20261121235900.250;UNIX.mode=0644;  a b.tif "
    assert read_mlsd_line(line) == Listed(" a b.tif ", 7, "20261121235900.250", 1_795_305_540.25)
    assert read_mlsd_line("type=dir;modify=20261121235900; done") is None
    assert read_mlsd_line("modify=20261121235900;type=cdir; .") is None
    assert read_mlsd_line("type=file;size=1;modify=20269999999999; x") == Listed("x", 1, "20269999999999")


@given(NAMES, st.integers(0, 10**12))
def test_every_name_comes_back_whole(name: str, size: int) -> None:
    """Spaces at both ends, signs of every script, semicolons and equal signs."""
    mlsd = f"type=file;size={size};modify=20261121235900; {name}\r\n".encode()
    unix = f"-rw-r--r--    1 0        0    {size} Nov 22 00:27 {name}\r\n".encode()
    for listed in (*read_listing(mlsd, read_mlsd_line), *read_listing(unix, read_list_line)):
        assert (listed.name, listed.size) == (name, size)
    assert len(read_listing(mlsd, read_mlsd_line)) == 1


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reader(content: bytes) -> None:
    """Whatever a server sends, no name leads out of the folder."""
    for read_line in (read_mlsd_line, read_list_line):
        assert not any(set(listed.name) & set("/\r\n\0") for listed in read_listing(content, read_line))


def test_a_name_that_is_no_utf_8_can_be_read_and_named_back() -> None:
    """Latin-1 is shown as it was meant, and the server gets the very bytes."""
    [listed] = read_listing(b"-rw-r--r-- 1 0 0 3 Nov 22 00:27 Bl\xfcten.tif\r\n", read_list_line)
    assert readable(listed.name) == "Blüten.tif"
    assert listed.name.encode("utf-8", "surrogateescape") == b"Bl\xfcten.tif"
