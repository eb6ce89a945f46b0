"""A stop begins nothing any more from its first moment on, whoever hangs."""

from collections.abc import Sequence

import trio
from trio.testing import MockClock

from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from tests.journeys.account import settle_account
from tests.journeys.town import PlainRenderer, carrier_config, open_town, order_for

HANGS_SECONDS = 600.0


class HangingRenderer(PlainRenderer):
    """Draws two batches; the next hangs where nobody can cancel it, as a thread on a dead disk does."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        self.batches += 1
        if self.batches > 2:
            with trio.CancelScope(shield=True):
                await trio.sleep(HANGS_SECONDS)
        return await super().render(drawings)


async def test_what_hangs_in_drawing_lets_nothing_more_go_after_the_stop(autojump_clock: MockClock) -> None:
    """One lane, and faxes drawn for it: those that had not begun wait, and the next start sends each once."""
    slow = carrier_config(lanes=1, lanes_initial=1)
    async with open_town(slow, florists=40) as town:
        town.renderer = HangingRenderer()
        async with town.running():
            faxes = await town.submit(*(order_for(number, f"o{number}") for number in range(40)))
            await town.wait_event(faxes[1], "submitted")
            begun, stopped_at = len(await town.events("sending")), trio.current_time()
        assert len(await town.events("sending")) <= begun + 1
        assert trio.current_time() - stopped_at >= HANGS_SECONDS - 60
        town.renderer = PlainRenderer()
        async with town.running():
            await town.wait()
        await settle_account(town, delivered=40)
