"""What every write needs: ids that never come back, the events that tell of it, and SQL's bounds."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, update

from faxgw.fax import FaxId
from faxgw.store.changes import Notice
from faxgw.store.schema import event, sequence
from faxgw.store.statements import inserting
from faxgw.store.transitions import Happened

T = TypeVar("T")

NO_FAX = FaxId(0)
"""Whose events are those of lines, providers and the gateway."""

VARIABLES_MAX = 10_000
"""Values in one SQL statement: an upload may have more than the 32,766 of SQLite (https://www.sqlite.org/limits.html)."""

TAKE_IDS = (
    update(sequence)
    .where(sequence.c.name == bindparam("sequence"))
    .values(next=sequence.c.next + bindparam("count"))
    .returning(sequence.c.next)
)
INSERT_EVENTS = inserting(event, "fax_id", "at", "kind", "data")

encode_json = msgspec.json.Encoder(enc_hook=str).encode


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """In pieces that one SQL statement takes."""
    for start in range(0, len(items), VARIABLES_MAX):
        yield items[start : start + VARIABLES_MAX]


def take_ids(connection: Connection, name: str, count: int) -> int:
    """Reserve `count` ids and return the first; they are never given out again."""
    after = connection.execute(TAKE_IDS, {"sequence": name, "count": count}).scalar_one()
    return int(after) - count


def note(connection: Connection, notices: Sequence[Notice]) -> list[None]:
    insert_events(connection, [Happened(NO_FAX, each.at, each.kind, dict(each.data)) for each in notices])
    return [None] * len(notices)


def insert_events(connection: Connection, events: Sequence[Happened]) -> None:
    INSERT_EVENTS.run(connection, [(each.fax_id, each.at, each.kind, encode_json(each.data)) for each in events])
