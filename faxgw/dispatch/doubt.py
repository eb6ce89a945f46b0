"""Attempts in doubt: the carrier is asked in whatever way it can be until it is known what it has.

Nothing is ever sent blindly again unless the config says so. "Not known" counts only once the carrier has had
`settle_seconds` to take in what may still have been on its way. What asking cannot clear in `park_after_seconds`
waits for a person; the line is let go, and the carrier is still asked now and then.

How long a doubt has lasted is told by trio's clock: were the machine's clock set forward, "not known" would count
before the carrier had its time, and a fax would go twice.
"""

import heapq
import itertools
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.dispatch.bucket import TokenBucket
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.container import sending_of
from faxgw.dispatch.handover import hand_over
from faxgw.dispatch.ladder import (
    Ambiguous,
    AskByNumber,
    AskByReference,
    AwaitReceipt,
    Doubtful,
    HandInAgain,
    NotListed,
    Ours,
    find_named,
    find_ours,
    next_rung,
    proves_absence,
)
from faxgw.dispatch.outcome import Outcomes
from faxgw.errors import StoreFailedError
from faxgw.fax import Failure, State
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Delivered,
    Found,
    InProgress,
    Listed,
    LookUp,
    LookUpKind,
    NoAnswer,
    NotDelivered,
    Provider,
    Refused,
    Report,
    Unclear,
    Unsent,
)
from faxgw.render.sheet import Document
from faxgw.store.attempts import Attempt

log = structlog.get_logger(__name__)

ASK_AGAIN_SECONDS = 1.0
ASK_AGAIN_SECONDS_MAX = 60.0
PARK_WITHOUT_CARRIER_SECONDS = 3_600.0
ASK_PARKED_SECONDS = 300.0
"""Between questions about what waits for a person already."""
LOOK_UP_SECONDS_MAX = 20.0
ASKING_MAX = 16
"""Look-ups under way at once; carriers limit them more than sends."""

Told = TypeVar("Told")
DrawAgain = Callable[[Attempt], Awaitable[Document | None]]
"""The pages of an attempt exactly as they went out, or None where they cannot be had any more."""


@dataclass(frozen=True, slots=True)
class Askable:
    """How a carrier is asked, and for how long."""

    provider: Provider
    settle_seconds: float
    park_after_seconds: float = 900.0
    receipt_lost_seconds: float = 3_600.0
    resend_after_seconds: float = 0.0
    send_seconds: float = 30.0
    asks: TokenBucket = field(default_factory=lambda: TokenBucket(0.0, 1))
    """Shared by all that asks this carrier."""

    @property
    def capabilities(self) -> Capabilities:
        return self.provider.capabilities


def asks_allowed(capabilities: Capabilities) -> TokenBucket:
    """As many questions as the carrier allows; some lock an account that asks more."""
    return TokenBucket((capabilities.polls_per_minute_max or 0.0) / 60.0, 1)


@dataclass(slots=True, eq=False)
class Doubt:
    """Times are trio's."""

    attempt: Attempt
    began_at: float
    """Since when this process asks."""
    lasts_since: float
    """Since when it is a doubt: earlier than `began_at` where a start found it, by what the machine's clock says."""
    asked: int = 0
    key_failed: bool = False
    parked_at: float | None = None
    is_hopeless: bool = False
    """The carrier has said its last word, and it was not clear."""


