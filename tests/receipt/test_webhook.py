"""Webhooks: checked, made durable, deduplicated, answered, and then applied."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from faxgw.errors import StoreFailedError
from faxgw.fax import State
from faxgw.phone import Line
from faxgw.provider.port import Accepted, Delivered, ReceiptRefusedError, ReceiptUnreadableError, Report
from faxgw.receipt.match import Matcher
from faxgw.receipt.webhook import NoSuchProvider, ReceiptRefused, ReceiptsTaken, ReceiptUnreadable, Webhooks
from tests.dispatch.desk import Desk, TellingCarrier
from tests.dispatch.test_attempt import sick_store


class ReadingCarrier(TellingCarrier):
    """Reads `SC0:e1 SC1:e2` as deliveries with their events.

    `forged` is refused, `garbled` cannot be read, `broken` breaks.
    """

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        if body == b"forged":
            raise ReceiptRefusedError("no signature fits")
        if body == b"garbled":
            raise ReceiptUnreadableError("not a receipt")
        if body == b"broken":
            raise KeyError("bug")
        told = [word.split(":") for word in body.decode().split()]
        return [Report(Delivered(1, 1.0), provider_ref, None, event_id) for provider_ref, event_id in told]


@asynccontextmanager
async def applying(desk: Desk) -> AsyncIterator[Webhooks]:
    matcher = Matcher(desk.store, desk.calls, desk.outcomes, desk.clock, desk.metrics)
    webhooks = Webhooks({"north": desk.provider}, desk.store, matcher, desk.clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(webhooks.run)
        yield webhooks
        nursery.cancel_scope.cancel()


async def submitted(count: int = 1, desk: Desk | None = None) -> Desk:
    desk = desk or Desk(provider=ReadingCarrier())
    desk.provider.outcomes = [Accepted(f"SC{number}") for number in range(count)]
    for number in range(count):
        await desk.make_one(str(number), Line(f"+3319900{number:04}"))
    return desk


async def test_a_receipt_is_taken_and_applied(autojump_clock: MockClock) -> None:
    """Durable when it is answered, settled soon after."""
    desk = await submitted(2)
    async with applying(desk) as webhooks:
        assert await webhooks.take("north", {}, b"SC0:e1 SC1:e2") == ReceiptsTaken(new=2, repeated=0)
        await trio.sleep(1)
    assert await desk.store.counts() == {State.DELIVERED: 2}
    assert (await desk.store.load()).receipts == []


async def test_a_repeated_receipt_is_told_apart_and_not_applied(autojump_clock: MockClock) -> None:
    """In the same webhook or a later one."""
    desk = await submitted()
    async with applying(desk) as webhooks:
        assert await webhooks.take("north", {}, b"SC0:e1 SC0:e1") == ReceiptsTaken(new=1, repeated=1)
        assert await webhooks.take("north", {}, b"SC0:e1") == ReceiptsTaken(new=0, repeated=1)
        await trio.sleep(1)
    assert [event.kind for event in await desk.store.events(0, 100)].count("delivered") == 1


async def test_a_forged_receipt_is_refused(autojump_clock: MockClock) -> None:
    """With the reason, and without a trace in the store."""
    desk = await submitted()
    async with applying(desk) as webhooks:
        assert await webhooks.take("north", {}, b"forged") == ReceiptRefused("no signature fits")
        assert await webhooks.take("north", {}, b"garbled") == ReceiptUnreadable("not a receipt")
        assert await webhooks.take("south", {}, b"SC0:e1") == NoSuchProvider()
        await trio.sleep(1)
    assert await desk.store.counts() == {State.SUBMITTED: 1}


async def test_an_adapter_that_breaks_harms_only_its_own_webhook(autojump_clock: MockClock) -> None:
    """The request fails, so that the carrier tells again; the next one is taken."""
    desk = await submitted()
    async with applying(desk) as webhooks:
        with pytest.raises(KeyError):
            await webhooks.take("north", {}, b"broken")
        await webhooks.take("north", {}, b"SC0:e1")
        await trio.sleep(1)
    assert await desk.store.counts() == {State.DELIVERED: 1}


async def test_a_receipt_that_breaks_does_not_stop_the_others(autojump_clock: MockClock) -> None:
    """Two hundred and one come, one of them breaks: two hundred are applied."""
    store = sick_store()
    desk = await submitted(201, Desk(store=store, provider=ReadingCarrier()))
    store.record_errors = [KeyError("bug")]
    async with applying(desk) as webhooks:
        body = " ".join(f"SC{number}:e{number}" for number in range(201)).encode()
        await webhooks.take("north", {}, body)
        await trio.sleep(5)
    assert await desk.store.counts() == {State.DELIVERED: 200, State.SUBMITTED: 1}
    assert len((await desk.store.load()).receipts) == 1


async def test_what_was_kept_before_the_start_is_applied(autojump_clock: MockClock) -> None:
    """A crash between the answer and the applying loses nothing."""
    desk = await submitted()
    kept = await desk.store.keep_receipts("north", [Report(Delivered(1, 1.0), "SC0", None, "e1")], 1.0)
    async with applying(desk) as webhooks:
        webhooks.put([receipt for receipt in kept if receipt is not None])
        await trio.sleep(1)
    assert await desk.store.counts() == {State.DELIVERED: 1}


async def test_a_failed_disk_ends_the_applying(autojump_clock: MockClock) -> None:
    """The process must end."""
    store = sick_store()
    desk = await submitted(1, Desk(store=store, provider=ReadingCarrier()))
    store.record_errors = [StoreFailedError("disk")]
    with pytest.raises(ExceptionGroup) as ended:
        await take_and_wait(desk, b"SC0:e1")
    assert ended.group_contains(StoreFailedError)


async def take_and_wait(desk: Desk, body: bytes) -> None:
    async with applying(desk) as webhooks:
        await webhooks.take("north", {}, body)
        await trio.sleep(5)
