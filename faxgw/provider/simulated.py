"""The adapter for the simulated carrier (`faxgw_loadtest/carrier`), and the pattern for the next carrier's file.

An adapter has three parts: what it says (`send`, `look_up`, `poll`), what it hears (`read_receipt`), and the
table that translates the carrier's codes. It logs nothing and keeps no state but its connections.
"""

import ssl
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from faxgw.clock import Clock
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import authorization
from faxgw.provider.http import Answer, Exchange, HttpLanes, Timeouts
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Delivered,
    Fate,
    Found,
    InProgress,
    Listed,
    LookUp,
    NoAnswer,
    NotDelivered,
    ReceiptRefusedError,
    ReceiptUnreadableError,
    Refused,
    Report,
    Sending,
    SendOutcome,
    Unclear,
)
from faxgw.provider.rest import decode_answer
from faxgw.provider.signature import ForgedError, check, read_secret
from faxgw.provider.statuses import not_handed_over, refusal_of

IDS_MAX: Final = 1_000
"""The carrier refuses a status request for more."""

CAPABILITIES: Final = Capabilities(tells_pages=True, poll_ids_max=IDS_MAX)

FAILURES: Final[Mapping[str, Failure]] = {
    "BUSY": Failure.BUSY,
    "RING_TIMEOUT": Failure.NO_ANSWER,
    "WRONG_NUMBER": Failure.BAD_NUMBER,
    "NOT_A_FAX": Failure.NO_FAX,
    "DECLINED": Failure.REJECTED,
    "NETWORK_DOWN": Failure.NETWORK,
    "TRAINING_FAILED": Failure.PROTOCOL,
    "PAGE_FAILED": Failure.PAGE,
    "EOD_FAILED": Failure.IN_DOUBT,
}
"""A code that is not here is new to us: it is retried, counted and shown (`Failure.UNKNOWN_CODE`)."""


class FaxReport(msgspec.Struct, frozen=True):
    """What the carrier says of one fax. `status` is a plain text, for a word it adds later is no reason to fail."""

    id: str
    reference: str
    status: str
    code: str | None = None
    pages: int = 0
    call_seconds: float | None = None
    event_id: str | None = None
    taken_at: float | None = None
    """Seconds since 1970; in lists only."""


class FaxReports(msgspec.Struct, frozen=True):
    faxes: list[FaxReport]


class Handed(msgspec.Struct, frozen=True):
    """The answer to a fax handed over."""

    id: str


class Complaint(msgspec.Struct, frozen=True):
    """The answer to a request that the carrier does not like."""

    error: str


