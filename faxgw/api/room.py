"""A bound on how many are in at once, which gives no peer the power to keep the others out."""

from collections.abc import Callable

import trio


class Room:
    """So many places. While they are all taken and somebody stands outside, `make_room` is asked to free one."""

    def __init__(self, places: int, patience_seconds: float, make_room: Callable[[], None]) -> None:
        """`make_room` ends nobody who has been in for less than `patience_seconds`; it is asked again and again."""
        self._free = trio.Semaphore(places)
        self._patience_seconds = patience_seconds
        self._make_room = make_room

    @property
    def is_crowded(self) -> bool:
        return self._free.statistics().tasks_waiting > 0

    async def enter(self, outside: trio.SocketListener) -> None:
        """Take a place; where there is none, look for one once somebody stands outside."""
        while True:
            try:
                return self._free.acquire_nowait()
            except trio.WouldBlock:
                await trio.lowlevel.wait_readable(outside.socket)
            if self._free.value == 0:
                self._make_room()
            # Who was quick enough a moment ago may be slow by then.
            with trio.move_on_after(self._patience_seconds / 2):
                return await self._free.acquire()

    def leave(self) -> None:
        self._free.release()
