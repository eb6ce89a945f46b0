"""Telephone lines and channels behind a simulated carrier: who may dial, who waits, and who finds a line busy.

Pure: no clock and no sockets. A line is held by one of our calls at most, or by the florist's own; which moments those
are is drawn from the seed, the number and the time, so that a run that is played again meets the same busy lines.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import blake2b

from faxgw.provider.switchboard import Taken

_ONE = 2.0**32


@dataclass(frozen=True, slots=True)
class OwnCalls:
    """The florist's own use of the line: each stretch of `seconds` is taken with the probability `share`."""

    share: float = 0.0
    seconds: float = 120.0
    seed: int = 0

    def hold(self, number: str, now: float) -> bool:
        """Whether somebody at the florist's is on the telephone."""
        if not self.share:
            return False
        stretch = int(now / self.seconds)
        digest = blake2b(f"{self.seed}|{number}|{stretch}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little") / _ONE < self.share


@dataclass(slots=True)
class Exchange:
    """Gives channels out first come, first served, and says whether a line is busy. 0 is no limit."""

    channels: int = 0
    """Calls at once, over all lines."""
    waiting_max: int = 0
    """Faxes that may wait for a channel; more are turned away."""
    calls_a_line: int = 0
    own_calls: OwnCalls = field(default_factory=OwnCalls)
    channels_used_max: int = 0
    busy_met: int = 0
    dialled_at: dict[str, float] = field(default_factory=dict)
    """When each fax got its channel; kept as long as the books."""
    _dialling: set[str] = field(default_factory=set)
    _on_line: Counter[str] = field(default_factory=Counter)
    _waiting: deque[Taken] = field(default_factory=deque)

    @property
    def is_full(self) -> bool:
        """No channel is free and the waiting room is taken, too."""
        return bool(self.waiting_max) and not self._has_channel and len(self._waiting) >= self.waiting_max

    @property
    def _has_channel(self) -> bool:
        return not self.channels or len(self._dialling) < self.channels

    @property
    def under_way(self) -> int:
        return len(self._dialling)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def enter(self, fax: Taken, now: float) -> bool:
        """Whether the fax may be dialled at once; otherwise it waits and `leave` hands it out."""
        if self._has_channel:
            self._take_channel(fax, now)
            return True
        self._waiting.append(fax)
        return False

    def is_busy(self, fax: Taken, now: float) -> bool:
        """Whether the dialled line is taken; where it is not, the call now holds it."""
        others = self._on_line[fax.number]
        if (self.calls_a_line and others >= self.calls_a_line) or self.own_calls.hold(fax.number, now):
            self.busy_met += 1
            return True
        self._on_line[fax.number] += 1
        return False

    def leave(self, fax: Taken, now: float, *, held_line: bool) -> Taken | None:
        """A call is over; returns the fax that gets its channel."""
        if fax.id not in self._dialling:
            return None
        self._dialling.discard(fax.id)
        if held_line:
            self._on_line[fax.number] -= 1
            if not self._on_line[fax.number]:
                del self._on_line[fax.number]
        if not self._waiting:
            return None
        following = self._waiting.popleft()
        self._take_channel(following, now)
        return following

    def _take_channel(self, fax: Taken, now: float) -> None:
        self._dialling.add(fax.id)
        self.dialled_at[fax.id] = now
        self.channels_used_max = max(self.channels_used_max, len(self._dialling))
