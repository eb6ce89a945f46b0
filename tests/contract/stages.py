"""Carriers on which the contract is played. A new one adds its stage to `STAGES`, its fake to `tests/provider/fakes`.

A stage has an adapter, the carrier's levers, the inbox that its webhooks come to, and what is the carrier's own: its
words for failed calls, its ids, and what of a webhook cannot be forged.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec
import trio

from faxgw.clock import SystemClock
from faxgw.config.interfax import InterfaxConfig
from faxgw.config.retarus import RetarusConfig
from faxgw.dispatch.ladder import Ambiguous, NotListed, Ours, find_named
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.basic import authorization
from faxgw.provider.http import Timeouts
from faxgw.provider.interfax import words as interfax_words
from faxgw.provider.interfax.adapter import InterfaxProvider
from faxgw.provider.mishaps import Call
from faxgw.provider.port import (
    Absent,
    Capabilities,
    Fate,
    Format,
    Found,
    LookUp,
    LookUpKind,
    NoAnswer,
    Provider,
    Report,
    Sending,
    format_for,
)
from faxgw.provider.retarus import words
from faxgw.provider.retarus.adapter import RetarusProvider
from faxgw.provider.scripted import Pace, ScriptedProvider
from faxgw.provider.switchboard import CallTimes
from tests.carriers import running_carrier
from tests.provider.fakes import interfax, retarus
from tests.provider.fakes.carrier import SLOW_SECONDS, FakeCarrier, running_fake
from tests.webhook_inbox import WebhookInbox, open_inbox

LINE: Final = Line("+33199001234")
OTHER_LINE: Final = Line("+33261910000")
PATIENCE_SECONDS: Final = 0.05

Forge = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
Failures = Mapping[str, tuple[Failure, str]]
"""How a call ends (`mishaps.Call`) -> our class for it, and the carrier's word."""


class Levers(Protocol):
    """What a test does to a carrier, whichever it is."""

    async def set_shares(self, **shares: float) -> None: ...
    async def script(self, number: str, *plays: str) -> None: ...
    async def account(self) -> dict[str, Any]: ...
    async def wait_ended(self, count: int) -> None: ...


SIMULATED_FAILURES: Final[Failures] = {
    "busy": (Failure.BUSY, "BUSY"),
    "no_answer": (Failure.NO_ANSWER, "RING_TIMEOUT"),
    "bad_number": (Failure.BAD_NUMBER, "WRONG_NUMBER"),
    "no_fax": (Failure.NO_FAX, "NOT_A_FAX"),
    "rejected": (Failure.REJECTED, "DECLINED"),
    "network": (Failure.NETWORK, "NETWORK_DOWN"),
    "protocol": (Failure.PROTOCOL, "TRAINING_FAILED"),
    "page": (Failure.PAGE, "PAGE_FAILED"),
    "in_doubt": (Failure.IN_DOUBT, "EOD_FAILED"),
}

SIGNATURE_FORGERIES: Final[Mapping[str, Forge]] = {
    "body": lambda headers, body: (headers, body + b" "),
    "id": lambda headers, body: (headers | {"webhook-id": "msg_other"}, body),
    "signature": lambda headers, body: (headers | {"webhook-signature": "v1,AAAA"}, body),
    "alphabet": lambda headers, body: (headers | {"webhook-signature": "v1,\u20ac"}, body),
    "time": lambda headers, body: (headers | {"webhook-timestamp": "1"}, body),
    "sender": lambda _, body: ({}, body),
}

BASIC_FORGERIES: Final[Mapping[str, Forge]] = {
    "password": lambda headers, body: (headers | {"authorization": authorization("faxgw", "another password")}, body),
    "scheme": lambda headers, body: (headers | {"authorization": "Bearer s-1-1"}, body),
    "alphabet": lambda headers, body: (headers | {"authorization": "Basic \u20ac"}, body),
    "sender": lambda _, body: ({}, body),
}
"""HTTP Basic says who speaks; of the body it says nothing."""


