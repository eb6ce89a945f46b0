"""Asks a carrier for the receipts that did not come: webhooks get lost, and a lost one must not lose a fax."""

import structlog
import trio

from faxgw.clock import Clock
from faxgw.config import ProviderConfig
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.provider.port import NoAnswer, Provider, Report
from faxgw.receipt.match import Matcher

log = structlog.get_logger(__name__)

POLL_SECONDS_MAX = 60.0


class Poller:
    """Polls one carrier for its late receipts."""

    def __init__(
        self, provider: Provider, config: ProviderConfig, calls: OpenCalls, matcher: Matcher, clock: Clock
    ) -> None:
        self._provider = provider
        self._config = config
        self._calls = calls
        self._matcher = matcher
        self._clock = clock

    async def run(self) -> None:
        while True:
            await trio.sleep(self._config.poll_seconds)
            await self.poll_late()

    async def poll_late(self) -> None:
        """Ask once for everything that is late, in as few requests as the carrier takes."""
        since = self._clock.now() - self._config.receipt_late_seconds
        late = [call for call in self._calls.late(self._provider.name, since) if call.provider_ref is not None]
        for start in range(0, len(late), self._config.poll_batch_max):
            batch = late[start : start + self._config.poll_batch_max]
            await self._ask([call.provider_ref for call in batch if call.provider_ref is not None])

    async def _ask(self, provider_refs: list[str]) -> None:
        reach("poll-before-question")
        match await self._poll(provider_refs):
            case NoAnswer(reason=reason):
                log.warning("poll_failed", provider=self._provider.name, reason=reason)
            case reports:
                for report in reports:
                    reach("poll-answered")
                    await self._matcher.apply(self._provider.name, report, "poll")

    async def _poll(self, provider_refs: list[str]) -> list[Report] | NoAnswer:
        # The deadline is the question's alone: cut off while it applies an answer, the store would know of a
        # retry that no schedule has.
        with trio.move_on_after(POLL_SECONDS_MAX):
            try:
                return await self._provider.poll(provider_refs)
            except Exception:
                # The crash barrier of an adapter: the other carriers' receipts must go on.
                log.exception("adapter_raised", provider=self._provider.name)
                return NoAnswer("the adapter broke")
        return NoAnswer(f"no answer in {POLL_SECONDS_MAX:g} s")
