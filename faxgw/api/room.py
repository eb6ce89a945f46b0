"""A bound on how many are in at once, which gives no peer the power to keep the others out."""

from collections.abc import Callable, Iterable
from typing import Protocol

import trio

from faxgw.api.crowd import Slow, who_gives_way
from faxgw.api.sockets import has_sent, peer_of


class Guest(Protocol):
    """Somebody who is in."""

    @property
    def slow_since(self) -> float | None:
        """Since when something of his is waited for; None while it is not he who is slow."""

    def give_way(self) -> None:
        """He leaves, for others wait."""


class Room:
    """So many places. While they are all taken and somebody waits for one, `make_room` is asked to free one."""

    def __init__(self, places: int, patience_seconds: float, make_room: Callable[[], None]) -> None:
        """`make_room` ends nobody who has been in for less than `patience_seconds`; it is asked again and again."""
        self._free = trio.Semaphore(places)
        self._patience_seconds = patience_seconds
        self._make_room = make_room

    @property
    def is_crowded(self) -> bool:
        return self._free.statistics().tasks_waiting > 0

    async def enter(self, outside: trio.SocketListener | None = None) -> None:
        """Take a place; where there is none, look for one, with `outside` only once somebody stands there."""
        while True:
            try:
                return self._free.acquire_nowait()
            except trio.WouldBlock:
                if outside is not None:
                    await trio.lowlevel.wait_readable(outside.socket)
            if self._free.value == 0:
                self._make_room()
            # Who was quick enough a moment ago may be slow by then.
            with trio.move_on_after(self._patience_seconds / 2):
                return await self._free.acquire()

    def leave(self) -> None:
        self._free.release()


def close_slowest(guests: Iterable[tuple[Guest, trio.SocketStream]], patience_seconds: float) -> None:
    """Let one give way who has been slow for that long, of the peer with the most such; nobody where none has."""
    slow = [
        (guest, Slow(peer_of(stream), since))
        for guest, stream in guests
        # What lies in the socket already is ours to read: then it is we who are slow.
        if (since := guest.slow_since) is not None and not has_sent(stream)
    ]
    index = who_gives_way([each for _, each in slow], trio.current_time(), patience_seconds)
    if index is not None:
        slow[index][0].give_way()
