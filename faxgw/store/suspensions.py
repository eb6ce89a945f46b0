"""What people stopped, and until when: kept in the store, so that it holds through a restart, and asked at each intent.

A suspension whose time is over counts as lifted; its row stays until somebody resumes or replaces it.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from faxgw.phone import Line
from faxgw.store.line_rows import forgive
from faxgw.store.rows import NO_FAX, insert_events
from faxgw.store.schema import suspension
from faxgw.store.stops import Resumption, Scope, Suspension
from faxgw.store.transitions import Happened

Place = tuple[Scope, str]

SUSPENDED = select(suspension.c.scope, suspension.c.name).where(
    suspension.c.until.is_(None) | (suspension.c.until > bindparam("at"))
)


def suspend(connection: Connection, suspensions: Sequence[Suspension]) -> list[None]:
    for wish in suspensions:
        _lift(connection, wish.scope, wish.name)
        row: dict[str, object] = {"scope": wish.scope, "name": wish.name, "who": wish.who, "why": wish.why}
        connection.execute(insert(suspension), [row | {"at": wish.at, "until": wish.until}])
        insert_events(connection, [Happened(NO_FAX, wish.at, "suspended", {**row, "until_at": wish.until})])
    return [None] * len(suspensions)


def resume(connection: Connection, resumptions: Sequence[Resumption]) -> list[bool]:
    answers: list[bool] = []
    for wish in resumptions:
        was_suspended = _lift(connection, wish.scope, wish.name)
        was_blamed = wish.revives and forgive(connection, [Line(wish.name)])
        answers.append(was_suspended or was_blamed)
        if answers[-1]:
            told: dict[str, object] = {"scope": wish.scope, "name": wish.name, "who": wish.who, "why": wish.why}
            insert_events(connection, [Happened(NO_FAX, wish.at, "resumed", told)])
    return answers


def _lift(connection: Connection, scope: Scope, name: str) -> bool:
    named = (suspension.c.scope == scope) & (suspension.c.name == name)
    return connection.execute(delete(suspension).where(named)).rowcount > 0


def read_suspensions(connection: Connection) -> list[Suspension]:
    rows = connection.execute(select(suspension).order_by(suspension.c.at))
    return [Suspension(Scope(row.scope), row.name, row.who, row.why, row.at, row.until) for row in rows]


def drains(connection: Connection, at: float) -> bool:
    return (Scope.INTAKE, "") in suspended_places(connection, at)


def suspended_places(connection: Connection, at: float) -> set[Place]:
    """What is stopped at that moment; the table has a row for each, so it is nearly always empty."""
    return {(Scope(scope), name) for scope, name in connection.execute(SUSPENDED, {"at": at})}


def stopped_by(suspended: set[Place], line: str, provider: str) -> Scope | None:
    places = ((Scope.GATEWAY, ""), (Scope.PROVIDER, provider), (Scope.LINE, line))
    return next((scope for scope, name in places if (scope, name) in suspended), None) if suspended else None
