"""What people stopped, taken up at a start and changed one by one."""

from faxgw.dispatch.suspensions import Suspensions
from faxgw.phone import Line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.sql import open_memory_store
from faxgw.store.stops import Scope, Suspension
from tests.clocks import SetClock
from tests.dispatch.desk import NOW

LINES = [f"+33199{number:06}" for number in range(300)]


class CountingRoom(WaitingRoom):
    """Notes which lines it was told to stop."""

    def __init__(self) -> None:
        super().__init__(SetClock(NOW))
        self.told: list[Line] = []

    def suspend(self, line: Line, until: float | None = None) -> None:
        self.told.append(line)
        super().suspend(line, until)


async def test_each_line_is_stopped_once_however_many_are() -> None:
    """Three hundred at a start are three hundred words to the schedule, and one more is one."""
    store, room = open_memory_store(), CountingRoom()
    await store.suspend([Suspension(Scope.LINE, name, "Ada", "repair", NOW) for name in LINES])
    suspensions = Suspensions(store, {}, room, SetClock(NOW))
    await suspensions.load()
    assert sorted(room.told) == LINES
    await suspensions.suspend(Scope.LINE, "+33199999999", "Ada", "repair")
    await suspensions.resume(Scope.LINE, LINES[0], "Ada", "mended")
    assert len(room.told) == len(LINES) + 1
    assert len(suspensions.all()) == len(LINES)


async def test_what_is_over_at_a_start_stops_nothing() -> None:
    """Its time passed while the gateway was down."""
    store, room = open_memory_store(), CountingRoom()
    await store.suspend([Suspension(Scope.LINE, LINES[0], "Ada", "repair", NOW - 60, NOW - 1)])
    suspensions = Suspensions(store, {}, room, SetClock(NOW))
    await suspensions.load()
    assert (room.told, suspensions.all()) == ([], [])
