"""Every fault is named with its pointer, in words for whoever wrote the JSON."""

import datetime as dt
import enum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from faxgw.faults import FAULTS_MAX, Fault, convert_or_faults


class Colour(enum.StrEnum):
    RED = "red"
    WHITE = "white"


Short = Annotated[str, msgspec.Meta(min_length=1, max_length=3)]
Code = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$", description="two capital letters")]


class Stem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    colour: Colour
    length_cm: Annotated[int, msgspec.Meta(ge=10, le=90)] = 60


class Vase(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Short
    stems: Annotated[list[Stem], msgspec.Meta(min_length=1)]
    code: Code | None = None
    shape: Literal["round", "tall"] | None = None
    labels: tuple[Short, ...] = ()
    sold: bool = False
    weight: float = 0.0
    filled_on: dt.date | None = None
    filled_at: Annotated[dt.time, msgspec.Meta(tz=False)] | None = None
    due: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None


GOOD: dict[str, Any] = {"name": "No1", "stems": [{"colour": "red"}]}


def details(raw: object) -> dict[str, str]:
    found = convert_or_faults(raw, Vase)
    assert isinstance(found, list), "the input was taken"
    return {fault.pointer: fault.detail for fault in found}


def test_good_input_is_converted() -> None:
    """Without a fault the answer is the wanted thing itself."""
    assert convert_or_faults(GOOD, Vase) == Vase(name="No1", stems=[Stem(colour=Colour.RED)])


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("name", 5, "must be a string, not a whole number"),
        ("name", None, "must be a string, not null"),
        ("name", "", "must not be empty"),
        ("name", "long", "must have at most 3 characters"),
        ("stems", [], "must not be empty"),
        ("stems", {}, "must be a list, not an object"),
        ("code", "fr", "must be two capital letters"),
        ("code", 5, "must be two capital letters, not a whole number"),
        ("shape", "rond", "must be one of round, tall; did you mean round?"),
        ("shape", [], "must be one of round, tall, not a list"),
        ("labels", "x", "must be a list, not a string"),
        ("sold", "yes", "must be true or false, not a string"),
        ("weight", "1", "must be a decimal number, not a string"),
        ("filled_on", "30.05.2027", "must be a date such as 2027-05-30"),
        ("filled_on", 20270530, "must be a date such as 2027-05-30 or null, not a whole number"),
        ("filled_at", "9h30", "must be a local time without an offset, such as 09:30:00"),
        ("filled_at", "09:30:00+02:00", "must be a local time without an offset, such as 09:30:00"),
        ("due", "tomorrow", "must be a time with an offset, such as 2027-05-29T12:00:00+02:00"),
        ("due", "2027-05-29T12:00:00", "must be a time with an offset, such as 2027-05-29T12:00:00+02:00"),
    ],
)
def test_fault_says_what_would_be_right(field: str, value: object, detail: str) -> None:
    """No regular expression, no name of a Python type: a sentence, at the field that is wrong."""
    assert details(GOOD | {field: value}) == {f"/{field}": detail}


def test_fault_deep_inside_is_pointed_at() -> None:
    """A pointer leads through lists and objects to the one wrong value, and good neighbours are not named."""
    raw = GOOD | {"stems": [{"colour": "red"}, {"colour": "rad", "length_cm": 5}], "labels": ["ok", "too long"]}
    assert details(raw) == {
        "/stems/1/colour": "must be one of red, white; did you mean red?",
        "/stems/1/length_cm": "must be at least 10",
        "/labels/1": "must have at most 3 characters",
    }


def test_unknown_field_is_guessed() -> None:
    """A misspelt field is refused with the name it was probably meant to be."""
    assert details(GOOD | {"colr": 1, "stem": 2}) == {
        "/colr": "unknown field",
        "/stem": "unknown field; did you mean stems?",
    }


def test_all_faults_come_in_one_answer() -> None:
    """Unknown, missing and wrong fields are named together, unknown ones first and in the order given."""
    found = convert_or_faults({"zz": 1, "aa": 2, "sold": 3}, Vase)
    assert found == [
        Fault("/zz", "unknown field"),
        Fault("/aa", "unknown field"),
        Fault("/name", "missing"),
        Fault("/stems", "missing"),
        Fault("/sold", "must be true or false, not a whole number"),
    ]


def test_pointer_escapes_slash_and_tilde() -> None:
    """RFC 6901 writes ~ as ~0 and / as ~1."""
    assert list(details(GOOD | {"a/b~c": 1})) == ["/a~1b~0c"]


@pytest.mark.parametrize("raw", [None, 5, "text", [], [GOOD]])
def test_something_else_altogether_is_one_fault(raw: object) -> None:
    """What is no object at all is refused as a whole: the empty pointer."""
    assert list(details(raw)) == [""]
    assert details(raw)[""].startswith("must be an object, not ")


def test_answer_to_endless_faults_is_short() -> None:
    """A million wrong entries are answered with the first hundred."""
    assert len(details(GOOD | {"stems": [{}] * 1000})) == FAULTS_MAX


def test_huge_unknown_name_is_not_guessed() -> None:
    """Guessing compares letter by letter, so a name of a megabyte gets no guess."""
    (detail,) = details(GOOD | {"name" * 250_000: 1}).values()
    assert detail == "unknown field"


class Rose(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="rose"):
    thorns: int


class Tulip(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="tulip"):
    striped: bool = False


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        ({"kind": "rose", "thorn": 3}, {"/0/thorn": "unknown field; did you mean thorns?", "/0/thorns": "missing"}),
        ({"kind": "tulip", "striped": 1}, {"/0/striped": "must be true or false, not a whole number"}),
        ({"kind": "tulp", "x": 1}, {"/0/kind": "must be one of rose, tulip; did you mean tulip?"}),
        ({"kind": 7}, {"/0/kind": "must be one of rose, tulip"}),
        ({"striped": True}, {"/0/kind": "missing: must be one of rose, tulip"}),
    ],
)
def test_of_several_kinds_the_named_one_is_meant(raw: object, faults: dict[str, str]) -> None:
    """Its own fields are looked at, and of an unknown kind nothing but the kind."""
    found = convert_or_faults([raw], list[Rose | Tulip])
    assert isinstance(found, list)
    assert {fault.pointer: fault.detail for fault in found if isinstance(fault, Fault)} == faults
    assert convert_or_faults([{"kind": "rose", "thorns": 3}], list[Rose | Tulip]) == [Rose(3)]