class Doubts:
    """Every attempt in doubt, and when its carrier is asked next."""

    def __init__(
        self,
        carriers: Mapping[str, Askable],
        calls: OpenCalls,
        outcomes: Outcomes,
        clock: Clock,
        draw_again: DrawAgain | None = None,
    ) -> None:
        self._carriers = carriers
        self._calls = calls
        self._outcomes = outcomes
        self._clock = clock
        self._draw_again = draw_again
        self._due: list[tuple[float, int, Doubt]] = []
        self._count = itertools.count()
        self._changed = trio.Event()
        outcomes.on_parked = self._follow_parked

    def put(self, attempt: Attempt) -> None:
        self._ask_at(trio.current_time(), self._doubt(attempt))

    def put_parked(self, attempt: Attempt) -> None:
        """One that waits for a person since before the start."""
        doubt = self._doubt(attempt)
        doubt.parked_at = doubt.lasts_since
        self._ask_at(doubt.began_at, doubt)

    def _doubt(self, attempt: Attempt) -> Doubt:
        now = trio.current_time()
        return Doubt(attempt, began_at=now, lasts_since=now - max(self._clock.now() - attempt.changed_at, 0.0))

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
            now = trio.current_time()
            if self._due and self._due[0][0] <= now:
                return heapq.heappop(self._due)[2]
            with trio.move_on_after(self._due[0][0] - now if self._due else math.inf):
                await changed.wait()

    async def _resolve(self, doubt: Doubt, limiter: trio.CapacityLimiter) -> None:
        try:
            attempt = await self._still_in_doubt(doubt)
            if attempt is not None:
                await self._ask(doubt, attempt)
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of one doubt: it stays one, the others are asked meanwhile.
            log.exception("doubt_broke", fax_id=doubt.attempt.fax_id)
            self._ask_at(trio.current_time() + self._next_wait_seconds(doubt), doubt)
        finally:
            limiter.release_on_behalf_of(doubt)

    async def _still_in_doubt(self, doubt: Doubt) -> Attempt | None:
        """The attempt as it stands; a receipt or a person may have settled it meanwhile."""
        if doubt.parked_at is not None:
            return await self._outcomes.still_parked(doubt.attempt)
        known = self._calls.get(doubt.attempt.client_ref)
        return known if known is not None and known.state is State.UNKNOWN else None

    # --- asking ------------------------------------------------------------------------------------------

    async def _ask(self, doubt: Doubt, attempt: Attempt) -> None:
        carrier = self._carriers.get(attempt.provider)
        if carrier is None:
            await self._wait_without_carrier(doubt, attempt)
        elif self._is_to_be_resent(doubt, attempt, carrier):
            await self._outcomes.sent_blindly(attempt)
            # Those of the call that are too late by now still wait for a person, or for a word of the carrier.
            self._follow(doubt, carrier)
        elif doubt.is_hopeless:
            await self._wait_on(doubt, attempt, carrier, "")
        else:
            await self._climb(doubt, attempt, carrier)

    async def _wait_without_carrier(self, doubt: Doubt, attempt: Attempt) -> None:
        """Nobody is left to be asked; should the provider come back into the config, the next start asks it."""
        parks_at = doubt.lasts_since + PARK_WITHOUT_CARRIER_SECONDS
        if doubt.parked_at is not None:
            return
        if trio.current_time() >= parks_at:
            await self._outcomes.parked(attempt, f"the config has no provider {attempt.provider} any more")
        else:
            self._ask_at(parks_at, doubt)

    def _is_to_be_resent(self, doubt: Doubt, attempt: Attempt, carrier: Askable) -> bool:
        after_seconds = carrier.resend_after_seconds
        if after_seconds <= 0 or doubt.parked_at is None or trio.current_time() < doubt.parked_at + after_seconds:
            return False
        return any(each.deadline_at is None or self._clock.now() < each.deadline_at for each in attempt.call)

    async def _climb(self, doubt: Doubt, attempt: Attempt, carrier: Askable) -> None:
        now = trio.current_time()
        if (allowed_at := carrier.asks.opens_at(now)) > now:
            self._ask_at(allowed_at, doubt)
            return
        match next_rung(carrier.capabilities, self._doubtful(doubt, attempt), self._clock.now()):
            case HandInAgain():
                await self._hand_in_again(doubt, attempt, carrier)
            case AskByReference():
                carrier.asks.take(now)
                reach("doubt-before-question")
                answer = await self._put_question(carrier.provider.look_up(attempt.client_ref), attempt)
                reach("doubt-answered")
                await self._act_on(answer, doubt, attempt, carrier)
            case AskByNumber(since=since):
                carrier.asks.take(now)
                await self._act_on(await self._look_through_list(attempt, carrier, since), doubt, attempt, carrier)
            case AwaitReceipt():
                await self._wait_on(doubt, attempt, carrier, "the carrier cannot be asked")

    async def _hand_in_again(self, doubt: Doubt, attempt: Attempt, carrier: Askable) -> None:
        document = await self._draw_again(attempt) if self._draw_again is not None else None
        if document is None:
            self._try_other_rungs(doubt)
            return
        sending = sending_of(attempt, document, carrier.provider.capabilities)
        match await hand_over(sending, attempt.fax_id, carrier.provider, carrier.send_seconds):
            case Accepted(provider_ref=provider_ref):
                await self._outcomes.submitted(attempt, provider_ref)
            case Refused(failure=Failure.CAPACITY | Failure.ACCOUNT, code=code):
                await self._wait_on(doubt, attempt, carrier, code)
            case Refused(code=code):
                # It may be the answer to the repeat and not to the fax: the other rungs tell.
                log.warning("key_refused", provider=attempt.provider, fax_id=attempt.fax_id, code=code)
                self._try_other_rungs(doubt)
            case Unsent(reason=reason) | Unclear(reason=reason):
                await self._wait_on(doubt, attempt, carrier, reason)

    def _try_other_rungs(self, doubt: Doubt) -> None:
        doubt.key_failed = True
        self._ask_at(trio.current_time(), doubt)

    async def _look_through_list(self, attempt: Attempt, carrier: Askable, since: float) -> LookUp:
        answer = await self._put_question(carrier.provider.list_sent(attempt.line, since), attempt)
        if isinstance(answer, NoAnswer):
            return answer
        known = frozenset([one.provider_ref for one in answer if await self._is_another(one, attempt)])
        if carrier.capabilities.look_up is LookUpKind.LISTED:
            found = find_named(answer, attempt.client_ref, known)
        else:
            found = find_ours(answer, known, self._rivals(attempt))
        match found:
            case Ours(listed=listed):
                return Found(Report(listed.fate, listed.provider_ref, attempt.client_ref))
            case NotListed():
                return Absent()
            case Ambiguous():
                return NoAnswer("its list has several that may be it, or one without our reference")

    def _rivals(self, attempt: Attempt) -> int:
        """Other attempts over its carrier to its number that are in doubt as well."""
        return sum(
            (other.provider, other.line, other.state) == (attempt.provider, attempt.line, State.UNKNOWN)
            and other.client_ref != attempt.client_ref
            for other in self._calls
        )

    async def _is_another(self, listed: Listed, attempt: Attempt) -> bool:
        owner = await self._outcomes.owner_of(attempt.provider, listed.provider_ref)
        return owner is not None and owner.client_ref != attempt.client_ref

    async def _put_question(self, question: Awaitable[Told], attempt: Attempt) -> Told | NoAnswer:
        with trio.move_on_after(LOOK_UP_SECONDS_MAX):
            try:
                return await question
            except Exception:
                log.exception("adapter_raised", provider=attempt.provider, fax_id=attempt.fax_id)
                return NoAnswer("the adapter broke")
        return NoAnswer(f"no answer in {LOOK_UP_SECONDS_MAX:g} s")

    # --- acting ------------------------------------------------------------------------------------------

    async def _act_on(self, answer: LookUp, doubt: Doubt, attempt: Attempt, carrier: Askable) -> None:
        match answer:
            case Found(report=report):
                await self._act_on_report(report, doubt, attempt, carrier)
            case Absent():
                await self._act_on_absence(doubt, attempt, carrier)
            case NoAnswer(reason=reason):
                log.warning("look_up_failed", provider=attempt.provider, fax_id=attempt.fax_id, reason=reason)
                await self._wait_on(doubt, attempt, carrier, reason)

    async def _act_on_absence(self, doubt: Doubt, attempt: Attempt, carrier: Askable) -> None:
        settled_at = doubt.began_at + carrier.settle_seconds
        if attempt.provider_ref is not None:
            log.error("accepted_fax_not_known", provider=attempt.provider, fax_id=attempt.fax_id)
            await self._wait_on(doubt, attempt, carrier, "the carrier took it and does not know it any more")
        elif not proves_absence(carrier.capabilities, self._doubtful(doubt, attempt)):
            await self._wait_on(doubt, attempt, carrier, "the carrier does not list it")
        elif trio.current_time() < settled_at:
            self._ask_at(settled_at, doubt)
        else:
            await self._outcomes.never_arrived(attempt)
            reach("doubt-never-arrived")

    async def _act_on_report(self, report: Report, doubt: Doubt, attempt: Attempt, carrier: Askable) -> None:
        match report.fate:
            case NotDelivered(failure=Failure.IN_DOUBT) if doubt.parked_at is not None:
                doubt.is_hopeless = True
                await self._wait_on(doubt, attempt, carrier, "")
            case Delivered() | NotDelivered() as fate:
                await self._outcomes.learnt(attempt, fate)
            case InProgress() if report.provider_ref is not None and self._may_follow(doubt, attempt, carrier):
                await self._outcomes.submitted(attempt, report.provider_ref)
            case InProgress():
                # Without the carrier's name for it no poll could follow it up; and one that never ends is no call.
                await self._wait_on(doubt, attempt, carrier, "the carrier says that it is under way")

    def _may_follow(self, doubt: Doubt, attempt: Attempt, carrier: Askable) -> bool:
        lost_at = attempt.started_at + carrier.receipt_lost_seconds
        return doubt.parked_at is None and self._clock.now() < lost_at

    async def _wait_on(self, doubt: Doubt, attempt: Attempt, carrier: Askable, reason: str) -> None:
        """Ask again later, and let a person know when that has gone on for too long."""
        now, parks_at = trio.current_time(), doubt.lasts_since + carrier.park_after_seconds
        if doubt.parked_at is not None:
            self._follow(doubt, carrier)
        elif now >= parks_at:
            await self._outcomes.parked(attempt, f"nobody could tell what became of it: {reason}")
        else:
            # Never later than the moment in which a person should hear of it.
            self._ask_at(now + min(self._next_wait_seconds(doubt), max(parks_at - now, 0.001)), doubt)

    def _follow_parked(self, attempt: Attempt, *, is_last_word: bool) -> None:
        carrier = self._carriers.get(attempt.provider)
        if carrier is not None:
            now = trio.current_time()
            self._follow(Doubt(attempt, now, now, parked_at=now, is_hopeless=is_last_word), carrier)

    def _follow(self, doubt: Doubt, carrier: Askable) -> None:
        """Ask a parked one now and then where that may help, and send it again if and when the config says so."""
        now = trio.current_time()
        parked_at = now if doubt.parked_at is None else doubt.parked_at
        can_help = not doubt.is_hopeless and carrier.capabilities.look_up is not LookUpKind.NONE
        ask_at = now + ASK_PARKED_SECONDS if can_help else math.inf
        resend_at = parked_at + carrier.resend_after_seconds
        # Where that time has come and gone it was sent, or it is too late for it.
        next_at = min(ask_at, resend_at) if resend_at > now else ask_at
        if next_at < math.inf:
            self._ask_at(next_at, doubt)

    def _next_wait_seconds(self, doubt: Doubt) -> float:
        wait_seconds: float = min(ASK_AGAIN_SECONDS * 2.0**doubt.asked, ASK_AGAIN_SECONDS_MAX)
        doubt.asked = min(doubt.asked + 1, 16)
        return wait_seconds

    def _ask_at(self, at: float, doubt: Doubt) -> None:
        heapq.heappush(self._due, (at, next(self._count), doubt))
        self._changed.set()
        self._changed = trio.Event()

    def _doubtful(self, doubt: Doubt, attempt: Attempt) -> Doubtful:
        return Doubtful(
            started_at=attempt.started_at,
            deadline_at=attempt.deadline_at,
            has_provider_ref=attempt.provider_ref is not None,
            # The line of a parked one was let go; handing it in again would be a call beside others.
            key_failed=doubt.key_failed or doubt.parked_at is not None,
            asked_for_seconds=trio.current_time() - doubt.began_at,
        )
