"""An order's life between florists: rejected, forwarded, priced anew, cancelled, asked about, its florist away."""

import datetime as dt

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.api.port import AgainWish, Destination
from faxgw.config.relay import Relay
from faxgw.fax import FaxId, State
from faxgw.message import Channel, Kind
from faxgw.order import Order
from faxgw.relay.paper import decode_paper
from faxgw.relay.port import Chosen, NobodyFound
from faxgw.render.sheet import RelayKind
from faxgw.store.admission import Admitted, Content, Kinship
from faxgw.store.relay.port import Answer, Refusal, RelayOrder, RelayRefused, RelayTaken, Stage
from tests.clocks import SetClock
from tests.journeys.account import settle_account
from tests.journeys.town import START, Town, line_of, open_town, order_for
from tests.relay.town import SENDER, said

PATIENT = {"relay": Relay(timezone="Europe/Paris", follow_seconds=0.1)}
IMPATIENT = {"relay": Relay(timezone="Europe/Paris", follow_seconds=0.1, answer_minutes=30)}


class NextDoor:
    """Gives an order to the florist with the next number who has not had it."""

    def __init__(self, florists: int = 10) -> None:
        self._florists = [f"FR-{number}" for number in range(1, florists)]

    def choose(self, order: Order, tried: frozenset[str]) -> Chosen | NobodyFound:
        named = next((florist for florist in self._florists if florist not in tried), None)
        return Chosen(named, "next door") if named is not None else NobodyFound("everybody had it")


async def tell(town: Town, kind: Kind, by: str | None, number: str = "1001", **more: object) -> Answer:
    assert town.gateway is not None
    message = said(kind, by, number, at=town.clock.now(), **more)  # type: ignore[arg-type]
    [answer] = await town.gateway.relay.take([message])
    return answer


def choose_by(town: Town, rerouter: object) -> None:
    assert town.gateway is not None
    town.gateway._relay._caretaker._rerouter = rerouter  # type: ignore[assignment]


async def stands(town: Town, number: str = "1001") -> RelayOrder:
    story = await town.store.relay.story(number)
    assert story is not None
    return story.order


async def wait_for(town: Town, executing: str | None, stage: Stage, number: str = "1001") -> RelayOrder:
    """Until the order is with that store, in that stage."""
    seen = 0
    with trio.fail_after(86_400):
        while True:
            order = await stands(town, number)
            if (order.executing, order.stage) == (executing, stage):
                return order
            await town.store.wait_events(seen)
            seen = await town.store.last_event()


async def papers(town: Town, title: RelayKind, to: str) -> list[str]:
    """What was said to a member on paper that arrived."""
    found = []
    for fax_id in await all_faxes(town):
        contents = (await town.store.contents([fax_id]))[fax_id]
        if contents.content is not Content.RELAY or (await town.view(fax_id)).state is not State.DELIVERED:
            continue
        paper = decode_paper(contents.order)
        if (paper.title, paper.to_member) == (title, to):
            found.append(paper.text)
    return found


async def sheets(town: Town, number: str = "1001") -> list[tuple[str | None, int, State]]:
    """Who was sent the order's sheet, at which price in cents, and what became of it; the oldest first."""
    found = []
    for fax_id in await all_faxes(town):
        view = await town.view(fax_id)
        if view.content is Content.ORDER and view.number == number:
            order = msgspec.json.decode(view.order, type=Order)
            found.append((view.member or order.executing_member, order.execution_price.amount_minor, view.state))
    return found


async def all_faxes(town: Town) -> list[FaxId]:
    return sorted({event.fax_id for event in await town.store.events(0, 100_000) if event.kind == "accepted"})


async def close_account(town: Town, **told: int) -> None:
    """The account, with the faxes that the relay made."""
    await town.wait()
    town.faxes = await all_faxes(town)
    await settle_account(town, **told)


