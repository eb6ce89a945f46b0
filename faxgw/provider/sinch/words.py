"""What Sinch says of a fax, and what that means in our words; pure.

See https://developers.sinch.com/docs/fax/api-reference/fax/tag/Faxes and, for the codes, .../tag/Error-Messages. The
codes are those of Phaxio, which this service was, and most of Phaxio's were spandsp's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.port import Delivered, Fate, InProgress, Listed, NotDelivered, Report
from faxgw.provider.rest import kept_word, seconds_of

LABEL: Final = "faxgw"
"""The label that bears our reference."""

CALL_FAILURES: Final[Mapping[int, Failure]] = {
    11: Failure.PROTOCOL,  # the call dropped
    15: Failure.NETWORK,  # congestion
    16: Failure.NO_ANSWER,  # ring time-out
    17: Failure.BUSY,
    19: Failure.REJECTED,  # hung up at once
    30: Failure.NO_FAX,  # no answer from a fax machine
    32: Failure.PROTOCOL,  # incompatible destination
    34: Failure.BAD_NUMBER,  # not operational
    43: Failure.NETWORK,  # problem establishing the connection
    49: Failure.BAD_NUMBER,  # not active
}
FAX_FAILURES: Final[Mapping[int, Failure]] = {
    6: Failure.PROTOCOL,  # error communicating
    7: Failure.PROTOCOL,  # cannot receive that size
    8: Failure.IN_DOUBT,  # no response after a page
    10: Failure.PROTOCOL,  # disconnected after permitted retries
    12: Failure.PROTOCOL,  # no response to DCS or TCF
    13: Failure.NO_FAX,  # no first message
    14: Failure.NO_FAX,  # no initial communication
    18: Failure.PROTOCOL,  # unexpected message
    20: Failure.PROTOCOL,  # HDLC carrier did not stop
    21: Failure.IN_DOUBT,  # the far end disconnected after a page
    22: Failure.PROTOCOL,  # bad response to DCS or training
    25: Failure.PROTOCOL,  # cannot receive that resolution
    26: Failure.PROTOCOL,  # the machine failed to respond
    28: Failure.PROTOCOL,  # training failed
    29: Failure.IN_DOUBT,  # invalid response after a page
    31: Failure.PROTOCOL,  # incompatible machines
    38: Failure.PROTOCOL,  # hung up before receiving
    40: Failure.NETWORK,
    41: Failure.PROTOCOL,  # disconnected while waiting for DCS or DIS
    44: Failure.NETWORK,
    46: Failure.ACCOUNT,  # no funds
    48: Failure.NO_ANSWER,  # out of paper, perhaps
    53: Failure.PAGE,  # disconnected between pages
    60: Failure.PAGE,  # error after a page break
    63: Failure.PROTOCOL,
    68: Failure.PROTOCOL,  # far end not compatible
    # Somebody stopped it, in the dashboard or because it took too long: what was sent by then nobody says.
    75: Failure.IN_DOUBT,
    76: Failure.IN_DOUBT,
    77: Failure.IN_DOUBT,  # no receiver ready, which is asked for after the pages of a block
    79: Failure.IN_DOUBT,  # "cannot cancel, it is complete"
    80: Failure.PROTOCOL,  # disconnected while waiting for DIS
    82: Failure.PROTOCOL,  # error communicating
    84: Failure.IN_DOUBT,  # unexpected command after a page
    113: Failure.CAPACITY,  # its own copy of the pages is gone; the next attempt brings them anew
    117: Failure.PROTOCOL,  # no pages received
    131: Failure.PAGE,  # incomplete
    132: Failure.NO_FAX,  # no fax tone
    133: Failure.NETWORK,  # number not permitted for this account: another carrier may ring there
}
GENERAL_FAILURES: Final[Mapping[int, Failure]] = {
    5: Failure.ACCOUNT,
    86: Failure.ACCOUNT,
    105: Failure.ACCOUNT,
    125: Failure.ACCOUNT,
}
"""No funds, in four ways; from the list of Phaxio's codes, for Sinch's own names none of this type."""

FAILURES: Final[Mapping[str, Mapping[int, Failure]]] = {
    "CALL_ERROR": CALL_FAILURES,
    "LINE_ERROR": CALL_FAILURES,
    "FAX_ERROR": FAX_FAILURES,
    "GENERAL_ERROR": GENERAL_FAILURES,
}
"""By type, then by code: a code that stands in two types means two things. What is not here is new to us: it is
retried, counted and shown (`Failure.UNKNOWN_CODE`)."""


class Fax(msgspec.Struct, frozen=True, rename="camel"):
    """A fax as answers, lists and webhooks have it. Texts where a word may be added later."""

    id: str
    status: str = ""
    to: str = ""
    direction: str | None = None
    create_time: datetime | None = None
    labels: dict[str, str] | None = None
    number_of_pages: int | None = None
    pages_sent_successfully: int | None = None
    retry_count: int | None = None
    error_type: str | None = None
    error_code: int | str | None = None


class Handed(msgspec.Struct, frozen=True):
    """The answer to a fax handed over: the fax, or a list of one."""

    id: str | None = None
    faxes: list[Fax] = []


class FaxList(msgspec.Struct, frozen=True, rename="camel"):
    faxes: list[Fax]
    page_number: int | None = None
    total_pages: int | None = None


class Webhook(msgspec.Struct, frozen=True, rename="camel"):
    event: str
    fax: Fax
    event_time: str = ""


class Violation(msgspec.Struct, frozen=True):
    field: str = ""


class Detail(msgspec.Struct, frozen=True, rename="camel"):
    field_violations: list[Violation] = []


class Trouble(msgspec.Struct, frozen=True):
    status: str = ""
    details: list[Detail] = []


class Complaint(msgspec.Struct, frozen=True):
    """The answer to a request that Sinch does not like."""

    error: Trouble = Trouble()


def read_reference(fax: Fax) -> ClientRef | None:
    """Our reference, or None where the fax bears no label of ours."""
    return ClientRef((fax.labels or {}).get(LABEL, "")) or None


def read_fax(fax: Fax, event_id: str | None = None) -> Report:
    """What an answer or a webhook says of a fax."""
    return Report(read_fate(fax), fax.id, read_reference(fax), event_id)


def read_listed(fax: Fax, line: Line) -> Listed:
    """A fax of the list of what went to `line`."""
    return Listed(fax.id, line, seconds_of(fax.create_time), read_fate(fax), read_reference(fax))


def name_event(webhook: Webhook) -> str | None:
    """Sinch gives its webhooks no id: fax, event and time are one for all repeats of one."""
    if not webhook.event_time:
        return None
    return f"{webhook.fax.id}:{webhook.event}:{webhook.event_time}"[:128]


def read_fate(fax: Fax) -> Fate:
    match fax.status:
        case "COMPLETED" if fax.pages_sent_successfully == 0 and fax.number_of_pages:
            # Others have told their customers "done" with no page sent: https://github.com/gonicus/gofaxip/issues/34.
            return NotDelivered(Failure.IN_DOUBT, "COMPLETED without a page", calls=_calls(fax))
        case "COMPLETED":
            return Delivered(fax.pages_sent_successfully or fax.number_of_pages or 0, None)
        case "FAILURE" | "FAILED":
            return NotDelivered(_read_failure(fax), _code(fax), calls=_calls(fax))
        case _:
            # Queued, in progress, pending, and any word that is new to us: not final, so we go on asking.
            return InProgress()


def _read_failure(fax: Fax) -> Failure:
    if fax.number_of_pages and (fax.pages_sent_successfully or 0) >= fax.number_of_pages:
        # All pages were confirmed, and yet it failed: one of the two is wrong, and a person may find out which.
        return Failure.IN_DOUBT
    if fax.error_type == "DOCUMENT_CONVERSION_ERROR":
        return Failure.DOCUMENT
    code = fax.error_code
    number = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isascii() and code.isdigit()) else -1
    return FAILURES.get(fax.error_type or "", {}).get(number, Failure.UNKNOWN_CODE)


def _code(fax: Fax) -> str:
    words = [kept_word(str(word)) for word in (fax.error_type, fax.error_code) if word is not None]
    return " ".join(words) or "none"


def _calls(fax: Fax) -> int | None:
    return None if fax.retry_count is None else fax.retry_count + 1


def read_complaint(complaint: Complaint, status: int) -> tuple[Failure, str]:
    """Whose fault a refused request is, and Sinch's own word for it.

    The pages are converted after the answer, so what is refused at once is the number or something that stands in
    our config, which no other fax of this account would fare better with.
    """
    fields = {violation.field for detail in complaint.error.details for violation in detail.field_violations}
    code = f"{status} {kept_word(complaint.error.status)}" if complaint.error.status else str(status)
    if fields == {"to"}:
        return Failure.BAD_NUMBER, code
    if fields == {"file"}:
        return Failure.DOCUMENT, code
    return Failure.ACCOUNT, code
