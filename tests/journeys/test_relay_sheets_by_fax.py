"""A florist is asked by a relay sheet, ticks it and faxes it back: what was asked is settled, and nothing else."""

import pytest
from trio.testing import MockClock

from faxgw.fax import State
from faxgw.intake.faxread import PageRead, Tick, TickState
from faxgw.message import Kind
from faxgw.relay.paper import Paper, decode_paper
from faxgw.render.sheet import RelayKind
from faxgw.store.admission import Content
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.relay.port import Refusal, RelayOrder, RelayRefused, RelayTaken, Stage
from tests.journeys.account import settle_account
from tests.journeys.paper import FORM, delivered_order, open_post_town
from tests.journeys.town import Town
from tests.relay.town import SENDER, said

BOXES = ("agreed", "refused", "answer")


async def tell(town: Town, kind: Kind, by: str | None, number: str = "N-1", **more: object) -> None:
    assert town.gateway is not None
    [answer] = await town.gateway.relay.take([said(kind, by, number, at=town.clock.now(), **more)])  # type: ignore[arg-type]
    assert isinstance(answer, RelayTaken)


async def papers(town: Town, title: RelayKind, to: str) -> list[Paper]:
    """What arrived at a member's machine under that title, the oldest first."""
    await town.wait()
    found = []
    for event in await town.store.events(0, 100_000):
        if event.kind == "accepted":
            contents = (await town.store.contents([event.fax_id]))[event.fax_id]
            if contents.content is Content.RELAY and (await town.view(event.fax_id)).state is State.DELIVERED:
                found.append(decode_paper(contents.order))
    return [paper for paper in found if (paper.title, paper.to_member) == (title, to)]


def ticked(paper: Paper, box: str) -> PageRead:
    """The sheet with one box ticked, as it is read when it comes back."""
    code = f"faxgw-relay:{paper.order_number}:{paper.asks}:1" if paper.asks else f"faxgw-relay:{paper.order_number}:1"
    states = [(name, TickState.MARKED if name == box else TickState.CLEAR) for name in BOXES]
    return PageRead(number=1, code=code, form=FORM, ticks=[Tick(name=n, state=s, darkness=0.1) for n, s in states])


async def stands(town: Town, number: str = "N-1") -> RelayOrder:
    story = await town.store.relay.story(number)
    assert story is not None
    return story.order


async def refusals(town: Town, number: str = "N-1") -> list[Refusal]:
    story = await town.store.relay.story(number)
    assert story is not None
    return [each.answer.refusal for each in story.messages if isinstance(each.answer, RelayRefused)]


async def close_account(town: Town, **told: int) -> None:
    await town.wait()
    town.faxes = sorted({event.fax_id for event in await town.store.events(0, 100_000) if event.kind == "accepted"})
    await settle_account(town, **told)


@pytest.mark.parametrize(
    ("box", "stage", "title"),
    [("agreed", Stage.CANCELLED, RelayKind.CON), ("refused", Stage.OFFERED, RelayKind.DEN)],
)
async def test_a_cancellation_is_ticked_and_faxed_back(
    box: str, stage: Stage, title: RelayKind, autojump_clock: MockClock
) -> None:
    """The sender asks, the florist ticks, the order is cancelled or stands, and the sender hears of it."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        await tell(town, Kind.CAN, SENDER)
        [asked] = await papers(town, RelayKind.CAN, "FR-1")
        post.send(ticked(asked, box))
        post.send(ticked(asked, box))
        faxes = await post.wait_read(2)
        assert [fax.state for fax in faxes] == [InboundState.APPLIED, InboundState.DUPLICATE]
        order = await stands(town)
        assert (order.stage, order.cancel, order.executing) == (stage, None, "FR-1")
        assert len(await papers(town, title, SENDER)) == 1
        assert await post.said_of("N-1") == ["CAN", title.value]
        await close_account(town, delivered=3)
    await post.settle_inbound(applied=1, duplicate=1)


@pytest.mark.parametrize(("box", "cents"), [("agreed", 4_200), ("refused", 3_600)])
@pytest.mark.parametrize(("asker", "asked_of"), [("FR-1", SENDER), (SENDER, "FR-1")])
async def test_a_price_is_ticked_and_faxed_back(
    box: str, cents: int, asker: str, asked_of: str, autojump_clock: MockClock
) -> None:
    """Either side asks; the other's tick agrees to the amount, or leaves the one of before."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        await tell(town, Kind.ASKP, asker, cents=4_200)
        [asked] = await papers(town, RelayKind.ASKP, asked_of)
        post.send(ticked(asked, box))
        await post.wait_read(1)
        order = await stands(town)
        assert (order.price.amount_minor, order.price_asked) == (cents, None)
        [told] = await papers(town, RelayKind.ANSP, asker)
        assert f"{cents // 100},00" in told.text
        assert await post.said_of("N-1") == ["ASKP", "ANSP"]
        await close_account(town, delivered=3)
    await post.settle_inbound(applied=1)


