"""A token bucket: how often a carrier may be sent to; pure.

Carriers that count requests block an account that sends faster, one of them for a minute at its sixth in a second.
"""

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """Fills with `per_second` tokens a second up to `burst`; 0 a second means no limit at all."""

    per_second: float
    burst: int
    _tokens: float = field(init=False)
    _filled_at: float = -math.inf

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)

    def tokens(self, now: float) -> float:
        if not self.per_second:
            return math.inf
        # A clock that is set back must not take tokens away.
        passed_seconds = max(now - self._filled_at, 0.0)
        return min(self._tokens + passed_seconds * self.per_second, float(self.burst))

    def opens_at(self, now: float) -> float:
        """When there is a token; `now` if there is one."""
        missing = 1.0 - self.tokens(now)
        # The waiter must find a whole token when it wakes, whatever the floats make of it.
        return now if missing <= 1e-9 else now + missing / self.per_second

    def take(self, now: float) -> None:
        """Take the token that `opens_at` saw."""
        if self.per_second:
            self._tokens, self._filled_at = self.tokens(now) - 1.0, now