@dataclass
class Stage:
    provider: Provider
    impatient: Provider
    """The same account, given up after `PATIENCE_SECONDS` without an answer."""
    carrier: Levers
    inbox: WebhookInbox
    failures: Failures = field(default_factory=lambda: SIMULATED_FAILURES)
    forgeries: Mapping[str, Forge] = field(default_factory=lambda: SIGNATURE_FORGERIES)
    stranger: Callable[[int], str] = lambda number: f"SC9{number:09d}"
    """Ids as the carrier writes them, of faxes that it never took."""
    lists: bool = True
    """It can list what went to a number."""
    times_calls: bool = True
    """It tells how long a call lasted."""
    tells_progress: bool = True
    """Its webhooks tell of calls under way, too."""
    documents_503: bool = True
    """Its documentation has it as a refusal; else a proxy before it may say so of a fax that it took."""
    polled_at_once: int = 2_500
    """More ids than one request takes; few where each has a request of its own."""
    asked: Callable[[Fate], Fate] = lambda fate: fate
    """What it says when asked, of what a webhook says: some tell less."""

    async def send(self, reference: str = "s-1-1", line: Line = LINE) -> Any:
        return await self.provider.send(self.sending(reference, line))

    def sending(self, reference: str, line: Line = LINE) -> Sending:
        """One page in the format that the carrier takes."""
        wanted = format_for(self.provider.capabilities)
        page = {Format.TIFF: b"II*\x00 a page", Format.PDF: b"%PDF-1.4 a page"}[wanted]
        return Sending(ClientRef(reference), line, page, 1, format=wanted)

    def now(self) -> float:
        return SystemClock().now()

    async def find(self, reference: str = "s-1-1", line: Line = LINE) -> LookUp:
        """Whether the carrier has a fax of ours, asked in the way that it can be asked."""
        if self.provider.capabilities.look_up is not LookUpKind.LISTED:
            return await self.provider.look_up(ClientRef(reference))
        listed = await self.provider.list_sent(line, 0.0)
        if isinstance(listed, NoAnswer):
            return listed
        match find_named(listed, ClientRef(reference), frozenset()):
            case Ours(listed=one):
                return Found(Report(one.fate, one.provider_ref, one.client_ref))
            case NotListed():
                return Absent()
            case Ambiguous():
                return NoAnswer("one of the list bears no reference")

    async def reports(self) -> list[Report]:
        """What the next webhook says."""
        headers, body = await self.inbox.take()
        return self.provider.read_receipt(headers, body)

    async def report(self) -> Report:
        [report] = await self.reports()
        return report


