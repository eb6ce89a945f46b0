"""When a listed file is whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.inbox import Convention, SidecarFormat
from faxgw.inbox.port import Listed
from faxgw.inbox.settled import Look, Sighting, look_at, rules_of
from tests.inbox.shop import config_of


def names_at(looks: list[tuple[float, list[Listed]]], **config: Any) -> list[list[str]]:
    """What is taken at each look, by the first file of each fax."""
    rules = rules_of(config_of(**config), "gw1")
    before: dict[str, Sighting] = {}
    taken = []
    for now, files in looks:
        look: Look = look_at(files, before, now, rules)
        before = dict(look.sightings)
        taken.append([arrival.name for arrival in look.arrivals])
    return taken


def test_files_under_way_are_never_looked_at() -> None:
    """By the names that servers and senders give them."""
    names = [".a.tif", ".in.a.tif.", ".pureftpd-upload.63a.15.4f", "a.tif.part", "a.TMP", "a.filepart", "~a.tif"]
    assert names_at([(0, [Listed(name, 1, "x") for name in names])]) == [[]]


def test_two_looks_at_one_moment_are_no_rest() -> None:
    """A file must be seen twice, and for long enough."""
    file = Listed("a.tif", 1, "x")
    settled = {"convention": Convention.SETTLED, "settle_seconds": 10}
    assert names_at([(0, [file]), (1, [file]), (10, [file])], **settled) == [[], [], ["a.tif"]]
    assert names_at([(0, [file]), (0, [file])], convention=Convention.SETTLED, settle_seconds=0) == [[], ["a.tif"]]


@given(st.integers(-(10**9), 10**9))
def test_the_server_s_clock_does_not_matter(years_off: int) -> None:
    """A stamp from 1970 or 2106 is a stamp like any other, as long as it stays."""
    file = Listed("a.tif", 1, str(years_off), float(years_off))
    looks = [(0.0, [file]), (10.0, [file])]
    assert names_at(looks, convention=Convention.SETTLED, settle_seconds=10) == [[], ["a.tif"]]


def test_a_file_that_was_written_anew_at_the_same_size_rests_anew() -> None:
    """Its time changed, so somebody writes."""
    looks = [(0.0, [Listed("a", 1, "x")]), (10.0, [Listed("a", 1, "y")]), (20.0, [Listed("a", 1, "y")])]
    assert names_at(looks, convention=Convention.SETTLED, settle_seconds=10) == [[], [], ["a"]]


def test_a_sidecar_that_is_there_makes_its_fax_whole_at_once() -> None:
    """By either name; an empty one is still being written."""
    sidecar = {"convention": Convention.SIDECAR, "sidecar": SidecarFormat.IDX, "settle_seconds": 10}
    for name in ("a.idx", "a.tif.idx"):
        assert names_at([(0, [Listed("a.tif", 1, "x"), Listed(name, 9, "x")])], **sidecar) == [["a.tif"]]
        assert names_at([(0, [Listed("a.tif", 1, "x"), Listed(name, 0, "x")])], **sidecar) == [[]]
    assert names_at([(0, [Listed("a.idx", 9, "x")])], **sidecar) == [[]]


def test_a_sidecar_whose_fax_never_comes_is_lonely() -> None:
    """After the wait, and not while anybody has its fax: a claim of another gateway, or pages."""
    own = {"sidecar": SidecarFormat.IDX, "sidecar_wait_seconds": 60, "page_pattern": r"(?P<fax>.+)-(?P<page>\d+)"}
    rules = rules_of(config_of(**own), "gw1")
    names = ["a.idx", "b.idx", "b.tif.faxgw-gw2", "c.idx", "c-1.tif", "d.tif.idx", "d.tif"]
    files = [Listed(name, 9, "x") for name in names]
    first = look_at(files, {}, 0.0, rules)
    assert first.lonely == frozenset()
    assert look_at(files, first.sightings, 60.0, rules).lonely == {"a.idx"}


def test_a_fax_is_taken_the_oldest_first() -> None:
    """By when we saw it first."""
    late, early = Listed("late", 1, "Jan  1  2020"), Listed("early", 1, "Jan  1  2030")
    assert names_at([(0, [early]), (1, [late, early])]) == [["early"], ["early", "late"]]


def test_pages_without_a_told_number_wait_until_no_more_come() -> None:
    """A gap is waited for; and so is a next page, for as long as a file takes to settle."""
    one, two, three = (Listed(f"f-{page}.tif", 1, "x") for page in (1, 2, 3))
    pages = {"page_pattern": r"(?P<fax>.+)-(?P<page>\d+)", "settle_seconds": 10}
    looks = [(0.0, [one, three]), (10.0, [one, three]), (12.0, [one, two, three]), (22.0, [one, two, three])]
    assert names_at(looks, **pages) == [[], [], [], ["f-1.tif"]]


def test_a_page_that_is_no_number_makes_a_fax_of_its_own() -> None:
    """A pattern may let anything pass for a page, and senders name files as they like: no name stops the inbox."""
    pattern = r"(?P<fax>.+)-(?P<page>\w+?)(of(?P<pages>\w+))?\.tif"
    names = ["f-1ofx.tif", "f-2ofx.tif", "f-last.tif"]
    looks = [(at, [Listed(name, 1, "x") for name in names]) for at in (0.0, 10.0)]
    found = names_at(looks, page_pattern=pattern, settle_seconds=10)
    assert found == [["f-last.tif"], ["f-1ofx.tif", "f-last.tif"]]


def test_ten_thousand_files_are_looked_at_within_the_blink_of_an_eye() -> None:
    """All of them, in one look, in their order."""
    files = [Listed(f"fax {number:05}.tif", 30_000, "Nov 21 23:59") for number in range(10_000)]
    assert names_at([(0, files)]) == [[file.name for file in files]]
