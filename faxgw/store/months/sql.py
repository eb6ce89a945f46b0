"""Months' ends over SQL, with the store's one writer and its readers."""

from collections.abc import Sequence

from faxgw.store.ledger.port import Period, Seal
from faxgw.store.months import operations
from faxgw.store.months.port import Approval, Closing, Numbered, Run, RunRefused
from faxgw.store.reader import Reader
from faxgw.store.writer import Writer


class SqlMonths:
    """See `port.MonthStore`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def close(self, closings: Sequence[Closing]) -> list[Seal | None]:
        return await self._writer.write(operations.close, closings)

    async def numbers(self, period: Period) -> list[Numbered]:
        return await self._reader.read(operations.read_numbers, period)

    async def propose(self, runs: Sequence[Run]) -> list[Run | RunRefused]:
        return await self._writer.write(operations.propose, runs)

    async def approve(self, approvals: Sequence[Approval]) -> list[Run | RunRefused]:
        return await self._writer.write(operations.approve, approvals)

    async def runs(self) -> list[Run]:
        return await self._reader.read(operations.read_runs)

    async def run(self, name: str) -> Run | None:
        return await self._reader.read(operations.read_run, name)
