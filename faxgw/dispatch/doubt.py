"""Attempts in doubt: the carrier is asked by our reference until it is known what it has.

Nothing is ever sent blindly again. "Not known" counts only once the carrier has had `settle_seconds` to
take in what may still have been on its way; a carrier that once said it had the fax and now does not know
it is asked on and on, until a person decides.
"""

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.provider.port import Absent, Delivered, Found, InProgress, LookUp, NoAnswer, NotDelivered, Provider, Report
from faxgw.store.port import Attempt

log = structlog.get_logger(__name__)

ASK_AGAIN_SECONDS = 1.0
ASK_AGAIN_SECONDS_MAX = 60.0
LOOK_UP_SECONDS_MAX = 20.0
ASKING_MAX = 16
"""Look-ups under way at once; carriers limit them more than sends."""


@dataclass(slots=True, eq=False)
class Doubt:
    attempt: Attempt
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Askable:
    """How a carrier is asked."""

    provider: Provider
    settle_seconds: float


class Doubts:
    """Every attempt in doubt, and when its carrier is asked next."""

    def __init__(self, carriers: Mapping[str, Askable], calls: OpenCalls, outcomes: Outcomes, clock: Clock) -> None:
        self._carriers = carriers
        self._calls = calls
        self._outcomes = outcomes
        self._clock = clock
        self._due: list[tuple[float, int, Doubt]] = []
        self._count = itertools.count()
        self._changed = trio.Event()

    def put(self, attempt: Attempt) -> None:
        self._ask_at(self._clock.now(), Doubt(attempt))

    def __len__(self) -> int:
        return len(self._due)

    async def run(self) -> None:
        """Ask, for ever, at most `ASKING_MAX` at once."""
        limiter = trio.CapacityLimiter(ASKING_MAX)
        async with trio.open_nursery() as nursery:
            while True:
                doubt = await self._wait_due()
                await limiter.acquire_on_behalf_of(doubt)
                nursery.start_soon(self._resolve, doubt, limiter)

    async def _wait_due(self) -> Doubt:
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            now = self._clock.now()
            if self._due and self._due[0][0] <= now:
                return heapq.heappop(self._due)[2]
            with trio.move_on_after(self._due[0][0] - now if self._due else float("inf")):
                await changed.wait()

    async def _resolve(self, doubt: Doubt, limiter: trio.CapacityLimiter) -> None:
        try:
            # A receipt may have settled it meanwhile.
            known = self._calls.get(doubt.attempt.client_ref)
            if known is not None and known.state is State.UNKNOWN:
                await self._act_on(await self._look_up(known), doubt, known)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one doubt: it stays one, the others are asked meanwhile.
            log.exception("doubt_broke", fax_id=doubt.attempt.fax_id)
            self._ask_later(doubt)
        finally:
            limiter.release_on_behalf_of(doubt)

    async def _look_up(self, attempt: Attempt) -> LookUp:
        carrier = self._carriers.get(attempt.provider)
        if carrier is None:
            return NoAnswer(f"the config has no provider {attempt.provider} any more")
        with trio.move_on_after(LOOK_UP_SECONDS_MAX):
            try:
                return await carrier.provider.look_up(attempt.client_ref)
            except Exception:
                log.exception("adapter_raised", provider=attempt.provider, fax_id=attempt.fax_id)
                return NoAnswer("the adapter broke")
        return NoAnswer(f"no answer in {LOOK_UP_SECONDS_MAX:g} s")

    async def _act_on(self, answer: LookUp, doubt: Doubt, attempt: Attempt) -> None:
        match answer:
            case Found(report=report):
                await self._act_on_report(report, doubt, attempt)
            case Absent():
                settled_at = attempt.changed_at + self._carriers[attempt.provider].settle_seconds
                if attempt.provider_ref is not None:
                    log.error("accepted_fax_not_known", provider=attempt.provider, fax_id=attempt.fax_id)
                    self._ask_later(doubt)
                elif self._clock.now() < settled_at:
                    self._ask_at(settled_at, doubt)
                else:
                    await self._outcomes.never_arrived(attempt)
            case NoAnswer(reason=reason):
                log.warning("look_up_failed", provider=attempt.provider, fax_id=attempt.fax_id, reason=reason)
                self._ask_later(doubt)

    async def _act_on_report(self, report: Report, doubt: Doubt, attempt: Attempt) -> None:
        match report.fate:
            case Delivered() | NotDelivered() as fate:
                await self._outcomes.learnt(attempt, fate)
            case InProgress() if report.provider_ref is not None:
                await self._outcomes.submitted(attempt, report.provider_ref)
            case InProgress():
                # Without the carrier's name for it no poll could follow it up.
                self._ask_later(doubt)

    def _ask_later(self, doubt: Doubt) -> None:
        wait_seconds = min(ASK_AGAIN_SECONDS * 2**doubt.asked, ASK_AGAIN_SECONDS_MAX)
        doubt.asked = min(doubt.asked + 1, 16)
        self._ask_at(self._clock.now() + wait_seconds, doubt)

    def _ask_at(self, at: float, doubt: Doubt) -> None:
        heapq.heappush(self._due, (at, next(self._count), doubt))
        self._changed.set()
        self._changed = trio.Event()
