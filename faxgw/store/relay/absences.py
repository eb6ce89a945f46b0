"""Florists who are away, as rows."""

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from faxgw.store.relay.port import Absence
from faxgw.store.relay.schema import relay_absence


def read_absences(connection: Connection) -> tuple[Absence, ...]:
    """Those that no RES has ended; the table has few."""
    asked = select(relay_absence).where(relay_absence.c.resumed_at.is_(None)).order_by(relay_absence.c.seq)
    return tuple(_absence(row) for row in connection.execute(asked))


def write_absence(connection: Connection, absence: Absence) -> None:
    row = {
        "seq": absence.seq,
        "member": absence.member,
        "first_day": absence.first_day.isoformat(),
        "last_day": absence.last_day.isoformat() if absence.last_day is not None else None,
    }
    connection.execute(insert(relay_absence), [row])


def end_absences(connection: Connection, member: str, at: float) -> None:
    open_ones = (relay_absence.c.member == member) & relay_absence.c.resumed_at.is_(None)
    connection.execute(update(relay_absence).where(open_ones).values(resumed_at=at))


def _absence(row: Row[*tuple[Any, ...]]) -> Absence:
    last = dt.date.fromisoformat(row.last_day) if row.last_day is not None else None
    return Absence(row.member, dt.date.fromisoformat(row.first_day), last, row.seq, row.resumed_at)
