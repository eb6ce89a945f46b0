"""What a fax costs with few lanes and with many, to few lines and to many, in calls of our own functions.

Calls are counted and not seconds, so that the machine may be as slow as it likes.
"""

import sys
from types import FrameType

from trio.testing import MockClock

import faxgw.dispatch
import faxgw.queue
from tests.journeys.account import settle_account
from tests.journeys.town import carrier_config, open_town, order_for

FAXES = 60
COUNTED = tuple(folder for package in (faxgw.dispatch, faxgw.queue) for folder in package.__path__)


class OurCalls:
    """Counts the calls of functions in `faxgw/dispatch` and `faxgw/queue`."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "OurCalls":
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, _: object) -> None:
        self.count += event == "call" and frame.f_code.co_filename.startswith(COUNTED)


async def calls_a_fax(*, lanes: int, lines: int, faxes: int = FAXES) -> float:
    """From the submission to the receipt."""
    own = carrier_config(lanes=lanes, lanes_initial=lanes)
    async with open_town(own, florists=lines) as town, town.running():
        with OurCalls() as calls:
            await town.submit(*(order_for(number % lines, f"o{number}") for number in range(faxes)))
            await town.wait()
        await settle_account(town, delivered=faxes)
    return calls.count / faxes


async def test_many_lanes_cost_a_fax_nothing(autojump_clock: MockClock) -> None:
    """With fifty sends at once no fax looks at the others."""
    few, many = await calls_a_fax(lanes=4, lines=FAXES), await calls_a_fax(lanes=50, lines=FAXES)
    assert 50 < many <= 1.25 * few


async def test_many_lines_cost_a_fax_nothing(autojump_clock: MockClock) -> None:
    """Nor does one to a line of its own look at the other lines."""
    few, many = await calls_a_fax(lanes=8, lines=6), await calls_a_fax(lanes=8, lines=FAXES)
    assert 50 < many <= 1.25 * few


async def test_a_long_queue_costs_a_fax_nothing(autojump_clock: MockClock) -> None:
    """With four times as many before and behind it."""
    few, many = await calls_a_fax(lanes=8, lines=24), await calls_a_fax(lanes=8, lines=24, faxes=4 * FAXES)
    assert 50 < many <= 1.25 * few
