"""Claims over SQL, with the store's one writer and its readers."""

import datetime as dt
from collections.abc import Mapping, Sequence

from faxgw.store.claims import operations, reading
from faxgw.store.claims.port import CursorName, Refused, Step, Turned
from faxgw.store.ledger.port import Booking, Kept
from faxgw.store.reader import Reader
from faxgw.store.writer import Writer


class SqlClaims:
    """See `port.ClaimStore`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def changed(self, after: int, limit: int) -> list[Turned]:
        return await self._reader.read(reading.read_changed, after, limit)

    async def delivered_between(self, first: dt.date | None, last: dt.date, after: str, limit: int) -> list[Turned]:
        return await self._reader.read(reading.read_delivered_between, first, last, after, limit)

    async def orders(self, numbers: Sequence[str]) -> Mapping[str, Turned]:
        return await self._reader.read(reading.read_orders_turned, numbers)

    async def journals_of(self, numbers: Sequence[str]) -> Mapping[str, list[Kept]]:
        return await self._reader.read(reading.read_journals_by_order, numbers)

    async def keep(self, steps: Sequence[Step]) -> list[list[Booking]]:
        return await self._writer.write(operations.keep, steps)

    async def refused(self) -> list[Refused]:
        return await self._reader.read(reading.read_refused)

    async def cursor(self, name: CursorName) -> int:
        return await self._reader.read(reading.read_cursor, name)

    async def unanswered(self, first: dt.date, last: dt.date, *, silence_accepts: bool) -> list[str]:
        return await self._reader.read(reading.read_unanswered, first, last, silence_accepts=silence_accepts)

    async def accepted(self, first: dt.date, last: dt.date) -> list[str]:
        return await self._reader.read(reading.read_accepted, first, last)
