"""What is unfinished, counted over the narrow rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, func, literal, select, text

from faxgw.fax import Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.backlog import Backlog, LineAges
from faxgw.store.schema import UNFINISHED, fax, fax_state

NEXT_FAX = select(fax.c.id, fax.c.accepted_at).where(fax.c.id >= bindparam("first")).order_by(fax.c.id).limit(1)
_FAILURES = frozenset(failure.value for failure in Failure)


def read_backlog(connection: Connection, limit: int, now: float, ages: Sequence[float]) -> Backlog:
    """What is unfinished, read from the narrow rows alone.

    Ids grow with time, so the age of a fax is told by its id; the few ids that part the ages are found by halving.
    """
    edges = _first_ids_after(connection, [now - age_seconds for age_seconds in ages])
    parts = _count_by_line(connection, edges)
    lines: dict[str, list[_Part]] = {}
    for part in parts:
        lines.setdefault(part.line, []).append(part)
    oldest = sorted(lines, key=lambda line: min(part.first_id for part in lines[line]))[:limit]
    accepted = _accepted_at(connection, [min(part.first_id for part in lines[line]) for line in oldest])
    return Backlog(
        lines=[_line_ages(Line(line), lines[line], accepted, len(edges)) for line in oldest],
        lines_total=len(lines),
        ages=_add_up(parts, len(edges)),
        classes=_count_by_class(connection),
        reasons=_count_by_reason(connection),
    )


class _Part(NamedTuple):
    """The unfinished faxes of one line, state and age."""

    line: str
    state: str
    age: int
    faxes: int
    first_id: FaxId


def _count_by_line(connection: Connection, edges: Sequence[int]) -> list[_Part]:
    columns = fax_state.c
    older = [(columns.fax_id >= edge, index) for index, edge in enumerate(edges)]
    age = case(*older, else_=len(edges)).label("age") if older else literal(0).label("age")
    counted = (
        select(columns.line, columns.state, age, func.count(), func.min(columns.fax_id))
        .where(text(UNFINISHED))
        # By name: with parameters in it, PostgreSQL would not know the expression again.
        .group_by(columns.line, columns.state, text("age"))
    )
    return [_Part(*row) for row in connection.execute(counted)]


def _line_ages(line: Line, parts: Sequence[_Part], accepted: Mapping[FaxId, float], edges: int) -> LineAges:
    states: dict[State, int] = {}
    for part in parts:
        states[State(part.state)] = states.get(State(part.state), 0) + part.faxes
    oldest_at = accepted[min(part.first_id for part in parts)]
    return LineAges(line, sum(states.values()), oldest_at, states, _add_up(parts, edges))


def _add_up(parts: Sequence[_Part], edges: int) -> tuple[int, ...]:
    counts = [0] * (edges + 1)
    for part in parts:
        counts[part.age] += part.faxes
    return tuple(counts)


def _first_ids_after(connection: Connection, times: Sequence[float]) -> list[int]:
    """For each time, the latest first, the first id of a fax accepted after it; each narrows the next one's search."""
    beyond = (connection.execute(select(func.max(fax.c.id))).scalar() or 0) + 1
    edges: list[int] = []
    for at in times:
        beyond = _first_id_after(connection, at, beyond)
        edges.append(beyond)
    return edges


def _first_id_after(connection: Connection, at: float, beyond: int) -> int:
    """Ids without a fax, as of retries asked for twice, are stepped over; none after `beyond` is looked at."""
    low, high = 1, beyond
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(NEXT_FAX, {"first": middle}).one_or_none()
        if found is None or found.accepted_at > at:
            high = middle
        else:
            low = found.id + 1
    return low


def _accepted_at(connection: Connection, fax_ids: Sequence[FaxId]) -> dict[FaxId, float]:
    rows = connection.execute(select(fax.c.id, fax.c.accepted_at).where(fax.c.id.in_(fax_ids)))
    return {FaxId(fax_id): accepted_at for fax_id, accepted_at in rows}


def _count_by_class(connection: Connection) -> dict[int, dict[State, int]]:
    columns = fax_state.c
    counted = select(columns.rank, columns.state, func.count()).where(text(UNFINISHED))
    classes: dict[int, dict[State, int]] = {}
    for rank, state, count in connection.execute(counted.group_by(columns.rank, columns.state)):
        classes.setdefault(rank, {})[State(state)] = count
    return classes


def _count_by_reason(connection: Connection) -> dict[str, int]:
    columns = fax_state.c
    queued = select(columns.reason, func.count()).where(columns.state == State.QUEUED, text(UNFINISHED))
    # After a release the reason is a person's words; only failure classes are few enough to count by.
    reasons: dict[str, int] = {}
    for reason, count in connection.execute(queued.group_by(columns.reason)):
        name = reason if reason in _FAILURES else ""
        reasons[name] = reasons.get(name, 0) + count
    return reasons


def read_counts(connection: Connection) -> dict[State, int]:
    rows = connection.execute(select(fax_state.c.state, func.count()).group_by(fax_state.c.state))
    return {State(state): count for state, count in rows}


def read_unfinished_counts(connection: Connection) -> dict[State, int]:
    rows = connection.execute(
        select(fax_state.c.state, func.count()).where(text(UNFINISHED)).group_by(fax_state.c.state)
    )
    return {State(state): count for state, count in rows}