async def test_an_old_sheet_answers_no_new_question(autojump_clock: MockClock) -> None:
    """40 euros were asked for, then 45: who ticks the first sheet has not agreed to 45, and is told so by fax."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        await tell(town, Kind.ASKP, "FR-1", cents=4_000)
        [old] = await papers(town, RelayKind.ASKP, SENDER)
        await tell(town, Kind.ASKP, "FR-1", cents=4_500)
        post.send(ticked(old, "agreed"))
        await post.wait_read(1)
        order = await stands(town)
        assert order.price_asked is not None
        assert (order.price.amount_minor, order.price_asked.amount.amount_minor) == (3_600, 4_500)
        assert await refusals(town) == [Refusal.NOT_OPEN]
        [told] = await papers(town, RelayKind.GEN, SENDER)
        assert "plus en suspens" in told.text
        [_, new] = await papers(town, RelayKind.ASKP, SENDER)
        post.send(ticked(new, "agreed"))
        await post.wait_read(2)
        assert (await stands(town)).price.amount_minor == 4_500
        await close_account(town, delivered=5)
    await post.settle_inbound(applied=2)


async def test_who_lost_the_order_cannot_confirm_its_cancellation(autojump_clock: MockClock) -> None:
    """The sheet is the first florist's; the order is the second's, who was asked anew."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        await tell(town, Kind.CAN, SENDER)
        [first] = await papers(town, RelayKind.CAN, "FR-1")
        await tell(town, Kind.DEN, "FR-1")
        await tell(town, Kind.FOR, "FR-1", to="FR-2")
        await town.wait()
        await tell(town, Kind.CAN, SENDER, key="again")
        await papers(town, RelayKind.CAN, "FR-2")
        post.send(ticked(first, "agreed"))
        await post.wait_read(1)
        order = await stands(town)
        assert (order.stage, order.executing, order.cancel is not None) == (Stage.OFFERED, "FR-2", True)
        assert await refusals(town) == [Refusal.NOT_EXECUTING]
    await post.settle_inbound(applied=1)


async def test_what_is_written_by_hand_goes_to_a_person(autojump_clock: MockClock) -> None:
    """A question is answered in words; no box can say them."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        await tell(town, Kind.ASK, SENDER, text="Quel étage ?")
        [asked] = await papers(town, RelayKind.ASK, "FR-1")
        post.send(ticked(asked, "agreed"))
        await tell(town, Kind.CAN, SENDER)
        [cancel] = await papers(town, RelayKind.CAN, "FR-1")
        post.send(ticked(cancel, "answer"))
        faxes = await post.wait_read(2)
        assert [review.reason for fax in faxes for review in fax.reviews] == ["relay_answer"] * 2
        assert await post.said_of("N-1") == ["ASK", "CAN"]
    await post.settle_inbound(review=2)
