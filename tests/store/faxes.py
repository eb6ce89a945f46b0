"""New faxes, intents and stores for the tests of the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from faxgw.config.store import StoreConfig
from faxgw.fax import AttemptNumber, FaxId
from faxgw.phone import Line
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.attempts import Attempt, Intent
from faxgw.store.changes import Submitted
from faxgw.store.sql import SqlStore, open_memory_store, open_store
from faxgw.store.writer import Committed

LINE = Line("+33199000001")
OTHER = Line("+33199000002")
BOUNDS = StoreConfig()


def new_fax(
    key: str = "a",
    *,
    submitter: str = "shop",
    line: Line = LINE,
    words: str = "",
    rank: int = 1,
    deadline_at: float | None = None,
    service: str = "",
    delivery_day: int | None = None,
) -> NewFax:
    order = f'{{"key":"{key}","words":"{words}"}}'.encode()
    return NewFax(
        submitter=submitter,
        key=key,
        digest=sha256(order).digest(),
        number=key,
        line=line,
        rank=rank,
        order=order,
        accepted_at=100.0,
        due_at=100.0,
        deadline_at=deadline_at,
        service=service,
        delivery_day=delivery_day,
    )


def intent_for(fax_id: FaxId, *, provider: str = "north", at: float = 200.0) -> Intent:
    return Intent(fax_id, provider, "ab" * 32, "order-1", 1, at, at)


async def admit_one(store: SqlStore, key: str = "a", line: Line = LINE) -> FaxId:
    [admitted] = await store.admit([new_fax(key, line=line)])
    assert isinstance(admitted, Admitted)
    return admitted.fax_id


async def begin_one(store: SqlStore, key: str = "a", line: Line = LINE, provider: str = "north") -> Attempt:
    fax_id = await admit_one(store, key, line)
    [begun] = await store.begin([intent_for(fax_id, provider=provider)])
    assert isinstance(begun, Attempt)
    return begun


async def submit_one(store: SqlStore, key: str = "a", line: Line = LINE, provider_ref: str = "SC1") -> Attempt:
    attempt = await begin_one(store, key, line)
    await store.record([Submitted(attempt.fax_id, attempt.number, provider_ref, 201.0)])
    return attempt


def nobody_watches(_: Committed) -> None:
    pass


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[SqlStore]:
    """A store of that kind: `memory`, `disk` in `folder`, or a PostgreSQL database by its address."""
    if kind == "memory":
        yield open_memory_store()
    else:
        bounds = BOUNDS if kind == "disk" else StoreConfig(url=kind)
        async with open_store(folder / "faxgw.db", bounds, nobody_watches) as store:
            yield store


FIRST = AttemptNumber(1)
