"""Runs a plan in a process of its own: the solver holds the interpreter for as long as it thinks, which is seconds.

The process reads a task as MessagePack and writes the outcome; it touches no file and no store. It is ended when
its time is over, and then nothing was changed.
"""

import subprocess
import sys
from collections.abc import Awaitable, Callable

import msgspec
import trio

from faxgw.errors import FaxgwError
from faxgw.routing.flow import SolverMissingError
from faxgw.routing.plan import NoSolver, Outcome, Plan, PlanTask
from faxgw.routing.replan import replan

Planner = Callable[[PlanTask], Awaitable[Outcome]]

STDERR_CHARS_MAX = 500


class PlanFailedError(FaxgwError):
    """The planning process came to no end, or to a bad one; nothing was changed."""


async def plan_apart(task: PlanTask) -> Outcome:
    """Plan in another process.

    Raises:
        PlanFailedError: it took longer than the config allows, or broke.
    """
    encoded = msgspec.msgpack.encode(task)
    seconds_max = task.config.replan_seconds_max
    completed: subprocess.CompletedProcess[bytes] | None = None
    with trio.move_on_after(seconds_max):
        command = [sys.executable, "-m", "faxgw.routing.planner"]
        completed = await trio.run_process(
            command, stdin=encoded, capture_stdout=True, capture_stderr=True, check=False
        )
    if completed is None:
        raise PlanFailedError(f"the plan took longer than {seconds_max:g} s (routing.replan_seconds_max)")
    if completed.returncode:
        said = completed.stderr.decode(errors="replace").strip()[-STDERR_CHARS_MAX:]
        raise PlanFailedError(f"the planning process ended with {completed.returncode}: {said}")
    return msgspec.msgpack.decode(completed.stdout, type=Plan | NoSolver)


async def plan_here(task: PlanTask) -> Outcome:
    """Plan on this very thread: for journeys, whose clock jumps while a process works."""
    await trio.lowlevel.checkpoint()
    return solve(task)


def solve(task: PlanTask) -> Outcome:
    try:
        return replan(task)
    except SolverMissingError as missing:
        return NoSolver(str(missing))


def main() -> None:
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=PlanTask)
    sys.stdout.buffer.write(msgspec.msgpack.encode(solve(task)))


if __name__ == "__main__":
    main()
