"""Faxes in doubt, for every way in which a carrier can be asked; and what waits for a person in the end."""

import math

import pytest
import trio
from trio.testing import MockClock

from faxgw.config.provider import ProviderConfig
from faxgw.fax import State, Waiting
from faxgw.provider.port import Capabilities, LookUpKind
from faxgw.provider.scripted import Pace, ScriptedProvider
from faxgw.store.changes import Ruling
from tests.journeys.account import check_carriers, settle_account
from tests.journeys.town import Town, carrier_config, line_of, open_town, order_for

TAKEN = ["lost_answer", "server_error_accepted", "slow_before"]
NOT_TAKEN = ["closed_before", "server_error"]


def carrier_that(town: Town, capabilities: Capabilities) -> ScriptedProvider:
    keeps_keys = capabilities.idempotent_seconds > 0
    return ScriptedProvider("scripted", clock=town.clock, capabilities=capabilities, idempotent=keeps_keys)


@pytest.mark.parametrize("answer", TAKEN)
@pytest.mark.parametrize(
    "capabilities",
    [
        Capabilities(look_up=LookUpKind.REFERENCE),
        Capabilities(look_up=LookUpKind.COMPLETED),
        Capabilities(look_up=LookUpKind.NUMBER),
        Capabilities(look_up=LookUpKind.LISTED),
        Capabilities(look_up=LookUpKind.NONE, idempotent_seconds=math.inf),
    ],
    ids=["by reference", "completed only", "by number", "listed", "by key"],
)
async def test_what_a_carrier_took_is_found_without_a_receipt(
    answer: str, capabilities: Capabilities, autojump_clock: MockClock
) -> None:
    """However it can be asked: one call, one delivery."""
    async with open_town() as town:
        async with town.with_carrier(carrier_that(town, capabilities)), town.running():
            town.carrier.script(line_of(1), [f"{answer}+missing_receipt"])
            [fax_id] = await town.submit(order_for(1, "one"))
            view = await town.wait_state(fax_id, State.DELIVERED)
            assert len(view.attempts) == 1
        await settle_account(town, delivered=1)


@pytest.mark.parametrize("answer", NOT_TAKEN)
@pytest.mark.parametrize(
    "capabilities",
    [
        Capabilities(look_up=LookUpKind.REFERENCE),
        Capabilities(look_up=LookUpKind.NUMBER),
        Capabilities(look_up=LookUpKind.LISTED),
        Capabilities(look_up=LookUpKind.NONE, idempotent_seconds=math.inf),
    ],
    ids=["by reference", "by number", "listed", "by key"],
)
async def test_what_a_carrier_never_took_goes_again_by_itself(
    answer: str, capabilities: Capabilities, autojump_clock: MockClock
) -> None:
    """Once asking has proved it, or under its old key."""
    async with open_town() as town:
        async with town.with_carrier(carrier_that(town, capabilities)), town.running():
            town.carrier.script(line_of(1), [answer, "delivered"])
            [fax_id] = await town.submit(order_for(1, "one"))
            assert (await town.wait_state(fax_id, State.DELIVERED)).calls == 1
        await settle_account(town, delivered=1)


@pytest.mark.parametrize(
    "capabilities",
    [
        Capabilities(look_up=LookUpKind.COMPLETED),
        Capabilities(look_up=LookUpKind.NONE),
        Capabilities(look_up=LookUpKind.LISTED, absence_proves=False),
    ],
    ids=["completed only", "not at all", "in a list that nobody has tried"],
)
@pytest.mark.parametrize("answer", NOT_TAKEN)
async def test_where_nothing_can_prove_it_a_person_decides(
    capabilities: Capabilities, answer: str, autojump_clock: MockClock
) -> None:
    """Fifteen minutes later it is parked: never sent by itself, its line goes on, and a person's word ends it."""
    async with open_town() as town:
        async with town.with_carrier(carrier_that(town, capabilities)), town.running() as gateway:
            town.carrier.script(line_of(1), [answer, "delivered", "delivered"])
            doubted, neighbour = await town.submit(order_for(1, "one"), order_for(1, "two"))
            await town.wait_event(doubted, "parked")
            assert gateway.desk.why(await town.view(doubted)).waiting is Waiting.IN_DOUBT
            await town.wait_state(neighbour, State.DELIVERED)
            await trio.sleep(80_000)
            view = await town.view(doubted)
            assert (view.state, len(view.attempts)) == (State.UNKNOWN, 1)
            await gateway.desk.resolve(doubted, Ruling.SEND_AGAIN, "Ada", "the shop has nothing")
            view = await town.wait_state(doubted, State.DELIVERED)
            assert (len(view.attempts), view.marked) == (2, True)
        await settle_account(town, delivered=2)


