"""What Retarus is told and what it tells: its JSON and XML, and its codes in our classes.

Names are those of https://docs.retarus.com/fax/definitions, codes those of
https://docs.retarus.com/fax/transmission-status-codes-outbound-fax. Nothing here is quoted in an error: numbers of
florists stand in it.
"""

from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

import msgspec

from faxgw.fax import ClientRef, Failure
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Report
from faxgw.provider.rest import CODE_LENGTH_MAX

FAILURES: Final[Mapping[str, Failure]] = {
    "BUSY": Failure.BUSY,
    "RING_TO": Failure.NO_ANSWER,
    # Listed among wrong numbers, yet all that is known is that nothing reacted: some more calls will tell.
    "WOUT_TO": Failure.NO_ANSWER,
    "NOFAX": Failure.NO_FAX,
    "NOFAX_DIS": Failure.NO_FAX,
    "NOFAX_TO": Failure.NO_FAX,
    "WRONG_NO": Failure.BAD_NUMBER,
    "CHANGED_NO": Failure.BAD_NUMBER,
    "DIAL_NC": Failure.BAD_NUMBER,
    "DIAL_GF": Failure.NETWORK,
    # The time that we gave it is over. Whether there is more is for the order's own deadline to say.
    "EXPIRED": Failure.NETWORK,
    "REM_DIS": Failure.PROTOCOL,
    "NO_REMOTEINFO": Failure.PROTOCOL,
    "FANS_GF": Failure.PROTOCOL,
    "PAGE_SEND_ERR": Failure.PAGE,
    "PAGE_SEND_ERROR": Failure.PAGE,
    "BAD_LINES": Failure.PAGE,
    # "Not confirmed as received", and often it was. Who sent food orders over Retarus met the same with NO_TRAIN.
    "EOD_FAILED": Failure.IN_DOUBT,
    "NO_TRAIN": Failure.IN_DOUBT,
    "BLACKLIST": Failure.REJECTED,
    "PBLACKLIST": Failure.REJECTED,
    "CANCELLED": Failure.REJECTED,
    "MISSING_FAX_FILE": Failure.DOCUMENT,
    "UNKNOWN_FAX_FILE": Failure.DOCUMENT,
    "TIFF_PAGE_ERR": Failure.DOCUMENT,
    "RENDERING_ERROR": Failure.DOCUMENT,
}
"""A code that is not here is new to us: it is retried, counted and shown (`Failure.UNKNOWN_CODE`)."""

DELIVERED: Final = "OK"
PENDING: Final = "PENDING"


class _Words(msgspec.Struct, frozen=True, rename="camel"):
    """Written as Retarus does."""


# --- told to Retarus -------------------------------------------------------------------------------------------


class Reference(_Words, frozen=True):
    customer_defined_id: str | None


class Recipient(_Words, frozen=True):
    number: str


class Paper(_Words, frozen=True):
    name: str
    data: bytes
    """Base64 on the way."""


class Transport(_Words, frozen=True):
    is_blacklist_enabled: bool = False
    """Lists of those who want no advertising; an order is none."""


class Rendering(_Words, frozen=True):
    paper_format: str = "A4"
    resolution: str = "HIGH"


class Push(_Words, frozen=True):
    target_url: str
    principal: str
    credentials: str
    auth_method: str = "HTTP_BASIC"


class ReportOptions(_Words, frozen=True):
    http_status_push: Push
    report_purge_ts: str
    """Said to be required, and to have no effect."""


class Validity(_Words, frozen=True):
    end: str
    """ISO 8601, here a duration from now on."""


class Meta(_Words, frozen=True):
    customer_reference: str
    job_valid: Validity


class Job(_Words, frozen=True):
    """One fax to one number."""

    reference: Reference
    recipients: list[Recipient]
    documents: list[Paper]
    meta: Meta
    transport_options: Transport = Transport()
    rendering_options: Rendering = Rendering()
    status_report_options: ReportOptions | msgspec.UnsetType = msgspec.UNSET


class Wanted(_Words, frozen=True):
    """Reports asked for by their jobs' ids."""

    job_ids: list[str]
    action: str = "GET"


