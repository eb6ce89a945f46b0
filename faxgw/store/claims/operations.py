"""Keeps a followed batch: journals, dues, refusals and the cursor together."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from faxgw.store.claims.port import Refused, Step
from faxgw.store.claims.schema import claim_cursor, claim_refused
from faxgw.store.clearing.placing import expect
from faxgw.store.ledger.booking import book
from faxgw.store.ledger.port import Booking, Entry, NotBooked
from faxgw.store.rows import parts

REASON_CHARS_MAX = 200


def keep(connection: Connection, steps: Sequence[Step]) -> list[list[Booking]]:
    return [_keep(connection, step) for step in steps]


def _keep(connection: Connection, step: Step) -> list[Booking]:
    bookings = book(connection, step.entries) if step.entries else []
    expect(connection, step.dues)
    _take_away(connection, step.settled)
    _note(connection, [*step.refused, *_not_booked(step.entries, bookings)])
    if step.moved is not None:
        _move(connection, *step.moved)
    return bookings


def _not_booked(entries: Sequence[Entry], bookings: Sequence[Booking]) -> list[Refused]:
    return [
        Refused(
            stem=entry.journals[0].key.rpartition("/")[0],
            order_number=entry.journals[0].order_number,
            day=entry.journals[0].effective_on,
            reason=f"the ledger does not take it: {booking.reason}",
            since=entry.at,
        )
        for entry, booking in zip(entries, bookings, strict=True)
        if isinstance(booking, NotBooked)
    ]


def _note(connection: Connection, refused: Sequence[Refused]) -> None:
    """What is refused again keeps the time since when it is."""
    known = _since(connection, [each.stem for each in refused])
    _take_away(connection, [each.stem for each in refused])
    rows = {
        each.stem: {
            "stem": each.stem,
            "order_number": each.order_number,
            "day": each.day.isoformat(),
            "reason": each.reason[:REASON_CHARS_MAX],
            "since": known.get(each.stem, each.since),
        }
        for each in refused
    }
    if rows:
        connection.execute(insert(claim_refused), list(rows.values()))


def _since(connection: Connection, stems: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for some in parts(stems):
        for row in connection.execute(select(claim_refused).where(claim_refused.c.stem.in_(some))):
            found[row.stem] = row.since
    return found


def _take_away(connection: Connection, stems: Sequence[str]) -> None:
    for some in parts(stems):
        connection.execute(delete(claim_refused).where(claim_refused.c.stem.in_(some)))


def _move(connection: Connection, name: str, at: int) -> None:
    moved = update(claim_cursor).where(claim_cursor.c.name == name).values(at=at)
    if connection.execute(moved).rowcount == 0:
        connection.execute(insert(claim_cursor), [{"name": name, "at": at}])
