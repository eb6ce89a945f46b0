"""Follows what happens to faxes of orders, so that an order is with whom its fax is, or with nobody when that is lost.

It stands behind the events by a durable cursor and writes in batches, so that taking orders in pays nothing for it.
Looking twice is harmless (`mirror.py`), so the cursor may lag behind what was followed.
"""

from collections.abc import Sequence

import structlog
import trio

from faxgw.config.relay import Relay as RelayConfig
from faxgw.errors import StoreBusyError, StoreFailedError, StoreFullError
from faxgw.relay.desk import Relay
from faxgw.relay.judge import Judge
from faxgw.store.port import Store
from faxgw.store.relay.port import FaxChanged

log = structlog.get_logger(__name__)

OPENING = frozenset({"accepted"})
ENDING = frozenset({"rerouted", "failed", "expired", "cancelled", "contradicted"})
ARRIVAL = frozenset({"delivered"})
EVENTS_LOOKED_AT_MAX = 10_000
"""In one read: most are of no interest here, and those cost little."""
TRY_AGAIN_SECONDS = 5.0


def kinds_followed(config: RelayConfig) -> Sequence[str]:
    """Events that are looked at; without `follow` an order gets its row by the first trouble or message."""
    kinds = ENDING | ARRIVAL
    return sorted(kinds | OPENING if config.follow else kinds)


class Follower:
    def __init__(self, store: Store, relay: Relay, judge: Judge, config: RelayConfig) -> None:
        self._store = store
        self._relay = relay
        self._judge = judge
        self._kinds = kinds_followed(config)
        self._batch_max = config.batch_max
        self._gather_seconds = config.follow_seconds

    async def run(self) -> None:
        """Follow, for ever."""
        cursor = await self._store.relay.cursor()
        while True:
            try:
                await self._store.wait_events(cursor)
                cursor = await self._follow(cursor)
            except (StoreBusyError, StoreFullError) as error:
                log.warning("relay_follows_later", reason=str(error))
                await trio.sleep(TRY_AGAIN_SECONDS)
                continue
            await trio.sleep(self._gather_seconds)

    async def _follow(self, after: int) -> int:
        changes, looked = await self._store.relay.fax_changes(after, EVENTS_LOOKED_AT_MAX, self._kinds)
        # Only where a fax stands now counts, so that of several changes of one the last is enough.
        newest = list({change.fax_id: change for change in changes}.values())
        for start in range(0, len(newest), self._batch_max):
            await self._look_apart(newest[start : start + self._batch_max])
        if changes:
            await self._store.relay.keep_cursor(looked)
        return looked

    async def _look_apart(self, changes: Sequence[FaxChanged]) -> None:
        """Look at a batch; if it breaks, at each alone, so that the one that breaks it is found and left out."""
        try:
            await self._relay.settle([self._judge.of_fax(change) for change in changes])
        except (StoreFailedError, StoreBusyError, StoreFullError):
            raise
        except Exception:
            # The crash barrier of a batch.
            log.exception("relay_follow_broke", faxes=len(changes))
            if len(changes) > 1:
                for change in changes:
                    await self._look_apart([change])
