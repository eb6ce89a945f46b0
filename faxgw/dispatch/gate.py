"""Whether a carrier may be given one more fax now: its lanes, its rate, its breaker, and what it asked us for.

What a florist's line does (busy tones, wrong numbers) is no word about the carrier and closes nothing. All
automatic: every closing has an end, except a person's, and is shown with its reason.
"""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from faxgw.clock import Clock
from faxgw.dispatch.breaker import Breaker, BreakerState
from faxgw.dispatch.bucket import TokenBucket
from faxgw.dispatch.concurrency import ConcurrencyLimit
from faxgw.dispatch.outage import Outage, Trouble
from faxgw.fax import Failure
from faxgw.provider.port import Refused

log = structlog.get_logger(__name__)

CAPACITY_PAUSE_SECONDS = 1.0
"""After a 429 or 503 that names no time."""
ACCOUNT_PAUSE_SECONDS = 60.0
"""A wrong password or an empty account mends only when a person acts; asking faster would lock it."""
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 15.0
PAUSE_SECONDS_MAX = 3_600.0
"""No carrier's Retry-After keeps us away for longer."""


class ClosedBy(enum.StrEnum):
    """Why a carrier takes no fax this moment."""

    SUSPENDED = "suspended"
    """A person stopped it."""
    ACCOUNT = "account"
    """It refuses our account; tried about once a minute. A person must act."""
    OUTAGE = "outage"
    """Its last attempts failed; it is probed ever more rarely."""
    PROBE = "probe"
    """One probe is on its way and will decide."""
    ASKED = "asked"
    """It asked us to wait."""
    LANES = "lanes"
    """It has as many faxes at once as it bears."""
    RATE = "rate"
    """It has had as many faxes a second as the config allows."""


