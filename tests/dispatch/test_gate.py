"""A carrier's gate: closed for as long as it asks, longer each time when it is down."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.dispatch.gate import ACCOUNT_PAUSE_SECONDS, BACK_OFF_SECONDS_MAX, PAUSE_SECONDS_MAX, Gate
from faxgw.fax import Failure
from faxgw.provider.port import Refused


def new_gate() -> Gate:
    return Gate("north", TrioClock(1_800_000_000.0))


async def seconds_closed(gate: Gate) -> float:
    began = trio.current_time()
    await gate.wait_open()
    return trio.current_time() - began


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (Refused(Failure.CAPACITY, "429"), 1.0),
        (Refused(Failure.CAPACITY, "429", 0.0), 1.0),
        (Refused(Failure.CAPACITY, "503", 90.0), 90.0),
        (Refused(Failure.CAPACITY, "429", 1e9), PAUSE_SECONDS_MAX),
        (Refused(Failure.ACCOUNT, "401"), ACCOUNT_PAUSE_SECONDS),
        (Refused(Failure.BAD_NUMBER, "bad_number"), 0.0),
        (Refused(Failure.DOCUMENT, "bad_document", 90.0), 0.0),
    ],
)
async def test_it_heeds_what_speaks_of_the_carrier(refusal: Refused, seconds: float, autojump_clock: MockClock) -> None:
    """A refusal of one fax does not close it; no carrier closes it for longer than an hour."""
    gate = new_gate()
    gate.heed(refusal)
    assert (gate.closed_until is not None) == (seconds > 0)
    assert await seconds_closed(gate) == pytest.approx(seconds, abs=1e-3)
    assert gate.closed_until is None


async def test_the_longest_wait_counts(autojump_clock: MockClock) -> None:
    """A second, shorter refusal does not open it sooner."""
    gate = new_gate()
    gate.heed(Refused(Failure.CAPACITY, "429", 60.0))
    gate.heed(Refused(Failure.CAPACITY, "429", 5.0))
    assert await seconds_closed(gate) == pytest.approx(60.0, abs=1e-3)


async def test_a_carrier_that_is_down_is_tried_ever_more_rarely(autojump_clock: MockClock) -> None:
    """Up to a bound; the first answer brings it back to the beginning."""
    gate = new_gate()
    waits = []
    for _ in range(8):
        gate.back_off()
        waits.append(await seconds_closed(gate))
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 15, 15, 15], abs=1e-3)
    assert max(waits) <= BACK_OFF_SECONDS_MAX + 1e-3
    gate.note_answer()
    gate.back_off()
    assert await seconds_closed(gate) == pytest.approx(0.5, abs=1e-3)


async def test_lanes_that_fail_together_are_one_failure(autojump_clock: MockClock) -> None:
    """Two hundred lanes whose connections are refused at once do not make it wait for minutes."""
    gate = new_gate()
    for _ in range(200):
        gate.back_off()
    assert await seconds_closed(gate) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    "close", [lambda gate: gate.back_off(), lambda gate: gate.heed(Refused(Failure.CAPACITY, "429", 5.0))]
)
async def test_who_stands_ready_is_called_back_when_it_closes(
    close: Callable[[Gate], None], autojump_clock: MockClock
) -> None:
    """A lane that waits for a fax must not send once more."""
    gate = new_gate()

    async def close_later() -> None:
        await trio.sleep(3)
        close(gate)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(close_later)
        with gate.until_closed():
            await trio.sleep(1_000)
        assert trio.current_time() == pytest.approx(3.0)
