"""The breaker as a table: when it trips, what passes, and what closes it again."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from faxgw.dispatch.breaker import Breaker, BreakerState

LANES = 4


def tripped(now: float = 0.0) -> Breaker:
    breaker = Breaker(1.0, 15.0)
    breaker.trip(now)
    return breaker


def test_it_trips_after_a_whole_round_of_failures() -> None:
    """Four lanes, four failures; three are not enough."""
    breaker = Breaker(1.0, 15.0)
    assert [breaker.fail(0.0, LANES) for _ in range(4)] == [False, False, False, True]
    assert breaker.state(0.5) is BreakerState.OPEN
    assert not breaker.may_pass(0.5)


def test_a_success_begins_the_round_anew() -> None:
    """A carrier that loses one answer in a hundred is no outage."""
    breaker = Breaker(1.0, 15.0)
    for _ in range(100):
        for _ in range(LANES - 1):
            assert not breaker.fail(0.0, LANES)
        breaker.succeed(0.0)
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_half_open_lets_one_probe_pass() -> None:
    """Its end makes room for the next one where it decided nothing."""
    breaker = tripped()
    assert (breaker.state(1.0), breaker.may_pass(1.0)) == (BreakerState.HALF_OPEN, True)
    probe = breaker.start()
    assert not breaker.may_pass(1.0)
    breaker.end(None)
    assert not breaker.may_pass(1.0)
    breaker.end(probe)
    assert breaker.may_pass(1.0)


def test_a_probe_that_ends_late_does_not_make_room_beside_its_successor() -> None:
    """The first probe failed, time passed, the second is on its way: the first one's end changes nothing."""
    breaker = tripped()
    first = breaker.start()
    breaker.fail(1.0, LANES)
    assert breaker.may_pass(3.0)
    breaker.start()
    breaker.end(first)
    assert not breaker.may_pass(3.0)


@pytest.mark.parametrize(("now", "state"), [(0.5, BreakerState.OPEN), (1.0, BreakerState.CLOSED)])
def test_only_news_from_after_the_outage_closes_it(now: float, state: BreakerState) -> None:
    """An answer to what set out before it broke down proves nothing."""
    breaker = tripped()
    breaker.succeed(now)
    assert breaker.state(now) is state


def test_each_failed_probe_makes_the_next_wait_longer() -> None:
    """Up to the bound; once it has worked, from the beginning."""
    breaker = Breaker(1.0, 15.0)
    now, waits = 0.0, []
    breaker.trip(now)
    for _ in range(6):
        assert breaker.open_until is not None
        waits.append(breaker.open_until - now)
        now = breaker.open_until
        breaker.start()
        assert breaker.fail(now, LANES)
    assert waits == [1, 2, 4, 8, 15, 15]
    now += 15
    breaker.succeed(now)
    breaker.trip(now)
    assert breaker.open_until == now + 1


class AnyUse(RuleBasedStateMachine):
    """Attempts begin where they may and end in any order and way."""

    @initialize()
    def begin(self) -> None:
        self.breaker, self.now = Breaker(1.0, 15.0), 0.0
        self.under_way: list[tuple[int | None, float]] = []

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.breaker.may_pass(self.now))
    @rule()
    def start(self) -> None:
        self.under_way.append((self.breaker.start(), self.now))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), went_well=st.sampled_from([True, False, None]))
    def end(self, data: st.DataObject, went_well: bool | None) -> None:
        probe, _ = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if went_well is not None:
            (self.breaker.succeed(self.now) if went_well else self.breaker.fail(self.now, LANES))
        self.breaker.end(probe)

    @invariant()
    def a_carrier_that_is_out_gets_one_at_most(self) -> None:
        """And whoever waits for it knows until when."""
        if self.breaker.state(self.now) is BreakerState.OPEN:
            assert not self.breaker.may_pass(self.now)
            assert self.breaker.open_until is not None
            assert self.now < self.breaker.open_until <= self.now + 15

    @invariant()
    def it_never_sticks(self) -> None:
        """With nothing under way and time gone by, somebody may pass."""
        if not self.under_way:
            assert self.breaker.may_pass(self.now + 15)


TestAnyUse = AnyUse.TestCase
