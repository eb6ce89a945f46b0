"""Attempts in doubt: asked until it is known, never sent again before."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from faxgw.dispatch.doubt import ASK_AGAIN_SECONDS_MAX, ASKING_MAX, LOOK_UP_SECONDS_MAX
from faxgw.dispatch.prepared import Prepared
from faxgw.errors import StoreFailedError
from faxgw.fax import Failure, FaxId, State
from faxgw.phone import Line
from faxgw.provider.port import (
    Absent,
    Accepted,
    Delivered,
    Fate,
    Found,
    InProgress,
    LookUp,
    NoAnswer,
    NotDelivered,
    Report,
    Unclear,
)
from faxgw.store.unfinished import Queued
from tests.dispatch.desk import NOW, PAGE, Desk, TellingCarrier
from tests.dispatch.test_attempt import sick_store
from tests.store.faxes import LINE, new_fax

SETTLE_SECONDS = 60.0


def found(fate: Fate, provider_ref: str | None = "SC1") -> Found:
    return Found(Report(fate, provider_ref, None))


@asynccontextmanager
async def in_doubt(look_ups: Sequence[LookUp | Exception], **options: float) -> AsyncIterator[tuple[Desk, FaxId]]:
    """A fax whose answer was lost, while its carrier answers look-ups so; time stands at the doubt."""
    carrier = TellingCarrier(outcomes=[Unclear("lost"), Accepted("SC2")], look_ups=list(look_ups), **options)  # type: ignore[arg-type]
    desk = Desk(provider=carrier, settle_seconds=SETTLE_SECONDS)
    fax_id = await desk.make_one()
    assert await desk.state(fax_id) is State.UNKNOWN
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.doubts.run)
        yield desk, fax_id
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("answer", "state", "busy"),
    [
        (found(Delivered(1, 16.8)), State.DELIVERED, 0),
        (found(NotDelivered(Failure.BUSY, "BUSY")), State.QUEUED, 0),
        (found(NotDelivered(Failure.BAD_NUMBER, "WRONG")), State.FAILED, 0),
        (found(InProgress()), State.SUBMITTED, 1),
    ],
)
async def test_what_the_carrier_says_settles_it(
    answer: LookUp, state: State, busy: int, autojump_clock: MockClock
) -> None:
    """At the first question, and it is not asked again."""
    async with in_doubt([answer]) as (desk, fax_id):
        await trio.sleep(1_000)
        assert (await desk.state(fax_id), desk.lines_busy(), len(desk.doubts)) == (state, busy, 0)
        assert len(desk.provider.asked_at) == 1
        assert len(desk.provider.sent) == 1


async def test_not_known_proves_nothing_before_the_carrier_had_its_time(autojump_clock: MockClock) -> None:
    """It may still be taking the fax in: it is asked once more when that is over, and only then the fax goes."""
    async with in_doubt([Absent()]) as (desk, fax_id):
        await trio.sleep(SETTLE_SECONDS - 1)
        assert await desk.state(fax_id) is State.UNKNOWN
        await trio.sleep(3)
        assert await desk.state(fax_id) is State.QUEUED
        first, second = desk.provider.asked_at
        assert second - first == pytest.approx(SETTLE_SECONDS, abs=0.5)
        assert (await desk.waiting.wait_due(1))[0].calls == 0


async def test_a_clock_set_forward_does_not_shorten_the_carriers_time(autojump_clock: MockClock) -> None:
    """The seconds that it has to take the fax in are told by a clock that nobody sets, else the fax would go twice."""
    async with in_doubt([Absent(), found(Delivered(1, 16.8))]) as (desk, fax_id):
        await trio.sleep(1)
        desk.clock.ahead_seconds = 86_400.0
        await trio.sleep(SETTLE_SECONDS - 3)
        assert await desk.state(fax_id) is State.UNKNOWN
        await trio.sleep(5)
        assert await desk.state(fax_id) is State.DELIVERED
        assert len(desk.provider.sent) == 1


async def test_a_clock_set_back_makes_no_question_wait(autojump_clock: MockClock) -> None:
    """Nor is the fax handed in again as if the carrier's key still held."""
    async with in_doubt([NoAnswer("down"), found(Delivered(1, 16.8))]) as (desk, fax_id):
        desk.clock.ahead_seconds = -86_400.0
        await trio.sleep(10)
        assert await desk.state(fax_id) is State.DELIVERED
        assert len(desk.provider.sent) == 1


async def test_a_fax_taken_in_late_is_found_at_the_second_question(autojump_clock: MockClock) -> None:
    """What the settling time is for."""
    async with in_doubt([Absent(), found(Delivered(1, 16.8))]) as (desk, fax_id):
        await trio.sleep(SETTLE_SECONDS + 3)
        assert await desk.state(fax_id) is State.DELIVERED
        assert len(desk.provider.sent) == 1


async def test_accepted_and_then_not_known_is_never_sent_again(autojump_clock: MockClock) -> None:
    """A carrier that named it once and denies it now is asked on and on; a person decides."""
    async with in_doubt([found(InProgress(), "SC1")]) as (desk, fax_id):
        await trio.sleep(5)
        [submitted] = desk.calls
        desk.provider.look_ups = [Absent()]
        doubted = await desk.outcomes.doubted(submitted, "the gateway stopped")
        assert doubted is not None
        desk.doubts.put(doubted)
        await trio.sleep(10 * SETTLE_SECONDS)
        assert await desk.state(fax_id) is State.UNKNOWN
        assert len(desk.provider.sent) == 1
        assert len(desk.provider.asked_at) > 10


