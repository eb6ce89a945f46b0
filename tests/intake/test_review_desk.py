"""A decision that was cut off is carried out all the same, and one that breaks stops neither the others nor a start."""

from collections.abc import Sequence
from typing import cast

import msgspec
import pytest
import structlog
import trio
from trio.testing import MockClock

from faxgw.errors import StoreBusyError
from faxgw.intake.decision import ReplyKind
from faxgw.intake.port import OrderDoor
from faxgw.intake.review import AGAIN_SECONDS, BROKE, ReplyGiven, ReviewDesk
from faxgw.members.register import Register
from faxgw.message import RelayMessage
from faxgw.relay.port import RelayDesk
from faxgw.store.inbound.outcomes import Concluded, DoubtfulSheet
from faxgw.store.inbound.review import Decided, ReviewId, ReviewState, Verdict
from faxgw.store.relay.port import RelayTaken
from faxgw.store.sql import SqlStore, open_memory_store
from tests.store.faxes import admit_one
from tests.store.inbound_faxes import keep_one

SAID = {"order_number": "a", "kinds": ["accept"], "from_member": "NO-1"}
REPLY = msgspec.json.encode(ReplyGiven(order_number="a", kinds=(ReplyKind.ACCEPT,), from_member="NO-1"))


class StoppedClock:
    def now(self) -> float:
        return 500.0


class Relay:
    """Takes messages, after the errors that it begins with."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.taken: list[RelayMessage] = []

    async def take(self, messages: Sequence[RelayMessage]) -> list[RelayTaken]:
        await trio.lowlevel.checkpoint()
        if self._errors:
            raise self._errors.pop(0)
        self.taken += messages
        return [RelayTaken(seq=1) for _ in messages]


async def doubts(count: int) -> SqlStore:
    """A store with an order, and so many faxes of which a person has to say what they answer."""
    store = open_memory_store()
    await admit_one(store)
    for number in range(1, count + 1):
        inbound_id = await keep_one(store.inbound, f"{number:064}", name=f"{number}.tif")
        sheet = DoubtfulSheet(1, "unsure_tick", "a box is neither ticked nor empty", b"{}", "a")
        await store.inbound.record([Concluded(inbound_id, (sheet,), 1, 200.0)])
    return store


def desk_of(store: SqlStore, relay: Relay) -> ReviewDesk:
    door = cast("OrderDoor", None)
    return ReviewDesk(store.inbound, cast("RelayDesk", relay), door, Register(()), StoppedClock(), is_routed=False)


async def state_of(store: SqlStore, review_id: int) -> ReviewState:
    view = await store.inbound.review(ReviewId(review_id))
    assert view is not None
    return view.state


async def test_a_decision_that_met_a_busy_store_is_carried_out_soon(autojump_clock: MockClock) -> None:
    """Who decided is told that the store is busy; nobody has to decide again, and nothing waits for a restart."""
    store = await doubts(1)
    relay = Relay(StoreBusyError("another program holds the store"), StoreBusyError("still"))
    desk = desk_of(store, relay)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.run)
        with pytest.raises(StoreBusyError):
            await desk.resolve(ReviewId(1), Verdict.REPLY, SAID, "anna", "seen")
        assert await state_of(store, 1) is ReviewState.DECIDED
        await trio.sleep(3 * AGAIN_SECONDS)
        nursery.cancel_scope.cancel()
    assert await state_of(store, 1) is ReviewState.DONE
    assert len(relay.taken) == 1


async def test_a_decision_that_breaks_is_opened_again_and_stops_no_other() -> None:
    """As a start finds two: the first breaks, is a person's again with the reason, and the second is carried out."""
    store = await doubts(2)
    decided = [
        Decided(
            review_id=ReviewId(number),
            verdict=Verdict.REPLY,
            order_number="a",
            decision=REPLY,
            who="anna",
            why="seen",
            at=300.0,
        )
        for number in (1, 2)
    ]
    await store.inbound.change_reviews(decided)
    relay = Relay(ZeroDivisionError("a bug of ours"))
    with structlog.testing.capture_logs() as logs:
        await desk_of(store, relay).recover()
    assert [await state_of(store, number) for number in (1, 2)] == [ReviewState.OPEN, ReviewState.DONE]
    opened = await store.inbound.review(ReviewId(1))
    assert opened is not None
    assert opened.detail == BROKE
    assert [entry["event"] for entry in logs].count("review_broke") == 1
