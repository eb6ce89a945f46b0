"""The store over SQL: one writer, a few readers, and a bell that rings when something new is durable."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
import trio
from sqlalchemy import Connection, Engine, literal, select
from sqlalchemy.exc import DBAPIError

from faxgw.config.secret import read_secret
from faxgw.config.store import StoreConfig
from faxgw.crashpoint import reach
from faxgw.errors import OperatorError, StoreFailedError
from faxgw.fax import ClientRef, FaxId, State
from faxgw.provider.port import Report
from faxgw.store import (
    admission_rows,
    again,
    backlog_rows,
    change_rows,
    postgres,
    reading,
    receipt_rows,
    rows,
    suspensions,
)
from faxgw.store.admission import Admission, AdmittedAgain, AgainAsked, NewFax
from faxgw.store.attempt_rows import Begin
from faxgw.store.attempts import Attempt, Begun, Intent
from faxgw.store.backlog import Backlog
from faxgw.store.changes import Change, Notice, Recorded
from faxgw.store.claims.port import ClaimStore
from faxgw.store.claims.sql import SqlClaims
from faxgw.store.clearing.port import ClearingStore
from faxgw.store.clearing.sql import SqlClearing
from faxgw.store.database import (
    bring_up_to_date,
    bring_up_to_date_unlocked,
    disk_error,
    is_of_postgres,
    open_in_memory,
    open_reader,
    open_writer,
)
from faxgw.store.documents import Documents, FileDocuments, MemoryDocuments
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.sql import SqlInbound
from faxgw.store.ledger.port import LedgerStore
from faxgw.store.ledger.sql import SqlLedger
from faxgw.store.months.port import MonthStore
from faxgw.store.months.sql import SqlMonths
from faxgw.store.reader import READERS, InlineReader, Reader, ThreadReader
from faxgw.store.receipts import KeptReceipt
from faxgw.store.register.sql import SqlRegister
from faxgw.store.relay.port import RelayStore
from faxgw.store.relay.sql import SqlRelay
from faxgw.store.routing.port import RoutingStore
from faxgw.store.routing.sql import SqlRouting
from faxgw.store.stops import Resumption, Suspension
from faxgw.store.unfinished import Unfinished
from faxgw.store.views import Contents, Event, FaxLine, FaxView, Sought
from faxgw.store.writer import Committed, GroupWriter, InlineWriter, Writer

log = structlog.get_logger(__name__)

STAND_BY_SECONDS = 1.0


class SqlStore:
    """See `port.Store`."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        store_id: str,
        documents: Documents,
        inbound_documents: Documents,
        wal: Path | None = None,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._store_id = store_id
        self._documents = documents
        self._wal = wal
        self._begin = Begin(store_id)
        self._bell = trio.Event()
        self._inbound = SqlInbound(writer, reader, inbound_documents)
        self._ledger = SqlLedger(writer, reader)
        self._clearing = SqlClearing(writer, reader)
        self._claims = SqlClaims(writer, reader)
        self._months = SqlMonths(writer, reader)
        self._register = SqlRegister(writer, reader)
        self._relay = SqlRelay(writer, reader)
        self._routing = SqlRouting(reader)

    @property
    def store_id(self) -> str:
        return self._store_id

    @property
    def inbound(self) -> InboundStore:
        return self._inbound

    @property
    def claims(self) -> ClaimStore:
        return self._claims

    @property
    def clearing(self) -> ClearingStore:
        return self._clearing

    @property
    def months(self) -> MonthStore:
        return self._months

    @property
    def ledger(self) -> LedgerStore:
        return self._ledger

    @property
    def register(self) -> SqlRegister:
        return self._register

    @property
    def relay(self) -> RelayStore:
        return self._relay

    @property
    def routing(self) -> RoutingStore:
        return self._routing

    @property
    def writes_waiting(self) -> int:
        return self._writer.waiting_items

    @property
    def waiting_since(self) -> float | None:
        return self._writer.waiting_since

    def wal_bytes(self) -> int:
        """Size of the write-ahead log; one that keeps growing means that a reader never lets go."""
        try:
            return self._wal.stat().st_size if self._wal is not None else 0
        except FileNotFoundError:
            return 0

    def ring(self) -> None:
        """Tell those who wait for events that a commit went through."""
        self._bell.set()
        self._bell = trio.Event()

    async def admit(self, faxes: Sequence[NewFax]) -> list[Admission]:
        return await self._writer.write(admission_rows.admit, faxes, bounded=True)

    async def admit_again(self, wishes: Sequence[AgainAsked]) -> list[AdmittedAgain]:
        return await self._writer.write(again.admit_again, wishes)

    async def suspend(self, wishes: Sequence[Suspension]) -> list[None]:
        return await self._writer.write(suspensions.suspend, wishes)

    async def resume(self, wishes: Sequence[Resumption]) -> list[bool]:
        return await self._writer.write(suspensions.resume, wishes)

    async def note(self, notices: Sequence[Notice]) -> list[None]:
        return await self._writer.write(rows.note, notices)

    async def suspensions(self) -> list[Suspension]:
        return await self._reader.read(suspensions.read_suspensions)

    async def keep_document(self, content: bytes) -> str:
        return await self._reader.work(self._documents.keep, content)

    async def document(self, name: str) -> bytes | None:
        return await self._reader.look(self._documents.read, name)

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]:
        return await self._writer.write(self._begin, intents)

    async def record(self, changes: Sequence[Change]) -> list[Recorded]:
        return await self._writer.write(change_rows.record, changes)

    async def keep_receipts(self, provider: str, reports: Sequence[Report], at: float) -> list[KeptReceipt | None]:
        items = [(provider, report, at) for report in reports]
        return await self._writer.write(receipt_rows.keep_receipts, items, bounded=True)

    async def settle_receipts(self, receipt_ids: Sequence[int]) -> list[None]:
        return await self._writer.write(receipt_rows.settle_receipts, receipt_ids)

    async def fax(self, fax_id: FaxId) -> FaxView | None:
        return await self._reader.read(reading.read_fax, self._store_id, fax_id)

    async def contents(self, fax_ids: Sequence[FaxId]) -> dict[FaxId, Contents]:
        return await self._reader.read(reading.read_contents, fax_ids)

    async def find(self, sought: Sought, limit: int) -> list[FaxLine]:
        return await self._reader.read(reading.find_faxes, sought, limit)

    async def events(self, after: int, limit: int) -> list[Event]:
        return await self._reader.read(reading.read_events, after, limit)

    async def events_of(self, fax_id: FaxId, after: int, limit: int) -> list[Event]:
        return await self._reader.read(reading.read_events_of, fax_id, after, limit)

    async def attempt_of(self, client_ref: ClientRef | None, provider: str, provider_ref: str | None) -> Attempt | None:
        return await self._reader.read(reading.read_attempt, self._store_id, client_ref, provider, provider_ref)

    async def backlog(self, limit: int, now: float, ages: Sequence[float]) -> Backlog:
        return await self._reader.read(backlog_rows.read_backlog, limit, now, ages)

    async def at_risk(self, until: float, limit: int) -> list[FaxLine]:
        return await self._reader.read(reading.read_at_risk, until, limit)

    async def counts(self) -> dict[State, int]:
        return await self._reader.read(backlog_rows.read_counts)

    async def unfinished_counts(self) -> dict[State, int]:
        return await self._reader.read(backlog_rows.read_unfinished_counts)

    async def load(self) -> Unfinished:
        return await self._reader.read(reading.read_unfinished, self._store_id)

    async def last_event(self) -> int:
        return await self._reader.read(reading.read_last_event)

    async def wait_events(self, after: int) -> None:
        while True:
            bell = self._bell
            if await self.last_event() > after:
                return
            await bell.wait()


