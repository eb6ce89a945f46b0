"""The inbound half of the store over SQL, beside the rest of it: the same writer, readers and bell."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, update

from faxgw.store.documents import Documents
from faxgw.store.inbound import keeping_rows, outcome_rows, reading, review_rows
from faxgw.store.inbound.keeping import InboundId, Keeping, NewInbound, Poison
from faxgw.store.inbound.outcomes import Conclusion, OrderSheets, Recorded
from faxgw.store.inbound.review import DecidedReview, ReviewChange, ReviewChanged, ReviewId, ReviewView
from faxgw.store.inbound.schema import inbound_state
from faxgw.store.inbound.views import InboundLine, InboundSought, InboundTotals, InboundView, Unread
from faxgw.store.reader import Reader
from faxgw.store.writer import Writer


class SqlInbound:
    """See `port.InboundStore`."""

    def __init__(self, writer: Writer, reader: Reader, documents: Documents) -> None:
        self._writer = writer
        self._reader = reader
        self._documents = documents

    async def keep_documents(self, contents: Sequence[bytes]) -> list[str]:
        return await self._reader.work(lambda: [self._documents.keep(content) for content in contents])

    async def document(self, name: str) -> bytes | None:
        return await self._reader.look(self._documents.read, name)

    async def documents(self, names: Sequence[str]) -> list[bytes | None]:
        return await self._reader.look(lambda: [self._documents.read(name) for name in names])

    async def forget_documents(self, before: float, limit: int) -> int:
        over = await self._reader.read(reading.read_forgettable, before, limit)
        if over:
            names = await self._reader.read(reading.read_documents_only_of, over)
            # Before the rows say so: a crash in between forgets them again, and leaves no file that nobody names.
            await self._reader.work(self._forget, names, before)
            await self._writer.write(_forgotten, over)
        return len(over)

    def _forget(self, names: Sequence[str], before: float) -> None:
        for name in names:
            self._documents.forget(name, before)

    async def keep(self, faxes: Sequence[NewInbound]) -> list[Keeping]:
        return await self._writer.write(keeping_rows.keep, faxes, bounded=True)

    async def quarantine(self, files: Sequence[Poison]) -> list[Keeping]:
        return await self._writer.write(keeping_rows.quarantine, files, bounded=True)

    async def unread(self, after: InboundId, limit: int) -> list[Unread]:
        return await self._reader.read(reading.read_unread, after, limit)

    async def record(self, conclusions: Sequence[Conclusion]) -> list[Recorded]:
        return await self._writer.write(outcome_rows.record, conclusions)

    async def sheets_of(self, numbers: Sequence[str]) -> Mapping[str, OrderSheets]:
        return await self._reader.read(reading.read_sheets_of, numbers)

    async def change_reviews(self, changes: Sequence[ReviewChange]) -> list[ReviewChanged]:
        return await self._writer.write(review_rows.change_reviews, changes)

    async def decided_reviews(self, limit: int) -> list[DecidedReview]:
        return await self._reader.read(reading.read_decided, limit)

    async def review(self, review_id: ReviewId) -> ReviewView | None:
        return await self._reader.read(reading.read_review, review_id)

    async def reviews(self, *, is_open: bool | None, after: ReviewId, limit: int) -> list[ReviewView]:
        return await self._reader.read(reading.read_reviews, is_open, after, limit)

    async def inbound(self, inbound_id: InboundId) -> InboundView | None:
        return await self._reader.read(reading.read_inbound, inbound_id)

    async def find(self, sought: InboundSought, limit: int) -> list[InboundLine]:
        return await self._reader.read(reading.find_inbound, sought, limit)

    async def totals(self, *, only_waiting: bool) -> InboundTotals:
        return await self._reader.read(reading.read_totals, only_waiting)


def _forgotten(connection: Connection, inbound_ids: Sequence[InboundId]) -> list[None]:
    connection.execute(update(inbound_state).where(inbound_state.c.inbound_id.in_(inbound_ids)).values(forgotten=1))
    return [None] * len(inbound_ids)