# --- told by Retarus -------------------------------------------------------------------------------------------


class Handed(_Words, frozen=True):
    job_id: str


class Outcome(_Words, frozen=True):
    """How it stands with one recipient. Plain texts, for a word that is added later is no reason to fail."""

    status: str = PENDING
    reason: str | None = None
    duration_in_secs: float | None = None


class JobReport(_Words, frozen=True):
    """As in lists and in JSON pushes; the latter may name the recipient as the XML does."""

    job_id: str
    pages: int | None = None
    reference: Reference | None = None
    recipient_status: list[Outcome] | None = None
    fax_recipient: list[Outcome] | Outcome | None = None

    @property
    def outcome(self) -> Outcome:
        """Of the only recipient that a job of ours has."""
        told = self.recipient_status or self.fax_recipient or Outcome()
        return told[0] if isinstance(told, list) else told


class JobReports(_Words, frozen=True):
    reports: list[JobReport]


class UnreadableError(Exception):
    """A push that is no report as documented; the message quotes nothing of it."""


decode_handed = msgspec.json.Decoder(Handed).decode
decode_reports = msgspec.json.Decoder(JobReports).decode
_decode_report = msgspec.json.Decoder(JobReport).decode


def read_push(body: bytes) -> JobReport:
    """A report as Retarus pushes it: XML unless JSON was ordered from them.

    Raises:
        UnreadableError: it is neither, or no report.
    """
    try:
        return read_xml(body) if body.lstrip()[:1] != b"{" else _decode_report(body)
    except msgspec.ValidationError:
        raise UnreadableError("a report in JSON, but not as documented") from None
    except msgspec.DecodeError:
        raise UnreadableError("neither XML nor JSON") from None


def read_xml(body: bytes) -> JobReport:
    """`<faxJobReport>`, whatever its namespace's version.

    Raises:
        UnreadableError: no well-formed XML, a document type, or no report.
    """
    try:
        root = ET.fromstring(body, ET.XMLParser(target=_NoDoctype()))  # noqa: S314 - entities need a document type.
    except (ET.ParseError, ValueError, LookupError):
        raise UnreadableError("no well-formed XML") from None
    told = _texts(root)
    recipient = next((element for element in root if _name(element) == "faxRecipient"), None)
    report = {**told, "faxRecipient": None if recipient is None else _texts(recipient)}
    try:
        return msgspec.convert(report, JobReport, strict=False)
    except msgspec.ValidationError:
        raise UnreadableError("XML, but not a report as documented") from None


class _NoDoctype(ET.TreeBuilder):
    """A document type may hold entities that grow to gigabytes; it is refused as soon as it begins."""

    def doctype(self, *_: object) -> None:
        raise UnreadableError("XML with a document type, which is refused")


def _texts(element: ET.Element) -> dict[str, str]:
    """What stands directly below, and is a text."""
    return {_name(child): child.text.strip() for child in element if child.text and child.text.strip()}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


# --- in our words ----------------------------------------------------------------------------------------------


def read_report(told: JobReport) -> Report:
    """The carrier's words in ours."""
    reference = told.reference.customer_defined_id if told.reference else None
    return Report(read_fate(told), told.job_id, ClientRef(reference) if reference else None)


def event_id_of(told: JobReport) -> str:
    """A name for what a push tells, for Retarus gives it none: a job has one final word."""
    return f"{told.job_id}/{(told.outcome.reason or told.outcome.status)[:CODE_LENGTH_MAX]}"


def read_fate(told: JobReport) -> Fate:
    outcome = told.outcome
    words = [word for word in (outcome.reason, outcome.status) if word]
    if PENDING in words or not words:
        return InProgress()
    failed = next((word for word in words if word in FAILURES), None)
    if failed is None and DELIVERED in words:
        return Delivered(told.pages or 0, outcome.duration_in_secs)
    code = (failed or words[0])[:CODE_LENGTH_MAX]
    return NotDelivered(FAILURES.get(code, Failure.UNKNOWN_CODE), code, call_seconds=outcome.duration_in_secs)
