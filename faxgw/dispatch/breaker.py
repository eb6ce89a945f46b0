"""Whether a carrier works, from how its last attempts ended: a circuit breaker, pure.

It trips when a whole round of the carrier's lanes failed without a success between (Postfix's pseudo-cohorts:
each failure counts 1/lanes, https://www.postfix.org/SCHEDULER_README.html), or at once where nobody answered at all.
After its time one probe may pass; the probe's end decides. Busy tones and bad numbers are no failures of a carrier.
"""

import enum
from dataclasses import dataclass

# Sums of 1/N must reach 1 after N steps, whatever the floats make of it.
_ROUNDING = 1e-9


class BreakerState(enum.StrEnum):
    CLOSED = "closed"
    """All may pass."""
    OPEN = "open"
    """Nobody passes until its time."""
    HALF_OPEN = "half_open"
    """Its time has come: one probe may pass, or is on its way."""


@dataclass(slots=True)
class Breaker:
    """Times are seconds of any clock, handed in."""

    open_seconds: float
    open_seconds_max: float
    _failed_cohorts: float = 0.0
    _trips: int = 0
    _open_until: float | None = None
    _probe: int | None = None
    _probes: int = 0

    def state(self, now: float) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    @property
    def open_until(self) -> float | None:
        """When a probe may pass, or None while it is closed."""
        return self._open_until

    def may_pass(self, now: float) -> bool:
        match self.state(now):
            case BreakerState.CLOSED:
                return True
            case BreakerState.OPEN:
                return False
            case BreakerState.HALF_OPEN:
                return self._probe is None

    def start(self) -> int | None:
        """An attempt that `may_pass` begins; returns the number of the probe where it is one."""
        if self._open_until is None:
            return None
        self._probes += 1
        self._probe = self._probes
        return self._probe

    def end(self, probe: int | None) -> None:
        """An attempt is over. A probe that ended before the carrier heard of it decided nothing: another may go."""
        if probe is not None and probe == self._probe:
            self._probe = None

    def succeed(self, now: float) -> None:
        """The carrier answered as it should. What set out before it broke down proves nothing while it is open."""
        self._failed_cohorts = 0.0
        if self.state(now) is not BreakerState.OPEN:
            self._open_until, self._probe, self._trips = None, None, 0

    def fail(self, now: float, lanes: float) -> bool:
        """An attempt failed for the carrier's sake while it had so many lanes. True when this trips the breaker."""
        match self.state(now):
            case BreakerState.OPEN:
                # Lanes that set out together fail together; that is one failure.
                return False
            case BreakerState.HALF_OPEN:
                self.trip(now)
                return True
            case BreakerState.CLOSED:
                self._failed_cohorts += 1 / max(lanes, 1.0)
                if self._failed_cohorts < 1 - _ROUNDING:
                    return False
                self.trip(now)
                return True

    def trip(self, now: float, open_seconds: float | None = None) -> None:
        """Open, for longer each time, or for as long as told."""
        wait_seconds = min(self.open_seconds * 2.0 ** min(self._trips, 32), self.open_seconds_max)
        self._trips += 1
        self._failed_cohorts, self._probe = 0.0, None
        self._open_until = now + (wait_seconds if open_seconds is None else open_seconds)
