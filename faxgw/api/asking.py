"""What stands in the body when a person changes something: who asks and why, and what else the change needs."""

import datetime as dt
from typing import Annotated, TypeVar

import msgspec

from faxgw.api.body import TooLarge
from faxgw.faults import Fault, convert_or_faults
from faxgw.order import MemberId, PhoneText, Priority
from faxgw.store.changes import Ruling

ASKED_BYTES_MAX = 4_096
LOCAL = "local"
"""Who asks where nobody said."""

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


AskedOf = TypeVar("AskedOf", bound=Asked)


def read_asked(body: bytes | TooLarge, kind: type[AskedOf]) -> AskedOf | list[Fault]:
    if isinstance(body, TooLarge):
        return [Fault("", f"at most {body.bytes_max} bytes")]
    try:
        raw = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [Fault("", "not JSON")]
    asked = convert_or_faults(raw, kind)
    if isinstance(asked, Asked) and not asked.who:
        return msgspec.structs.replace(asked, who=LOCAL)
    return asked
