"""Who asks, where a token says it: what a request says of itself then only stands beside it."""

from collections.abc import Mapping
from typing import Any

from litestar import Request

from faxgw.api.tokens import Caller

CALLER = "faxgw.caller"
"""The extension under which a request's scope has whose token it came with."""
LOCAL = "local"
"""Who asks where nobody said."""
_WHO_CHARS_MAX = 200
"""The store keeps so many."""


def caller_of(request: Request[Any, Any, Any]) -> Caller | None:
    """Whose token it came with; None on the socket, where the file's mode says who may come in."""
    extensions: Mapping[str, Any] = request.scope.get("extensions") or {}
    caller: Caller | None = extensions.get(CALLER)
    return caller


def who_asks(request: Request[Any, Any, Any], named: str) -> str:
    """Who stands in the trail: the name in the request, and behind it the token's, which nobody can choose."""
    caller = caller_of(request)
    if caller is None:
        return named or LOCAL
    if named in {"", LOCAL}:
        return caller.name
    behind = f" ({caller.name})"
    return named[: _WHO_CHARS_MAX - len(behind)] + behind
