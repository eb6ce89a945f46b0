"""What is remembered of lines, as rows: learnt in the commit that ends a call, forgiven when a person says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, Row, select

from faxgw.fax import Failure
from faxgw.phone import Line
from faxgw.store.lines import LineMemory, delivered_on, failed_on, forgiven
from faxgw.store.schema import line
from faxgw.store.statements import among, inserting, keyed, updating

LINES = select(line).where(among(line.c.name))
LEARNT = ("has_answered", "bad_number", "no_fax", "no_answer", "failed_at")
INSERT_LINES = inserting(line, "name", *LEARNT)
UPDATE_LINES = updating(line, *LEARNT, by=("name",))

encode_times = msgspec.msgpack.Encoder().encode
decode_times = msgspec.msgpack.Decoder(tuple[float, ...]).decode


@dataclass(frozen=True, slots=True)
class CallEnded:
    """What a call that is over says of its line."""

    line: Line
    failure: Failure | None
    """None where it delivered."""
    dials: int
    at: float


def learn(connection: Connection, calls: Sequence[CallEnded]) -> None:
    """Remember what calls taught, in their order. A line that delivers as ever costs no write."""
    if not calls:
        return
    known = _read(connection, {call.line for call in calls})
    learnt = dict(known)
    for call in calls:
        memory = learnt.get(call.line) or LineMemory(call.line)
        if call.failure is None:
            learnt[call.line] = delivered_on(memory)
        else:
            learnt[call.line] = failed_on(memory, call.failure, call.dials, call.at)
    _write(connection, known, learnt)


def forgive(connection: Connection, lines: Iterable[Line]) -> bool:
    """Forget what failed there; says whether there was anything."""
    known = _read(connection, set(lines))
    cleared = {name: forgiven(memory) for name, memory in known.items()}
    _write(connection, known, cleared)
    return cleared != known


def read_lines_learnt(connection: Connection) -> list[LineMemory]:
    """All that is remembered, once at start."""
    return [_as_memory(row) for row in connection.execute(select(line))]


def _read(connection: Connection, names: set[Line]) -> dict[Line, LineMemory]:
    rows = connection.execute(LINES, keyed(names)).all()
    return {Line(row.name): _as_memory(row) for row in rows}


def _write(connection: Connection, known: dict[Line, LineMemory], learnt: dict[Line, LineMemory]) -> None:
    changed = [memory for name, memory in learnt.items() if known.get(name) != memory]
    INSERT_LINES.run(connection, [(each.line, *_learnt(each)) for each in changed if each.line not in known])
    UPDATE_LINES.run(connection, [(*_learnt(each), each.line) for each in changed if each.line in known])


def _learnt(memory: LineMemory) -> tuple[object, ...]:
    counts = (memory.bad_number, memory.no_fax, memory.no_answer)
    return (int(memory.has_answered), *counts, encode_times(memory.failed_at))


def _as_memory(row: Row[tuple[object, ...]]) -> LineMemory:
    return LineMemory(
        Line(row.name), bool(row.has_answered), row.bad_number, row.no_fax, row.no_answer, decode_times(row.failed_at)
    )
