"""Routing's questions over SQL."""

import datetime as dt
from collections.abc import Collection, Sequence

from faxgw.fax import FaxId
from faxgw.store.reader import Reader
from faxgw.store.routing import reading
from faxgw.store.routing.port import Changes, OpenOrder, Past, Placed


class SqlRouting:
    """See `port.RoutingStore`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def placed(self, from_day: dt.date) -> list[Placed]:
        return await self._reader.read(reading.read_placed, from_day)

    async def placed_of(self, fax_ids: Sequence[FaxId]) -> list[Placed]:
        return await self._reader.read(reading.read_placed_of, fax_ids)

    async def open_orders(
        self, *, day: dt.date | None = None, numbers: Collection[str] | None = None, from_day: dt.date | None = None
    ) -> list[OpenOrder]:
        return await self._reader.read(reading.read_open_orders, day, numbers, from_day)

    async def pasts(self, numbers: Collection[str]) -> dict[str, Past]:
        return await self._reader.read(reading.read_pasts, numbers)

    async def changes(self, after: int, limit: int) -> Changes:
        return await self._reader.read(reading.read_changes, after, limit)
