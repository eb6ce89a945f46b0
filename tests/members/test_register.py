"""The members' register is read whole, or refused with every fault by its line."""

from pathlib import Path

import msgspec
import pytest

from faxgw.errors import BugError, ConfigError
from faxgw.members.file import FAULTS_SHOWN_MAX, load_register
from faxgw.members.member import Member
from faxgw.members.register import Register

ROSE = {
    "id": "FR-13-017",
    "name": "Fleurs du Vieux-Port",
    "street": "48 quai de Rive-Neuve",
    "postcode": "13007",
    "city": "Marseille",
    "country": "FR",
    "phone": "+33 4 65 71 00 01",
    "fax": "04 65 71 00 00",
    "language": "fr",
    "timezone": "Europe/Paris",
}
HEATHER = ROSE | {
    "id": "NO-46-003",
    "name": "Bryggeblomsten",
    "country": "NO",
    "phone": "+46 31 390 06 02",
    "fax": "+46 8 465 004 02",
    "language": "nb",
    "timezone": "Europe/Oslo",
    "labels": ["miljofyrtarn"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "members.ndjson"


def write(path: Path, *members: object) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(member) + b"\n" for member in members))


def refusal(path: Path) -> list[str]:
    """The faults of a refused file, one a line, without the path."""
    with pytest.raises(ConfigError) as refused:
        load_register(path)
    heading, *faults = str(refused.value).splitlines()
    assert heading == "the members' register cannot be used:"
    return [fault.removeprefix(f"{path}:") for fault in faults]


def test_members_are_found_by_id(path: Path) -> None:
    """Every line of the file is a member, found by its id and listed in the file's order."""
    write(path, ROSE, HEATHER)
    register = load_register(path)
    heather = register.find("NO-46-003")
    assert heather is not None
    assert heather.name == "Bryggeblomsten"
    assert heather.labels == ("miljofyrtarn",)
    assert len(register) == 2
    assert [member.id for member in register] == ["FR-13-017", "NO-46-003"]


def test_stranger_is_not_found(path: Path) -> None:
    """An id that nobody has is None, and case matters."""
    write(path, ROSE)
    register = load_register(path)
    assert register.find("FR-99-999") is None
    assert register.find("fr-13-017") is None


def test_line_is_the_number_that_is_dialled(path: Path) -> None:
    """A fax number is read as in the member's country: the French one needs no country code."""
    write(path, ROSE, HEATHER)
    register = load_register(path)
    assert {member.id: register.line_of(member) for member in register} == {
        "FR-13-017": "+33465710000",
        "NO-46-003": "+46846500402",
    }


def test_empty_lines_and_the_last_newline_do_not_matter(path: Path) -> None:
    """Empty lines are skipped and still counted; a missing last newline and CRLF are taken."""
    path.write_bytes(b"\n  \r\n" + msgspec.json.encode(ROSE) + b"\r\n\n" + msgspec.json.encode(HEATHER))
    assert len(load_register(path)) == 2
    path.write_bytes(b"\n\n{}")
    assert all(fault.startswith("3: ") for fault in refusal(path))


def test_empty_register_is_one(path: Path) -> None:
    """A network that begins has no members; that is no fault."""
    write(path)
    assert len(load_register(path)) == 0


def test_duplicate_id_is_refused_with_both_lines(path: Path) -> None:
    """Two members of one id would send one's orders to the other."""
    write(path, ROSE, HEATHER, HEATHER | {"id": "FR-13-017"})
    assert refusal(path) == ["3: /id: line 1 has a member FR-13-017 already"]


@pytest.mark.parametrize("field", ["fax", "phone"])
def test_impossible_number_is_refused(path: Path, field: str) -> None:
    """A number that cannot be dialled is found at the start, not at the first order."""
    write(path, ROSE | {field: "0465"})
    assert refusal(path) == [f"1: /{field}: not a possible telephone number in FR; write it as +33 1 99 00 12 34"]


@pytest.mark.parametrize("timezone", ["Europe/Pariss", "", "../../etc/passwd", "/etc/localtime", "Europe", "CEST"])
def test_unknown_time_zone_is_refused(path: Path, timezone: str) -> None:
    """Only an IANA name that this machine knows will do; a path or a folder of zones is none."""
    write(path, ROSE | {"timezone": timezone})
    assert refusal(path) == ["1: /timezone: not a time zone known here; write its IANA name, such as Europe/Paris"]


def test_every_fault_is_named_by_line_and_field(path: Path) -> None:
    """One start of the daemon shows all that has to be mended, also in lines that are no JSON at all."""
    nameless = {name: value for name, value in ROSE.items() if name != "name"}
    write(path, nameless | {"langage": "fr", "labels": ["Vert !"]}, HEATHER, HEATHER | {"id": "X", "fax": "1111"})
    with path.open("ab") as file:
        file.write(b'{"id": \n"\xff"\n[]\n')
    faults = refusal(path)
    assert faults[:4] == [
        "1: /langage: unknown field; did you mean language?",
        "1: /name: missing",
        "1: /labels/0: must be 1 to 40 of the characters a-z 0-9 -, such as miljofyrtarn",
        "3: /fax: not a possible telephone number in NO; write it as +33 1 99 00 12 34",
    ]
    assert [fault.split(": not JSON in UTF-8: ")[0] for fault in faults[4:6]] == ["4", "5"]
    assert faults[6:] == ["6: must be an object, not a list"]


def test_flood_of_faults_is_cut(path: Path) -> None:
    """A file in the wrong format has a fault in every line; the first ones are enough."""
    write(path, *[[]] * (FAULTS_SHOWN_MAX + 7))
    faults = refusal(path)
    assert len(faults) == FAULTS_SHOWN_MAX + 1
    assert faults[-1] == "and 7 more"


def test_missing_file_is_the_operators_to_mend(path: Path) -> None:
    """The error says which file and why."""
    with pytest.raises(ConfigError, match=r"cannot read the members' register .*members\.ndjson: No such file"):
        load_register(path)


def test_unchecked_member_is_a_bug() -> None:
    """Who makes a register by hand checks first: two of one id, or a fax that has no line, never pass silently."""
    rose = msgspec.convert(ROSE, Member)
    with pytest.raises(BugError, match="FR-13-017"):
        Register([rose, rose])
    with pytest.raises(BugError, match="FR-13-017"):
        Register([msgspec.structs.replace(rose, fax="000")])


def test_a_shop_may_have_a_second_fax_machine(path: Path) -> None:
    """Both lines are known, the first one first; most shops have one."""
    write(path, ROSE | {"fax_second": "+33 4 65 71 00 09"}, HEATHER)
    register = load_register(path)
    rose, heather = register
    assert register.lines_of(rose) == ("+33465710000", "+33465710009")
    assert register.line_of(rose) == "+33465710000"
    assert register.lines_of(heather) == (register.line_of(heather),)


def test_a_second_number_that_cannot_be_is_refused(path: Path) -> None:
    """As the first one is: it would be found out when a deadline is near."""
    write(path, ROSE | {"fax_second": "0800"})
    assert refusal(path)[0].startswith("1: /fax_second: ")
