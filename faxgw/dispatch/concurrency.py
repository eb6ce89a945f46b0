"""How many attempts one carrier gets at once: adapts to what it bears, within the config's bounds; pure.

Postfix's feedback of 1/N with reverse hysteresis (https://www.postfix.org/SCHEDULER_README.html): one more lane at
the end of a run of N successes, one less at the start of a run of N failures. Against a server that bears five
it defers one in six, where steps of one defer every second. Until the first failure each success adds a lane,
as TCP starts, because two hundred lanes would else take twenty thousand faxes to come to.
"""

from dataclasses import dataclass, field

# Sums of 1/N must reach 1 after N steps, whatever the floats make of it.
_ROUNDING = 1e-3


@dataclass(slots=True)
class ConcurrencyLimit:
    """The limit now, between `least` and `most`."""

    least: int
    most: int
    initial: int
    _limit: int = field(init=False)
    _gained: float = 0.0
    _lost: float = 0.0
    _is_starting: bool = True

    def __post_init__(self) -> None:
        self.least = min(self.least, self.most)
        self._limit = self._first()

    @property
    def limit(self) -> int:
        return self._limit

    def succeed(self, in_flight: int) -> None:
        """An attempt went well while `in_flight` were under way, itself among them."""
        self._lost = 0.0
        if 2 * in_flight < self._limit:
            # What is not used proves nothing about what the carrier bears.
            return
        self._gained += 1.0 if self._is_starting else 1 / self._limit
        if self._gained >= 1 - _ROUNDING:
            self._gained = 0.0
            self._limit = min(self._limit + 1, self.most)

    def fail(self) -> None:
        """The carrier had no room, broke, or did not answer."""
        self._gained, self._is_starting = 0.0, False
        self._lost -= 1 / self._limit
        if self._lost < -_ROUNDING:
            self._lost += 1.0
            self._limit = max(self._limit - 1, self.least)

    def start_again(self) -> None:
        """The carrier comes back from an outage: nobody knows what it bears now."""
        self._limit, self._gained, self._lost, self._is_starting = self._first(), 0.0, 0.0, True

    def _first(self) -> int:
        return max(self.least, min(self.initial, self.most))
