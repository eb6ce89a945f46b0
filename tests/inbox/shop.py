"""A gateway that looks into a folder, for tests: a store that outlives its crashes, and an inbox in front of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio

from faxgw.clock import TrioClock
from faxgw.config.inbox import Convention, InboxConfig
from faxgw.inbox.inbox import Inbox
from faxgw.inbox.port import FtpTransport
from faxgw.ops.metrics import Metrics
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import InboundSought, InboundView
from faxgw.store.sql import open_memory_store

START = 1_795_000_000.0
FAXES_MAX = 20_000


def config_of(**more: Any) -> InboxConfig:
    """An inbox that takes everything at the first look."""
    own: dict[str, Any] = {
        "name": "shop", "host": "ftp.example", "user": "shop", "password_file": "unused",
        "convention": Convention.RENAMED, "files_per_minute": 1_000_000,
    }  # fmt: skip
    return InboxConfig(**own | more)


@dataclass
class Shop:
    """One gateway."""

    server: FtpTransport
    own: InboxConfig = field(default_factory=config_of)
    owner: str = "gw1"
    store: InboundStore = field(default_factory=lambda: open_memory_store().inbound)
    metrics: Metrics = field(default_factory=Metrics)
    woken: int = 0
    room: int = 1_000

    def inbox(self) -> Inbox:
        """A new one, as after a start."""
        clock = TrioClock(START)
        return Inbox(
            self.own, self.server, self.store, clock, self.metrics, self.owner, self._wake, room=lambda: self.room
        )

    def _wake(self) -> None:
        self.woken += 1

    async def kept(self) -> list[InboundView]:
        return await self._all(InboundState.KEPT)

    async def quarantined(self) -> list[InboundView]:
        return await self._all(InboundState.QUARANTINED)

    async def _all(self, state: InboundState) -> list[InboundView]:
        lines = await self.store.find(InboundSought(state=state), FAXES_MAX)
        views = [await self.store.inbound(line.inbound_id) for line in reversed(lines)]
        return [view for view in views if view is not None]

    async def contents(self) -> list[tuple[bytes | None, ...]]:
        """Of all faxes kept, in the order in which they came."""
        return [tuple(await self.store.documents(view.documents)) for view in await self.kept()]

    def count(self, result: str) -> int:
        return int(self.metrics.inbox_files.labels(self.own.name, result)._value.get())


@asynccontextmanager
async def running(*shops: Shop) -> AsyncIterator[Sequence[Inbox]]:
    """Their inboxes, until the block is left."""
    async with trio.open_nursery() as nursery:
        inboxes = [shop.inbox() for shop in shops]
        for inbox in inboxes:
            nursery.start_soon(inbox.run)
        yield inboxes
        nursery.cancel_scope.cancel()


async def run_for(seconds: float, *shops: Shop) -> None:
    async with running(*shops):
        await trio.sleep(seconds)
