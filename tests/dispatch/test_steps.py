"""Which steps are due, as tables."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.promises import DEFAULT_ESCALATION, Step, TimedStep
from faxgw.dispatch.steps import AtRisk, Due, last_steps, step_at, steps_due, with_step
from faxgw.fax import FINAL, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.changes import Escalated, RerouteAsked
from faxgw.store.routing.port import Florist
from faxgw.store.unfinished import Queued

DEADLINE = 10_000.0
SECOND = Line("+33199000777")
MINUTE = 60.0
FAX = AtRisk(
    state=State.QUEUED,
    rank=1,
    accepted_at=0.0,
    deadline_at=DEADLINE,
    failed=frozenset({"north"}),
    other_carriers=True,
    other_line=SECOND,
    line_in_trouble=True,
    other_florist=Florist("FR-2", Line("+33199000888")),
    florist_in_trouble=True,
)
E, P, N, V, A = Step.EXPRESS, Step.OTHER_PROVIDER, Step.SECOND_NUMBER, Step.EVENT, Step.ALERT
O = Step.OTHER_FLORIST  # noqa: E741 - as its neighbours, one letter a step.


def fax(**changes: Any) -> AtRisk:
    return dataclasses.replace(FAX, **changes)


def due(minutes_left: float, plan: Sequence[TimedStep] = DEFAULT_ESCALATION, **changes: Any) -> Due:
    return steps_due(fax(**changes), DEADLINE - minutes_left * MINUTE, plan)


@pytest.mark.parametrize(
    ("minutes_left", "steps", "next_minutes"),
    [
        (31, (), 30),
        (30, (E,), 20),
        (20, (E, P), 15),
        (15, (E, P, N), 12),
        (12, (E, P, N, O), 10),
        (10, (E, P, N, O, V), 5),
        (5, (E, P, N, O, V, A), 0),
        (0.001, (E, P, N, O, V, A), 0),
    ],
)
def test_each_step_has_its_time(minutes_left: float, steps: tuple[Step, ...], next_minutes: float) -> None:
    """All that were missed are made up for, in their order; then it is looked again at the next one."""
    assert due(minutes_left) == Due(steps, DEADLINE - next_minutes * MINUTE, has_put_off=False)


def test_what_was_taken_is_not_taken_again() -> None:
    """Whatever the order in which the steps were possible."""
    assert due(12, taken=frozenset({E, N})).steps == (P, O)
    assert due(5, taken=frozenset(Step)) == Due((), DEADLINE, has_put_off=False)


@pytest.mark.parametrize("state", [State.SENDING, State.SUBMITTED, State.UNKNOWN, State.HELD])
def test_people_only_are_told_while_somebody_else_has_it(state: State) -> None:
    """The steps that change its way are put off until it is back in line."""
    assert due(12, state=state) == Due((), DEADLINE - 10 * MINUTE, has_put_off=True)
    assert due(5, state=state) == Due((V, A), DEADLINE, has_put_off=True)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_is_done_for_what_is_over(state: State) -> None:
    """Nor looked for."""
    assert due(5, state=state) == Due((), math.inf, has_put_off=False)


@pytest.mark.parametrize("minutes_left", [0, -1])
def test_nothing_is_done_when_the_deadline_has_come(minutes_left: float) -> None:
    """Then it is lost, and nothing may be sent."""
    assert due(minutes_left) == Due((), math.inf, has_put_off=False)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"rank": 0}, E),
        ({"failed": frozenset()}, P),
        ({"other_carriers": False}, P),
        ({"other_line": None}, N),
        ({"line_in_trouble": False}, N),
        ({"other_florist": None}, O),
        ({"florist_in_trouble": False}, O),
    ],
)
def test_a_step_that_could_mend_nothing_is_put_off(changes: dict[str, Any], missing: Step) -> None:
    """It may yet be possible: another carrier may fail, the line may turn out busy."""
    told = due(5, **changes)
    assert set(told.steps) == set(Step) - {missing}
    assert told.has_put_off


def test_no_step_falls_in_the_first_half_of_the_fax_s_time() -> None:
    """With ten minutes in all, an escalation of half an hour begins after five."""
    short = fax(accepted_at=DEADLINE - 10 * MINUTE)
    times = [step_at(timed, short) for timed in DEFAULT_ESCALATION]
    assert times == [DEADLINE - 5 * MINUTE] * 6


@given(
    accepted_minutes=st.floats(0.1, 10_000),
    minutes=st.lists(st.floats(0.1, 600), min_size=1, max_size=5),
    looks=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    states=st.lists(st.sampled_from(sorted(set(State) - FINAL)), min_size=12, max_size=12),
)
def test_looking_at_any_times_takes_each_step_once_and_in_time(
    accepted_minutes: float, minutes: list[float], looks: list[float], states: list[State]
) -> None:
    """No look takes a step twice, before its time, or after the deadline, and `next_at` skips none."""
    order = sorted(minutes, reverse=True)
    plan = [TimedStep(minutes_before=before, step=step) for before, step in zip(order, Step, strict=False)]
    accepted_at = DEADLINE - accepted_minutes * MINUTE
    taken: list[Step] = []
    for share, state in zip(sorted(looks), states, strict=False):
        now = accepted_at + share * (DEADLINE - accepted_at)
        watched = fax(accepted_at=accepted_at, state=state, taken=frozenset(taken))
        told = steps_due(watched, now, plan)
        assert not told.steps or now < DEADLINE
        assert all(step_at(timed, watched) <= now for timed in plan if timed.step in told.steps)
        ahead = [step_at(timed, watched) for timed in plan if now < step_at(timed, watched)]
        assert now >= DEADLINE or told.next_at == min([*ahead, DEADLINE])
        taken += told.steps
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    ("failure", "changes", "steps"),
    [
        (Failure.BUSY, {}, (P, N)),
        (Failure.BUSY, {"other_line": None}, (O,)),
        (Failure.BUSY, {"taken": frozenset({N})}, (O,)),
        (Failure.BUSY, {"taken": frozenset({N, O})}, ()),
        (Failure.BUSY, {"other_line": None, "other_florist": None}, ()),
        (Failure.NETWORK, {}, (P, N)),
        (Failure.NETWORK, {"other_line": None}, (P,)),
        (Failure.NETWORK, {"other_line": None, "other_carriers": False}, ()),
        (Failure.NETWORK, {"taken": frozenset({P, N})}, ()),
    ],
)
def test_the_last_try_is_one_that_could_arrive(
    failure: Failure, changes: dict[str, Any], steps: tuple[Step, ...]
) -> None:
    """A busy line is not called again at once; a carrier's trouble is no reason to give up while there is another."""
    assert last_steps(fax(**changes), failure, DEFAULT_ESCALATION) == steps


