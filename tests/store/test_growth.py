"""What a question costs with a tenth of the faxes and with all of them, in steps of SQLite's virtual machine.

Steps are counted and not seconds, so that the machine may be as slow as it likes.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.changes import Expired
from faxgw.store.reader import InlineReader
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.views import Sought
from faxgw.store.writer import InlineWriter
from tests.store.faxes import intent_for, new_fax

FEW, MANY = 2_400, 12_000
"""Two submitters have half of them each, which is more than a question reads and sorts."""

MAY_29 = dt.date(2027, 5, 29).toordinal()

Ask = Callable[[SqlStore], Awaitable[object]]


class Steps:
    """Counts what SQLite's virtual machine does."""

    EACH = 20
    """Steps between two looks."""

    def __init__(self, store: SqlStore) -> None:
        assert isinstance(store._reader, InlineReader)
        self._engine: Engine = store._reader._engine
        self.count = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._engine.connect() as connection:
            driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(self._note, self.EACH)
        yield
        driver.set_progress_handler(None, 0)

    def _note(self) -> int:
        self.count += self.EACH
        return 0


async def store_of(faxes: int, *, delivered: int = 0) -> SqlStore:
    """With so many waiting on 60 lines, the oldest of them delivered."""
    store = open_memory_store()
    for first in range(0, faxes, 1_000):
        numbers = range(first, min(first + 1_000, faxes))
        await store.admit(
            [
                new_fax(
                    f"key-{number}",
                    submitter=f"shop-{number % 2}",
                    line=Line(f"+33199{number % 60:06}"),
                    deadline_at=1_000.0 + number if number % 4 == 0 else None,
                    delivery_day=MAY_29,
                )
                for number in numbers
            ]
        )
    assert isinstance(store._writer, InlineWriter)
    with store._writer._connection.begin():
        done = text("UPDATE fax_state SET state = 'delivered' WHERE fax_id <= :delivered")
        store._writer._connection.execute(done, {"delivered": delivered})
    return store


async def steps_of(ask: Ask, store: SqlStore) -> int:
    await ask(store)
    steps = Steps(store)
    with steps.counted():
        await ask(store)
    return steps.count


@pytest.fixture(scope="module")
def stores() -> dict[int, SqlStore]:
    return {}


async def grown(stores: dict[int, SqlStore], faxes: int) -> SqlStore:
    """Made once for all questions, which change nothing that another counts."""
    if faxes not in stores:
        stores[faxes] = await store_of(faxes, delivered=faxes // 8)
    return stores[faxes]


LISTINGS: dict[str, Ask] = {
    "a fax with its story": lambda store: store.fax(FaxId(1_000)),
    "what to draw": lambda store: store.contents([FaxId(1_000 + each) for each in range(16)]),
    "by key": lambda store: store.find(Sought(key="key-1000"), 20),
    "by key and submitter": lambda store: store.find(Sought("shop-0", "key-1000"), 20),
    "by number": lambda store: store.find(Sought(number="key-1000"), 20),
    "the newest": lambda store: store.find(Sought(), 20),
    "the queued": lambda store: store.find(Sought(state=State.QUEUED), 20),
    "the failed, of which there is none": lambda store: store.find(Sought(state=State.FAILED), 20),
    "one submitter's": lambda store: store.find(Sought("shop-1"), 20),
    "one submitter's queued": lambda store: store.find(Sought("shop-1", state=State.QUEUED), 20),
    "of a submitter without faxes": lambda store: store.find(Sought("nobody"), 20),
    "events": lambda store: store.events(1_000, 100),
    "a page of a sweep": lambda store: store.routing.open_from(dt.date(2027, 5, 1), FaxId(1_500), 100),
    "the last event": lambda store: store.last_event(),
    "by the carrier's name": lambda store: store.attempt_of(None, "north", "N-1"),
}


@pytest.mark.parametrize("name", LISTINGS)
async def test_a_listing_reads_what_it_shows(name: str, stores: dict[int, SqlStore]) -> None:
    """Five times as many faxes cost no listing more."""
    ask = LISTINGS[name]
    few, many = await grown(stores, FEW), await grown(stores, MANY)
    assert await steps_of(ask, many) <= await steps_of(ask, few) + 200


async def test_writes_touch_their_own_rows() -> None:
    """An accept, an intent and an end cost the same steps behind five times as many faxes."""
    steps = {faxes: await _write_some(await store_of(faxes)) for faxes in (FEW, MANY)}
    assert steps[MANY] <= steps[FEW] * 1.05


async def _write_some(store: SqlStore) -> int:
    steps = Steps(store)
    with steps.counted():
        await store.admit([new_fax(f"late-{number}", line=Line(f"+33199{number:06}")) for number in range(50)])
        await store.begin([intent_for(FaxId(number)) for number in range(1, 51)])
        await store.record([Expired(FaxId(number), 2_000.0) for number in range(61, 111)])
    return steps.count


async def test_what_was_delivered_costs_the_counts_nothing() -> None:
    """What waits is counted by a person's view and a scrape; a year of deliveries stands beside it."""
    few, many = await store_of(FEW, delivered=FEW - 300), await store_of(MANY, delivered=MANY - 300)
    counts: dict[str, Ask] = {
        "by state": lambda store: store.unfinished_counts(),
        "by line": lambda store: store.backlog(20, 2_000.0, []),
        "at risk": lambda store: store.at_risk(1_000_000.0, 50),
        "a start": lambda store: store.load(),
    }
    for name, ask in counts.items():
        assert await steps_of(ask, many) <= 1.5 * await steps_of(ask, few), name


async def test_a_count_of_all_is_seen_to_grow() -> None:
    """The counter above counts: else no test here could fail."""
    few, many = await store_of(500), await store_of(FEW)

    async def count_all(store: SqlStore) -> object:
        return await store.counts()

    assert await steps_of(count_all, many) > 4 * await steps_of(count_all, few)
