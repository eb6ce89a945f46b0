"""Settlement at the size of a network: a month's files imported and matched, and a month closed with all its pages.

Each part is measured in a process of its own, over a store on disk, so that its peak memory is its own. CPU seconds
include the store's threads and the processes that print; the wall clock is told where a target is meant for it.
"""

import datetime as dt
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
import trio

from faxgw.config.store import StoreConfig
from faxgw.settlement.month.desk import Closed
from faxgw.settlement.statements.printing import open_printing_pool
from faxgw.store.sql import open_store
from tools.bench.row import Row
from tools.settlement.month import SyntheticMonth, make_month
from tools.settlement.office import Office

SEED = 7
STORES = 450
"""360 of them in Norway."""
TODAY = dt.date(2027, 6, 10)
MAY = "2027-05"
CLOSE_SECONDS_MAX = 60.0
PRINTING_PROCESSES = 2
"""As the config has it where nobody says."""
MEMORY_MIB_MAX = 1_024.0


@dataclass(frozen=True, slots=True)
class Measure:
    """What a step took."""

    what: str
    value: float
    unit: str
    at_most: float | None = None


Part = Callable[[Office], Awaitable[list[Measure]]]


class Watch:
    """Wall and CPU seconds of one step after the other, and of all of them."""

    def __init__(self) -> None:
        self._begun = self._last = (time.monotonic(), _cpu_seconds())

    def step(self, what: str) -> list[Measure]:
        now = (time.monotonic(), _cpu_seconds())
        before, self._last = self._last, now
        return [Measure(what, now[0] - before[0], "s"), Measure(f"{what}, CPU", now[1] - before[1], "s")]

    def whole(self, what: str, at_most: float) -> Measure:
        return Measure(what, time.monotonic() - self._begun[0], "s", at_most)


async def clear(office: Office) -> list[Measure]:
    """Files of a month into the ledger, and every payment to its order."""
    await office.store.clearing.expect(office.month.dues())
    watch = Watch()
    taken = await office.take(office.month.files)
    imported = watch.step(f"{len(office.month.paid):,} movements in {len(taken)} files, imported")
    account = await office.clearing.match()
    placed = account.matched + account.linked
    return [*imported, *watch.step(f"matched: {placed:,} placed, {account.exceptions:,} to people")]


async def close(office: Office) -> list[Measure]:
    """A month from its last journal to every store's statement as PDF."""
    booking = Watch()
    await office.sell()
    found = booking.step("its journals booked")
    watch = Watch()
    closed = await office.desk.close(MAY, "Ida")
    if not isinstance(closed, Closed):
        raise TypeError(closed)
    found += watch.step(f"{closed.seal.journals:,} journals sealed")
    statements = await office.desk.statements(MAY)
    found += watch.step(f"{len(statements):,} statements read")
    async with open_printing_pool(processes=PRINTING_PROCESSES) as printer:
        printed = await printer.print_all(statements, "Network")
    size = sum(len(each) for each in printed if isinstance(each, bytes))
    found += watch.step(f"printed as PDF by {PRINTING_PROCESSES} processes, {size / 2**20:.0f} MiB")
    found.append(watch.whole("closed, with every statement as PDF", CLOSE_SECONDS_MAX))
    faults = (await office.desk.verify()).faults
    return [*found, *watch.step("verified"), Measure("faults that verifying found", len(faults), "", 0)]


PARTS: dict[str, Part] = {"clear": clear, "close": close}


# --- a process each ------------------------------------------------------------------------------------------


def rows(*, quick: bool = False) -> list[Row]:
    sizes = (("clear", 6_000), ("close", 10_000)) if quick else (("clear", 60_000), ("close", 100_000))
    return [row for name, orders in sizes for row in _part(name, orders)]


def _part(name: str, orders: int) -> Iterator[Row]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        measures = pool.apply(measure, (name, orders))
    for each in measures:
        yield Row(
            part="settlement",
            what=f"{orders:,} orders, {each.what}",
            value=each.value,
            unit=each.unit,
            at_most=each.at_most,
        )


def measure(name: str, orders: int) -> list[Measure]:
    """In a process of its own; the month is made before the clock starts."""
    structlog.configure(processors=[_drop])
    month = make_month(SEED, orders, STORES)
    before_mib = _peak_mib()
    found = trio.run(_measured, PARTS[name], month)
    return [
        *found,
        Measure(
            f"peak memory over the {before_mib:.0f} MiB of the orders", _peak_mib() - before_mib, "MiB", MEMORY_MIB_MAX
        ),
    ]


async def _measured(part: Part, month: SyntheticMonth) -> list[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "faxgw.db", StoreConfig(), lambda _: None) as store:
            return await part(Office(store, month, TODAY))


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


def main() -> None:
    for row in rows():
        print(f"{row.what:90} {row.value:12,.2f} {row.unit:4} {row.verdict}")


if __name__ == "__main__":
    main()