async def test_what_is_too_late_to_be_sent_again_is_still_asked_for(autojump_clock: MockClock) -> None:
    """The hour after which it would go again comes behind its deadline: every five minutes, until the carrier tells."""
    carrier = TellingCarrier(outcomes=[Unclear("lost"), Accepted("SC2")], look_ups=[NoAnswer("503")])
    desk = Desk(provider=carrier, resend_after_seconds=3_600.0)
    await desk.store.admit([new_fax("a", deadline_at=NOW + 1_800.0)])
    desk.waiting.put([Queued(FaxId(1), LINE, 1, NOW, NOW + 1_800.0, 0)])
    [taken] = await desk.waiting.wait_due(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.doubts.run)
        await desk.attempts.make(Prepared(taken, PAGE, NOW), desk.carrier)
        await trio.sleep(6_000)
        asked = [at for at in carrier.asked_at if at > 4_000]
        assert len(asked) == pytest.approx(2_000 / 300, abs=1)
        carrier.look_ups = [found(Delivered(1, 16.8))]
        await trio.sleep(301)
        nursery.cancel_scope.cancel()
    assert await desk.state(FaxId(1)) is State.DELIVERED
    assert len(carrier.sent) == 1


@pytest.mark.parametrize(
    "answer", [NoAnswer("503"), found(InProgress(), None), ValueError("bug"), ExceptionGroup("bug", [ValueError()])]
)
async def test_it_is_asked_again_ever_more_rarely(answer: LookUp | Exception, autojump_clock: MockClock) -> None:
    """No answer, a useless one or a broken adapter: asked again after 1, 2, 4 s and so on, up to a minute."""
    async with in_doubt([answer], ask_seconds=0.0) as (desk, fax_id):
        await trio.sleep(600)
        waits = [later - before for before, later in pairwise(desk.provider.asked_at)]
        assert waits[:8] == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60], abs=0.01)
        assert max(waits) <= ASK_AGAIN_SECONDS_MAX + 0.01
        assert await desk.state(fax_id) is State.UNKNOWN


async def test_a_question_that_hangs_is_given_up(autojump_clock: MockClock) -> None:
    """And asked again later."""
    async with in_doubt([found(Delivered(1, 1.0))], ask_seconds=10_000.0) as (desk, fax_id):
        await trio.sleep(LOOK_UP_SECONDS_MAX + 2)
        assert len(desk.provider.asked_at) == 2
        desk.provider.ask_seconds = 0.1
        await trio.sleep(60)
        assert await desk.state(fax_id) is State.DELIVERED


async def test_a_receipt_that_settles_it_meanwhile_ends_the_asking(autojump_clock: MockClock) -> None:
    """Nothing is asked about what is known."""
    async with in_doubt([Absent()]) as (desk, fax_id):
        await trio.sleep(5)
        await desk.outcomes.learnt(desk.open_attempt(), Delivered(1, 16.8))
        await trio.sleep(1_000)
        assert len(desk.provider.asked_at) == 1
        assert await desk.state(fax_id) is State.DELIVERED


async def test_a_carrier_gets_only_so_many_questions_at_once(autojump_clock: MockClock) -> None:
    """After an outage hundreds are in doubt; they are asked about in turn, all of them."""
    count = 3 * ASKING_MAX
    carrier = CountingCarrier(outcomes=[Unclear("lost")], look_ups=[found(Delivered(1, 1.0))], ask_seconds=1.0)
    desk = Desk(provider=carrier)
    for number in range(count):
        await desk.make_one(str(number), Line(f"+3319900{number:04}"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.doubts.run)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert carrier.most == ASKING_MAX
    assert await desk.store.counts() == {State.DELIVERED: count}


class CountingCarrier(TellingCarrier):
    under_way = 0
    most = 0

    async def look_up(self, client_ref: str) -> LookUp:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await super().look_up(client_ref)  # type: ignore[arg-type]
        finally:
            self.under_way -= 1


async def test_a_write_that_breaks_leaves_the_doubt_and_the_others(autojump_clock: MockClock) -> None:
    """It is asked again later, and settled then."""
    store = sick_store()
    desk = Desk(store=store, provider=TellingCarrier(outcomes=[Unclear("lost")], look_ups=[found(Delivered(1, 1.0))]))
    fax_id = await desk.make_one()
    store.record_errors = [KeyError("bug"), KeyError("bug")]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.doubts.run)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert await desk.state(fax_id) is State.DELIVERED


async def test_a_failed_disk_is_not_hidden(autojump_clock: MockClock) -> None:
    """The process must end."""
    store = sick_store()
    desk = Desk(store=store, provider=TellingCarrier(outcomes=[Unclear("lost")], look_ups=[found(Delivered(1, 1.0))]))
    await desk.make_one()
    store.record_errors = [StoreFailedError("disk")]
    with trio.move_on_after(10), pytest.raises(ExceptionGroup) as ended:
        await desk.doubts.run()
    assert ended.group_contains(StoreFailedError)
