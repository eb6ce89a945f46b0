"""What a carrier can tell of a fax, whatever the words it uses."""

import re
import zoneinfo
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from faxgw.config.inbox import TOLD_FIELDS

_USUAL_WORDS: Final = {
    # Compared without case, dots, dashes and underscores: RECEIPT.ID, receiptId and receipt_id are one word.
    "receiptid": "receipt_id", "messageid": "receipt_id", "faxid": "receipt_id", "jobid": "receipt_id",
    "transactionid": "receipt_id", "commid": "receipt_id",
    "senderfaxno": "sender_number", "sendernumber": "sender_number", "callernumber": "sender_number",
    "callerid": "sender_number", "fromnumber": "sender_number", "from": "sender_number", "cid": "sender_number",
    "ani": "sender_number",
    "senderid": "sender_id", "tsi": "sender_id", "csid": "sender_id", "remotecsid": "sender_id",
    "remotestationid": "sender_id", "stationid": "sender_id",
    "timestamp": "received_at", "receivedat": "received_at", "receivedtime": "received_at", "received": "received_at",
    "receiveddate": "received_at", "datetime": "received_at", "faxrecvtime": "received_at",
    "pages": "pages", "pagecount": "pages", "totalpages": "pages", "numpages": "pages",
    "badlines": "bad_lines", "badfaxlines": "bad_lines", "badrows": "bad_lines",
}  # fmt: skip
_TIMES: Final = (
    "%Y-%m-%d-%H.%M.%S", "%Y-%m-%d %H:%M:%S", "%Y:%m:%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d-%H%M%S", "%Y%m%dT%H%M%S",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%m%d%Y %I%M %p",
)  # fmt: skip
_WORD_CHARACTERS_MAX: Final = 200
_EXTRA_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of a fax beside its pages; empty or None is not told. `extra` has what nobody asked for."""

    receipt_id: str = ""
    sender_number: str = ""
    sender_id: str = ""
    received_at: float | None = None
    """Seconds since 1970, by the carrier's clock."""
    pages: int | None = None
    bad_lines: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def completed_by(self, other: "Told") -> "Told":
        """This, and what only the other one tells."""
        return Told(
            self.receipt_id or other.receipt_id,
            self.sender_number or other.sender_number,
            self.sender_id or other.sender_id,
            other.received_at if self.received_at is None else self.received_at,
            other.pages if self.pages is None else self.pages,
            other.bad_lines if self.bad_lines is None else self.bad_lines,
            {**other.extra, **self.extra},
        )


@dataclass(frozen=True, slots=True)
class BadSidecar:
    """It cannot be read; the reason has no word of what is in it. The fax is kept all the same."""

    reason: str


def told_by(words: Mapping[str, str], fields: Mapping[str, str], timezone: str) -> Told:
    """Sort a sidecar's words into ours. `fields` are the names that the config gives, by ours.

    What does not fit its place (pages that are no number, a time in unknown form) stays among the rest.
    """
    given = {theirs: ours for ours, theirs in fields.items()}
    found: dict[str, str] = {}
    extra: dict[str, str] = {}
    for name, text in words.items():
        ours = given.get(name) or (_usual(name) if _usual(name) not in fields else None)
        value = _clean(text)
        if ours in TOLD_FIELDS and ours not in found and _fits(ours, value, timezone):
            found[ours] = value
        elif len(extra) < _EXTRA_MAX:
            extra[_clean(name)] = value
    return Told(
        found.get("receipt_id", ""),
        found.get("sender_number", ""),
        found.get("sender_id", ""),
        seconds_of(found.get("received_at", ""), timezone),
        _count(found.get("pages", "")),
        _count(found.get("bad_lines", "")),
        extra,
    )


def _clean(text: str) -> str:
    """Fit for every store: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "").strip()[:_WORD_CHARACTERS_MAX]


def _usual(name: str) -> str | None:
    return _USUAL_WORDS.get(re.sub(r"[\W_]", "", name).lower())


def _fits(ours: str, value: str, timezone: str) -> bool:
    match ours:
        case "received_at":
            return seconds_of(value, timezone) is not None
        case "pages" | "bad_lines":
            return _count(value) is not None
        case _:
            return bool(value)


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else None


def seconds_of(text: str, timezone: str) -> float | None:
    """A time in one of the forms that carriers use; `timezone` where it does not say which."""
    told = _time_in(text)
    if told is None or told.year < 1971:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=zoneinfo.ZoneInfo(timezone))).timestamp()


def _time_in(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in _TIMES:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller knows the zone
    return None