@dataclass(frozen=True, slots=True)
class _Engines:
    """One that writes, one that reads."""

    name: str
    writer: Engine
    readers: Engine
    wal: Path | None = None

    def dispose(self) -> None:
        self.readers.dispose()
        self.writer.dispose()


@asynccontextmanager
async def open_store(path: Path, config: StoreConfig, watch: Callable[[Committed], None]) -> AsyncIterator[SqlStore]:
    """Open (or make, or migrate) the store: SQLite at `path`, or where `config.url` says; files lie in its folder.

    Over PostgreSQL it stands by until no other daemon holds the store. On leaving, what waits is written first.

    Raises:
        OperatorError: it cannot be opened: not ours, damaged, or from a newer faxgw.
        StoreFailedError: the disk or the server failed while it was open.
    """

    def committed(commit: Committed) -> None:
        store.ring()
        watch(commit)

    engines = await trio.to_thread.run_sync(_open_engines, path, config)
    try:
        store_id = await _take_over(engines)
        writer = GroupWriter(engines.writer, committed, batch_max=config.batch_max, waiting_max=config.waiting_max)
        folder = Path(config.documents_dir) if config.documents_dir else path.parent
        documents, inbound = FileDocuments(folder / "documents"), FileDocuments(folder / "inbound")
        store = SqlStore(writer, ThreadReader(engines.readers), store_id, documents, inbound, engines.wal)
        async with trio.open_nursery() as nursery:
            await nursery.start(writer.run)
            if engines.wal is None:
                nursery.start_soon(_ask_after_session, writer)
            yield store
            reach("store-closing")
            nursery.cancel_scope.cancel()
    finally:
        engines.dispose()