async def test_a_rejected_order_goes_to_another_florist(autojump_clock: MockClock) -> None:
    """One florist's REJ is another's order sheet; the first owes nothing, and the sender reads of it."""
    async with open_town(settings=PATIENT) as town, town.running():
        choose_by(town, NextDoor())
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        assert isinstance(await tell(town, Kind.REJ, "FR-1", text="pas de pivoines"), RelayTaken)
        await wait_for(town, "FR-2", Stage.OFFERED)
        await town.wait()
        assert [sheet[0] for sheet in await sheets(town)] == ["FR-1", "FR-2"]
        [rejected] = await papers(town, RelayKind.REJ, SENDER)
        assert "pas de pivoines" in rejected
        assert isinstance(await tell(town, Kind.ACK, "FR-2"), RelayTaken)
        late = await tell(town, Kind.ACK, "FR-1")
        assert isinstance(late, RelayRefused)
        assert late.refusal is Refusal.NOT_EXECUTING
        assert (await stands(town)).executing == "FR-2"
        await close_account(town, delivered=3)


async def test_an_order_that_nobody_takes_waits_for_a_person(autojump_clock: MockClock) -> None:
    """Without routing a rejected order is told as unplaced, again and again, until a person gives it to somebody."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        await tell(town, Kind.REJ, "FR-1")
        await trio.sleep(3_600)
        assert len(await town.events("relay_unplaced")) >= 3
        assert (await stands(town)).executing is None
        taken = await tell(town, Kind.ORDER, None, to="FR-4", channel=Channel.OPERATOR)
        assert isinstance(taken, RelayTaken)
        await wait_for(town, "FR-4", Stage.OFFERED)
        await close_account(town, delivered=3)


async def test_an_order_is_forwarded_with_its_price(autojump_clock: MockClock) -> None:
    """FOR moves the order: the new florist gets the sheet at the agreed price, the old one can say nothing more."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        await tell(town, Kind.ASKP, SENDER, cents=3_900)
        assert isinstance(await tell(town, Kind.ANSP, "FR-1", cents=3_900), RelayTaken)
        assert isinstance(await tell(town, Kind.FOR, "FR-1", to="FR-3"), RelayTaken)
        refused = await tell(town, Kind.DCON, "FR-1")
        assert isinstance(refused, RelayRefused)
        await town.wait()
        assert isinstance(await tell(town, Kind.DCON, "FR-3"), RelayTaken)
        assert await sheets(town) == [("FR-1", 3_600, State.DELIVERED), ("FR-3", 3_900, State.DELIVERED)]
        order = await stands(town)
        assert (order.executing, order.stage, order.price.amount_minor) == ("FR-3", Stage.DELIVERED, 3_900)
        await close_account(town, delivered=4)


