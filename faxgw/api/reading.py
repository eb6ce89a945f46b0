"""Turns bytes into orders: straight into the struct, and only where that fails, the slow way to every fault."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import msgspec
import trio

from faxgw.api.twice import key_twice
from faxgw.faults import Fault
from faxgw.order import REACH, Order, Reach, faults_of, read_order

_decoder = msgspec.json.Decoder(Order)

LINES_BETWEEN_CHECKPOINTS = 16
"""A line takes 0.02 ms, and 0.2 ms where its telephone numbers are new: the loop waits at most some 3 ms."""


@dataclass(frozen=True, slots=True)
class NotJson:
    """The bytes are not JSON; `detail` says where reading stopped."""

    detail: str


@dataclass(frozen=True, slots=True)
class LineTooLong:
    bytes_max: int


Read = Order | list[Fault] | NotJson
ReadLine = Read | LineTooLong


def decode_order(body: bytes, now: dt.datetime, *, is_routed: bool = False, reach: Reach = REACH) -> Read:
    """An order, every fault of it, or why it is not JSON."""
    try:
        order = _decoder.decode(body)
        return [*faults_of(order, now, is_routed=is_routed, reach=reach), *key_twice(body)] or order
    except msgspec.ValidationError:
        return _read_slowly(body, now, is_routed=is_routed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _not_json(body, error)


async def read_upload(
    body: bytes, line_bytes_max: int, now: dt.datetime, *, is_routed: bool = False, reach: Reach = REACH
) -> AsyncIterator[tuple[int, ReadLine]]:
    """Each line that is not empty, with its number from 1; other tasks run in between."""
    for number, line in numbered_lines(body):
        is_long = len(line) > line_bytes_max
        read = LineTooLong(line_bytes_max) if is_long else decode_order(line, now, is_routed=is_routed, reach=reach)
        yield number, read
        if not isinstance(read, Order) or number % LINES_BETWEEN_CHECKPOINTS == 0:
            await trio.lowlevel.checkpoint()


def count_lines(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n"))


def numbered_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line that is not empty, with its number from 1; one at a time, for a body may be all line feeds."""
    start = 0
    for number in range(1, count_lines(body) + 1):
        end = body.find(b"\n", start)
        line = body[start : end if end >= 0 else len(body)].strip()
        start = end + 1
        if line:
            yield number, line


def _read_slowly(body: bytes, now: dt.datetime, *, is_routed: bool) -> Read:
    try:
        return read_order(msgspec.json.decode(body), now, is_routed=is_routed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _not_json(body, error)


def _not_json(body: bytes, error: Exception) -> NotJson:
    match error:
        case RecursionError():
            return NotJson("it is nested too deeply")
        case UnicodeDecodeError():
            return NotJson("it holds a text that is not UTF-8")
        case _ if "truncated" in str(error):
            return NotJson(f"it ends too early (byte {len(body)})")
        case _:
            return NotJson(str(error).removeprefix("JSON is malformed: "))
