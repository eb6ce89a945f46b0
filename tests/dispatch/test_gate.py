"""A carrier's gate: what closes it, for how long, and what it lets through meanwhile."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.dispatch.breaker import BreakerState
from faxgw.dispatch.gate import (
    ACCOUNT_PAUSE_SECONDS,
    BACK_OFF_SECONDS_MAX,
    PAUSE_SECONDS_MAX,
    Bounds,
    ClosedBy,
    Gate,
    Passage,
)
from faxgw.fax import Failure
from faxgw.provider.port import Refused


def new_gate(bounds: Bounds | None = None) -> Gate:
    return Gate("north", TrioClock(1_800_000_000.0), bounds)


async def seconds_closed(gate: Gate) -> float:
    began = trio.current_time()
    while (closure := gate.closure()) is not None:  # noqa: ASYNC110 - only time opens it
        await trio.sleep(closure.opens_in_seconds)
    return trio.current_time() - began


def closed_by(gate: Gate) -> ClosedBy | None:
    closure = gate.closure()
    return None if closure is None else closure.by


def enter_all(gate: Gate) -> list[Passage]:
    passages = []
    while gate.closure() is None:
        passages.append(gate.enter())
    return passages


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
    assert (gate.closure() is not None) == (seconds > 0)
    assert await seconds_closed(gate) == pytest.approx(seconds, abs=1e-3)
    assert gate.closure() is None


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
        gate.back_off("it refuses connections")
        waits.append(await seconds_closed(gate))
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 15, 15, 15], abs=1e-3)
    assert max(waits) <= BACK_OFF_SECONDS_MAX + 1e-3
    gate.note_answer()
    gate.back_off("it refuses connections")
    assert await seconds_closed(gate) == pytest.approx(0.5, abs=1e-3)


async def test_lanes_that_fail_together_are_one_failure(autojump_clock: MockClock) -> None:
    """Two hundred lanes whose connections are refused at once do not make it wait for minutes."""
    gate = new_gate()
    for _ in range(200):
        gate.back_off("it refuses connections")
    assert await seconds_closed(gate) == pytest.approx(0.5, abs=1e-3)


async def test_it_takes_as_many_at_once_as_its_limit(autojump_clock: MockClock) -> None:
    """And one more for each that leaves."""
    gate = new_gate(Bounds(lanes_max=5, lanes_initial=3))
    passages = enter_all(gate)
    assert (len(passages), closed_by(gate)) == (3, ClosedBy.LANES)
    passages[0].leave()
    passages[0].leave()
    assert (gate.in_flight, len(enter_all(gate))) == (2, 1)


async def test_after_an_outage_one_probe_decides(autojump_clock: MockClock) -> None:
    """Nobody passes beside it; if it goes well all may, if not it is longer until the next."""
    gate = new_gate()
    gate.back_off("it refuses connections")
    await seconds_closed(gate)
    assert len(enter_all(gate)) == 1
    assert (closed_by(gate), gate.breaker()) == (ClosedBy.PROBE, BreakerState.HALF_OPEN)
    gate.fail("no answer in time")
    assert closed_by(gate) is ClosedBy.OUTAGE
    assert await seconds_closed(gate) == pytest.approx(1.0, abs=1e-3)
    assert len(enter_all(gate)) == 1
    gate.note_answer()
    assert (gate.breaker(), len(enter_all(gate))) == (BreakerState.CLOSED, gate.limit - 2)


async def test_a_probe_that_never_went_makes_room_for_another(autojump_clock: MockClock) -> None:
    """A fax that was cancelled before its intent decides nothing."""
    gate = new_gate()
    gate.back_off("it refuses connections")
    await seconds_closed(gate)
    [probe] = enter_all(gate)
    probe.leave()
    assert len(enter_all(gate)) == 1


async def test_a_whole_round_without_a_clear_answer_is_an_outage(autojump_clock: MockClock) -> None:
    """One time-out is not; a success between begins the count anew."""
    gate = new_gate(Bounds(lanes_initial=4, lanes_min=4, lanes_max=4))
    for _ in range(3):
        gate.fail("no answer in time")
    gate.note_answer()
    for _ in range(3):
        gate.fail("no answer in time")
        assert gate.closure() is None
    gate.fail("no answer in time")
    assert closed_by(gate) is ClosedBy.OUTAGE


async def test_an_account_that_is_refused_is_told_once_and_tried_by_one(autojump_clock: MockClock) -> None:
    """Every minute, until one fax goes through."""
    gate = new_gate()
    told: list[str] = []
    gate.on_account_refused = told.append
    for _ in range(3):
        gate.heed(Refused(Failure.ACCOUNT, "402"))
        assert (closed_by(gate), gate.account_refused()) == (ClosedBy.ACCOUNT, True)
        assert await seconds_closed(gate) == pytest.approx(ACCOUNT_PAUSE_SECONDS, abs=1e-3)
        assert len(enter_all(gate)) == 1
    assert told == ["402"]
    gate.note_answer()
    assert not gate.account_refused()
    gate.heed(Refused(Failure.ACCOUNT, "402"))
    assert told == ["402", "402"]


async def test_one_refusal_without_a_time_only_means_one_too_many(autojump_clock: MockClock) -> None:
    """The limit falls and the others go on; where all are refused, it is a wait."""
    gate = new_gate(Bounds(lanes_max=8, lanes_initial=8))
    enter_all(gate)
    gate.lack_room()
    assert (gate.limit, closed_by(gate)) == (7, ClosedBy.LANES)
    for _ in range(8):
        gate.lack_room()
    assert closed_by(gate) is ClosedBy.ASKED


async def test_a_rate_lets_a_burst_through_and_then_one_a_while(autojump_clock: MockClock) -> None:
    """Two a second after a burst of three."""
    gate = new_gate(Bounds(sends_per_second=2.0, sends_burst=3, lanes_initial=32))
    assert (len(enter_all(gate)), closed_by(gate)) == (3, ClosedBy.RATE)
    assert await seconds_closed(gate) == pytest.approx(0.5, abs=1e-3)
    assert len(enter_all(gate)) == 1


async def test_a_new_rate_counts_at_once(autojump_clock: MockClock) -> None:
    """The same one again gives nobody a second burst."""
    gate = new_gate(Bounds(sends_per_second=2.0, sends_burst=3, lanes_initial=32))
    enter_all(gate)
    gate.pace(2.0, 3)
    assert closed_by(gate) is ClosedBy.RATE
    gate.pace(0.0, 1)
    assert gate.closure() is None


async def test_a_person_closes_it_until_a_person_opens_it(autojump_clock: MockClock) -> None:
    """No time ends that."""
    gate = new_gate()
    gate.suspend("Ada: maintenance")
    closure = gate.closure()
    assert closure is not None
    assert (closure.by, closure.detail, closure.until) == (ClosedBy.SUSPENDED, "Ada: maintenance", None)
    await trio.sleep(86_000)
    assert closed_by(gate) is ClosedBy.SUSPENDED
    gate.resume()
    assert gate.closure() is None


@pytest.mark.parametrize(
    "change",
    [
        lambda gate: gate.back_off("it refuses connections"),
        lambda gate: gate.heed(Refused(Failure.CAPACITY, "429", 5.0)),
        lambda gate: gate.heed(Refused(Failure.ACCOUNT, "401")),
        lambda gate: gate.enter().leave(),
        lambda gate: gate.suspend("Ada"),
    ],
)
async def test_whoever_waits_for_it_is_told_of_every_change(
    change: Callable[[Gate], None], autojump_clock: MockClock
) -> None:
    """Else the lanes would sleep past an opening."""
    gate = new_gate()
    told: list[int] = []
    gate.on_change = lambda: told.append(1)
    change(gate)
    assert told