def test_the_last_try_takes_no_step_that_the_operator_took_out() -> None:
    """An empty escalation gives the fax up as it is."""
    assert last_steps(FAX, Failure.NETWORK, []) == ()


QUEUED = Queued(FaxId(1), Line("+33199000001"), 1, 900.0, DEADLINE, 3, revision=2)


@pytest.mark.parametrize(
    ("step", "becomes"),
    [
        (E, Queued(FaxId(1), Line("+33199000001"), 0, 900.0, DEADLINE, 3, revision=2)),
        (P, Queued(FaxId(1), Line("+33199000001"), 1, 600.0, DEADLINE, 3, revision=2)),
        (N, Queued(FaxId(1), SECOND, 1, 600.0, DEADLINE, 0, revision=3)),
        (O, Queued(FaxId(1), SECOND, 1, 600.0, DEADLINE, 0, revision=3)),
        (V, QUEUED),
        (A, QUEUED),
    ],
)
def test_memory_has_it_as_the_store_writes_it(step: Step, becomes: Queued) -> None:
    """See the same steps in the store's own tests."""
    taken = Escalated(FaxId(1), step, "", 600.0, SECOND if step in {N, O} else None)
    assert with_step(QUEUED, taken) == becomes


def test_memory_follows_an_order_to_another_florist() -> None:
    """Its fax goes at once, and the counts of the old line are not the new one's."""
    asked = RerouteAsked(FaxId(1), SECOND, "FR-2", "routing", "no_fax", 600.0)
    assert with_step(QUEUED, asked) == Queued(FaxId(1), SECOND, 1, 600.0, DEADLINE, 0, revision=3)
