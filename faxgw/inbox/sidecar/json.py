"""JSON beside a fax: an object, whose inner objects count as one with it."""

from collections.abc import Iterator, Mapping

import msgspec

from faxgw.inbox.sidecar.told import BadSidecar
from faxgw.inbox.sidecar.words import as_text


def read_json(content: bytes) -> dict[str, str] | BadSidecar:
    try:
        value = msgspec.json.decode(as_text(content))
    except (msgspec.DecodeError, RecursionError):
        return BadSidecar("it is no JSON")
    return dict(_words(value)) if isinstance(value, dict) else BadSidecar("it is no JSON object")


def _words(value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _words(inner)
        elif inner is not None:
            yield name, inner if isinstance(inner, str) else msgspec.json.encode(inner).decode()
