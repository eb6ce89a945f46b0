"""What people stopped, in memory: carriers' gates and the schedule's lines kept as the store says, and ended in time.

The store has the last word: it refuses an intent for anything that is stopped, whatever memory believed.
"""

import math
from collections.abc import Mapping

import structlog
import trio

from faxgw.clock import Clock
from faxgw.dispatch.gate import Gate
from faxgw.errors import StoreFailedError
from faxgw.ops.logs import moment_text
from faxgw.phone import Line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.port import Store
from faxgw.store.stops import Resumption, Scope, Suspension

log = structlog.get_logger(__name__)

TIMER = "faxgw"
"""Who resumes what was suspended until a time."""
AGAIN_SECONDS = 5.0
"""After the store could not be written to."""

Place = tuple[Scope, str]


class Suspensions:
    """Stops and resumes; one object serves the API, the lanes and the schedule."""

    def __init__(self, store: Store, gates: Mapping[str, Gate], waiting: WaitingRoom, clock: Clock) -> None:
        self._store = store
        self._gates = gates
        self._waiting = waiting
        self._clock = clock
        self._places: dict[Place, Suspension] = {}
        self._gates_stopped: set[str] = set()
        self._changed = trio.Event()
        # Memory must hear of changes in the order of the store; of tasks that wake together trio runs any first.
        self._in_turn = trio.Lock()

    async def load(self) -> None:
        """Take up what was stopped before the start."""
        for suspension in await self._store.suspensions():
            self._put(suspension)
        self._apply()

    async def suspend(self, scope: Scope, name: str, who: str, why: str, until: float | None = None) -> Suspension:
        """Stop; nothing new begins there once this returns, also after a restart."""
        async with self._in_turn:
            suspension = Suspension(scope, name, who[:200], why[:200], self._clock.now(), until)
            await self._store.suspend([suspension])
            self._put(suspension)
            self._apply()
        log.warning("suspended", scope=scope, by=who, until=None if until is None else moment_text(until))
        return suspension

    async def resume(self, scope: Scope, name: str, who: str, why: str) -> bool:
        """Let it go on; False where nothing had stopped it."""
        async with self._in_turn:
            return await self._resume(scope, name, who, why)

    async def _resume(self, scope: Scope, name: str, who: str, why: str) -> bool:
        # A person's word also revives a line that was taken for dead.
        revives = scope is Scope.LINE and who != TIMER
        wish = Resumption(scope, name, who[:200], why[:200], self._clock.now(), revives)
        [was_there] = await self._store.resume([wish])
        self._places.pop((scope, name), None)
        if revives:
            self._waiting.resume(Line(name))
        self._apply()
        log.info("resumed", scope=scope, by=who)
        return was_there

    def find(self, scope: Scope, name: str = "") -> Suspension | None:
        """What stops that place now."""
        found = self._places.get((scope, name))
        return found if found is not None and not self._is_over(found) else None

    def all(self) -> list[Suspension]:
        return [each for each in self._places.values() if not self._is_over(each)]

    async def run(self) -> None:
        """Resume, for ever, what was stopped until a time."""
        while True:
            await trio.lowlevel.checkpoint()
            changed = self._changed
            ended = [each for each in self._places.values() if self._is_over(each)]
            for suspension in ended:
                await self._end(suspension)
            if ended:
                continue
            next_at = min((each.until for each in self._places.values() if each.until is not None), default=math.inf)
            # The clock went on since it was asked what is over.
            with trio.move_on_after(max(next_at - self._clock.now(), 0.0)):
                await changed.wait()

    async def _end(self, suspension: Suspension) -> None:
        try:
            async with self._in_turn:
                # A person may have stopped the place anew while others were ended.
                if self._places.get((suspension.scope, suspension.name)) is suspension:
                    await self._resume(suspension.scope, suspension.name, TIMER, "its time is over")
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of the timer: the store itself counts it as over; only memory waits a little.
            log.exception("resuming_broke", scope=suspension.scope)
            await trio.sleep(AGAIN_SECONDS)

    def _is_over(self, suspension: Suspension) -> bool:
        return suspension.until is not None and suspension.until <= self._clock.now()

    def _put(self, suspension: Suspension) -> None:
        self._places[suspension.scope, suspension.name] = suspension
        if suspension.scope is Scope.LINE and not self._is_over(suspension):
            self._waiting.suspend(Line(suspension.name), suspension.until)

    def _apply(self) -> None:
        """Stop and let go all sending, and the carriers; the schedule remembers lines by itself."""
        if self.find(Scope.GATEWAY) is not None:
            self._waiting.suspend_all()
        else:
            self._waiting.resume_all()
        for name, gate in self._gates.items():
            by = self.find(Scope.GATEWAY) or self.find(Scope.PROVIDER, name)
            if by is not None:
                gate.suspend(f"{by.who}: {by.why}" if by.why else by.who)
                self._gates_stopped.add(name)
            elif name in self._gates_stopped:
                gate.resume()
                self._gates_stopped.discard(name)
        self.heed_clock()

    def heed_clock(self) -> None:
        """Look again at what is over: something changed, or the machine's clock was set."""
        self._changed.set()
        self._changed = trio.Event()