@pytest.mark.parametrize(("agreed", "price"), [(4_200, 4_200), (4_000, 3_600)])
async def test_a_price_changes_only_where_both_name_it(agreed: int, price: int, autojump_clock: MockClock) -> None:
    """The florist asks for more; the sender's answer agrees by the same amount, and by no other."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        await tell(town, Kind.ASKP, "FR-1", cents=4_200)
        assert (await stands(town)).price.amount_minor == 3_600
        assert isinstance(await tell(town, Kind.ANSP, SENDER, cents=agreed), RelayTaken)
        assert (await stands(town)).price.amount_minor == price
        await town.wait()
        [asked] = await papers(town, RelayKind.ASKP, SENDER)
        assert "42,00" in asked
        [answered] = await papers(town, RelayKind.ANSP, "FR-1")
        assert f"{price // 100},00" in answered
        await close_account(town, delivered=3)


async def test_an_order_is_cancelled_at_once_while_its_fax_waits(autojump_clock: MockClock) -> None:
    """Nobody can have the page, so nobody is asked: the fax leaves the queue, and the florist never hears of it."""
    async with open_town(settings=PATIENT) as town, town.running():
        [in_front] = await town.submit(order_for(1, "in-front"))
        await town.wait_event(in_front, "submitted")
        [first] = await town.submit(order_for(1, "1001"))
        assert isinstance(await tell(town, Kind.CAN, SENDER), RelayTaken)
        assert (await stands(town)).stage is Stage.CANCELLED
        assert (await town.view(first)).state is State.CANCELLED
        await close_account(town, delivered=1, cancelled=1)


@pytest.mark.parametrize(("word", "stage"), [(Kind.CON, Stage.CANCELLED), (Kind.DEN, Stage.OFFERED)])
async def test_a_florist_who_has_the_page_is_asked(word: Kind, stage: Stage, autojump_clock: MockClock) -> None:
    """Only the florist's word voids the claim; it comes back to the sender on paper."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        assert isinstance(await tell(town, Kind.CAN, SENDER), RelayTaken)
        assert (await stands(town)).stage is Stage.OFFERED
        assert isinstance(await tell(town, word, "FR-1"), RelayTaken)
        assert (await stands(town)).stage is stage
        await town.wait()
        assert len(await papers(town, RelayKind.CAN, "FR-1")) == 1
        assert len(await papers(town, RelayKind(word.value), SENDER)) == 1
        await close_account(town, delivered=3)


async def test_nothing_is_cancelled_after_the_delivery(autojump_clock: MockClock) -> None:
    """A cancellation that comes too late is refused with the reason."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        assert isinstance(await tell(town, Kind.DCON, "FR-1"), RelayTaken)
        refused = await tell(town, Kind.CAN, SENDER)
        assert isinstance(refused, RelayRefused)
        assert refused.refusal is Refusal.DELIVERED
        await close_account(town, delivered=1)


async def test_a_question_by_fax_is_answered_by_fax(autojump_clock: MockClock) -> None:
    """The florist ticks Question; the sender reads it, answers, and the florist reads the answer."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        asked = await tell(town, Kind.ASK, "FR-1", text="Quel étage ?", channel=Channel.FAX)
        assert isinstance(asked, RelayTaken)
        await town.wait()
        assert await papers(town, RelayKind.ASK, SENDER) == ["Quel étage ?"]
        assert isinstance(await tell(town, Kind.ANS, SENDER, text="Au troisième."), RelayTaken)
        await town.wait()
        assert await papers(town, RelayKind.ANS, "FR-1") == ["Au troisième."]
        assert (await stands(town)).questions == ()
        await close_account(town, delivered=3)


async def test_a_refused_fax_is_answered_by_fax_once(autojump_clock: MockClock) -> None:
    """Who faxes what cannot be done reads why in the own language; the same fax read twice makes no second answer."""
    async with open_town(settings=PATIENT) as town, town.running():
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        for _ in range(2):
            answer = await tell(town, Kind.ACK, "FR-7", key="sheet", channel=Channel.FAX)
            assert not isinstance(answer, RelayTaken)
        await town.wait()
        [told] = await papers(town, RelayKind.GEN, "FR-7")
        assert "n'est pas chez FR-7" in told
        await close_account(town, delivered=2)


async def test_a_silent_florist_is_reminded_and_then_loses_the_order(autojump_clock: MockClock) -> None:
    """After half an hour a reminder, after another the order is somebody else's, and the silent one is told so."""
    async with open_town(settings=IMPATIENT) as town, town.running():
        choose_by(town, NextDoor())
        [first] = await town.submit(order_for(1, "1001"))
        order = await wait_for(town, "FR-2", Stage.OFFERED)
        assert town.clock.now() - START.timestamp() >= 3_600
        await town.wait()
        assert len(await papers(town, RelayKind.ASK, "FR-1")) == 1
        [withdrawn] = await papers(town, RelayKind.CAN, "FR-1")
        assert "Ne la livrez pas" in withdrawn
        late = await tell(town, Kind.ACK, "FR-1")
        assert isinstance(late, RelayRefused)
        assert isinstance(await tell(town, Kind.ACK, "FR-2"), RelayTaken)
        assert order.tried == ("FR-1",)
        assert town.metrics.registry.get_sample_value("faxgw_relay_reminders_total") == 1
        await trio.sleep(7_200)
        assert town.metrics.registry.get_sample_value("faxgw_relay_unanswered") == 0
        assert first in await all_faxes(town)
        await close_account(town, delivered=4)