class SimulatedProvider:
    """One account with the simulated carrier.

    Args:
        name: as in the config, and the last part of the webhook's path.
        base_url: such as http://127.0.0.1:8025.
        login, password: of the account.
        lanes: connections at most.
        timeouts: for each step of a request; deadlines for the whole belong to the caller.
        webhook_secret: `whsec_...`, as the carrier was given it.
        clock: tells whether a webhook is too old.
        ssl_context: for https; the system's certificates when missing.

    Raises:
        ValueError: the webhook secret cannot be read.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        login: str,
        password: str,
        lanes: int,
        timeouts: Timeouts,
        webhook_secret: str,
        clock: Clock,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._key = read_secret(webhook_secret)
        self._clock = clock
        self._http = HttpLanes(
            base_url,
            lanes=lanes,
            timeouts=timeouts,
            headers={"Authorization": authorization(login, password)},
            ssl_context=ssl_context,
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def send(self, sending: Sending) -> SendOutcome:
        headers = {
            "Content-Type": "image/tiff",
            "Fax-Reference": sending.client_ref,
            "Fax-Number": sending.line,
            "Fax-Pages": str(sending.pages),
        }
        exchange = await self._http.request("POST", "/v1/faxes", body=sending.document, headers=headers)
        return self._read_send(exchange) if isinstance(exchange, Answer) else not_handed_over(exchange)

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        found = _read_reports(await self._http.request("GET", f"/v1/faxes?reference={quote(client_ref, safe='')}"))
        if isinstance(found, NoAnswer):
            return found
        # Under one reference the carrier names the fax that tells most first: a delivered one if there is any.
        return Found(found[0]) if found else Absent()

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        body = msgspec.json.encode({"number": line, "since": since})
        headers = {"Content-Type": "application/json"}
        exchange = await self._http.request("POST", "/v1/faxes/list", body=body, headers=headers)
        faxes = _read_faxes(exchange)
        if isinstance(faxes, NoAnswer):
            return faxes
        return [Listed(fax.id, line, fax.taken_at or 0.0, _read_fate(fax)) for fax in faxes]

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        reports: list[Report] = []
        for first in range(0, len(provider_refs), IDS_MAX):
            body = msgspec.json.encode({"ids": provider_refs[first : first + IDS_MAX]})
            headers = {"Content-Type": "application/json"}
            some = _read_reports(await self._http.request("POST", "/v1/faxes/status", body=body, headers=headers))
            if isinstance(some, NoAnswer):
                # A part would make the rest look unknown to the carrier.
                return some
            reports += some
        return reports

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        return read_signed(self._key, headers, body, self._clock.now())

    async def aclose(self) -> None:
        await self._http.aclose()

    def _read_send(self, answer: Answer) -> SendOutcome:
        match answer.status:
            case 200 | 201 | 202:
                return _read_handed(answer)
            case 400 | 413 | 415 | 422:
                return _read_complaint(answer)
            case _:
                return refusal_of(answer, self._clock.now(), documents_503=True)


def read_signed(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> list[Report]:
    """The reports in a webhook signed with `key`.

    Raises:
        ReceiptRefusedError: forged or too old.
        ReceiptUnreadableError: no receipt.
    """
    try:
        check(key, headers, body, now)
    except ForgedError as forged:
        raise ReceiptRefusedError(str(forged)) from None
    try:
        receipt = _decode_reports(body)
    except msgspec.DecodeError:
        raise ReceiptUnreadableError("signed as agreed, but not a receipt that we can read") from None
    return [read_report(fax) for fax in receipt.faxes]


def read_report(fax: FaxReport) -> Report:
    """The carrier's words in ours."""
    return Report(_read_fate(fax), fax.id, ClientRef(fax.reference), fax.event_id)


_decode_reports = msgspec.json.Decoder(FaxReports).decode
_decode_handed = msgspec.json.Decoder(Handed).decode
_decode_complaint = msgspec.json.Decoder(Complaint).decode


def _read_handed(answer: Answer) -> SendOutcome:
    try:
        return Accepted(_decode_handed(answer.body).id)
    except msgspec.DecodeError:
        return Unclear(f"answered with {answer.status}, and no id that can be read")


def _read_complaint(answer: Answer) -> Refused:
    try:
        code = _decode_complaint(answer.body).error
    except msgspec.DecodeError:
        code = str(answer.status)
    return Refused(Failure.BAD_NUMBER if code == "bad_number" else Failure.DOCUMENT, code)


def _read_reports(exchange: Exchange) -> list[Report] | NoAnswer:
    faxes = _read_faxes(exchange)
    return faxes if isinstance(faxes, NoAnswer) else [read_report(fax) for fax in faxes]


def _read_faxes(exchange: Exchange) -> list[FaxReport] | NoAnswer:
    told = decode_answer(exchange, _decode_reports)
    return told if isinstance(told, NoAnswer) else told.faxes


def _read_fate(fax: FaxReport) -> Fate:
    match fax.status:
        case "delivered":
            return Delivered(fax.pages, fax.call_seconds)
        case "failed":
            code = fax.code or "none"
            return NotDelivered(
                FAILURES.get(code, Failure.UNKNOWN_CODE), code, fax.pages, call_seconds=fax.call_seconds
            )
        case _:
            # "in_progress", and any word that is new to us: it is not final, so we go on asking.
            return InProgress()