@dataclass(frozen=True, slots=True)
class Closure:
    by: ClosedBy
    detail: str = ""
    until: float | None = None
    """When this reason ends, in seconds since 1970, where time ends it."""
    opens_in_seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one carrier may get, from the config."""

    lanes_max: int = 32
    lanes_min: int = 1
    lanes_initial: int = 8
    sends_per_second: float = 0.0
    sends_burst: int = 1


class Passage:
    """One fax on its way through a gate."""

    def __init__(self, gate: "Gate", probe: int | None) -> None:
        self._gate = gate
        self._probe = probe
        self._has_left = False

    def leave(self) -> None:
        """The fax is with the carrier, or came back, or its send was given up; only the first call counts."""
        if not self._has_left:
            self._has_left = True
            self._gate.let_out(self._probe)


class Gate:
    """One carrier's. Whoever sends asks `closure`, then `enter`s, reports what came of it, and leaves."""

    def __init__(self, provider: str, clock: Clock, bounds: Bounds | None = None) -> None:
        bounds = bounds or Bounds()
        self.lanes_max = bounds.lanes_max
        self._provider = provider
        self._clock = clock
        self._limit = ConcurrencyLimit(bounds.lanes_min, bounds.lanes_max, bounds.lanes_initial)
        self._bucket = TokenBucket(bounds.sends_per_second, bounds.sends_burst)
        self._breaker = Breaker(BACK_OFF_SECONDS, BACK_OFF_SECONDS_MAX)
        self._in_flight = 0
        self._paused_until = 0.0
        self._refused_together = 0.0
        self._suspended_by: str | None = None
        self._account_code: str | None = None
        self._outage = Outage(provider)
        self._trouble: Trouble | None = None
        self._changed_at = clock.now()
        self.on_change: Callable[[], None] = lambda: None
        """Called when it may have opened or closed."""
        self.on_account_refused: Callable[[str], None] = lambda _: None
        """Called with the carrier's code when it begins to refuse our account."""

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def limit(self) -> int:
        """How many faxes at once it bears, as far as is known."""
        return self._limit.limit

    @property
    def changed_at(self) -> float:
        """Since when it is open or closed as it is now; full lanes and the rate are not counted."""
        return self._changed_at

    @property
    def trouble(self) -> Trouble | None:
        """What went wrong with it last, also when it has long been well again."""
        return self._trouble

    def tokens(self) -> float:
        return self._bucket.tokens(self._clock.now())

    def breaker(self) -> BreakerState:
        return self._breaker.state(self._clock.now())

    def account_refused(self) -> bool:
        return self._account_code is not None

    def closure(self) -> Closure | None:
        """Why no fax may go to it now, or None where one may."""
        now = self._clock.now()
        if self._suspended_by is not None:
            return Closure(ClosedBy.SUSPENDED, self._suspended_by)
        if not self._breaker.may_pass(now):
            return self._closed_by_breaker(now)
        if self._paused_until > now:
            return _until(ClosedBy.ASKED, "it asked us to wait", self._paused_until, now)
        if self._in_flight >= self._limit.limit:
            return Closure(ClosedBy.LANES, f"{self._in_flight} faxes at once")
        if (opens_at := self._bucket.opens_at(now)) > now:
            return _until(ClosedBy.RATE, "as fast as the config allows", opens_at, now)
        return None

    def enter(self) -> "Passage":
        """A fax goes to it: `closure` was None just now."""
        self._in_flight += 1
        self._bucket.take(self._clock.now())
        return Passage(self, self._breaker.start())

    def let_out(self, probe: int | None) -> None:
        """See `Passage.leave`."""
        self._in_flight -= 1
        self._breaker.end(probe)
        self.on_change()

    def pace(self, sends_per_second: float, sends_burst: int) -> None:
        """Let so many go from now on; where that is as it was, what has gone stays counted."""
        if (self._bucket.per_second, self._bucket.burst) != (sends_per_second, sends_burst):
            self._bucket = TokenBucket(sends_per_second, sends_burst)

    def suspend(self, by: str) -> None:
        """A person stops it; `by` tells who and why."""
        self._suspended_by = by
        self._note_change()

    def resume(self) -> None:
        self._suspended_by = None
        self._note_change()

    # --- what came of a fax ------------------------------------------------------------------------------

    def note_answer(self) -> None:
        """The carrier is there and does its work, whatever it said of this fax."""
        self._refused_together = 0.0
        self._limit.succeed(self._in_flight)
        was_closed = self.breaker() is BreakerState.HALF_OPEN
        self._breaker.succeed(self._clock.now())
        if was_closed and self.breaker() is BreakerState.CLOSED:
            self._come_back()

    def heed(self, refusal: Refused) -> None:
        """Close for as long as a refusal asks for, where it speaks of the carrier and not of one fax."""
        if refusal.failure is Failure.ACCOUNT:
            self.refuse_account(refusal.code)
        elif refusal.failure is Failure.CAPACITY:
            self.lack_room(refusal.retry_after_seconds, refusal.code)
        else:
            self.note_answer()

    def refuse_account(self, code: str) -> None:
        """It does not take our account: one try a minute from now on, until one goes through."""
        is_news = self._account_code is None
        self._note_trouble(f"it refuses our account ({code})")
        self._account_code = code
        self._breaker.trip(self._clock.now(), ACCOUNT_PAUSE_SECONDS)
        self._note_change()
        if is_news:
            log.error("provider_account_refused", provider=self._provider, code=code)
            self.on_account_refused(code)

    def lack_room(self, retry_after_seconds: float | None = None, code: str = "") -> None:
        """It has no room: fewer faxes at once, and none at all for as long as it asks.

        Where it names no time, one refusal may only mean one fax at once too many; a whole round of them is a wait.
        """
        self._limit.fail()
        self._note_trouble("it has no room" + (f" ({code})" if code else ""))
        if self._breaker.state(self._clock.now()) is BreakerState.HALF_OPEN:
            # It answered, which is what the probe asked.
            self._breaker.succeed(self._clock.now())
            self._come_back()
        self._refused_together += 1 / self._limit.limit
        if retry_after_seconds or self._in_flight <= 1 or self._refused_together >= 1 - 1e-9:
            self._refused_together = 0.0
            self.pause(retry_after_seconds or CAPACITY_PAUSE_SECONDS)

    def fail(self, words: str) -> None:
        """No clear answer came, as `words` tell: a time-out, a 5xx, a broken connection."""
        self._limit.fail()
        trouble = self._note_trouble(words)
        if self._breaker.fail(self._clock.now(), self._limit.limit):
            self._note_outage(trouble)

    def back_off(self, words: str) -> None:
        """Nobody answered at all, for the reason in `words`: close for longer each time, until `note_answer`.

        A carrier that is down for an hour would else be tried by each lane twice a second, with an intent and
        a retry on the disk for every try.
        """
        self._limit.fail()
        trouble = self._note_trouble(words)
        if self._breaker.state(self._clock.now()) is not BreakerState.OPEN:
            self._breaker.trip(self._clock.now())
            self._note_outage(trouble)

    def pause(self, seconds: float) -> None:
        """Give it nothing for so long."""
        self._paused_until = max(self._paused_until, self._clock.now() + min(seconds, PAUSE_SECONDS_MAX))
        self._note_change()

    def _closed_by_breaker(self, now: float) -> Closure:
        if self._breaker.state(now) is BreakerState.HALF_OPEN:
            after = f"; before: {self._trouble.words}" if self._trouble is not None else ""
            return Closure(ClosedBy.PROBE, f"one fax is on its way to see whether it works again{after}")
        until = self._breaker.open_until or now
        if self._account_code is not None:
            return _until(
                ClosedBy.ACCOUNT,
                f"it refuses our account ({self._account_code}): look at the account, its login and base_url",
                until,
                now,
            )
        why = f": {self._trouble.words}" if self._trouble is not None else ""
        return _until(ClosedBy.OUTAGE, f"its last attempts failed{why}", until, now)

    def _come_back(self) -> None:
        self._outage.end(self._clock.now())
        self._account_code = None
        self._limit.start_again()
        self._note_change()

    def _note_trouble(self, words: str) -> Trouble:
        self._trouble = Trouble(words, self._clock.now())
        return self._trouble

    def _note_outage(self, trouble: Trouble) -> None:
        self._outage.go_on(trouble, self._breaker.open_until or trouble.at)
        self._note_change()

    def _note_change(self) -> None:
        self._changed_at = self._clock.now()
        self.on_change()


def _until(by: ClosedBy, detail: str, until: float, now: float) -> Closure:
    return Closure(by, detail, until, until - now)
