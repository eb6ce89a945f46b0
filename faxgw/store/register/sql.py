"""The book of the register over SQL, with the store's one writer and its readers."""

from collections.abc import Sequence

from faxgw.phone import Line
from faxgw.store.reader import Reader
from faxgw.store.register import operations, reading
from faxgw.store.register.port import Addressed, Append, Entry, Written
from faxgw.store.writer import Writer


class SqlRegister:
    """See `port.RegisterStore`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def append(self, wishes: Sequence[Append]) -> list[Written]:
        return await self._writer.write(operations.append, wishes)

    async def entries(self, after: int, limit: int) -> list[Entry]:
        return await self._reader.read(reading.read_entries, after, limit)

    async def addressed_to(self, lines: Sequence[Line]) -> list[Addressed]:
        return await self._reader.read(reading.read_addressed, lines)