async def test_a_confirmation_that_got_lost_on_the_line_is_parked_at_once(autojump_clock: MockClock) -> None:
    """Nobody can know better than the carrier: no second call, the line goes on, and it waits over a restart, too."""
    async with open_town() as town:
        async with town.running():
            town.carrier.script(line_of(1), ["in_doubt", "delivered"])
            doubted, neighbour = await town.submit(order_for(1, "one"), order_for(1, "two"))
            await town.wait_event(doubted, "parked")
            await town.wait_state(neighbour, State.DELIVERED)
        async with town.running() as gateway:
            await trio.sleep(80_000)
            view = await town.view(doubted)
            assert (view.state, len(view.attempts)) == (State.UNKNOWN, 1)
            await gateway.desk.resolve(doubted, Ruling.DELIVERED, "Ada", "the shop has it")
            assert (await town.view(doubted)).state is State.DELIVERED
        await check_carriers_of(town)


async def check_carriers_of(town: Town) -> None:
    """The page arrived once, though no carrier confirmed it: the person's word stands for it."""
    assert [sum(fax.arrived for fax in carrier.faxes()) for carrier in town.carriers.values()] == [2]


async def test_a_late_receipt_still_saves_a_parked_fax(autojump_clock: MockClock) -> None:
    """The carrier could not be asked and its receipt took an hour: delivered, without anybody's help."""
    async with open_town() as town:
        by_receipt_only = Capabilities(look_up=LookUpKind.NONE)
        carrier = ScriptedProvider(
            "scripted", clock=town.clock, capabilities=by_receipt_only, pace=Pace(receipt_tries_max=100)
        )
        async with town.with_carrier(carrier), town.running():
            carrier.script(line_of(1), ["lost_answer"])
            deliver, carrier.deliver = carrier.deliver, None
            [fax_id] = await town.submit(order_for(1, "one"))
            await town.wait_event(fax_id, "parked")
            carrier.deliver = deliver
            view = await town.wait_state(fax_id, State.DELIVERED)
            assert len(view.attempts) == 1
        await settle_account(town, delivered=1)


async def test_blind_resend_is_marked_and_only_where_the_config_wants_it(autojump_clock: MockClock) -> None:
    """An hour after it was parked it goes again, and its page says that it may have come before."""
    async with open_town(resending(3_600.0)) as town:
        async with town.with_carrier(carrier_that(town, Capabilities(look_up=LookUpKind.NONE))), town.running():
            town.carrier.script(line_of(1), ["closed_before", "busy", "delivered"])
            [fax_id] = await town.submit(order_for(1, "one"))
            parked = await town.wait_event(fax_id, "parked")
            view = await town.wait_state(fax_id, State.DELIVERED)
            assert view.marked
            assert view.attempts[1].started_at - parked.events[-1].at == pytest.approx(3_600, abs=5)
        await settle_account(town, delivered=1)


async def test_no_blind_resend_past_the_deadline(autojump_clock: MockClock) -> None:
    """Then only a person can help."""
    async with open_town(resending(3_600.0)) as town:
        async with town.with_carrier(carrier_that(town, Capabilities(look_up=LookUpKind.NONE))), town.running():
            town.carrier.script(line_of(1), ["closed_before", "delivered"])
            [fax_id] = await town.submit(order_for(1, "one", deadline=town.start_later(1_800)))
            await town.wait_event(fax_id, "parked")
            await trio.sleep(20_000)
            view = await town.view(fax_id)
            assert (view.state, len(view.attempts)) == (State.UNKNOWN, 1)
        await check_carriers(town)


def resending(after_seconds: float) -> ProviderConfig:
    return carrier_config(resend_in_doubt_after_seconds=after_seconds)


async def test_a_call_that_never_ends_is_parked(autojump_clock: MockClock) -> None:
    """The carrier says for hours that it is under way: a person hears of it, and the line goes on."""
    async with open_town() as town, town.running():
        town.carrier.script(line_of(1), ["stuck", "delivered"])
        stuck, neighbour = await town.submit(order_for(1, "one"), order_for(1, "two"))
        view = await town.wait_event(stuck, "parked")
        lost_after = town.configs[0].receipt_lost_seconds + town.configs[0].park_after_seconds
        assert view.events[-1].at - view.accepted_at == pytest.approx(lost_after, abs=120)
        await town.wait_state(neighbour, State.DELIVERED)
        assert len((await town.view(stuck)).attempts) == 1


async def test_a_deaf_adapter_does_not_keep_its_lane(autojump_clock: MockClock) -> None:
    """A send that cannot even be cancelled is left behind; its fax is found at the carrier and goes on."""
    async with open_town(carrier_config(lanes=1)) as town:
        carrier = DeafOnce("scripted", clock=town.clock)
        async with town.with_carrier(carrier), town.running():
            first, second = await town.submit(order_for(1, "one"), order_for(2, "two"))
            await town.wait_state(second, State.DELIVERED, seconds_max=600)
            await town.wait_state(first, State.DELIVERED, seconds_max=600)
            assert b'faxgw_watchdog_ended_total{provider="scripted"} 1.0' in town.metrics.exposition()
            carrier.wakes.set()
        await settle_account(town, delivered=2)


class DeafOnce(ScriptedProvider):
    """Hangs in its first send, and does not hear that it is cancelled."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.wakes = trio.Event()
        self.is_deaf = True

    async def send(self, sending):  # type: ignore[no-untyped-def]
        outcome = await super().send(sending)
        if self.is_deaf:
            self.is_deaf = False
            with trio.CancelScope(shield=True):
                await self.wakes.wait()
        return outcome
