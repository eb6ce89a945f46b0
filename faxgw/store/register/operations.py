"""Writes the book: all entries of a wish, or none where they were decided on too old a page."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from faxgw.store.register.port import Append, Appended, Entry, NewEntry, Outdated, Written
from faxgw.store.register.schema import register_entry
from faxgw.store.rows import NO_FAX, insert_events
from faxgw.store.transitions import Happened


def append(connection: Connection, wishes: Sequence[Append]) -> list[Written]:
    seq, at = _newest(connection)
    answers: list[Written] = []
    for wish in wishes:
        outdated = _outdated(connection, wish)
        if outdated is not None:
            answers.append(Outdated(outdated))
            continue
        entries: list[Entry] = []
        for new in wish.entries:
            # The machine's clock may be set back; what was known at a moment must stay what it was.
            seq, at = seq + 1, max(at, new.at)
            entries.append(_recorded(new, seq, at))
        if entries:
            connection.execute(insert(register_entry), [_row(entry) for entry in entries])
        insert_events(connection, [Happened(NO_FAX, at, telling.kind, dict(telling.data)) for telling in wish.tells])
        answers.append(Appended(tuple(entries)))
    return answers


def _newest(connection: Connection) -> tuple[int, float]:
    row = connection.execute(select(func.max(register_entry.c.seq), func.max(register_entry.c.at))).one()
    return int(row[0] or 0), float(row[1] or 0.0)


def _outdated(connection: Connection, wish: Append) -> str | None:
    """A subject of the wish of which more is recorded than was known."""
    since = connection.execute(select(register_entry.c.subject).where(register_entry.c.seq > wish.known_seq).distinct())
    return min({subject for (subject,) in since} & {entry.subject for entry in wish.entries}, default=None)


def _recorded(new: NewEntry, seq: int, at: float) -> Entry:
    return Entry(
        seq=seq,
        at=at,
        subject=new.subject,
        kind=new.kind,
        body=new.body,
        who=new.who,
        login=new.login,
        why=new.why,
        first_day=new.first_day,
        last_day=new.last_day,
    )


def _row(entry: Entry) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "subject": entry.subject,
        "kind": entry.kind,
        "body": entry.body,
        "first_day": _text(entry.first_day),
        "last_day": _text(entry.last_day),
        "who": entry.who,
        "login": entry.login,
        "why": entry.why,
        "at": entry.at,
    }


def _text(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
