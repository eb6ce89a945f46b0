"""The adapter for Sinch: one form with the pages, one call, and our reference as a label of the fax.

Sinch signs nothing. Each fax's webhook address bears a user and a password of its own: the user is our reference.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from faxgw.clock import Clock
from faxgw.config.sinch import SinchConfig
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import Porter, authorization
from faxgw.provider.http import Answer, HttpLanes, timeouts_of
from faxgw.provider.port import (
    Accepted,
    Capabilities,
    Format,
    Listed,
    LookUp,
    LookUpKind,
    NoAnswer,
    ReceiptRefusedError,
    ReceiptUnreadableError,
    Refused,
    Report,
    Sending,
    SendOutcome,
    Unclear,
)
from faxgw.provider.rest import ask_each, decode_answer, is_not_found, iso_time, read_pages
from faxgw.provider.sinch.form import write_form
from faxgw.provider.sinch.words import (
    Complaint,
    Fax,
    FaxList,
    Handed,
    Webhook,
    name_event,
    read_complaint,
    read_fax,
    read_listed,
    read_reference,
)
from faxgw.provider.statuses import not_handed_over, refusal_of

BYTES_MAX: Final = 20_000_000
POLL_IDS_MAX: Final = 20
"""Asked for at once, one request each: a round stays far below the poll's own deadline."""
PAGE_SIZE: Final = 100
"""What it gives without being asked; 1,000 would be its most."""

_decode_webhook = msgspec.json.Decoder(Webhook).decode
_decode_fax = msgspec.json.Decoder(Fax).decode
_decode_handed = msgspec.json.Decoder(Handed).decode
_decode_list = msgspec.json.Decoder(FaxList).decode
_decode_complaint = msgspec.json.Decoder(Complaint).decode


class SinchProvider:
    """One project at Sinch.

    Args:
        webhook_secret: makes the passwords of webhooks; None where Sinch is only asked.

    Raises:
        ValueError: the webhook secret is too short.
    """

    def __init__(self, own: SinchConfig, *, key_secret: str, webhook_secret: str | None, clock: Clock) -> None:
        self._own = own
        self._clock = clock
        self._porter = Porter(webhook_secret) if webhook_secret is not None and own.webhook_url else None
        self._faxes = f"/projects/{own.project_id}/faxes"
        self._http = HttpLanes(
            own.base_url,
            lanes=own.lanes,
            timeouts=timeouts_of(own),
            headers={"Authorization": authorization(own.key_id, key_secret)},
        )
        self._capabilities = Capabilities(
            look_up=LookUpKind.LISTED,
            absence_proves=own.absence_proves,
            # It converts whatever it is given; a PDF says how large its pages are, a TIFF of 204 x 196 dpi must be
            # read with care.
            formats=frozenset({Format.PDF}),
            bytes_max=BYTES_MAX,
            poll_ids_max=POLL_IDS_MAX,
        )

    @property
    def name(self) -> str:
        return self._own.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    # --- sending -----------------------------------------------------------------------------------------

    async def send(self, sending: Sending) -> SendOutcome:
        body, content_type = write_form(self._own, sending, self._porter)
        exchange = await self._http.request("POST", self._faxes, body=body, headers={"Content-Type": content_type})
        return self._read_send(exchange) if isinstance(exchange, Answer) else not_handed_over(exchange)

    def _read_send(self, answer: Answer) -> SendOutcome:
        match answer.status:
            case 200 | 201 | 202:
                return _read_handed(answer)
            case 400 | 422:
                return Refused(*_read_complaint(answer))
            case 402:
                return Refused(Failure.ACCOUNT, "402")
            case 413 | 415:
                return Refused(Failure.DOCUMENT, str(answer.status))
            case _:
                return refusal_of(answer, self._clock.now())

    # --- asking ------------------------------------------------------------------------------------------

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        """How its filter for labels is written is not documented: see `list_sent`."""
        del client_ref
        return NoAnswer("it cannot be asked by reference alone")

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        async def ask(number: int) -> tuple[list[Fax], bool] | NoAnswer:
            query = {
                "direction": "OUTBOUND",
                "to": line,
                # The name of the filter ends in >, so that it reads as "createTime>=".
                "createTime>": iso_time(since),
                "page": str(number),
                "pageSize": str(PAGE_SIZE),
            }
            page = decode_answer(await self._http.request("GET", f"{self._faxes}?{urlencode(query)}"), _decode_list)
            return page if isinstance(page, NoAnswer) else (page.faxes, _is_last(page, number))

        faxes = await read_pages(ask)
        if isinstance(faxes, NoAnswer):
            return faxes
        listed = [read_listed(fax, line) for fax in faxes if _may_be_ours(fax, line)]
        return sorted(listed, key=lambda one: one.taken_at)

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        return await ask_each(provider_refs, self._ask)

    async def _ask(self, provider_ref: str) -> Report | NoAnswer | None:
        exchange = await self._http.request("GET", f"{self._faxes}/{quote(provider_ref, safe='')}")
        if is_not_found(exchange):
            return None
        fax = decode_answer(exchange, _decode_fax)
        return fax if isinstance(fax, NoAnswer) else read_fax(fax)

    # --- hearing -----------------------------------------------------------------------------------------

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        if self._porter is None:
            raise ReceiptRefusedError("this provider has no webhook_url: it is asked, it does not call")
        client_ref = self._porter.check(headers)
        try:
            webhook = _decode_webhook(body)
        except msgspec.DecodeError:
            raise ReceiptUnreadableError("from the carrier, but not an event that we can read") from None
        report = read_fax(webhook.fax, name_event(webhook))
        if report.client_ref != client_ref:
            raise ReceiptRefusedError("the password is another fax's")
        return [report]

    async def aclose(self) -> None:
        await self._http.aclose()


def _is_last(page: FaxList, number: int) -> bool:
    """Whether the list ends with this page. Where it does not tell how many there are, a page that is not full does."""
    if page.total_pages is not None:
        return (page.page_number or number) >= page.total_pages
    return len(page.faxes) < PAGE_SIZE


def _may_be_ours(fax: Fax, line: Line) -> bool:
    """Its filter takes longer numbers that begin with ours, too. One with a label is told by that alone."""
    went_there = fax.to.lstrip("+") == line.lstrip("+") and fax.direction in {None, "OUTBOUND"}
    return read_reference(fax) is not None or went_there


def _read_handed(answer: Answer) -> SendOutcome:
    try:
        handed = _decode_handed(answer.body)
    except msgspec.DecodeError:
        handed = Handed()
    ids = [handed.id] if handed.id else [fax.id for fax in handed.faxes]
    if len(ids) != 1:
        return Unclear(f"answered with {answer.status}, and no id that can be read")
    return Accepted(ids[0])


def _read_complaint(answer: Answer) -> tuple[Failure, str]:
    try:
        complaint = _decode_complaint(answer.body)
    except msgspec.DecodeError:
        complaint = Complaint()
    return read_complaint(complaint, answer.status)
