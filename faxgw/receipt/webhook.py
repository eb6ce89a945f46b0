"""Takes what carriers push: checked, made durable, deduplicated and only then answered; applied after.

Refuses what is not signed as agreed, and what is but cannot be read. Applying is apart from taking, so that a burst of
receipts is answered at the speed of the disk and the carrier has no reason to send any twice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.provider.port import Provider, ReceiptRefusedError, ReceiptUnreadableError
from faxgw.receipt.match import Matcher
from faxgw.store.port import Store
from faxgw.store.receipts import KeptReceipt

log = structlog.get_logger(__name__)

APPLYING_MAX = 64
"""Receipts applied at once; their writes share commits."""


@dataclass(frozen=True, slots=True)
class ReceiptsTaken:
    new: int
    repeated: int


@dataclass(frozen=True, slots=True)
class ReceiptRefused:
    """The webhook is not from the carrier; `detail` never repeats its text."""

    detail: str


@dataclass(frozen=True, slots=True)
class ReceiptUnreadable:
    """The webhook is from the carrier, and no receipt that its adapter knows; `detail` never repeats its text."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoSuchProvider:
    pass


class Webhooks:
    """Everything that carriers push; see `api.port.ReceiptDesk`."""

    def __init__(self, providers: Mapping[str, Provider], store: Store, matcher: Matcher, clock: Clock) -> None:
        self._providers = providers
        self._store = store
        self._matcher = matcher
        self._clock = clock
        # No bound of its own: what is in here is durable, and its number is bounded by the open calls.
        self._kept, self._to_apply = trio.open_memory_channel[KeptReceipt](math.inf)

    async def take(
        self, provider: str, headers: Mapping[str, str], body: bytes
    ) -> ReceiptsTaken | ReceiptRefused | ReceiptUnreadable | NoSuchProvider:
        carrier = self._providers.get(provider)
        if carrier is None:
            return NoSuchProvider()
        try:
            reports = carrier.read_receipt(headers, body)
        except ReceiptUnreadableError as unreadable:
            # What it would have told comes by poll, later: somebody must look at the adapter.
            log.error("receipt_unreadable", provider=provider, reason=str(unreadable))
            return ReceiptUnreadable(str(unreadable))
        except ReceiptRefusedError as refused:
            log.warning("receipt_refused", provider=provider, reason=str(refused))
            return ReceiptRefused(str(refused))
        reach("receipt-before-keeping")
        kept = await self._store.keep_receipts(provider, reports, self._clock.now())
        reach("receipt-kept")
        new = [receipt for receipt in kept if receipt is not None]
        self.put(new)
        return ReceiptsTaken(len(new), len(kept) - len(new))

    def put(self, receipts: Sequence[KeptReceipt]) -> None:
        """Apply these as well (found unapplied at start)."""
        for receipt in receipts:
            self._kept.send_nowait(receipt)

    async def run(self) -> None:
        """Apply what was kept, for ever."""
        async with trio.open_nursery() as nursery:
            for _ in range(APPLYING_MAX):
                nursery.start_soon(self._apply_each)

    async def _apply_each(self) -> None:
        async for receipt in self._to_apply:
            reach("receipt-before-applying")
            await self._matcher.apply(receipt.provider, receipt.report, "webhook", receipt.id)
            reach("receipt-applied")