class ScriptedLevers:
    """The levers of a carrier in memory."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider

    async def set_shares(self, **shares: float) -> None:
        self._provider.set_shares(shares)

    async def script(self, number: str, *plays: str) -> None:
        self._provider.script(number, plays)

    async def account(self) -> dict[str, Any]:
        return self._provider.account()

    async def wait_ended(self, count: int) -> None:
        await self._provider.wait_ended(count)


def open_pdf_only() -> AsyncIterator[Stage]:
    return open_scripted(Capabilities(tells_pages=True, formats=frozenset({Format.PDF})))


async def open_scripted(capabilities: Capabilities | None = None) -> AsyncIterator[Stage]:
    pace = Pace(
        request_seconds=0,
        answer_seconds=0,
        slow_seconds=SLOW_SECONDS,
        patience_seconds=PATIENCE_SECONDS,
        receipt_backoff_seconds=0.01,
    )
    provider = ScriptedProvider(clock=SystemClock(), times=CallTimes(0, 0), pace=pace, capabilities=capabilities)
    inbox = WebhookInbox("memory")
    provider.deliver = deliver_to(inbox)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(provider.run)
        yield Stage(provider, provider, ScriptedLevers(provider), inbox)
        nursery.cancel_scope.cancel()


def deliver_to(inbox: WebhookInbox) -> Callable[[Mapping[str, str], bytes], Awaitable[bool]]:
    async def deliver(headers: Mapping[str, str], body: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        return inbox.put((dict(headers), body)) < 300

    return deliver


async def open_simulated() -> AsyncIterator[Stage]:
    options = {"slow_seconds": SLOW_SECONDS, "webhook_backoff_seconds": 0.01}
    async with open_inbox() as inbox, running_carrier(webhook_url=inbox.url, **options) as carrier:
        provider = carrier.provider()
        impatient = carrier.provider(timeouts=Timeouts(read_seconds=PATIENCE_SECONDS))
        yield Stage(provider, impatient, carrier, inbox)
        await provider.aclose()
        await impatient.aclose()


async def open_retarus() -> AsyncIterator[Stage]:
    inbox = WebhookInbox("memory")
    async with running_fake(retarus.RetarusWire, inbox.put) as fake:
        provider, impatient = retarus_provider(fake), retarus_provider(fake, send_seconds=PATIENCE_SECONDS)
        failures = {call.value: (words.FAILURES[code], code) for call, code in retarus.CODES.items() if code != "OK"}
        yield Stage(provider, impatient, fake, inbox, failures, BASIC_FORGERIES, lambda n: f"FJ{n:020d}", lists=False)
        await provider.aclose()
        await impatient.aclose()


def retarus_provider(fake: FakeCarrier, secret: str | None = retarus.PUSH_SECRET, **changes: Any) -> RetarusProvider:
    own = RetarusConfig(
        name="retarus",
        customer=retarus.CUSTOMER,
        account=retarus.LOGIN,
        password_file="",
        submit_url=fake.url("ha") + "/rest/v1",
        report_urls=tuple(fake.url(centre) + "/rest/v1" for centre in retarus.CENTRES),
        webhook_url="https://faxgw.example.com/v1/receipts/retarus",
    )
    own = msgspec.structs.replace(own, **changes)
    return RetarusProvider(own, password=retarus.PASSWORD, webhook_secret=secret, clock=SystemClock())


INTERFAX_FAILURES: Final[Failures] = {
    call.value: (interfax_words.FAILURES[status], str(status))
    for call, status in interfax.STATUSES.items()
    # A page that broke and one that was not confirmed have one number: of a fax of one page it is the latter.
    if call not in {Call.DELIVERED, Call.PAGE, Call.IN_DOUBT}
} | {"in_doubt": (Failure.IN_DOUBT, "3230")}


async def open_interfax() -> AsyncIterator[Stage]:
    inbox = WebhookInbox("memory")
    async with running_fake(interfax.InterfaxWire, inbox.put) as fake:
        url = fake.url("rest")
        provider, impatient = interfax_provider(url), interfax_provider(url, send_seconds=PATIENCE_SECONDS)
        yield Stage(
            provider,
            impatient,
            fake,
            inbox,
            INTERFAX_FAILURES,
            BASIC_FORGERIES,
            lambda n: f"{n:010d}",
            lists=False,
            documents_503=False,
        )
        await provider.aclose()
        await impatient.aclose()


def interfax_provider(
    base_url: str, password: str | None = interfax.CALLBACK_PASSWORD, **changes: Any
) -> InterfaxProvider:
    own = InterfaxConfig(name="interfax", base_url=base_url, account=interfax.LOGIN, password_file="")
    own = msgspec.structs.replace(own, **changes)
    return InterfaxProvider(own, password=interfax.PASSWORD, webhook_password=password, clock=SystemClock())


STAGES: Final[Mapping[str, Callable[[], AsyncIterator[Stage]]]] = {
    "scripted": open_scripted,
    "scripted, PDF only": open_pdf_only,
    "simulated": open_simulated,
    "Retarus": open_retarus,
    "InterFAX": open_interfax,
}
