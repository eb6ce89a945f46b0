"""The relay's part of the store over SQL; see `port.RelayStore`."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from faxgw.order import Order
from faxgw.store.relay import operations, reading
from faxgw.store.relay.absences import read_absences
from faxgw.store.relay.offers import read_sums
from faxgw.store.relay.port import (
    Absence,
    FaxChanged,
    Matter,
    MessageView,
    OfferSums,
    OrderStory,
    RelayOrder,
    Settled,
    Unanswered,
)
from faxgw.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class Questions(Protocol):
    async def read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...


class SqlRelay:
    def __init__(self, writer: Writer, reader: Questions) -> None:
        self._writer = writer
        self._reader = reader

    async def settle(self, matters: Sequence[Matter]) -> list[Settled]:
        return await self._writer.write(operations.settle, matters, bounded=True)

    async def keep_cursor(self, seq: int) -> None:
        await self._writer.write(operations.keep_cursor, [seq])

    async def cursor(self) -> int:
        return await self._reader.read(reading.read_cursor)

    async def story(self, number: str) -> OrderStory | None:
        return await self._reader.read(reading.read_story, number)

    async def order_json(self, number: str) -> Order | None:
        return await self._reader.read(reading.read_order_json, number)

    async def messages(self, after: int, limit: int) -> list[MessageView]:
        return await self._reader.read(reading.read_messages, after, limit)

    async def due(self, now: float, limit: int) -> list[RelayOrder]:
        return await self._reader.read(reading.read_due, now, limit)

    async def next_due_at(self) -> float | None:
        return await self._reader.read(reading.read_next_due_at)

    async def offered_to(self, member: str, first: dt.date, last: dt.date | None, after: str, limit: int) -> list[str]:
        return await self._reader.read(reading.read_offered_to, member, first, last, after, limit)

    async def absences(self) -> list[Absence]:
        return list(await self._reader.read(read_absences))

    async def unanswered(self) -> Unanswered:
        return await self._reader.read(reading.read_unanswered)

    async def offer_sums(self, since: float, until: float, member: str | None = None) -> list[OfferSums]:
        return await self._reader.read(read_sums, since, until, member)

    async def fax_changes(self, after: int, limit: int, kinds: Sequence[str]) -> tuple[list[FaxChanged], int]:
        return await self._reader.read(reading.read_fax_changes, after, limit, kinds)
