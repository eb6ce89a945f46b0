"""Drawing what goes next: a fax that cannot be drawn, and a machine that cannot draw just now."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256

import pytest
import trio
from trio.testing import MockClock

from faxgw.api.admission import encode_order
from faxgw.dispatch.drawing import Composer
from faxgw.dispatch.prepare import Preparer
from faxgw.dispatch.prepared import Prepared
from faxgw.errors import StoreBusyError, StoreFailedError
from faxgw.fax import FaxId, State
from faxgw.members.register import Register
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Sheet, Unrenderable
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.sql import SqlStore
from faxgw.store.unfinished import Queued
from faxgw.store.views import Contents
from tests.dispatch.desk import NOW, Desk
from tests.dispatch.test_attempt import sick_store
from tests.journeys.town import PlainRenderer, florist, line_of, order_for

REGISTER = Register(florist(number) for number in range(20))


class SickReader(SqlStore):
    """Raises what it is told to when orders are read."""

    read_errors: Sequence[Exception] = ()

    async def contents(self, fax_ids: Sequence[FaxId]) -> dict[FaxId, Contents]:
        if self.read_errors:
            error, *self.read_errors = self.read_errors
            raise error
        return await super().contents(fax_ids)


def sick_reader(*errors: Exception) -> SickReader:
    well = sick_store()
    store = SickReader(well._writer, well._reader, well.store_id, well._documents, well._documents)
    store.read_errors = errors
    return store


async def put_waiting(desk: Desk, count: int, *, order: Callable[[int], bytes] | None = None) -> None:
    """So many faxes to as many lines, the same florist for each ten."""
    for number in range(count):
        content = order(number) if order else encode_order(order_for(number, f"o{number}"))
        new = NewFax("shop", f"o{number}", sha256(content).digest(), "n", line_of(number), 1, content, NOW, NOW, None)
        [admitted] = await desk.store.admit([new])
        assert isinstance(admitted, Admitted)
        desk.waiting.put([Queued(admitted.fax_id, line_of(number), 1, NOW, None, 0)])


@asynccontextmanager
async def preparing(desk: Desk, renderer: object, *, batch_max: int = 4) -> AsyncIterator[list[int]]:
    """The ids of what was prepared, in order."""
    preparer = Preparer(
        desk.store,
        desk.waiting,
        renderer,  # type: ignore[arg-type]
        Composer(desk.store, REGISTER, "Réseau"),
        desk.outcomes,
        desk.clock,
        batch_max=batch_max,
    )
    give, take = trio.open_memory_channel[Prepared](math.inf)
    ready: list[int] = []

    async def note() -> None:
        async with take:
            async for each in take:
                ready.append(each.fax.fax_id)  # noqa: PERF401 - looked at while it grows.

    async with trio.open_nursery() as nursery:
        nursery.start_soon(note)
        nursery.start_soon(preparer.run, give)
        yield ready
        nursery.cancel_scope.cancel()


async def test_what_is_due_is_drawn_in_order(autojump_clock: MockClock) -> None:
    """Batch after batch."""
    desk = Desk()
    await put_waiting(desk, 10)
    renderer = PlainRenderer()
    async with preparing(desk, renderer) as ready:
        await trio.sleep(1)
        assert ready == list(range(1, 11))
    assert renderer.drawn == 10


@pytest.mark.parametrize("damaged", [b"", b"\x00\xff", b"{}", b'{"key":1}', b"[" * 5_000])
async def test_an_order_that_cannot_be_read_is_set_aside(damaged: bytes, autojump_clock: MockClock) -> None:
    """Written by another version, or damaged: its neighbours go, its line falls free."""
    desk = Desk()

    def order(number: int) -> bytes:
        return damaged if number == 1 else encode_order(order_for(number, f"o{number}"))

    await put_waiting(desk, 3, order=order)
    async with preparing(desk, PlainRenderer()) as ready:
        await trio.sleep(1)
        assert ready == [1, 3]
    assert await desk.state(FaxId(2)) is State.HELD
    assert desk.lines_busy() == 2


async def test_an_order_that_is_missing_is_set_aside(autojump_clock: MockClock) -> None:
    """The schedule has a fax that the store does not: nobody else waits for it."""
    desk = Desk()
    await put_waiting(desk, 2)
    desk.waiting.put([Queued(FaxId(99), line_of(19), 0, NOW, None, 0)])
    async with preparing(desk, PlainRenderer()) as ready:
        await trio.sleep(1)
        assert ready == [1, 2]
    assert desk.lines_busy() == 2


class ShortRenderer(PlainRenderer):
    """Forgets a sheet, as no renderer may."""

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        sheets = [drawing for drawing in drawings if isinstance(drawing, Sheet)]
        drawn = await super().render(sheets)
        return [result for sheet, result in zip(sheets, drawn, strict=True) if sheet.order.number != "o1"]


async def test_a_page_never_goes_to_its_neighbours_number(autojump_clock: MockClock) -> None:
    """A renderer that answers too few sends no page astray: each is drawn alone, and the forgotten one is set aside."""
    desk = Desk()
    await put_waiting(desk, 4)
    async with preparing(desk, ShortRenderer()) as ready:
        await trio.sleep(1)
        assert ready == [1, 3, 4]
    assert await desk.state(FaxId(2)) is State.HELD


@pytest.mark.parametrize("error", [StoreBusyError("locked"), OSError(5, "I/O error")])
async def test_a_read_that_fails_for_a_while_delays_and_sets_nothing_aside(
    error: Exception, autojump_clock: MockClock
) -> None:
    """All faxes of the batch come again."""
    desk = Desk(store=sick_reader(error, error, error))
    await put_waiting(desk, 4)
    async with preparing(desk, PlainRenderer()) as ready:
        await trio.sleep(60)
        assert sorted(ready) == [1, 2, 3, 4]
    assert await desk.store.counts() == {State.QUEUED: 4}


async def test_a_batch_that_breaks_once_is_prepared_one_by_one(autojump_clock: MockClock) -> None:
    """Nothing is lost until a restart, and no line stays taken."""
    desk = Desk(store=sick_reader(KeyError("bug")))
    await put_waiting(desk, 4)
    async with preparing(desk, PlainRenderer()) as ready:
        await trio.sleep(1)
        assert ready == [1, 2, 3, 4]


async def test_a_failed_disk_ends_it(autojump_clock: MockClock) -> None:
    """No barrier hides it."""
    desk = Desk(store=sick_reader(StoreFailedError("disk")))
    await put_waiting(desk, 1)
    with pytest.raises(ExceptionGroup) as ended:
        async with preparing(desk, PlainRenderer()):
            await trio.sleep(1)
    assert ended.group_contains(StoreFailedError)
