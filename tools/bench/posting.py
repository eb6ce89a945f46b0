"""A client that posts orders as fast as a server answers, and what a process has used of the CPU."""

import asyncio
import datetime as dt
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient

CONNECTIONS = 32


async def post_all(path: Path, count: int) -> list[float]:
    """Post `count` different orders over 32 connections that are kept; the seconds that each waited.

    Raises:
        RuntimeError: an order was not taken.
    """
    numbers = iter(range(count))
    waits: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_post_some(path, numbers, waits))
    return waits


async def _post_some(path: Path, numbers: Iterator[int], waits: list[float]) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    for number in numbers:
        body = make_order(number)
        started = time.perf_counter()
        writer.write(
            b"POST /v1/orders HTTP/1.1\r\nHost: faxgw\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.splitlines() if line.startswith(b"content-length:"))
        answer = await reader.readexactly(length)
        if not head.startswith((b"http/1.1 202 ", b"http/1.1 200 ")):
            raise RuntimeError(answer)
        waits.append(time.perf_counter() - started)
    writer.close()


def make_order(number: int) -> bytes:
    recipient = Recipient(name="Ada Fleur", street=["1 rue des Lilas"], postcode="75001", city="Paris", country="FR")
    order = Order(
        key=f"k{number}",
        number=f"WEB-{number}",
        delivery=Delivery(dt.date(2027, 5, 9)),
        recipient=recipient,
        lines=[ProductLine(description="Bouquet of 20 tulips", quantity=1, unit_price=Money(4550, "EUR"))],
        customer_price=Money(4550, "EUR"),
        execution_price=Money(3500, "EUR"),
        sending_member="FR-0001",
        fax_number="+33 1 99 00 12 34",
        card_message="Bonne fête, Maman ! " * 5,
    )
    return msgspec.json.encode(order)


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def percentile_ms(waits: list[float], percent: int) -> float:
    return sorted(waits)[len(waits) * percent // 100] * 1e3