def _open_engines(path: Path, config: StoreConfig) -> _Engines:
    if config.url:
        password = read_secret(config.password_file) if config.password_file else None
        writer = postgres.open_writer(config.url, password)
        return _Engines(f"at {config.url}", writer, postgres.open_reader(config.url, password, READERS))
    wal = path.with_name(path.name + "-wal")
    return _Engines(str(path), open_writer(path), open_reader(path, READERS), wal)


async def _take_over(engines: _Engines) -> str:
    """Wait until the store is ours alone, bring its tables up to date, and say which store it is."""
    try:
        if engines.wal is None:
            await _stand_by(engines)
        store_id = await trio.to_thread.run_sync(bring_up_to_date_unlocked, engines.writer)
    except DBAPIError as error:
        if is_of_postgres(error):
            # Its server may only be starting: the supervisor tries again.
            raise disk_error(error) or StoreFailedError(f"the store {engines.name}: {error.orig}") from error
        raise OperatorError(f"the store {engines.name} cannot be opened: {error.orig}") from error
    reach("store-up-to-date")
    return store_id


async def _stand_by(engines: _Engines) -> None:
    """Until the daemon that holds the store is gone; at once where there is none."""
    if await trio.to_thread.run_sync(postgres.take_lock, engines.writer):
        return
    log.warning("standing_by", store=engines.name, because="another daemon holds the store")
    while not await trio.to_thread.run_sync(postgres.take_lock, engines.writer):  # noqa: ASYNC110 - who let go tells nobody
        await trio.sleep(STAND_BY_SECONDS)
    log.warning("taking_over", store=engines.name)


async def _ask_after_session(writer: Writer) -> None:
    """Hear as soon as others that the lock is lost: who has nothing to write would keep its doors open beside them."""
    # The writer itself ends the store.
    with suppress(StoreFailedError):
        while True:
            await trio.sleep(STAND_BY_SECONDS)
            await writer.write(_ask, [None])


def _ask(connection: Connection, items: Sequence[None]) -> list[None]:
    connection.execute(select(literal(1)))
    return list(items)


def open_memory_store(watch: Callable[[Committed], None] = lambda _: None, *, store_id: str | None = None) -> SqlStore:
    """A store that forgets, with no thread: for journeys under a mock clock.

    A simulation names it, since carriers' mishaps are drawn from our references, which begin with the name.
    """

    def committed(commit: Committed) -> None:
        store.ring()
        watch(commit)

    engine = open_in_memory()
    own_id = bring_up_to_date(engine)
    writer, reader = InlineWriter(engine, committed), InlineReader(engine)
    store = SqlStore(writer, reader, store_id or own_id, MemoryDocuments(), MemoryDocuments())
    return store
