"""What InterFAX tells: faxes as JSON, callbacks as a form, and its numbers in our classes.

One number is a fax's whole state: below zero it is not over, zero is delivered, above zero it has failed for good
(https://help.uplandsoftware.com/interfax/en/send-faxes/fax-status-codes.htm). The same is told of a fax that broke off
at its first page and of one whose last confirmation was lost, hence the pages are looked at first.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from faxgw.fax import ClientRef, Failure
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Report

OUT_OF_CREDIT: Final = -22
"""Held until somebody pays, for 24 hours; then it goes, or ends with 205000."""

_BUSY = (263, 3931, 3937, 6017, 8025)
# 6000 and a cause of Q.850 where it is one. 6027, "destination out of order", is taken by others for a wrong number:
# some more calls will tell.
_NO_ANSWER = (3935, 6018, 6019, 6027, 8021)
_NO_FAX = (3936,)
_BAD_NUMBER = (6001, 6022, 6028)
_REJECTED = (403, 488, 6021, 6029)
_PROTOCOL = (
    *(3211, 3220, 3225, 3231, 3233, 3264, 3267, 3269, 6088, 6095, 6097, 6099, 6100),
    # Interrupted: these before the first page, or the pages tell more.
    *(3223, 3224, 3230, 3268, 8010),
)
_NETWORK = (
    *(2, 12, 101, 102, 104, 130, 132, 204, 483, 501, 603, 3072, 3080, 3300, 3510, 3830, 6002, 6003, 6004, 6016),
    *(6031, 6034, 6038, 6041, 6042, 6043, 6044, 6047, 6050, 6054, 6057, 6058, 6063, 6065, 6069, 6079, 6102, 6111),
    *(6127, 7004, 7012, 7013, 9951, 9952, 9987, 9994, 9998, 9999),
)
_DOCUMENT = (204000, 204001)
_ACCOUNT = (205000,)
# "Disconnected after several minutes without getting a page break or confirmation": all of it may lie there.
_IN_DOUBT = (1,)

FAILURES: Final[Mapping[int, Failure]] = {
    **dict.fromkeys(_BUSY, Failure.BUSY),
    **dict.fromkeys(_NO_ANSWER, Failure.NO_ANSWER),
    **dict.fromkeys(_NO_FAX, Failure.NO_FAX),
    **dict.fromkeys(_BAD_NUMBER, Failure.BAD_NUMBER),
    **dict.fromkeys(_REJECTED, Failure.REJECTED),
    **dict.fromkeys(_PROTOCOL, Failure.PROTOCOL),
    **dict.fromkeys(_NETWORK, Failure.NETWORK),
    **dict.fromkeys(_DOCUMENT, Failure.DOCUMENT),
    **dict.fromkeys(_ACCOUNT, Failure.ACCOUNT),
    **dict.fromkeys(_IN_DOUBT, Failure.IN_DOUBT),
}
"""A number that is not here is new to us: it is retried, counted and shown (`Failure.UNKNOWN_CODE`)."""

REFUSALS: Final[Mapping[int, Failure]] = {
    -112: Failure.BAD_NUMBER,
    -123: Failure.DOCUMENT,
    -1002: Failure.DOCUMENT,
    -1004: Failure.DOCUMENT,
    -1007: Failure.DOCUMENT,
    -1008: Failure.DOCUMENT,
    # An account on trial may send to one number only, which it names a designated one.
    -111: Failure.ACCOUNT,
    -310: Failure.ACCOUNT,
    -666: Failure.ACCOUNT,
    -677: Failure.ACCOUNT,
    -1003: Failure.ACCOUNT,
}
"""Codes in answers that refuse a fax, as its SOAP methods have them; REST is said to share them."""

_FORM_FIELDS_MAX: Final = 100


class Fax(msgspec.Struct, frozen=True, rename="camel"):
    """One fax as searches list it."""

    id: int
    status: int
    subject: str | None = None
    """Our reference."""
    pages_sent: int | None = None
    pages_submitted: int | None = None
    duration: float | None = None
    attempts_made: int | None = None


class Complaint(msgspec.Struct, frozen=True):
    code: int


class UnreadableError(Exception):
    """A callback that is no report as documented; the message quotes nothing of it."""


decode_faxes = msgspec.json.Decoder(list[Fax]).decode
decode_complaint = msgspec.json.Decoder(Complaint).decode


def read_callback(body: bytes) -> Fax:
    """A fax as a callback by HTTP POST tells of it.

    Raises:
        UnreadableError: another kind of callback, or no number where one belongs.
    """
    try:
        form = dict(parse_qsl(body.decode("utf-8"), max_num_fields=_FORM_FIELDS_MAX))
    except ValueError:
        raise UnreadableError("no form; set the callback to HTTP POST") from None
    if form.get("TransactionIDType", "Outbound") != "Outbound":
        raise UnreadableError("a callback of another kind than outbound")
    told = {ours: form[theirs] for theirs, ours in _CALLBACK_FIELDS.items() if theirs in form}
    try:
        return msgspec.convert(told, Fax, strict=False)
    except msgspec.ValidationError:
        raise UnreadableError("a form, but not of a fax as documented; set the callback to HTTP POST") from None


_CALLBACK_FIELDS: Final[Mapping[str, str]] = {
    "TransactionID": "id",
    "Status": "status",
    "Subject": "subject",
    "PagesSent": "pagesSent",
    "PagesSubmitted": "pagesSubmitted",
    "Duration": "duration",
    "TrialsPerformed": "attemptsMade",
}


def read_report(told: Fax) -> Report:
    """The carrier's words in ours."""
    return Report(read_fate(told), str(told.id), ClientRef(told.subject) if told.subject else None)


def read_fate(told: Fax) -> Fate:
    if told.status < 0:
        return InProgress()
    if told.status == 0:
        return Delivered(told.pages_sent or 0, told.duration)
    calls = told.attempts_made or None
    return NotDelivered(_failure_of(told), str(told.status), calls=calls, call_seconds=told.duration)


def _failure_of(told: Fax) -> Failure:
    """Pages that went out outweigh the number: sent again they would lie there twice."""
    sent = told.pages_sent or 0
    if sent and sent >= (told.pages_submitted or 0):
        return Failure.IN_DOUBT
    known = FAILURES.get(told.status, Failure.UNKNOWN_CODE)
    return Failure.PAGE if sent and known in {Failure.PROTOCOL, Failure.NETWORK} else known
