"""Lets the router's picture follow what happens to order faxes, whoever did it, and moves orders off dead lines."""

import structlog
import trio

from faxgw.errors import StoreFailedError
from faxgw.routing.rerouting import Rerouting
from faxgw.routing.router import Router
from faxgw.store.port import Store

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE_MAX = 5_000
PAUSE_SECONDS = 0.5
"""Commits come by the hundred a second on a busy day; the picture need not follow each by itself."""
AGAIN_SECONDS = 5.0


class Following:
    """Reads the store's events from where the picture was made."""

    def __init__(self, store: Store, router: Router, rerouting: Rerouting) -> None:
        self._store = store
        self._router = router
        self._rerouting = rerouting
        self._seen = 0
        self._to_sweep = trio.Event()
        self._why = ""

    async def load(self) -> None:
        """Count what every florist has to do, before any order comes in."""
        self._seen = await self._store.last_event()
        self._router.note(await self._store.routing.placed(self._router.first_day()))

    def changed(self, why: str) -> None:
        """The register or somebody's absence changed: orders may have to go elsewhere."""
        self._router.refresh()
        self._why = why
        self._to_sweep.set()

    async def run(self) -> None:
        """Follow, for ever."""
        self.changed("its florist was found gone at the start")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow)
            nursery.start_soon(self._sweep)

    async def _follow(self) -> None:
        while True:
            await self._follow_safely()
            await trio.sleep(PAUSE_SECONDS)

    async def _follow_safely(self) -> None:
        try:
            await self._store.wait_events(self._seen)
            await self._look()
        except StoreFailedError:
            raise
        except Exception:
            # The crash barrier of the picture: choices go on with what is known, and it looks again.
            log.exception("routing_cannot_follow")
            await trio.sleep(AGAIN_SECONDS)

    async def _look(self) -> None:
        newest = await self._store.last_event()
        changes = await self._store.routing.changes(self._seen, EVENTS_AT_ONCE_MAX)
        self._router.note(await self._store.routing.placed_of(changes.faxes))
        for fax_id in changes.behind_dead_lines:
            await self._rerouting.leave_dead_line(fax_id)
        # Events that mean nothing here are passed by as well, unless there were more than could be read at once.
        self._seen = max(newest, changes.after) if changes.is_all else changes.after

    async def _sweep(self) -> None:
        while True:
            await self._to_sweep.wait()
            self._to_sweep = trio.Event()
            try:
                await self._rerouting.sweep(self._why)
            except StoreFailedError:
                raise
            except Exception:
                # The crash barrier of a sweep: nothing is lost, and the next one, soon, finds the same orders.
                log.exception("sweep_broke")
                await trio.sleep(AGAIN_SECONDS)
                self._to_sweep.set()
