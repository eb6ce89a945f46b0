"""Finds the attempt that a carrier speaks of, and tells it what was said.

Reports of attempts that are over are not dropped unseen: a delivery reported late may still save a second
bouquet, and if it cannot, it is written down for a person.
"""

import structlog

from faxgw.clock import Clock
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.ops.metrics import Metrics
from faxgw.provider.port import InProgress, Report
from faxgw.store.port import Store

log = structlog.get_logger(__name__)


class Matcher:
    """Applies reports, however they came in."""

    def __init__(self, store: Store, calls: OpenCalls, outcomes: Outcomes, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._calls = calls
        self._outcomes = outcomes
        self._clock = clock
        self._metrics = metrics

    async def apply(self, provider: str, report: Report, via: str, receipt_id: int | None = None) -> None:
        """Find the attempt and tell it.

        Raises:
            StoreFailedError: the disk failed; the process must end.
        """
        try:
            await self._apply(provider, report, via, receipt_id)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one report. A receipt stays unsettled, so that the next start tries it again.
            log.exception("report_broke", provider=provider, via=via, receipt_id=receipt_id)
            self._metrics.receipts.labels(via, "broken").inc()

    async def _apply(self, provider: str, report: Report, via: str, receipt_id: int | None) -> None:
        attempt = self._calls.match(provider, report)
        result = "matched"
        if attempt is None:
            attempt = await self._store.attempt_of(report.client_ref, provider, report.provider_ref)
            result = "late"
        if attempt is None or attempt.provider != provider:
            # Another gateway's fax on the same account, or a reference we never gave.
            log.warning("receipt_unmatched", provider=provider, via=via)
            self._metrics.receipts.labels(via, "unmatched").inc()
            await self._settle(receipt_id)
            return
        self._metrics.receipts.labels(via, result).inc()
        if attempt.state is State.SUBMITTED and not isinstance(report.fate, InProgress):
            self._metrics.receipt_lag.labels(via).observe(max(0.0, self._clock.now() - attempt.changed_at))
        await self._outcomes.learnt(attempt, report.fate, receipt_id)

    async def _settle(self, receipt_id: int | None) -> None:
        if receipt_id is not None:
            await self._store.settle_receipts([receipt_id])