async def test_a_reminder_comes_by_the_clock_that_was_set(autojump_clock: MockClock) -> None:
    """The machine's clock is set on by an hour: the silent florist is reminded then, and the alert tells the hour."""
    async with open_town(settings=IMPATIENT) as town:
        town.clock = clock = SetClock(town.clock.now())
        async with town.running() as gateway:
            choose_by(town, NextDoor())
            [first] = await town.submit(order_for(1, "1001"))
            await town.wait_state(first, State.DELIVERED)
            # The relay has heard of it, too.
            await trio.sleep(60)
            clock.ahead_seconds = 1_800.0
            gateway.heed_clock()
            await trio.sleep(60)
            assert town.metrics.registry.get_sample_value("faxgw_relay_reminders_total") == 1
            waited_seconds = town.metrics.registry.get_sample_value("faxgw_relay_unanswered_oldest_seconds")
            assert waited_seconds is not None
            assert waited_seconds > 1_800
            await town.wait()
        await close_account(town, delivered=2)


async def test_an_undeliverable_order_finds_another_florist(autojump_clock: MockClock) -> None:
    """A fax that failed for good leaves the order with nobody, until it is with the next."""
    async with open_town(settings=PATIENT) as town, town.running():
        choose_by(town, NextDoor())
        town.carrier.script(line_of(1), ["bad_number"])
        await town.submit(order_for(1, "1001"))
        order = await wait_for(town, "FR-2", Stage.OFFERED)
        await town.wait()
        assert await sheets(town) == [("FR-1", 3_600, State.FAILED), ("FR-2", 3_600, State.DELIVERED)]
        assert order.tried == ("FR-1",)
        await close_account(town, delivered=1, failed=1)


async def test_orders_of_a_florist_who_goes_away_are_forwarded(autojump_clock: MockClock) -> None:
    """SUS: what is offered for those days goes to others, what is accepted or for later days stays; RES ends it."""
    today, later = START.date(), START.date() + dt.timedelta(days=9)
    async with open_town(settings=PATIENT, florists=12) as town, town.running():
        choose_by(town, NextDoor(12))
        orders = [order_for(1, f"o{number}") for number in range(20)]
        far = [due_on(order_for(1, f"far{number}"), later) for number in range(5)]
        await town.submit(*orders, *far)
        await town.wait()
        await tell(town, Kind.ACK, "FR-1", "o0")
        sus = await tell(town, Kind.SUS, "FR-1", "", first_day=today, last_day=today + dt.timedelta(days=2))
        assert isinstance(sus, RelayTaken)
        for number in range(1, 20):
            await wait_for(town, "FR-2", Stage.OFFERED, f"o{number}")
        assert (await stands(town, "o0")).executing == "FR-1"
        assert {(await stands(town, f"far{number}")).executing for number in range(5)} == {"FR-1"}
        [new] = await town.submit(order_for(1, "while-away"))
        await wait_for(town, "FR-2", Stage.OFFERED, "while-away")
        assert isinstance(await tell(town, Kind.RES, "FR-1", ""), RelayTaken)
        assert await town.store.relay.absences() == []
        [back] = await town.submit(order_for(1, "back"))
        await town.wait_state(back, State.DELIVERED)
        assert (await stands(town, "back")).executing == "FR-1"
        await town.wait()
        stopped = (await town.view(new)).state is State.CANCELLED
        # 25 sheets to FR-1 and one after its return, 19 sheets and 19 withdrawals, FOR told to the sender by events.
        made = await all_faxes(town)
        assert len(made) == 27 + 19 + 19 + (1 if stopped else 2)
        await close_account(town, delivered=len(made) - stopped, cancelled=int(stopped))


