"""Statements of the busy path: what they take, and that they are answered from an index."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, event, select
from sqlalchemy.engine.interfaces import CacheStats

from faxgw.errors import BugError
from faxgw.fax import State
from faxgw.store import backlog_rows, reading
from faxgw.store.attempt_rows import EARLIER_OUTCOMES, FAX_STATES, TAKEN_SLOTS
from faxgw.store.change_rows import ATTEMPT_ROWS, FAX_ROWS
from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.line_rows import LINES
from faxgw.store.receipt_rows import EVENT_IDS
from faxgw.store.relay.offers import OFFERS
from faxgw.store.relay.orders import ORDERS, PAGES, PAGES_BY_NUMBER
from faxgw.store.schema import line
from faxgw.store.statements import among, inserting, keyed
from faxgw.store.views import Sought

LINES_MAX = 40_000
"""More than the values that SQLite takes in one statement."""
TABLES_OF_THE_YEAR = ("fax", "fax_state", "attempt", "receipt", "event", "relay_order", "relay_offer")
READ_FROM_END_TO_END = {
    *(f"SCAN {name}" for name in TABLES_OF_THE_YEAR),
    # The index holds every receipt, too.
    "SCAN receipt USING COVERING INDEX sqlite_autoindex_receipt_1",
}

BUSY: list[tuple[Executable, dict[str, Any]]] = [
    (FAX_STATES, keyed([1])),
    (FAX_ROWS, keyed([1])),
    (ATTEMPT_ROWS, keyed([1])),
    (EARLIER_OUTCOMES, keyed([1])),
    (TAKEN_SLOTS, keyed(["+1"])),
    (LINES, keyed(["+1"])),
    (reading.CONTENTS, keyed([1])),
    (PAGES, keyed([1])),
    (PAGES_BY_NUMBER, keyed(["A1"])),
    (ORDERS, keyed(["A1"])),
    (OFFERS, keyed(["A1"])),
    (EVENT_IDS, {"carrier": "north", "ids": ["a"]}),
]
"""Questions that every fax's way asks, with the least that they may ask for."""


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = open_in_memory()
    bring_up_to_date(engine)
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def plan_of(connection: Connection, statement: str, parameters: Any) -> list[str]:
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def test_what_was_written_row_by_row_is_found_by_a_long_list_of_keys(connection: Connection) -> None:
    """As many rows and keys as there are; keys that are not there find nothing."""
    written = inserting(line, "name", "has_answered", "bad_number", "no_fax", "no_answer", "failed_at")
    written.run(connection, [(f"+{number}", 1, 0, 0, 0, b"") for number in range(LINES_MAX)])
    written.run(connection, [])
    asked = keyed(f"+{number}" for number in range(0, 2 * LINES_MAX, 2))
    found = connection.execute(select(line.c.name).where(among(line.c.name)), asked).scalars().all()
    assert len(found) == LINES_MAX // 2
    assert set(found) == {f"+{number}" for number in range(0, LINES_MAX, 2)}


def test_values_in_another_order_than_the_statements_are_a_bug(connection: Connection) -> None:
    """Tuples have no names: written in the wrong order they would be wrong rows without a word."""
    with pytest.raises(BugError, match="has_answered"):
        inserting(line, "has_answered", "name").run(connection, [(1, "+1")])


@pytest.mark.parametrize(("asked", "parameters"), BUSY)
def test_no_write_reads_a_whole_table(connection: Connection, asked: Executable, parameters: dict[str, Any]) -> None:
    """What grows for a year is looked up: each table by a key or an index that has what is asked for."""
    assert_seeks(connection, lambda: connection.execute(asked, parameters).all())


@pytest.mark.parametrize(("asked", "parameters"), BUSY)
def test_the_text_of_a_question_is_made_once(
    connection: Connection, asked: Executable, parameters: dict[str, Any]
) -> None:
    """Made anew for each time it is asked, it would cost ten times what the database does."""
    connection.execute(asked, parameters).all()
    again = connection.execute(asked, parameters)
    assert again.context.cache_hit is CacheStats.CACHE_HIT


def test_what_is_not_delivered_is_found_by_its_index(connection: Connection) -> None:
    """A start, a deadline watched, a queue looked at, a list by state: none reads the faxes of the year."""

    def ask() -> None:
        reading.read_unfinished(connection, "s")
        reading.read_at_risk(connection, 1.0, 5)
        backlog_rows.read_unfinished_counts(connection)
        for state in set(State) - {State.DELIVERED}:
            reading.find_faxes(connection, Sought(state=state), 5)

    assert_seeks(connection, ask)


def assert_seeks(connection: Connection, ask: Any) -> None:
    """Of all that `ask` asks, nothing is answered by reading what grows for a year from end to end."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", hear)
    ask()
    event.remove(connection, "before_cursor_execute", hear)
    assert heard
    for statement, parameters in heard:
        for step in plan_of(connection, statement, parameters):
            assert step not in READ_FROM_END_TO_END, statement
