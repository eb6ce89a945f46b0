"""The adapter for Telnyx: the page goes up as media, then the fax is asked for under that name.

Telnyx can take the pages in the request that sends the fax (`contents`), but that form has no place for
`client_state`, the only word of ours that comes back in lists; and an address that it fetches the pages from would
need a server of ours on the Internet. It rings once: all retries are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, assert_never
from urllib.parse import quote, urlencode

import msgspec

from faxgw.clock import Clock
from faxgw.config.telnyx import TelnyxConfig
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.http import (
    Answer,
    HttpLanes,
    NotAnswered,
    NotSent,
    Part,
    form_data,
    timeouts_of,
)
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
    Unsent,
)
from faxgw.provider.rest import ask_each, decode_answer, is_not_found, iso_time, read_pages
from faxgw.provider.statuses import not_handed_over, refusal_of
from faxgw.provider.telnyx.webhook import check, read_public_key
from faxgw.provider.telnyx.words import (
    Complaints,
    Fax,
    FaxList,
    Taken,
    Told,
    Uploaded,
    Webhook,
    name_state,
    read_complaint,
    read_event,
    read_fax,
    read_listed,
    read_state,
)

MEDIA_BYTES_MAX: Final = 20_000_000
PAGES_MAX: Final = 350
POLL_IDS_MAX: Final = 20
"""Asked for at once, one request each: a round stays far below the poll's own deadline."""
PAGE_SIZE: Final = 100

_decode_webhook = msgspec.json.Decoder(Webhook).decode
_decode_told = msgspec.json.Decoder(Told).decode
_decode_taken = msgspec.json.Decoder(Taken).decode
_decode_list = msgspec.json.Decoder(FaxList).decode
_decode_uploaded = msgspec.json.Decoder(Uploaded).decode
_decode_complaints = msgspec.json.Decoder(Complaints).decode