async def test_an_order_finds_its_florist_after_a_restart(autojump_clock: MockClock) -> None:
    """What was said before the gateway ended is carried out by the next one, once."""
    async with open_town(settings=PATIENT) as town:
        async with town.running():
            [first] = await town.submit(order_for(1, "1001"))
            await town.wait_state(first, State.DELIVERED)
            await tell(town, Kind.REJ, "FR-1")
        async with town.running():
            choose_by(town, NextDoor())
            await wait_for(town, "FR-2", Stage.OFFERED)
            await town.wait()
        async with town.running():
            choose_by(town, NextDoor())
            await trio.sleep(3_600)
        assert [sheet[0] for sheet in await sheets(town)] == ["FR-1", "FR-2"]
        await close_account(town, delivered=3)


async def test_what_people_do_to_the_fax_is_done_to_the_order(autojump_clock: MockClock) -> None:
    """Rerouted to another member the order is that one's; cancelled it is nobody's; retried it is somebody's again."""
    async with open_town(settings=PATIENT) as town, town.running() as gateway:
        [in_front] = await town.submit(order_for(1, "in-front"))
        await town.wait_event(in_front, "submitted")
        [first] = await town.submit(order_for(1, "1001"))
        await gateway.desk.hold(first, "Ada", "")
        await gateway.desk.reroute(first, Destination(member="FR-3"), "Ada", "")
        # Before the follower looks, too: whoever speaks is judged by where the fax goes now.
        assert isinstance(await tell(town, Kind.ASK, "FR-3", text="Quand ?"), RelayTaken)
        assert (await stands(town)).executing == "FR-3"
        await gateway.desk.cancel(first, "Ada", "")
        await wait_for(town, None, Stage.UNPLACED)
        again = await gateway.desk.send_again(
            first, AgainWish(kinship=Kinship.RETRY, to=Destination(member="FR-4")), "Ada", ""
        )
        assert isinstance(again, Admitted)
        await wait_for(town, "FR-4", Stage.OFFERED)
        await town.wait()
        assert (await sheets(town))[-1][0] == "FR-4"
        await close_account(town, delivered=3, cancelled=1)


async def test_an_order_needs_no_row_before_somebody_speaks(autojump_clock: MockClock) -> None:
    """Without `follow` an order costs the relay nothing until the first word, which finds it all the same."""
    settings = {"relay": Relay(follow=False, follow_seconds=0.1)}
    async with open_town(settings=settings) as town, town.running():
        choose_by(town, NextDoor())
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.DELIVERED)
        assert isinstance(await tell(town, Kind.REJ, "FR-1"), RelayTaken)
        await wait_for(town, "FR-2", Stage.OFFERED)
        await close_account(town, delivered=3)


async def test_a_sheet_that_comes_after_its_rejection_is_taken_back(autojump_clock: MockClock) -> None:
    """The florist rejects on the telephone what the machine prints only then: the paper is followed by another."""
    async with open_town(settings=PATIENT) as town, town.running():
        choose_by(town, NextDoor())
        [first] = await town.submit(order_for(1, "1001"))
        await town.wait_state(first, State.SUBMITTED)
        assert isinstance(await tell(town, Kind.REJ, "FR-1", channel=Channel.OPERATOR), RelayTaken)
        await town.wait_state(first, State.DELIVERED)
        await trio.sleep(60)
        await town.wait()
        [taken_back] = await papers(town, RelayKind.CAN, "FR-1")
        assert "Ne la livrez pas" in taken_back
        await close_account(town, delivered=4)


def due_on(order: Order, day: dt.date) -> Order:
    return msgspec.structs.replace(order, delivery=msgspec.structs.replace(order.delivery, date=day))
