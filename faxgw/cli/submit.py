"""`faxgw submit`: hands orders in, one or many, and names every fault of those that are refused."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
import msgspec

from faxgw.cli.client import Client
from faxgw.cli.connection import RefusedError, json_option, reason_of, with_patient_client
from faxgw.cli.screen import print_json, say
from faxgw.errors import OperatorError

CHUNK_LINES = 1_000
CHUNK_BYTES = 4 * 1024 * 1024
BUSY_TRIES = 30

Numbered = tuple[int, bytes]
"""A line of the file, or an element of its array, counted from 1, as one line of JSON."""


@dataclass(frozen=True, slots=True)
class Orders:
    unit: str
    """What they are counted in: `line` or `order`."""
    items: list[Numbered]


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--submitter", default=None, help="In whose name; keys are unique for each submitter.")
@json_option
@with_patient_client
def submit(client: Client, file: Any, submitter: str | None, as_json: bool) -> int:
    """Hand in the orders of FILE: one JSON order, a JSON array, or one order in each line ("-": standard input).

    Orders that came before under the same key are not taken twice, so a file that was interrupted can
    simply be submitted again.
    """
    orders = read_orders(file.read(), getattr(file, "name", "-"))
    counts: Counter[str] = Counter()
    with _progress(len(orders.items)) as advance:
        for chunk in _chunks(orders.items):
            for answer in _send(client, chunk, submitter):
                counts[_outcome_of(answer)] += 1
                _report(answer, orders, as_json)
            advance(len(chunk))
    if not as_json and len(orders.items) > 1:
        say(_summary(counts))
    return 1 if counts["refused"] else 0


def read_orders(data: bytes, name: str) -> Orders:
    """Tell the three forms apart.

    Raises:
        OperatorError: there is nothing in it, or it is no JSON in any of them.
    """
    lines = [(number, line.strip()) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if not lines:
        raise OperatorError(f"{name}: there is no order in it")
    if len(lines) > 1 and _is_json(lines[0][1]):
        return Orders("line", lines)
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if len(lines) == 1:
            return Orders("line", lines)
        raise OperatorError(f"{name}: neither JSON nor one JSON order in each line: {error}") from error
    if whole == []:
        raise OperatorError(f"{name}: there is no order in it")
    if isinstance(whole, list):
        return Orders("order", [(number, msgspec.json.encode(order)) for number, order in enumerate(whole, 1)])
    return Orders("order", [(1, msgspec.json.encode(whole))])


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line.startswith(b"{") and line.endswith(b"}")
    return True


def _chunks(items: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    chunk: list[Numbered] = []
    length = 0
    for item in items:
        if chunk and (len(chunk) == CHUNK_LINES or length + len(item[1]) > CHUNK_BYTES):
            yield chunk
            chunk, length = [], 0
        chunk.append(item)
        length += len(item[1]) + 1
    yield chunk


def _send(client: Client, chunk: Sequence[Numbered], submitter: str | None) -> Iterator[dict[str, Any]]:
    """The daemon's answers with the file's own numbers; a chunk that is too large for it is halved."""
    body = b"\n".join(line for _, line in chunk)
    headers = {"Content-Type": "application/x-ndjson"} | ({"X-Submitter": submitter} if submitter else {})
    for _ in range(BUSY_TRIES):
        reply = client.request("POST", "/v1/orders", body, headers)
        if reply.status != 503:
            break
        time.sleep(float(reply.headers.get("retry-after", "1")))
    if reply.status == 413 and len(chunk) > 1:
        middle = len(chunk) // 2
        yield from _send(client, chunk[:middle], submitter)
        yield from _send(client, chunk[middle:], submitter)
    elif not reply.is_good:
        raise RefusedError(f"{reason_of(reply)} (from {chunk[0][0]} on; what came before is taken)")
    else:
        for line in reply.body.splitlines():
            answer = msgspec.json.decode(line)
            yield {**answer, "line": chunk[answer["line"] - 1][0]}


def _outcome_of(answer: dict[str, Any]) -> str:
    return {202: "accepted", 200: "repeated"}.get(answer["status"], "refused")


def _report(answer: dict[str, Any], orders: Orders, as_json: bool) -> None:
    outcome = _outcome_of(answer)
    if as_json:
        print_json(answer)
    elif outcome == "refused":
        say(f"{orders.unit} {answer['line']} refused: {answer['detail']}{_other_fax(answer)}", err=True)
        for fault in answer.get("errors", ()):
            say(f"    {fault['pointer'] or '(whole order)'}: {fault['detail']}", err=True)
    else:
        if len(orders.items) == 1:
            say(f"fax {answer['id']} {outcome} ({answer['state']})")
        for warned in answer.get("warnings", ()):
            say(f"fax {answer['id']}: {warned['pointer']}: {warned['detail']}", err=True)


def _other_fax(answer: dict[str, Any]) -> str:
    return f" (fax {answer['id']})" if "id" in answer else ""


def _summary(counts: Counter[str]) -> str:
    parts = [f"{counts[outcome]:,} {outcome}" for outcome in ("accepted", "repeated", "refused") if counts[outcome]]
    return ", ".join(parts)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for long work at a terminal, else nothing."""
    if total <= CHUNK_LINES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 Most submits need no bar.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("orders"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("orders", total=total)
        yield lambda count: bar.advance(task, count)
