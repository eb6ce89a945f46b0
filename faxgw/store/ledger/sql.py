"""The ledger over SQL, with the store's one writer and its readers."""

from collections.abc import Mapping, Sequence

from faxgw.store.ledger import booking, reading
from faxgw.store.ledger.journal import Account, Standing
from faxgw.store.ledger.port import Booking, Entry, Kept, Line, Period, Seal
from faxgw.store.reader import Reader
from faxgw.store.writer import Writer


class SqlLedger:
    """See `port.LedgerStore`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def book(self, entries: Sequence[Entry]) -> list[Booking]:
        return await self._writer.write(booking.book, entries)

    async def close(self, seals: Sequence[Seal]) -> list[Seal | None]:
        return await self._writer.write(booking.close, seals)

    async def standings(self) -> Mapping[Account, Standing]:
        return await self._reader.read(reading.read_standings)

    async def standings_at(
        self, period: Period, accounts: Sequence[Account] | None = None
    ) -> Mapping[Account, Standing]:
        return await self._reader.read(reading.read_standings_at, period, accounts)

    async def standings_summed(self) -> Mapping[Account, Standing]:
        return await self._reader.read(reading.read_standings_summed)

    async def journals(self, period: Period, after: int, limit: int) -> list[Kept]:
        return await self._reader.read(reading.read_journals, period, after, limit)

    async def journals_of(self, order_number: str) -> list[Kept]:
        return await self._reader.read(reading.read_journals_of, order_number)

    async def lines(self, accounts: Sequence[Account], period: Period) -> Mapping[Account, list[Line]]:
        return await self._reader.read(reading.read_lines, accounts, period)

    async def moved(self, period: Period, accounts: Sequence[Account] | None = None) -> set[Account]:
        return await self._reader.read(reading.read_moved, period, accounts)

    async def pending(self, order_numbers: Sequence[str]) -> list[Kept]:
        return await self._reader.read(reading.read_pending, order_numbers)

    async def periods(self) -> list[Period]:
        return await self._reader.read(reading.read_periods)

    async def seals(self) -> list[Seal]:
        return await self._reader.read(reading.read_seals)
