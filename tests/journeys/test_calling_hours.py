"""Faxes that come in when their line must not be called, and faxes that are to go later."""

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import trio
from trio.testing import MockClock

from faxgw.config.sending import CallingRules
from faxgw.fax import Failure, State, Waiting
from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.provider.port import Refused
from tests.journeys.account import settle_account
from tests.journeys.test_carrier_trouble import RefusingCarrier
from tests.journeys.town import START, Town, carrier_config, florist, line_of, open_town, order_for

PARIS = ZoneInfo("Europe/Paris")
NIGHT = CallingRules(prefix="+33", quiet_from=dt.time(21), quiet_until=dt.time(7, 30), timezone="Europe/Paris")
"""A journey starts at 08:00 in Paris."""


def shop(number: int, hours: str | None = None, calls_max: int = 1) -> Member:
    return msgspec.structs.replace(florist(number), opening_hours=hours, fax_calls_max=calls_max)


def paris(town: Town) -> dt.datetime:
    return dt.datetime.fromtimestamp(town.clock.now(), PARIS)


async def test_nothing_is_dialled_in_the_night_of_a_country(autojump_clock: MockClock) -> None:
    """Orders of the evening go in the morning, and say until when they wait."""
    async with open_town(settings={"calling": [NIGHT]}) as town, town.running() as gateway:
        await trio.sleep(15 * 3_600)
        faxes = await town.submit(*(order_for(number, f"order-{number}") for number in range(5)))
        await trio.sleep(10)
        morning = dt.datetime(2027, 5, 30, 7, 30, tzinfo=PARIS).timestamp()
        why = gateway.desk.why(await town.view(faxes[0]))
        assert (why.waiting, why.until) == (Waiting.WINDOW_CLOSED, morning)
        assert town.carrier.faxes() == []
        await town.wait()
        assert all(0 <= taken.taken_at - morning < 60 for taken in town.carrier.faxes())
    await settle_account(town, delivered=5)


async def test_a_fax_that_stands_ready_when_the_night_begins_stays(autojump_clock: MockClock) -> None:
    """It was drawn and handed out at 20:59 and stood before a carrier that wanted rest: it goes in the morning."""
    async with open_town(carrier_config(lanes=1), settings={"calling": [NIGHT]}) as town:
        carrier = RefusingCarrier("scripted", clock=town.clock)
        carrier.refusal = Refused(Failure.CAPACITY, "429", 3_000.0)
        async with town.with_carrier(carrier), town.running():
            await trio.sleep(12 * 3_600 + 50 * 60)
            await town.submit(order_for(1, "one"), order_for(2, "two"))
            await trio.sleep(60)
            carrier.refusal = None
            await town.wait()
        assert {dt.datetime.fromtimestamp(taken.taken_at, PARIS).hour for taken in carrier.faxes()} == {7}
        await settle_account(town, delivered=2)


async def test_a_florist_is_called_in_its_opening_hours(autojump_clock: MockClock) -> None:
    """The one that is open gets its order now, the other one when it opens; a third keeps Sunday."""
    register = Register(
        [shop(0), shop(1, "Mo-Sa 08:00-19:00"), shop(2, "Mo-Sa 10:00-19:00"), shop(3, "Mo-Fr 09:00-12:00")]
    )
    async with open_town(register=register) as town, town.running() as gateway:
        early, late, monday = await town.submit(*(order_for(number, f"order-{number}") for number in (1, 2, 3)))
        await town.wait_state(early, State.DELIVERED, seconds_max=600)
        why = gateway.desk.why(await town.view(late))
        assert (why.waiting, why.until) == (
            Waiting.WINDOW_CLOSED,
            dt.datetime(2027, 5, 29, 10, tzinfo=PARIS).timestamp(),
        )
        await town.wait_state(late, State.DELIVERED)
        assert (paris(town).hour, paris(town).date()) == (10, START.date())
        await town.wait_state(monday, State.DELIVERED)
        assert (paris(town).hour, paris(town).strftime("%A")) == (9, "Monday")
    await settle_account(town, delivered=3)


async def test_a_deadline_in_a_closed_window_is_told_at_once_when_it_comes(autojump_clock: MockClock) -> None:
    """The fax is not dialled in the night to save its deadline; it expires, and somebody hears of it."""
    async with open_town(settings={"calling": [NIGHT]}) as town, town.running():
        await trio.sleep(15 * 3_600)
        deadline = town.start_later(3_600)
        [late] = await town.submit(order_for(1, "late", deadline=deadline))
        view = await town.wait_state(late, State.EXPIRED)
        assert 0 <= view.events[-1].at - deadline.timestamp() < 0.1
        assert town.carrier.faxes() == []
    await settle_account(town, expired=1)


async def test_a_fax_goes_not_before_its_time(autojump_clock: MockClock) -> None:
    """Also after a restart; meanwhile it says until when it waits, and its line is free for others."""
    async with open_town() as town:
        later = town.start_later(7_200)
        async with town.running() as gateway:
            scheduled, other = await town.submit(order_for(1, "later", not_before=later), order_for(1, "now"))
            await town.wait_state(other, State.DELIVERED, seconds_max=600)
            why = gateway.desk.why(await town.view(scheduled))
            assert (why.waiting, why.until) == (Waiting.NOT_DUE, later.timestamp())
        async with town.running():
            await town.wait()
            [attempt] = (await town.view(scheduled)).attempts
            assert 0 <= attempt.started_at - later.timestamp() < 1
    await settle_account(town, delivered=2)


async def test_a_line_with_two_machines_has_two_calls_and_no_third(autojump_clock: MockClock) -> None:
    """The register says two: the account finds two at once, over two carriers and a restart in the middle."""
    register = Register([shop(0), shop(1, calls_max=2)])
    async with open_town(carrier_config("north"), carrier_config("south"), register=register) as town:
        async with town.running():
            await town.submit(*(order_for(1, f"order-{number}") for number in range(30)))
            await trio.sleep(60)
        async with town.running():
            await town.wait()
        taken = [each for carrier in town.carriers.values() for each in carrier.faxes()]
        at_once = [sum(other.taken_at <= each.taken_at < (other.ended_at or 0) for other in taken) for each in taken]
        assert {each.number for each in taken} == {line_of(1)}
        assert max(at_once) == 2
        await settle_account(town, delivered=30)
