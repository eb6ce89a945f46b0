"""What keeps a line from being called, whatever waits for it: pure rules over what is remembered of it.

A line may be suspended by a person, taken for dead, closed at this hour, out of calls for this hour, or
resting after a call that found it busy. Each is an answer with the time until which it holds, where one is
known.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from faxgw.config.sending import CallingRules, LineConfig, calling_rules_of
from faxgw.fax import Failure, Waiting
from faxgw.members.hours import Opening
from faxgw.phone import Line
from faxgw.store.lines import HOUR_SECONDS, SUSPICIOUS, LineMemory, delivered_on, failed_on, forgiven

RESTS_AFTER = frozenset({Failure.BUSY, Failure.NO_ANSWER, Failure.NO_FAX})
"""Failures that the line's other faxes would meet, too (HylaFAX's `ShareCallFailures`)."""

Hours = Callable[[Line, float], Opening]
CallsMax = Callable[[Line], int]


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a fax waits, and until when, where that is known."""

    waiting: Waiting
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """The line may be called; nothing but news changes that before `until`."""

    until: float


def always_open(_line: Line, _now: float) -> Opening:
    return Opening(is_open=True, until=math.inf)


def one_call(_line: Line) -> int:
    return 1


class Lines:
    """What is known of every line that was ever called, and what follows for the next call."""

    def __init__(
        self,
        config: LineConfig | None = None,
        calling: Sequence[CallingRules] = (),
        hours: Hours = always_open,
        calls_max: CallsMax = one_call,
    ) -> None:
        self._config = config or LineConfig()
        self._calling = calling
        self._hours = hours
        self.calls_max = calls_max
        self._memories: dict[Line, LineMemory] = {}
        self._rests_until: dict[Line, float] = {}
        self._suspended: dict[Line, float | None] = {}

    def load(self, memories: Iterable[LineMemory]) -> None:
        self._memories.update((memory.line, memory) for memory in memories)

    def memory_of(self, line: Line) -> LineMemory:
        return self._memories.get(line) or LineMemory(line)

    def note_delivered(self, line: Line) -> None:
        self._memories[line] = delivered_on(self.memory_of(line))
        self._rests_until.pop(line, None)

    def note_failed(self, line: Line, failure: Failure, dials: int, at: float, rest_until: float) -> bool:
        """Remember a call that did not deliver; says whether the line is taken for dead from now on."""
        was_dead = self.is_dead(line)
        self._memories[line] = failed_on(self.memory_of(line), failure, dials, at)
        if failure in RESTS_AFTER:
            self._rests_until[line] = max(rest_until, self._rests_until.get(line, 0.0))
        return self.is_dead(line) and not was_dead

    def suspend(self, line: Line, until: float | None = None) -> None:
        self._suspended[line] = until

    def resume(self, line: Line) -> None:
        """A person lets it go: what it was suspended for, and what failed there, is forgotten."""
        self._suspended.pop(line, None)
        self._rests_until.pop(line, None)
        if line in self._memories:
            self._memories[line] = forgiven(self._memories[line])

    def is_dead(self, line: Line) -> bool:
        memory = self._memories.get(line)
        if memory is None:
            return False
        factor = self._config.known_factor if memory.has_answered else 1
        limits = (self._config.bad_number_max, self._config.no_fax_max, self._config.no_answer_max)
        in_a_row = (memory.in_a_row(failure) for failure in SUSPICIOUS)
        return any(limit and calls >= limit * factor for calls, limit in zip(in_a_row, limits, strict=True))

    def look(self, line: Line, under_way: int, now: float) -> Wait | Go:
        """Whether the line may have one call more beside `under_way`; the reason that lasts longest comes first."""
        if line in self._suspended:
            until = self._suspended[line]
            if until is None or until > now:
                return Wait(Waiting.SUSPENDED, until)
            del self._suspended[line]
        if self.is_dead(line):
            return Wait(Waiting.LINE_DEAD)
        opening = self._hours(line, now)
        if not opening.is_open:
            return Wait(Waiting.WINDOW_CLOSED, None if opening.until == math.inf else opening.until)
        return self._look_at_calls(line, under_way, now) or Go(opening.until)

    def _look_at_calls(self, line: Line, under_way: int, now: float) -> Wait | None:
        memory = self._memories.get(line)
        if memory is not None and memory.failed_at:
            allowed = calling_rules_of(self._calling, line).failed_calls_an_hour_max
            recent = [at for at in memory.failed_at if now - at < HOUR_SECONDS]
            if len(recent) >= allowed:
                return Wait(Waiting.BUDGET_SPENT, recent[-allowed] + HOUR_SECONDS)
            if len(recent) + under_way >= allowed:
                return Wait(Waiting.LINE_BUSY)
        rests_until = self._rests_until.get(line)
        if rests_until is None:
            return None
        if rests_until > now:
            return Wait(Waiting.LINE_RESTING, rests_until)
        del self._rests_until[line]
        return None
