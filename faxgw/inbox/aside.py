"""What one process remembers of files to leave alone for a while; a restart looks at all of them again."""

from collections.abc import Collection
from dataclasses import dataclass

from faxgw.config.inbox import InboxConfig
from faxgw.inbox.port import Listed
from faxgw.inbox.settled import Arrival


@dataclass(frozen=True, slots=True)
class _PutOff:
    size: int
    tries: int
    until: float


class Aside:
    """Bounded by the folder: what is not listed any more is forgotten."""

    def __init__(self, own: InboxConfig) -> None:
        self._own = own
        self._put_off: dict[str, _PutOff] = {}
        self._left: dict[str, tuple[Listed, float]] = {}

    def may_take(self, arrival: Arrival, now: float) -> bool:
        put_off = self._put_off.get(arrival.name)
        if put_off and now < put_off.until and put_off.size == _size(arrival):
            return False
        return not all(self._is_left(part.listed, now) for part in arrival.parts)

    def _is_left(self, file: Listed, now: float) -> bool:
        left, until = self._left.get(file.name, (None, now))
        return left == file and now < until

    def tries(self, arrival: Arrival) -> int:
        """How often it was taken and found not to be whole, at the size that it has now."""
        put_off = self._put_off.get(arrival.name)
        return put_off.tries if put_off and put_off.size == _size(arrival) else 0

    def put_off(self, arrival: Arrival, now: float) -> None:
        """Until later, twice as long each time."""
        tries = self.tries(arrival) + 1
        wait_seconds = min(self._own.poll_seconds * 2.0 ** min(tries - 1, 32), self._own.unreachable_seconds_max)
        self._put_off[arrival.name] = _PutOff(_size(arrival), tries, now + wait_seconds)

    def leave(self, file: Listed, now: float) -> None:
        """It is kept here, and the server does not let it be taken away: to try again means to fetch it again."""
        self._left[file.name] = file, now + self._own.unreachable_seconds_max

    def forget_others(self, names: Collection[str], own_names: Collection[str]) -> None:
        """Everything but these, by their names on the server and by their own ones."""
        self._left = {name: left for name, left in self._left.items() if name in names}
        self._put_off = {name: put_off for name, put_off in self._put_off.items() if name in own_names}


def _size(arrival: Arrival) -> int:
    return sum(part.listed.size for part in arrival.parts)
