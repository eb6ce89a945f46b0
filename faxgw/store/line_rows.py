"""What is remembered of lines, as rows: learnt in the commit that ends a call, forgiven when a person says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from faxgw.fax import Failure
from faxgw.phone import Line
from faxgw.store.lines import LineMemory, delivered_on, failed_on, forgiven
from faxgw.store.schema import line

LEARNT = ("has_answered", "bad_number", "no_fax", "no_answer", "failed_at")
UPDATE_LINE = (
    update(line).where(line.c.name == bindparam("row")).values({name: bindparam(f"new_{name}") for name in LEARNT})
)

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
    rows = connection.execute(select(line).where(line.c.name.in_(names)))
    return {Line(row.name): _as_memory(row) for row in rows}


def _write(connection: Connection, known: dict[Line, LineMemory], learnt: dict[Line, LineMemory]) -> None:
    changed = [memory for name, memory in learnt.items() if known.get(name) != memory]
    new = [{"name": memory.line, **_as_row(memory)} for memory in changed if memory.line not in known]
    old = [
        {"row": memory.line, **{f"new_{name}": value for name, value in _as_row(memory).items()}}
        for memory in changed
        if memory.line in known
    ]
    if new:
        connection.execute(insert(line), new)
    if old:
        connection.execute(UPDATE_LINE, old)


def _as_row(memory: LineMemory) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(memory, name) for name in LEARNT}
    return row | {"failed_at": encode_times(memory.failed_at)}


def _as_memory(row: Row[tuple[object, ...]]) -> LineMemory:
    return LineMemory(
        Line(row.name), bool(row.has_answered), row.bad_number, row.no_fax, row.no_answer, decode_times(row.failed_at)
    )
