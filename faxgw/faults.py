"""What is wrong with something handed in, field by field, so that one answer names every fault."""

import difflib
import typing
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Fault(msgspec.Struct, frozen=True):
    """One refused field: `pointer` is its JSON pointer (RFC 6901), `detail` says what would be right."""

    pointer: str
    detail: str


def convert_or_faults(raw: object, wanted: type[T]) -> T | list[Fault]:
    """Convert decoded JSON (or TOML) to `wanted`, or list every field that stands in the way.

    msgspec stops at the first fault, which is right for the fast way; the slow way, walked only for
    refused input, looks at each field by itself.
    """
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as refused:
        return list(_faults(raw, wanted, "")) or [Fault("", str(refused))]


def _faults(raw: object, wanted: Any, pointer: str) -> typing.Iterator[Fault]:
    struct = _struct_in(wanted)
    if struct is not None and isinstance(raw, dict):
        yield from _struct_faults(raw, struct, pointer)
        return
    item = _list_item_in(wanted)
    if item is not None and isinstance(raw, list) and any(_refusal(value, item) for value in raw):
        for index, value in enumerate(raw):
            yield from _faults(value, item, f"{pointer}/{index}")
        return
    refusal = _refusal(raw, wanted)
    if refusal is not None:
        yield Fault(pointer, refusal)


def _struct_faults(raw: dict[str, object], struct: type[msgspec.Struct], pointer: str) -> typing.Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name in raw.keys() - fields.keys():
        near = difflib.get_close_matches(name, fields, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield Fault(f"{pointer}/{_escape(name)}", f"unknown field{hint}")
    for name, field in fields.items():
        if name in raw:
            yield from _faults(raw[name], field.type, f"{pointer}/{name}")
        elif field.required:
            yield Fault(f"{pointer}/{name}", "missing")


def _refusal(raw: object, wanted: Any) -> str | None:
    try:
        msgspec.convert(raw, wanted)
    except msgspec.ValidationError as refused:
        return str(refused).split(" - at `$")[0]
    return None


def _struct_in(wanted: Any) -> type[msgspec.Struct] | None:
    for part in _parts(wanted):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _list_item_in(wanted: Any) -> Any:
    for part in _parts(wanted):
        if typing.get_origin(part) is list:
            return typing.get_args(part)[0]
    return None


def _parts(wanted: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself, with `Annotated` taken off."""
    if typing.get_origin(wanted) is typing.Annotated:
        return _parts(typing.get_args(wanted)[0])
    members = typing.get_args(wanted)
    is_union = members and not isinstance(typing.get_origin(wanted), type)
    if is_union or type(wanted).__name__ == "UnionType":
        return tuple(part for member in members for part in _parts(member))
    return (wanted,)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
