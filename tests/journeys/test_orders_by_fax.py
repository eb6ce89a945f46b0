"""Florists fax new orders on the network's form."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.fax import State
from faxgw.intake.review import Resolved
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.review import ReviewId, Verdict
from faxgw.store.stops import Scope
from faxgw.store.views import Sought
from tests.journeys.account import settle_account
from tests.journeys.paper import letter, open_post_town, order_form
from tests.journeys.town import Town, line_of


async def note_orders(town: Town) -> None:
    """Orders that came by fax count in the account, too."""
    town.faxes += [line.fax_id for line in await town.store.find(Sought(submitter="inbox/shop"), 1_000)]


async def test_a_faxed_order_goes_the_way_of_every_order(autojump_clock: MockClock) -> None:
    """It is routed, sent and delivered, and its trail begins with the fax that it came by."""
    async with open_post_town(routed=True) as (town, post), town.running():
        post.send(order_form("F-100"))
        [fax] = await post.wait_read(1)
        [sheet] = fax.sheets
        assert (sheet.became, sheet.order_number) == ("order", "F-100")
        await note_orders(town)
        [fax_id] = town.faxes
        view = await town.wait_state(fax_id, State.DELIVERED)
        assert (view.submitter, view.number) == ("inbox/shop", "F-100")
        assert "came_by_fax" in [event.kind for event in view.events]
    await post.settle_inbound(applied=1)
    await settle_account(town, delivered=1)


async def test_the_same_order_faxed_again_is_one_order(autojump_clock: MockClock) -> None:
    """With another checksum, together with the first or a day later: one bouquet."""
    async with open_post_town(routed=True) as (town, post), town.running():
        post.send(order_form("F-100"))
        post.send(order_form("F-100"))
        await post.wait_read(2)
        await trio.sleep(86_400)
        post.send(order_form("F-100"))
        faxes = await post.wait_read(3)
        assert [fax.state for fax in faxes[1:]] == [InboundState.DUPLICATE] * 2
        await note_orders(town)
        await town.wait()
    await post.settle_inbound(applied=1, duplicate=2)
    await settle_account(town, delivered=1)


async def test_no_more_is_fetched_than_may_wait_to_be_read(autojump_clock: MockClock) -> None:
    """While the gateway drains, faxes stay safe on the server once five wait here; resumed, all of them come."""
    async with open_post_town(routed=True, unread_max=5) as (town, post), town.running() as gateway:
        await gateway.control.suspend(Scope.INTAKE, "", "Ada", "a move")
        for number in range(5):
            post.send(order_form(f"F-{number}"))
        await trio.sleep(60)
        for number in range(5, 20):
            post.send(order_form(f"F-{number}"))
        await trio.sleep(600)
        waiting = await town.store.inbound.totals(only_waiting=True)
        assert waiting.states == {("shop", InboundState.KEPT): 5}
        assert len(post.server.names()) == 15
        await gateway.control.resume(Scope.INTAKE, "", "Ada", "moved")
        await post.wait_read(20)
        await note_orders(town)
        await town.wait()
    await post.settle_inbound(applied=20)
    await settle_account(town, delivered=20)


async def test_another_order_under_the_same_number_goes_to_a_person(autojump_clock: MockClock) -> None:
    """Roses are no repeat of a round bouquet: nobody guesses which of the two is meant."""
    async with open_post_town(routed=True) as (town, post), town.running():
        post.send(order_form("F-100"))
        await post.wait_read(1)
        post.send(order_form("F-100", product="Roses rouges"))
        faxes = await post.wait_read(2)
        [review] = faxes[1].reviews
        assert review.reason == "order_refused"
        assert b"another order has the number" in review.guess
        await note_orders(town)
        await town.wait()
    await post.settle_inbound(applied=1, review=1)
    await settle_account(town, delivered=1)


async def test_an_order_that_is_not_surely_read_is_completed_by_a_person(autojump_clock: MockClock) -> None:
    """The guess is an order to begin with; what the person hands in goes out once, under the fax's own name."""
    async with open_post_town(routed=True) as (town, post), town.running() as gateway:
        post.send(order_form("F-100", sure=0.5))
        [fax] = await post.wait_read(1)
        assert fax.state is InboundState.REVIEW
        guess = msgspec.json.decode(fax.reviews[0].guess)["order"]
        assert guess["recipient"]["name"] == "Zoé"
        wrong = guess | {"sending_member": "FR-99"}
        faults = await gateway.incoming.reviews.resolve(ReviewId(1), Verdict.ORDER, wrong, "anna", "typed")
        assert isinstance(faults, list)
        assert faults[0].pointer == "/order/sending_member"
        resolved = await gateway.incoming.reviews.resolve(ReviewId(1), Verdict.ORDER, guess, "anna", "typed")
        assert isinstance(resolved, Resolved)
        await note_orders(town)
        assert town.faxes == [resolved.fax_id]
        await town.wait()
    await post.settle_inbound(applied=1)
    await settle_account(town, delivered=1)


async def test_an_order_for_nobody_in_the_register_goes_to_a_person(autojump_clock: MockClock) -> None:
    """The desk refuses it as it refuses the order system's, and the fault says which field."""
    async with open_post_town(routed=True) as (town, post), town.running():
        post.send(order_form("F-100", member="XX-1"))
        [fax] = await post.wait_read(1)
        [review] = fax.reviews
        assert b"/sending_member" in review.guess
    await post.settle_inbound(review=1)
    await settle_account(town)


async def test_a_typed_letter_is_whose_line_it_came_from(autojump_clock: MockClock) -> None:
    """A florist's own paper names no member and one price: the register and the network's share tell the rest."""
    async with open_post_town(routed=True, execution_share=7_250) as (town, post), town.running():
        post.send(letter("L-1"), sender=line_of(3))
        [fax] = await post.wait_read(1)
        assert [sheet.became for sheet in fax.sheets] == ["order"]
        await note_orders(town)
        view = await town.wait_state(town.faxes[0], State.DELIVERED)
        order = msgspec.json.decode(view.order)
        assert (order["sending_member"], order["execution_price"]["amount_minor"]) == ("FR-3", 3262)
        post.send(letter("L-1"), sender=line_of(3))
        again = await post.wait_read(2)
        assert again[1].state is InboundState.DUPLICATE
    await post.settle_inbound(applied=1, duplicate=1)
    await settle_account(town, delivered=1)


@pytest.mark.parametrize(
    ("share", "sender", "missing"),
    [
        (7_250, "", "sending_member"),
        (7_250, "+33199007777", "sending_member"),
        (None, line_of(3), "execution_price"),
    ],
)
async def test_what_no_rule_tells_a_person_completes(
    share: int | None, sender: str, missing: str, autojump_clock: MockClock
) -> None:
    """A letter from a number of no member, or in a network without a share, is no order yet."""
    async with open_post_town(routed=True, execution_share=share) as (town, post), town.running() as gateway:
        post.send(letter("L-1"), sender=sender)
        [fax] = await post.wait_read(1)
        [review] = fax.reviews
        guess = msgspec.json.decode(review.guess)
        assert review.reason == "order_refused"
        assert missing not in guess["order"]
        assert missing in str(guess["faults"])
        known = {"sending_member": "FR-3", "execution_price": {"amount_minor": 3000, "currency": "EUR"}}
        order = known | guess["order"]
        resolved = await gateway.incoming.reviews.resolve(review.review_id, Verdict.ORDER, order, "anna", "she called")
        assert isinstance(resolved, Resolved)
        await note_orders(town)
        await town.wait()
    await post.settle_inbound(applied=1)
    await settle_account(town, delivered=1)
