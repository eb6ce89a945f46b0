"""Reads the book, and the faxes that a changed number concerns."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, select, text

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Content
from faxgw.store.register.port import Addressed, Entry
from faxgw.store.register.schema import register_entry
from faxgw.store.schema import UNFINISHED, fax, fax_state


def read_entries(connection: Connection, after: int, limit: int) -> list[Entry]:
    rows = select(register_entry).where(register_entry.c.seq > after).order_by(register_entry.c.seq).limit(limit)
    return [
        Entry(
            seq=row.seq,
            subject=row.subject,
            kind=row.kind,
            body=row.body,
            first_day=_day(row.first_day),
            last_day=_day(row.last_day),
            who=row.who,
            login=row.login,
            why=row.why,
            at=row.at,
        )
        for row in connection.execute(rows)
    ]


def read_addressed(connection: Connection, lines: Sequence[Line]) -> list[Addressed]:
    of_lines = (
        select(fax_state.c.fax_id, fax_state.c.line, fax_state.c.state, fax_state.c.member, fax.c.content, fax.c.order)
        .join(fax, fax.c.id == fax_state.c.fax_id)
        .where(text(UNFINISHED), fax_state.c.line.in_(lines))
        .order_by(fax_state.c.fax_id)
    )
    return [
        Addressed(
            fax_id=FaxId(row.fax_id),
            line=Line(row.line),
            state=State(row.state),
            member=row.member,
            content=Content(row.content),
            order=row.order,
        )
        for row in connection.execute(of_lines)
    ]


def _day(written: str | None) -> dt.date | None:
    return None if written is None else dt.date.fromisoformat(written)
