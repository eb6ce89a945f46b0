"""What is wrong with something handed in, field by field, so that one answer names every fault."""

import difflib
import enum
import itertools
import re
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

FAULTS_MAX = 100
"""A list of a million wrong entries is answered with its first hundred."""

_GUESSED_NAME_LENGTH_MAX = 64


class Fault(msgspec.Struct, frozen=True):
    """One refused field: `pointer` is its JSON pointer (RFC 6901), `detail` says what would be right."""

    pointer: str
    detail: str


def convert_or_faults(raw: object, wanted: type[T]) -> T | list[Fault]:
    """Convert decoded JSON (or TOML) to `wanted`, or list every field that stands in the way.

    msgspec stops at the first fault, which is right for the fast way; the slow way, walked only for
    refused input, looks at each field by itself. A `Meta(description=...)` on a field completes the
    sentence "must be ...", so that nobody is shown a regular expression.
    """
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as refused:
        return list(itertools.islice(_faults(raw, wanted, ""), FAULTS_MAX)) or [Fault("", str(refused))]


def _faults(raw: object, wanted: Any, pointer: str) -> Iterator[Fault]:
    structs = _structs_in(wanted)
    if structs and isinstance(raw, dict):
        struct = _struct_meant(raw, structs)
        yield from _kind_faults(raw, structs, pointer) if struct is None else _struct_faults(raw, struct, pointer)
        return
    item = _item_in(wanted)
    if item is not None and isinstance(raw, list) and any(_refusal(value, item) for value in raw):
        for index, value in enumerate(raw):
            yield from _faults(value, item, f"{pointer}/{index}")
        return
    refusal = _refusal(raw, wanted)
    if refusal is not None:
        yield Fault(pointer, refusal)


def _struct_faults(raw: dict[str, object], struct: type[msgspec.Struct], pointer: str) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name in raw:
        if name not in fields and name != struct.__struct_config__.tag_field:
            yield Fault(f"{pointer}/{_escape(name)}", f"unknown field{did_you_mean(name, list(fields))}")
    for name, field in fields.items():
        if name in raw:
            yield from _faults(raw[name], field.type, f"{pointer}/{name}")
        elif field.required:
            yield Fault(f"{pointer}/{name}", "missing")


def _struct_meant(raw: dict[str, object], structs: Sequence[type[msgspec.Struct]]) -> type[msgspec.Struct] | None:
    """The one of a union that the input names by its tag; None where it names none of them."""
    if structs[0].__struct_config__.tag_field is None:
        return structs[0]
    named = raw.get(structs[0].__struct_config__.tag_field)
    return next((struct for struct in structs if struct.__struct_config__.tag == named), None)


def _kind_faults(raw: dict[str, object], structs: Sequence[type[msgspec.Struct]], pointer: str) -> Iterator[Fault]:
    """What else is there cannot be judged before it is known what it is."""
    kinds = [str(struct.__struct_config__.tag) for struct in structs]
    tag_field = structs[0].__struct_config__.tag_field
    assert tag_field is not None  # noqa: S101 - structs without a tag are never in doubt.
    named = raw.get(tag_field)
    near = did_you_mean(named, kinds) if isinstance(named, str) else ""
    missing = "" if tag_field in raw else "missing: "
    yield Fault(f"{pointer}/{_escape(tag_field)}", f"{missing}must be one of {', '.join(kinds)}{near}")


def _refusal(raw: object, wanted: Any) -> str | None:
    try:
        msgspec.convert(raw, wanted)
    except msgspec.ValidationError as refused:
        return _in_words(str(refused).split(" - at `$")[0], raw, wanted)
    return None


# msgspec names Python's types and shows regular expressions; who wrote the JSON may know neither.
_KIND = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_LENGTH = re.compile(r"Expected `(?P<kind>str|array)` of length (?P<sign>[<>]=) (?P<length>\d+)")
_BOUND = re.compile(r"Expected `(?:int|float)` (?P<sign>[<>]=?) (?P<bound>\S+)")

_DATE = "a date such as 2027-05-30"
_TIME = "a local time without an offset, such as 09:30:00"
_DATETIME = "a time with an offset, such as 2027-05-29T12:00:00+02:00"
_KINDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a decimal number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "date": _DATE,
    "time": _TIME,
    "datetime": _DATETIME,
}
_SENTENCES = {
    "Invalid RFC3339 encoded date": f"must be {_DATE}",
    "Invalid RFC3339 encoded time": f"must be {_TIME}",
    "Invalid RFC3339 encoded datetime": f"must be {_DATETIME}",
    "Expected `time` with no timezone component": f"must be {_TIME}",
    "Expected `datetime` with a timezone component": f"must be {_DATETIME}",
}
_SIGNS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def _in_words(message: str, raw: object, wanted: Any) -> str:
    kind = _KIND.fullmatch(message)
    not_this = f", not {_KINDS.get(kind['got'], kind['got'])}" if kind else ""
    choices = _choices_in(wanted)
    if choices:
        near = did_you_mean(raw, choices) if isinstance(raw, str) else ""
        return f"must be one of {', '.join(choices)}{not_this}{near}"
    described = _description_in(wanted)
    if described is not None:
        return f"must be {described}{not_this}"
    if kind:
        return f"must be {' or '.join(_KINDS.get(name, name) for name in kind['wanted'].split(' | '))}{not_this}"
    if length := _LENGTH.fullmatch(message):
        if length["length"] == "1":
            return "must not be empty"
        counted = "characters" if length["kind"] == "str" else "entries"
        return f"must have {_SIGNS[length['sign']]} {length['length']} {counted}"
    if bound := _BOUND.fullmatch(message):
        return f"must be {_SIGNS[bound['sign']]} {bound['bound']}"
    return _SENTENCES.get(message, message)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    if len(name) > _GUESSED_NAME_LENGTH_MAX:
        return ""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _structs_in(wanted: Any) -> list[type[msgspec.Struct]]:
    return [part for part in _parts(wanted) if isinstance(part, type) and issubclass(part, msgspec.Struct)]


def _item_in(wanted: Any) -> Any:
    """What the entries of a `list[X]` or `tuple[X, ...]` must be; None where no list is wanted."""
    for part in _parts(wanted):
        args = typing.get_args(part)
        if typing.get_origin(part) is list or (typing.get_origin(part) is tuple and args[1:] == (...,)):
            return args[0]
    return None


def _choices_in(wanted: Any) -> list[str]:
    choices: list[str] = []
    for part in _parts(wanted):
        if typing.get_origin(part) is typing.Literal:
            choices += [str(choice) for choice in typing.get_args(part)]
        elif isinstance(part, type) and issubclass(part, enum.Enum):
            choices += [str(member.value) for member in part]
    return choices


def _description_in(wanted: Any) -> str | None:
    for member in _members(wanted):
        for note in getattr(member, "__metadata__", ()):
            if isinstance(note, msgspec.Meta) and note.description is not None:
                return note.description
    return None


def _parts(wanted: Any) -> list[Any]:
    """The members of a union, or the type itself, with `Annotated` taken off."""
    parts: list[Any] = []
    for member in _members(wanted):
        is_annotated = typing.get_origin(member) is typing.Annotated
        parts += _parts(typing.get_args(member)[0]) if is_annotated else [member]
    return parts


def _members(wanted: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(wanted) in {typing.Union, types.UnionType}
    return typing.get_args(wanted) if is_union else (wanted,)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
