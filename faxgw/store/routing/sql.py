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

    async def open_of_day(self, day: dt.date) -> list[OpenOrder]:
        return await self._reader.read(reading.read_open_of_day, day)

    async def open_from(self, first: dt.date, after: FaxId, limit: int) -> list[OpenOrder]:
        return await self._reader.read(reading.read_open_from, first, after, limit)

    async def pasts(self, numbers: Collection[str]) -> dict[str, Past]:
        return await self._reader.read(reading.read_pasts, numbers)

    async def changes(self, after: int, limit: int) -> Changes:
        return await self._reader.read(reading.read_changes, after, limit)
