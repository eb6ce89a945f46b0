"""The register goes out as CSV and comes back alike; a bad line is named, with its column."""

import csv

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.members import enrolment
from faxgw.members.decisions import Decided
from faxgw.members.difference import Added, Changed, Withdrawn
from faxgw.members.file import read_numbered
from faxgw.members.history import A_DAY
from faxgw.members.member import Member, Standing
from faxgw.members.people import Person
from faxgw.members.spreadsheet import COLUMNS, read_csv, write_csv
from tests.members.florists import florist, open_office

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Cn", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda text: bool(text.strip()))
FORMULAS = st.sampled_from(["=1+1", "'=1", "@SUM(A1)", "'t Bloemenhuis", '"quoted", with; commas', "two  words"])
OSLO, ALL_02 = {"first": "0150", "last": "0199"}, {"first": "02", "last": "02"}
OVER_THE_BORDER = {"first": "75", "last": "77", "country": "FR"}
CODES = st.lists(st.sampled_from(["R-1", "R-2", "T.3"]), unique=True, max_size=3)
MEMBERS = st.builds(
    florist,
    st.sampled_from(["NO-1", "NO-2"]),
    name=WORDS | FORMULAS,
    contact=st.none() | WORDS,
    labels=st.lists(st.sampled_from(["roses", "miljofyrtarn"]), unique=True),
    languages=st.lists(st.sampled_from(["en", "sv"]), unique=True),
    products=CODES,
    own_products=CODES,
    capacity_per_day=st.none() | st.integers(0, 100_000),
    areas=st.lists(st.sampled_from([OSLO, ALL_02, OVER_THE_BORDER]), max_size=3),
    fax_machines=st.lists(
        st.sampled_from([{"number": "+33 1 99 00 00 02"}, {"number": "+33 1 99 00 00 03", "calls_max": 4}]), max_size=2
    ),
    role=st.sampled_from(["sending", "executing", "both"]),
    standing=st.sampled_from(["probation", "full"]),
)


@given(st.lists(MEMBERS, unique_by=lambda member: member.id))
def test_what_is_written_reads_back_alike(members: list[Member]) -> None:
    """Also where nobody is known yet, and whatever stands in a name."""
    read, faults = read_csv(write_csv(members), {})
    assert faults == []
    assert [member for _, member in read] == members


def test_columns_may_stand_in_any_order_and_be_missing() -> None:
    """A missing column leaves its field; an empty cell takes it back; half of Europe writes semicolons."""
    known = {"NO-1": florist(contact="Turid", capacity_per_day=20, labels=["roses"])}
    read, faults = read_csv(b"capacity_per_day;id;contact\r\n30;NO-1;\r\n", known)
    assert faults == []
    assert read == [(2, florist(capacity_per_day=30, labels=["roses"]))]


@pytest.mark.parametrize("standing", ["applicant", "probation", "withdrawn"])
@pytest.mark.parametrize("columns", [b"id,city\nNO-1,Moss\n", b"id,city,standing\nNO-1,Moss, \n"])
def test_an_unwritten_standing_in_a_spreadsheet_makes_nobody_a_full_member(standing: str, columns: bytes) -> None:
    """No column, or an empty cell: whoever is not let in yet, or has left, is let in by a person's word alone."""
    before = florist(standing=standing, contact="Turid")
    read, faults = read_csv(columns, {"NO-1": before})
    assert faults == []
    assert read == [(2, florist(standing=standing, contact="Turid", city="Moss"))]


@pytest.mark.parametrize("standing", ["applicant", "probation", "withdrawn"])
def test_an_unwritten_standing_in_ndjson_makes_nobody_a_full_member(standing: str) -> None:
    """Every field that a line leaves out stays, `null` takes one back, and `full` is said outright."""
    known = {"NO-1": florist(standing=standing, contact="Turid", labels=["roses"])}
    lines = b'{"id": "NO-1", "city": "Moss"}', b'{"id": "NO-1", "contact": null, "standing": "full"}'
    stays, admitted = (read_numbered(line, known) for line in lines)
    assert stays == ([(1, florist(standing=standing, contact="Turid", labels=["roses"], city="Moss"))], [])
    assert admitted == ([(1, florist(standing="full", labels=["roses"]))], [])
    [new], faults = read_numbered(msgspec.json.encode(florist("NO-2")), known)
    assert (new, faults) == ((1, florist("NO-2", standing="full")), [])
    for odd in (b"[]", b'{"id": []}', b'{"id": "NO-1", "standing": null}'):
        assert read_numbered(odd, known)[1]


def test_the_written_spreadsheet_says_every_standing() -> None:
    """Full membership too, for an empty cell says nothing."""
    rows = list(
        csv.DictReader(write_csv([florist(), florist("NO-2", standing="probation")]).decode("utf-8-sig").splitlines())
    )
    assert [row["standing"] for row in rows] == ["full", "probation"]


