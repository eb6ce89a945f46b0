"""Before a deadline is lost: the steps, in order, once each, whatever happens in between."""

from collections.abc import MutableMapping, Sequence
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.config.promises import Step
from faxgw.fax import FaxId, State
from faxgw.members.register import Register
from faxgw.phone import Line
from faxgw.store.attempts import Begun, Intent
from faxgw.store.sql import SqlStore
from tests.journeys.account import settle_account
from tests.journeys.town import Town, carrier_config, florist, line_of, open_town, order_for

BOTH = (carrier_config("north"), carrier_config("south"))
SECOND = Line("+33199000777")
HOUR = 3_600.0


def shops() -> Register:
    """Ten florists, of whom the first has another fax machine."""
    two_machines = msgspec.structs.replace(florist(1), fax_second="+33 1 99 00 07 77")
    return Register([florist(0), two_machines, *(florist(number) for number in range(2, 10))])


async def steps_of(town: Town, fax_id: FaxId) -> list[tuple[str, float]]:
    """What was done for the fax, each with the minutes that were left."""
    view = await town.view(fax_id)
    assert view.deadline_at is not None
    told = [event for event in view.events if event.kind in {"escalated", "deadline_at_risk"}]
    return [(str(event.data.get("step", "event")), round((view.deadline_at - event.at) / 60, 1)) for event in told]


def counted(town: Town, step: Step) -> float | None:
    return town.metrics.registry.get_sample_value("faxgw_escalations_total", {"step": step})


async def occupy(town: Town, line: Line, key: str) -> FaxId:
    """Let a call to the line never end."""
    for carrier in town.carriers.values():
        carrier.script(line, ["stuck"])
    [fax_id] = await town.submit(msgspec.structs.replace(order_for(9, key), fax_number=line))
    await town.wait_event(fax_id, "submitted")
    return fax_id


async def test_behind_a_busy_line_the_steps_come_in_order_and_once_over_restarts(autojump_clock: MockClock) -> None:
    """Both of the florist's lines are taken: first class, the other number, the event, the alarm, and the end."""
    async with open_town(register=shops()) as town:
        async with town.running():
            await occupy(town, line_of(1), "first-line")
            await occupy(town, SECOND, "second-line")
            [fax_id] = await town.submit(order_for(1, "late", deadline=town.start_later(HOUR)))
            await trio.sleep(32 * 60)
        for minutes in (4, 11, 6):
            async with town.running():
                await trio.sleep(minutes * 60)
        async with town.running():
            view = await town.wait_state(fax_id, State.EXPIRED)
        assert await steps_of(town, fax_id) == [
            ("express", 30.0),
            ("second_number", 15.0),
            ("event", 10.0),
            ("alert", 5.0),
        ]
        assert (view.rank, view.line, view.attempts) == (0, SECOND, ())
        assert 0 <= view.events[-1].at - (view.deadline_at or 0.0) < 0.1
        assert {step: counted(town, step) for step in Step} == {
            Step.EXPRESS: 1,
            Step.OTHER_PROVIDER: 0,
            Step.SECOND_NUMBER: 1,
            Step.OTHER_FLORIST: 0,
            Step.EVENT: 1,
            Step.ALERT: 1,
        }
        await settle_account(town, expired=1, waiting=2)


async def test_the_order_system_hears_in_time_why_and_what_it_could_do(
    autojump_clock: MockClock, logged: Sequence[MutableMapping[str, Any]]
) -> None:
    """The event has the reason; the operator's alarm is an error in the log."""
    async with open_town() as town, town.running():
        await occupy(town, line_of(1), "first-line")
        [fax_id] = await town.submit(order_for(1, "late", deadline=town.start_later(HOUR)))
        await town.wait_state(fax_id, State.EXPIRED)
        [told] = await town.events("deadline_at_risk")
        assert (told.fax_id, told.data["suggestion"], told.data["state"]) == (fax_id, "reroute", "queued")
        assert "line" in str(told.data["reason"])
        [alarm] = [entry for entry in logged if entry["event"] == "deadline_at_risk"]
        assert (alarm["log_level"], alarm["fax_id"], alarm["seconds_left"]) == ("error", fax_id, 300)
    await settle_account(town, expired=1, waiting=1)


