"""Clearing over SQL, with the store's one writer and its readers."""

from collections.abc import Sequence

from faxgw.store.clearing import importing, placing, reading
from faxgw.store.clearing.port import Due, Exceptional, Importing, Movement, NewFile, Payout, Step, Taken
from faxgw.store.reader import Reader
from faxgw.store.writer import Writer


class SqlClearing:
    """See `port.ClearingStore`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def import_files(self, files: Sequence[NewFile]) -> list[Importing]:
        return await self._writer.write(importing.import_files, files)

    async def expect(self, dues: Sequence[Due]) -> list[None]:
        return await self._writer.write(placing.expect, dues)

    async def take(self, steps: Sequence[Step]) -> list[Taken]:
        return await self._writer.write(placing.take, steps)

    async def unplaced(self, kinds: Sequence[str]) -> list[Movement]:
        return await self._reader.read(reading.read_unplaced, kinds)

    async def unpaid(self) -> list[Due]:
        return await self._reader.read(reading.read_unpaid)

    async def paid_minor(self, number: str) -> int | None:
        return await self._reader.read(reading.read_paid_minor, number)

    async def paid_named(self, names: Sequence[str]) -> list[Due]:
        return await self._reader.read(reading.read_paid_named, names)

    async def of_payments(self, payments: Sequence[tuple[str, str]]) -> list[Movement]:
        return await self._reader.read(reading.read_of_payments, payments)

    async def payouts(self) -> list[Payout]:
        return await self._reader.read(reading.read_payouts)

    async def exceptions(self, *, all_of_them: bool = False) -> list[Exceptional]:
        return await self._reader.read(reading.read_exceptions, all_of_them=all_of_them)

    async def exception(self, movement_id: int) -> Exceptional | None:
        return await self._reader.read(reading.read_exception, movement_id)

    async def due(self, number: str) -> Due | None:
        return await self._reader.read(reading.read_due, number)
