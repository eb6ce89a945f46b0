"""Asks a carrier for the receipts that did not come: webhooks get lost, and a lost one must not lose a fax."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config.provider import ProviderConfig
from faxgw.crashpoint import reach
from faxgw.dispatch.bucket import TokenBucket
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.doubt import asks_allowed
from faxgw.provider.port import Found, LookUpKind, NoAnswer, Provider, Report
from faxgw.receipt.match import Matcher
from faxgw.store.attempts import Attempt

log = structlog.get_logger(__name__)

POLL_SECONDS_MAX = 60.0
LOOK_UPS_MAX = 20
"""Look-ups at one sweep, one after the other."""

Told = TypeVar("Told")


class Poller:
    """Polls one carrier for its late receipts."""

    def __init__(
        self,
        provider: Provider,
        config: ProviderConfig,
        calls: OpenCalls,
        matcher: Matcher,
        clock: Clock,
        asks: TokenBucket | None = None,
    ) -> None:
        self._provider = provider
        self._config = config
        self._calls = calls
        self._matcher = matcher
        self._clock = clock
        self._asks = asks or asks_allowed(provider.capabilities)

    async def run(self) -> None:
        while True:
            await self._calls.wait_any()
            await trio.sleep(self._config.poll_seconds)
            await self.poll_late()

    async def poll_late(self) -> None:
        """Ask once for everything that is late, in as few requests as the carrier takes."""
        calls = self._calls.late(self._provider.name, self._clock.now(), self._config.receipt_late_seconds)
        late = [call for call in calls if call.provider_ref is not None]
        batch_max = min(self._config.poll_batch_max, self._provider.capabilities.poll_ids_max)
        for start in range(0, len(late), batch_max):
            await self._ask(late[start : start + batch_max])

    async def _ask(self, late: Sequence[Attempt]) -> None:
        provider_refs = [call.provider_ref for call in late if call.provider_ref is not None]
        await self._wait_allowed()
        reach("poll-before-question")
        match await self._poll(provider_refs):
            case NoAnswer(reason=reason):
                log.warning("poll_failed", provider=self._provider.name, reason=reason)
            case reports:
                for report in reports:
                    reach("poll-answered")
                    await self._matcher.apply(self._provider.name, report, "poll")
                told = {report.provider_ref for report in reports}
                await self._look_up([call for call in late if call.provider_ref not in told])

    async def _look_up(self, left_out: Sequence[Attempt]) -> None:
        """Ask by our own reference for those whose name the carrier does not know, some at each sweep."""
        if self._provider.capabilities.look_up not in {LookUpKind.REFERENCE, LookUpKind.COMPLETED}:
            return
        for call in left_out[:LOOK_UPS_MAX]:
            await self._wait_allowed()
            found = await self._within_time(partial(self._provider.look_up, call.client_ref))
            if isinstance(found, Found):
                # Asked for under our reference it is that attempt's, whether the answer repeats it or not.
                report = dataclasses.replace(found.report, client_ref=call.client_ref)
                await self._matcher.apply(self._provider.name, report, "poll")

    async def _wait_allowed(self) -> None:
        """Until the carrier allows one more question."""
        while (allowed_at := self._asks.opens_at(now := trio.current_time())) > now:  # noqa: ASYNC110 - only time allows it
            await trio.sleep(allowed_at - now)
        self._asks.take(now)

    async def _poll(self, provider_refs: list[str]) -> list[Report] | NoAnswer:
        return await self._within_time(partial(self._provider.poll, provider_refs))

    async def _within_time(self, question: Callable[[], Awaitable[Told]]) -> Told | NoAnswer:
        # The deadline is the question's alone: cut off while it applies an answer, the store would know of a
        # retry that no schedule has.
        with trio.move_on_after(POLL_SECONDS_MAX):
            try:
                return await question()
            except Exception:
                # The crash barrier of an adapter: the other carriers' receipts must go on.
                log.exception("adapter_raised", provider=self._provider.name)
                return NoAnswer("the adapter broke")
        return NoAnswer(f"no answer in {POLL_SECONDS_MAX:g} s")