def test_every_bad_line_is_named() -> None:
    """With its column, and what would be right; good lines are told apart from them."""
    lines = [
        "id,city,capacity_per_day,areas",
        "NO-1,Moss,many,",
        "NO-2,Moss,5,0199-0150",
        "NO-1,Moss,5,",
        "NO-2,Moss,1,,x",
    ]
    known = {member_id: florist(member_id) for member_id in ("NO-1", "NO-2")}
    read, faults = read_csv("\n".join(lines).encode(), known)
    assert [(line, member.id) for line, member in read] == [(4, "NO-1")]
    assert [(fault.line_number, str(fault)) for fault in faults] == [
        (2, "/capacity_per_day: must be a whole number"),
        (3, "/areas/0/last: 0150 comes before 0199"),
        (5, "5 cells under 4 columns"),
    ]


def test_a_line_is_counted_as_an_editor_does() -> None:
    """Also after a cell with a line break in it."""
    _, faults = read_csv(b'id,name\nNO-1,"two\nlines"\nNO-2,x\n', {"NO-1": florist()})
    assert {fault.line_number for fault in faults} == {2, 4}


def test_characters_that_cannot_be_seen_are_named_by_row_and_column() -> None:
    """A bell, an escape sequence, a line break, a turn of the direction: whatever a page and a terminal cannot show."""
    lines = ["id,name,street,city", "NO-1,Bl\x07om,Gate 1,Moss", "NO-2,B,Gate\x1b[2J,Mo\u202ess", "NO-3,B,Gate 3,Moss"]
    known = {member_id: florist(member_id) for member_id in ("NO-1", "NO-2", "NO-3")}
    read, faults = read_csv("\n".join(lines).encode(), known)
    assert [line for line, _ in read] == [4]
    assert [(fault.line_number, str(fault)) for fault in faults] == [
        (2, "/name: character 3 (U+0007) cannot be seen: take it out"),
        (3, "/street: character 5 (U+001B) cannot be seen: take it out"),
        (3, "/city: character 3 (U+202E) cannot be seen: take it out"),
    ]


def test_the_header_is_checked_first() -> None:
    """An unknown column has its near one named; one that stands twice would hide one of two values."""
    assert [str(fault) for fault in read_csv(b"id,citty,fax,fax\n", {})[1]] == [
        "/citty: there is no such column; did you mean city?",
        "/fax: this column stands twice",
    ]
    assert str(read_csv(b"city\nMoss\n", {})[1][0]).startswith("/id: this column is missing")
    assert str(read_csv(b"", {})[1][0]).startswith("/id: this column is missing")
    assert str(read_csv("id,name\nNO-1,Zoë\n".encode("latin-1"), {})[1][0]) == "not UTF-8; save it as CSV UTF-8"
    assert read_csv(b'id,name\nNO-1,"open\n', {})[1][0].fault.detail.startswith("not CSV")


def test_a_cell_is_no_formula() -> None:
    """Whoever opens the file in a spreadsheet runs nothing that a florist typed."""
    content = write_csv([florist(name="=HYPERLINK()", contact="@x")]).decode("utf-8-sig")
    assert "'=HYPERLINK()" in content
    assert "'@x" in content
    assert content.splitlines()[0] == ",".join(COLUMNS)


async def test_a_file_is_compared_before_it_is_taken_over() -> None:
    """Added, changed field by field, and withdrawn where the file is the whole register; the same again is nothing."""
    office = await open_office(florist(), florist("NO-2"))
    wanted = (florist(city="Moss", contact="Turid"), florist("NO-3"))
    added_changed_withdrawn = await office.import_(*wanted, is_whole=True)
    assert [type(each) for each in added_changed_withdrawn] == [Changed, Added, Withdrawn]
    changed = added_changed_withdrawn[0]
    assert isinstance(changed, Changed)
    assert [(each.field, each.before, each.after) for each in changed.changes] == [
        ("city", "Oslo", "Moss"),
        ("contact", None, "Turid"),
    ]
    assert await office.import_(*wanted) == []


async def test_a_file_dated_before_somebodys_first_day_brings_nobody_in_earlier() -> None:
    """She begins as an applicant in a week; a file of today that names her changes her from then on, or nothing."""
    office = await open_office(florist())
    today = office.keeper.today()
    begins = today + 7 * A_DAY
    applied = await office.keeper.change(
        Person("Astrid"), "", lambda books, asked: enrolment.apply(books, asked, florist("NO-2"), begins)
    )
    assert isinstance(applied, Decided), applied
    applicant = florist("NO-2", standing=Standing.APPLICANT)
    assert await office.import_(applicant, day=today) == []
    [changed] = await office.import_(msgspec.structs.replace(applicant, city="Moss"), day=today)
    assert isinstance(changed, Changed)
    assert (changed.first_day, [each.field for each in changed.changes]) == (begins, ["city"])
    timeline = office.keeper.books.history.find("NO-2")
    assert timeline is not None
    assert timeline.on(begins - A_DAY) is None
    then = timeline.on(begins)
    assert then is not None
    assert (then.city, then.standing) == ("Moss", Standing.APPLICANT)