class TelnyxProvider:
    """One fax application of a Telnyx account.

    Raises:
        ValueError: the public key cannot be read.
    """

    def __init__(self, own: TelnyxConfig, *, api_key: str, clock: Clock) -> None:
        self._own = own
        self._clock = clock
        self._key = read_public_key(own.webhook_public_key) if own.webhook_public_key else None
        self._http = HttpLanes(
            own.base_url,
            lanes=own.lanes,
            timeouts=timeouts_of(own),
            headers={"Authorization": f"Bearer {api_key}"},
        )
        self._capabilities = Capabilities(
            look_up=LookUpKind.LISTED,
            absence_proves=own.absence_proves,
            # Its own guides know PDF alone, its reference six more formats.
            formats=frozenset({Format.PDF}),
            pages_max=PAGES_MAX,
            bytes_max=MEDIA_BYTES_MAX,
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
        media_name = await self._upload(sending.document)
        return await self._order(sending, media_name) if isinstance(media_name, str) else media_name

    async def _upload(self, document: bytes) -> str | Refused | Unsent:
        """The name under which Telnyx has the pages. Whatever happens here, nothing is dialled for it."""
        parts = [
            Part("media", document, "application/pdf", "fax.pdf"),
            Part("ttl_secs", str(round(self._own.media_keep_seconds)).encode()),
        ]
        body, content_type = form_data(parts)
        exchange = await self._http.request("POST", "/media", body=body, headers={"Content-Type": content_type})
        match exchange:
            case Answer(status=200 | 201 | 202):
                try:
                    return _decode_uploaded(exchange.body).data.media_name
                except msgspec.DecodeError:
                    return Unsent("the pages went up, and came back without a name that can be read")
            case Answer():
                refusal = self._read_refusal(exchange)
                return refusal if isinstance(refusal, Refused) else Unsent(f"the pages did not go up: {refusal.reason}")
            case NotSent() | NotAnswered():
                return Unsent(f"the pages did not go up: {exchange.reason}")
            case _:
                assert_never(exchange)

    async def _order(self, sending: Sending, media_name: str) -> SendOutcome:
        """Ask for the fax; from the first byte on Telnyx may dial."""
        own = self._own
        words = {
            "connection_id": own.connection_id,
            "from": own.from_number,
            "to": sending.line,
            "media_name": media_name,
            "client_state": name_state(sending.client_ref),
            "quality": own.quality,
            "monochrome": True,
            **({"webhook_url": own.webhook_url} if own.webhook_url else {}),
        }
        headers = {"Content-Type": "application/json"}
        exchange = await self._http.request("POST", "/faxes", body=msgspec.json.encode(words), headers=headers)
        match exchange:
            case Answer(status=200 | 201 | 202):
                try:
                    return Accepted(_decode_taken(exchange.body).data.id)
                except msgspec.DecodeError:
                    return Unclear(f"answered with {exchange.status}, and no id that can be read")
            case Answer():
                return self._read_refusal(exchange)
            case _:
                return not_handed_over(exchange)

    def _read_refusal(self, answer: Answer) -> Refused | Unclear:
        match answer.status:
            case 400 | 422:
                return Refused(*_read_complaint(answer))
            case 413 | 415:
                return Refused(Failure.DOCUMENT, str(answer.status))
            case 402:
                return Refused(Failure.ACCOUNT, "402")
            case _:
                return refusal_of(_with_wait(answer), self._clock.now())

    # --- asking ------------------------------------------------------------------------------------------

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        """Telnyx does not search for `client_state`: see `list_sent`."""
        del client_ref
        return NoAnswer("it cannot be asked by reference alone")

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        async def ask(number: int) -> tuple[list[Fax], bool] | NoAnswer:
            query = {
                "filter[to][eq]": line,
                "filter[direction][eq]": "outbound",
                "filter[created_at][gte]": iso_time(since),
                "page[number]": str(number),
                "page[size]": str(PAGE_SIZE),
            }
            page = decode_answer(await self._http.request("GET", f"/faxes?{urlencode(query)}"), _decode_list)
            return page if isinstance(page, NoAnswer) else (page.data, page.meta.page_number >= page.meta.total_pages)

        faxes = await read_pages(ask)
        if isinstance(faxes, NoAnswer):
            return faxes
        listed = [self._listed(fax, line) for fax in faxes if self._may_be_ours(fax, line)]
        return sorted(listed, key=lambda one: one.taken_at)

    def _may_be_ours(self, fax: Fax, line: Line) -> bool:
        """Whatever the filters did, and however it writes numbers: one with a reference is told by that alone."""
        return read_state(fax.client_state) is not None or (
            fax.to == line
            and fax.direction in {None, "outbound"}
            and fax.connection_id in {None, self._own.connection_id}
        )

    def _listed(self, fax: Fax, line: Line) -> Listed:
        return read_listed(fax, line, retry_signaling_errors=self._own.retry_signaling_errors)

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        return await ask_each(provider_refs, self._ask)

    async def _ask(self, provider_ref: str) -> Report | NoAnswer | None:
        exchange = await self._http.request("GET", f"/faxes/{quote(provider_ref, safe='')}")
        if is_not_found(exchange):
            return None
        taken = decode_answer(exchange, _decode_taken)
        if isinstance(taken, NoAnswer):
            return taken
        return read_fax(taken.data, retry_signaling_errors=self._own.retry_signaling_errors)

    # --- hearing -----------------------------------------------------------------------------------------

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        if self._key is None:
            raise ReceiptRefusedError("this provider has no webhook_public_key: it is asked, it does not call")
        check(self._key, headers, body, self._clock.now(), self._own.webhook_tolerance_seconds)
        try:
            event = _decode_webhook(body).data
            if not event.event_type.startswith("fax."):
                return []
            told = _decode_told(event.payload)
        except msgspec.DecodeError:
            raise ReceiptUnreadableError("signed as agreed, but not an event that we can read") from None
        if told.direction == "inbound":
            # Faxes that come in have a way of their own; the application tells of both.
            return []
        return [read_event(event, told, retry_signaling_errors=self._own.retry_signaling_errors)]

    async def aclose(self) -> None:
        await self._http.aclose()


def _with_wait(answer: Answer) -> Answer:
    """The answer with the seconds until its rate limit begins anew as `Retry-After`, where it has none."""
    reset = answer.headers.get("x-ratelimit-reset")
    if reset is None or "retry-after" in answer.headers:
        return answer
    return replace(answer, headers={**answer.headers, "retry-after": reset})


def _read_complaint(answer: Answer) -> tuple[Failure, str]:
    try:
        complaints = _decode_complaints(answer.body)
    except msgspec.DecodeError:
        complaints = Complaints()
    return read_complaint(complaints, answer.status)
