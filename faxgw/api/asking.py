"""What stands in the body when a person asks for something: who asks and why, and what else it needs."""

import datetime as dt
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response

from faxgw.api.body import TooLarge, read_body
from faxgw.api.caller import LOCAL, who_asks
from faxgw.api.problem import Kind, problem
from faxgw.faults import Fault, convert_or_faults
from faxgw.order import MemberId, PhoneText, Priority
from faxgw.store.changes import Ruling

ASKED_BYTES_MAX = 4_096

_ShortText = Annotated[str, msgspec.Meta(max_length=200)]
_CopyKey = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[\x21-\x7e]*$(?!\n)")]
Moment = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who asks, and why; both stand in the trail."""

    who: _ShortText = LOCAL
    why: _ShortText = ""


class PriorityWish(Asked, frozen=True, kw_only=True):
    """Which class the fax travels in from now on."""

    priority: Priority


class RerouteWish(Asked, frozen=True, kw_only=True):
    """Where the fax goes instead: a number (international, as +33 1 99 00 12 34) or a member of the register."""

    to: PhoneText | None = None
    member: MemberId | None = None


class AgainAskedWish(RerouteWish, frozen=True, kw_only=True):
    """A new fax from one that is over; what is not named is as it was."""

    priority: Priority | None = None
    deadline: Moment | None = None
    key: _CopyKey = ""
    """Tells copies apart: asked for again under the same key, the first copy is the answer."""


class ResolveWish(Asked, frozen=True, kw_only=True):
    """What was found out of a fax in doubt."""

    ruling: Ruling


class SuspendWish(Asked, frozen=True, kw_only=True):
    """Until when nothing begins there; without it until somebody resumes it."""

    until: Moment | None = None


WishT = TypeVar("WishT")
AskedOf = TypeVar("AskedOf", bound=Asked)


async def wish_of(
    request: Request[Any, Any, Any], wanted: type[AskedOf], bytes_max: int = ASKED_BYTES_MAX
) -> AskedOf | Response[Any]:
    """The body as `wanted`, or the answer that names its faults; no body is an empty one."""
    body = await read_body(request, bytes_max)
    asked = read_wish(body if isinstance(body, TooLarge) else body or b"{}", wanted)
    if isinstance(asked, list):
        return bad_wish(asked)
    return msgspec.structs.replace(asked, who=who_asks(request, asked.who))


def read_wish(body: bytes | TooLarge, wanted: type[WishT]) -> WishT | list[Fault]:
    """The JSON of a body as `wanted`, or its faults."""
    if isinstance(body, TooLarge):
        return [Fault("", f"at most {body.bytes_max} bytes")]
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [Fault("", "not JSON")]
    return convert_or_faults(raw, wanted)


def bad_wish(faults: list[Fault]) -> Response[Any]:
    return problem(Kind.INVALID, "the body is JSON, as /v1/openapi.json describes it", errors=faults)