async def test_the_other_number_saves_what_waits_behind_a_busy_line(autojump_clock: MockClock) -> None:
    """A quarter of an hour before its deadline it goes to the florist's second machine, and arrives."""
    async with open_town(register=shops()) as town, town.running():
        await occupy(town, line_of(1), "first-line")
        [fax_id] = await town.submit(order_for(1, "saved", deadline=town.start_later(HOUR)))
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert [attempt.line for attempt in view.attempts] == [SECOND]
        assert await steps_of(town, fax_id) == [("express", 30.0), ("second_number", 15.0)]
        assert town.metrics.registry.get_sample_value("faxgw_deadline_total", {"result": "met", "rule": "none"}) == 1
    await settle_account(town, delivered=1, waiting=1)


async def test_no_step_comes_in_the_first_half_of_a_short_promise(autojump_clock: MockClock) -> None:
    """A fax with ten minutes to live does not begin with an alarm; its steps come together, after five."""
    async with open_town() as town, town.running():
        await occupy(town, line_of(1), "first-line")
        [fax_id] = await town.submit(order_for(1, "short", deadline=town.start_later(600)))
        await town.wait_state(fax_id, State.EXPIRED)
        assert await steps_of(town, fax_id) == [("express", 5.0), ("event", 5.0), ("alert", 5.0)]
    await settle_account(town, expired=1, waiting=1)


async def test_carriers_that_failed_a_fax_are_left_out_from_then_on_also_after_a_restart(
    autojump_clock: MockClock,
) -> None:
    """North's network fails every call, south is down; once south is back it gets the fax, and north does not."""
    three = (carrier_config("north"), carrier_config("south", cost=10))
    async with open_town(*three) as town:
        town.carriers["south"].set_shares({"down": 1.0})
        town.carriers["north"].set_shares({"network": 1.0})
        async with town.running() as gateway:
            [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(HOUR)))
            await trio.sleep(HOUR - 19 * 60)
            assert [step for step, _ in await steps_of(town, fax_id)] == ["express", "other_provider"]
            assert gateway._promises.left_out(fax_id) == {"north"}
        town.carriers["south"].set_shares({})
        async with town.running():
            view = await town.wait_state(fax_id, State.DELIVERED)
        assert view.attempts[-1].provider == "south"
        assert [event.data["avoid"] for event in view.events if event.data.get("step") == "other_provider"] == [
            ["north"]
        ]
        await settle_account(town, delivered=1)


async def test_a_fax_in_doubt_is_told_of_and_goes_no_other_way(autojump_clock: MockClock) -> None:
    """While the carrier may have it nothing is sent, whatever the clock says; people hear of it."""
    async with open_town(*BOTH, register=shops()) as town, town.running():
        for carrier in town.carriers.values():
            carrier.script(line_of(1), ["lost_answer+missing_receipt"])
            carrier.set_shares({"ask_lost": 1.0})
        [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(HOUR)))
        await trio.sleep(HOUR + 60)
        view = await town.view(fax_id)
        assert (view.state, len(view.attempts), view.line) == (State.UNKNOWN, 1, line_of(1))
        assert await steps_of(town, fax_id) == [("event", 10.0), ("alert", 5.0)]
        for carrier in town.carriers.values():
            carrier.set_shares({})
        await town.wait()
        assert town.metrics.registry.get_sample_value("faxgw_deadline_total", {"result": "missed", "rule": "none"}) == 1
    await settle_account(town, delivered=1)


