"""Numbers where no fax machine is, and how often they are dialled before somebody looks."""

import pytest
import trio
from trio.testing import MockClock

from faxgw.config.sending import CallingRules, LineConfig
from faxgw.fax import FaxId, State, Waiting
from faxgw.phone import Line
from faxgw.store.stops import Scope
from tests.journeys.account import settle_account
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

LINE = LineConfig()
MANY = 72
"""As many faxes as one dead number took in MuckRock's issue 842."""


def calls_to(town: Town, line: Line) -> int:
    return sum(taken.number == line for carrier in town.carriers.values() for taken in carrier.faxes())


async def submit_many(town: Town, count: int = MANY) -> list[FaxId]:
    return await town.submit(*(order_for(1, f"order-{number}") for number in range(count)))


@pytest.mark.parametrize(
    ("play", "calls_max", "failed"),
    [
        ("bad_number", LINE.bad_number_max, LINE.bad_number_max),
        ("no_fax", LINE.no_fax_max, 1),
        ("no_answer", LINE.no_answer_max, 0),
    ],
)
async def test_a_dead_number_is_not_dialled_once_for_each_of_72_faxes(
    play: str, calls_max: int, failed: int, autojump_clock: MockClock
) -> None:
    """The line is taken for dead after some calls over all its faxes; the rest wait, are told of, and are not lost."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), [play] * MANY)
        faxes = await submit_many(town)
        [other] = await town.submit(order_for(2, "other"))
        await trio.sleep(86_400)
        assert calls_to(town, line_of(1)) == calls_max
        counts = await town.store.counts()
        kept = [fax_id for fax_id in faxes if (await town.view(fax_id)).state is State.QUEUED]
        assert len(kept) == MANY - counts.get(State.FAILED, 0)
        assert {gateway.desk.why(await town.view(fax_id)).waiting for fax_id in kept} == {Waiting.LINE_DEAD}
        told = {event.fax_id for event in await town.events("line_dead")}
        assert told == set(kept)
        assert gateway.waiting.statistics().by_reason[Waiting.LINE_DEAD] == len(kept)
        assert (await town.view(other)).state is State.DELIVERED
    await settle_account(town, delivered=1, failed=counts.get(State.FAILED, 0), waiting=len(kept))


async def test_a_person_who_resumes_a_dead_line_lets_all_go(autojump_clock: MockClock) -> None:
    """The florist has mended the machine: everything is delivered, and the line has a clean sheet."""
    async with open_town() as town, town.running() as gateway:
        town.carrier.script(line_of(1), ["no_fax"] * LINE.no_fax_max)
        faxes = await submit_many(town, 10)
        await town.wait_event(faxes[-1], "line_dead")
        assert await gateway.control.resume(Scope.LINE, line_of(1), "Ada", "a new machine")
        await town.wait()
        counts = await town.store.counts()
        assert calls_to(town, line_of(1)) == LINE.no_fax_max + counts[State.DELIVERED]
    await settle_account(town, delivered=counts[State.DELIVERED], failed=counts.get(State.FAILED, 0))


async def test_a_dead_line_is_dead_after_a_restart(autojump_clock: MockClock) -> None:
    """What was learnt is durable: the new process dials nothing either, also for faxes that come later."""
    async with open_town() as town:
        async with town.running():
            town.carrier.script(line_of(1), ["bad_number"] * MANY)
            faxes = await submit_many(town, 5)
            await town.wait_event(faxes[-1], "line_dead")
        async with town.running() as gateway:
            [later] = await town.submit(order_for(1, "later"))
            await trio.sleep(3_600)
            assert calls_to(town, line_of(1)) == LINE.bad_number_max
            assert gateway.desk.why(await town.view(later)).waiting is Waiting.LINE_DEAD
            assert (await town.kinds(later)) == ["accepted", "line_dead"]
        await settle_account(town, failed=2, waiting=4)


async def test_a_line_that_has_answered_before_is_given_more_patience(autojump_clock: MockClock) -> None:
    """A florist's machine that is off for an evening is no wrong number (HylaFAX's CalledBefore)."""
    off = LINE.no_fax_max + 1
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["delivered", *["no_fax"] * off, *["delivered"] * 20])
        await submit_many(town, 10)
        await town.wait()
        counts = await town.store.counts()
        assert await town.events("line_dead") == []
    await settle_account(town, delivered=counts[State.DELIVERED], failed=counts.get(State.FAILED, 0))


async def test_a_line_is_dialled_no_more_often_an_hour_than_its_country_allows(autojump_clock: MockClock) -> None:
    """Over all its faxes and a restart; a delivery clears the account, so a busy florist is not held back."""
    rules = [CallingRules(prefix="+33", failed_calls_an_hour_max=4)]
    async with open_town(settings={"calling": rules}) as town:
        town.carrier.script(line_of(1), ["protocol"] * 40)
        async with town.running():
            faxes = await submit_many(town, 6)
            await trio.sleep(1_200)
            assert calls_to(town, line_of(1)) == 4
        async with town.running() as gateway:
            why = gateway.desk.why(await town.view(faxes[-1]))
            assert why.waiting is Waiting.BUDGET_SPENT
            first = min([attempt.ended_at or 0.0 for fax_id in faxes for attempt in (await town.view(fax_id)).attempts])
            assert why.until == pytest.approx(first + 3_600)
            await trio.sleep(1_800)
            assert calls_to(town, line_of(1)) == 4
            await trio.sleep(3_600)
            assert 4 < calls_to(town, line_of(1)) <= 8
            town.carrier.script(line_of(1), ["delivered"] * 20)
            await town.wait()
        counts = await town.store.counts()
    await settle_account(town, delivered=counts[State.DELIVERED], failed=counts.get(State.FAILED, 0))


async def test_a_florist_with_many_orders_an_hour_is_not_held_back(autojump_clock: MockClock) -> None:
    """Only calls that failed count."""
    async with open_town() as town, town.running():
        await submit_many(town, 60)
        await town.wait(seconds_max=3_600)
        assert calls_to(town, line_of(1)) == 60
    await settle_account(town, delivered=60)


async def test_two_carriers_share_what_is_known_of_a_line(autojump_clock: MockClock) -> None:
    """A dead number is dead over all carriers."""
    async with open_town(carrier_config("north"), carrier_config("south")) as town, town.running():
        for carrier in town.carriers.values():
            carrier.script(line_of(1), ["bad_number"] * MANY)
        await submit_many(town)
        await trio.sleep(3_600)
        assert calls_to(town, line_of(1)) == LINE.bad_number_max
    await settle_account(town, failed=LINE.bad_number_max, waiting=MANY - LINE.bad_number_max)
