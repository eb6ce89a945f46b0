"""Orders that cannot be sent as they are: set aside with their reason, while all others go."""

from collections.abc import Container, Sequence

import pytest
import trio
from trio.testing import MockClock

from faxgw.errors import BugError
from faxgw.fax import State, Waiting
from faxgw.members.register import Register
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Sheet, Unrenderable
from tests.journeys.account import settle_account
from tests.journeys.town import PlainRenderer, florist, open_town, order_for


async def test_an_order_to_a_member_who_left_is_set_aside(autojump_clock: MockClock) -> None:
    """The florist left while the order waited: a person decides, and the others' orders go."""
    async with open_town() as town:
        async with town.running():
            town.carrier.set_shares({"down": 1.0})
            gone, there = await town.submit(order_for(1, "gone"), order_for(2, "there"))
        town.carrier.set_shares({})
        town.register = Register(florist(number) for number in range(10) if number != 1)
        async with town.running() as gateway:
            held = await town.wait_state(gone, State.HELD)
            await town.wait_state(there, State.DELIVERED)
            assert held.reason == "the executing member FR-1 left the register"
            assert gateway.desk.why(held).waiting is Waiting.HELD
        town.register = Register(florist(number) for number in range(10))
        async with town.running() as gateway:
            await gateway.desk.release(gone, "Ada", "she is back")
            await town.wait()
    await settle_account(town, delivered=2)


async def test_a_page_that_cannot_be_drawn_is_set_aside_and_its_line_goes_on(autojump_clock: MockClock) -> None:
    """The next order to the same florist is delivered."""
    async with open_town() as town, town.running():
        town.renderer.broken.add("bad")
        bad, good = await town.submit(order_for(1, "bad"), order_for(1, "good"))
        await town.wait_state(good, State.DELIVERED)
        assert (await town.view(bad)).reason == "its words do not fit"
    await settle_account(town, delivered=1, waiting=1)


class BreakingRenderer(PlainRenderer):
    """Raises for a whole batch that has one of `breaking` in it."""

    error: Exception | None = None
    breaking: Container[str] = ()

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        numbers = {drawing.order.number for drawing in drawings if isinstance(drawing, Sheet)}
        if self.error is not None and any(number in self.breaking for number in numbers):
            raise self.error
        return await super().render(drawings)


@pytest.mark.parametrize("error", [BugError("bug"), ValueError("bug"), KeyError("bug")])
async def test_an_order_that_breaks_its_batch_is_found_out(error: Exception, autojump_clock: MockClock) -> None:
    """Whatever preparing raises, the one that causes it is set aside and its neighbours go."""
    async with open_town() as town:
        town.renderer = renderer = BreakingRenderer()
        renderer.breaking = {"order-5"}
        renderer.error = error
        async with town.running():
            faxes = await town.submit(*(order_for(number, f"order-{number}") for number in range(10)))
            await town.wait(lambda counts: sum(counts.values()) == counts.get(State.HELD, 0) == 1)
            assert (await town.view(faxes[5])).reason == f"preparing it broke: {type(error).__name__}"
        await settle_account(town, delivered=9, waiting=1)


async def test_a_machine_that_cannot_start_a_process_sets_nothing_aside(autojump_clock: MockClock) -> None:
    """That is no fax's fault: all wait, and go once it can."""
    async with open_town() as town:
        town.renderer = renderer = BreakingRenderer()
        renderer.breaking = {f"order-{number}" for number in range(10)}
        renderer.error = OSError(11, "Resource temporarily unavailable")
        async with town.running():
            await town.submit(*(order_for(number, f"order-{number}") for number in range(10)))
            await trio.sleep(120)
            assert await town.store.counts() == {State.QUEUED: 10}
            renderer.error = None
            await town.wait()
        await settle_account(town, delivered=10)