async def test_what_is_put_off_while_a_carrier_has_it_is_done_when_it_comes_back(autojump_clock: MockClock) -> None:
    """The call that is under way when the step is due comes to nothing: the other number is called at once."""
    async with open_town(register=shops()) as town, town.running():
        town.carrier.script(line_of(1), ["protocol+late_receipt"])
        [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(240)))
        view = await town.wait_state(fax_id, State.DELIVERED)
        first, second = view.attempts
        assert (first.outcome, second.line) == ("protocol", SECOND)
        # Half of its time was over in the middle of the first call; the regular wait would be a minute.
        assert first.ended_at is not None
        assert first.ended_at - view.accepted_at > 120
        assert second.started_at - first.ended_at < 1
    await settle_account(town, delivered=1)


async def test_the_last_try_goes_to_the_other_number_where_no_regular_one_would_be_in_time(
    autojump_clock: MockClock,
) -> None:
    """A busy tone a minute before the deadline: no call could be made again in time, the second machine is free."""
    async with open_town(register=shops()) as town, town.running():
        town.carrier.script(line_of(1), ["busy"] * 10)
        [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(60)))
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert [(attempt.line, attempt.outcome) for attempt in view.attempts] == [
            (line_of(1), "busy"),
            (SECOND, "delivered"),
        ]
        assert [step for step, _ in await steps_of(town, fax_id)] == ["second_number"]
    await settle_account(town, delivered=1)


@pytest.mark.parametrize("plays", [["busy"] * 9, ["no_answer"] * 9])
async def test_each_number_gets_its_last_try_and_no_more(autojump_clock: MockClock, plays: list[str]) -> None:
    """Both machines are busy: the fax is given up while a person can still act."""
    async with open_town(register=shops()) as town, town.running():
        for line in (line_of(1), SECOND):
            town.carrier.script(line, plays)
        deadline = town.start_later(90)
        [fax_id] = await town.submit(order_for(1, "one", deadline=deadline))
        view = await town.wait_state(fax_id, State.FAILED)
        assert [attempt.line for attempt in view.attempts] == [line_of(1), SECOND]
        assert view.events[-1].at < deadline.timestamp()
    await settle_account(town, failed=1)


async def test_a_fax_that_a_person_holds_expires_when_its_time_has_come(autojump_clock: MockClock) -> None:
    """People are told while it is held, it goes no way of its own, and its end is known at once."""
    async with open_town(register=shops()) as town, town.running() as gateway:
        town.carrier.set_shares({"down": 1.0})
        [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(HOUR)))
        await gateway.desk.hold(fax_id, "Ada", "the customer calls back")
        view = await town.wait_state(fax_id, State.EXPIRED)
        assert 0 <= view.events[-1].at - (view.deadline_at or 0.0) < 0.1
        assert await steps_of(town, fax_id) == [("event", 10.0), ("alert", 5.0)]
    await settle_account(town, expired=1)


class SlowStore(SqlStore):
    """Takes its time over intents, as a disk does that hangs."""

    seconds = 0.0

    async def begin(self, intents: Sequence[Intent]) -> list[Begun]:
        begun = await super().begin(intents)
        await trio.sleep(self.seconds)
        return begun


async def test_an_intent_that_comes_through_after_the_deadline_is_not_sent(autojump_clock: MockClock) -> None:
    """The disk hung for a minute: no byte leaves, and the fax expires as if it had never begun."""
    async with open_town() as town:
        town.store.__class__ = SlowStore
        SlowStore.seconds = 60.0
        async with town.running():
            [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(30)))
            view = await town.wait_state(fax_id, State.EXPIRED)
            assert (view.calls, [attempt.outcome for attempt in view.attempts]) == (0, ["expired"])
            SlowStore.seconds = 0.0
            [after] = await town.submit(order_for(1, "after"))
            await town.wait_state(after, State.DELIVERED)
        assert len(town.carrier.faxes()) == 1
        await settle_account(town, delivered=1, expired=1)
