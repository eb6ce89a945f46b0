"""What every write needs: ids that never come back, and the events that tell of it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, update

from faxgw.fax import FaxId
from faxgw.store.port import Notice
from faxgw.store.schema import event, sequence
from faxgw.store.transitions import Happened

NO_FAX = FaxId(0)
"""Whose events are those of lines, providers and the gateway."""

encode_json = msgspec.json.Encoder(enc_hook=str).encode


def take_ids(connection: Connection, name: str, count: int) -> int:
    """Reserve `count` ids and return the first; they are never given out again."""
    after = connection.execute(
        update(sequence).where(sequence.c.name == name).values(next=sequence.c.next + count).returning(sequence.c.next)
    ).scalar_one()
    return int(after) - count


def note(connection: Connection, notices: Sequence[Notice]) -> list[None]:
    insert_events(connection, [Happened(NO_FAX, each.at, each.kind, dict(each.data)) for each in notices])
    return [None] * len(notices)


def insert_events(connection: Connection, events: Sequence[Happened]) -> None:
    if events:
        connection.execute(
            insert(event),
            [
                {"fax_id": item.fax_id, "at": item.at, "kind": item.kind, "data": encode_json(item.data)}
                for item in events
            ],
        )
