"""The planning process: its plan is that of the same thread, and whatever goes wrong in it changes nothing."""

import sys

import msgspec
import pytest

from faxgw.routing.plan import NoSolver, Plan, PlanTask
from faxgw.routing.planner import PlanFailedError, plan_apart, plan_here, solve
from tests.routing.test_plan_properties import orders_of, task_of
from tools.bench.network import make_network


def small_task() -> PlanTask:
    network = make_network(3, florists=8, postcodes=30, capacity_total=40)
    return task_of(network, orders_of(network, 4, 30))


async def test_another_process_makes_the_same_plan() -> None:
    """All that a plan depends on crosses over, and all of it comes back."""
    task = small_task()
    apart = await plan_apart(task)
    assert isinstance(apart, Plan)
    assert apart == await plan_here(task)
    assert apart.florists


async def test_a_plan_that_takes_too_long_is_given_up() -> None:
    """Its process is ended; who asked hears which setting bounds it."""
    task = small_task()
    hasty = msgspec.structs.replace(task, config=msgspec.structs.replace(task.config, replan_seconds_max=0.001))
    with pytest.raises(PlanFailedError, match="replan_seconds_max"):
        await plan_apart(hasty)


async def test_a_process_that_breaks_says_so() -> None:
    """A task that cannot be planned (two florists of one name) ends the process, not the daemon."""
    task = small_task()
    broken = msgspec.structs.replace(task, orders=[msgspec.structs.replace(task.orders[0], wish=None)])
    with pytest.raises(PlanFailedError, match="ended with 1"):
        await plan_apart(broken)


def test_without_the_solver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and that single orders are routed without it."""
    monkeypatch.setitem(sys.modules, "ortools.graph.python", None)
    told = solve(small_task())
    assert isinstance(told, NoSolver)
    assert "faxgw[replan]" in told.advice
