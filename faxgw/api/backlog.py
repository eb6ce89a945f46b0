"""What waits, and where it waits longest: the same question that Postfix answers with qshape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import trio
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from faxgw.api.port import Control
from faxgw.api.views import QueueBody, fax_line_body, line_body, utc
from faxgw.clock import Clock
from faxgw.fax import State
from faxgw.ops.metrics import Metrics
from faxgw.order import RANKS
from faxgw.store.backlog import Backlog
from faxgw.store.port import Store
from faxgw.store.views import FaxLine

AGES_MINUTES = (5, 10, 20, 40, 80, 160, 320, 640, 1_280)
"""As qshape has them: each twice as old as the one before."""
AT_RISK_MAX = 50
KEPT_SECONDS_A_FAX = 25e-6
"""Counting takes 1.2 us of CPU for each fax that waits: kept for twenty times as long, all the looks of all people
together take a twentieth of a core."""
KEPT_FAXES_MIN = 10_000
"""Fewer are counted at each look, in some milliseconds."""


LineCount = Annotated[
    int, QueryParameter(ge=0, le=1_000, description="How many lines to show, those with the oldest faxes")
]
Finished = Annotated[
    bool, QueryParameter(description="Count the faxes that are over, too: that reads every fax there ever was")
]


@dataclass(frozen=True, slots=True)
class Counted:
    """What waited at one moment."""

    at: float
    last_event: int
    lines_asked: int
    backlog: Backlog
    at_risk: list[FaxLine]

    @property
    def states(self) -> dict[State, int]:
        """Unfinished faxes."""
        counts: dict[State, int] = {}
        for by_state in self.backlog.classes.values():
            for state, count in by_state.items():
                counts[state] = counts.get(state, 0) + count
        return counts

    @property
    def kept_seconds(self) -> float:
        """For how long nobody counts again."""
        faxes = sum(self.states.values())
        return faxes * KEPT_SECONDS_A_FAX if faxes >= KEPT_FAXES_MIN else 0.0


class Counting:
    """Counts what waits, once for all who look meanwhile: counting reads a row for each fax."""

    def __init__(self, store: Store, clock: Clock, at_risk_seconds: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._at_risk_seconds = at_risk_seconds
        self._counted: Counted | None = None
        # Counting occupies a reader: two people who look must not keep both from those who send.
        self._one_at_a_time = trio.Lock()

    async def counted(self, lines: int) -> Counted:
        """What waits, with at least the `lines` lines whose faxes wait longest; where very many wait, as of before."""
        async with self._one_at_a_time:
            known = self._counted
            if known is None or lines > known.lines_asked or not 0 <= self._age(known) < known.kept_seconds:
                known = self._counted = await self._count(lines)
            return known

    def _age(self, counted: Counted) -> float:
        return self._clock.now() - counted.at

    async def _count(self, lines: int) -> Counted:
        last_event = await self._store.last_event()
        now = self._clock.now()
        backlog = await self._store.backlog(lines, now, [minutes * 60.0 for minutes in AGES_MINUTES])
        at_risk = await self._store.at_risk(now + self._at_risk_seconds(), AT_RISK_MAX)
        return Counted(now, last_event, lines, backlog, at_risk)


def backlog_routes(
    store: Store, control: Control, metrics: Metrics, clock: Clock, at_risk_seconds: Callable[[], float]
) -> list[HTTPRouteHandler]:
    """`at_risk_seconds` before its deadline a fax that is not over is shown as at risk."""

    counting = Counting(store, clock, at_risk_seconds)

    @get("/v1/queue", summary="Faxes by state, class, reason and age, and the lines whose faxes wait longest")
    async def show_queue(lines: LineCount = 20, finished: Finished = False) -> QueueBody:
        counted = await counting.counted(lines)
        now, backlog = counted.at, counted.backlog
        return QueueBody(
            at=utc(now),
            states=await store.counts() if finished else counted.states,
            lines=[line_body(line, now) for line in backlog.lines[:lines]],
            at_risk=[fax_line_body(line) for line in counted.at_risk],
            last_event=counted.last_event,
            lines_total=backlog.lines_total,
            ages_minutes=AGES_MINUTES,
            ages=backlog.ages,
            classes={name.value: backlog.classes.get(rank, {}) for name, rank in RANKS.items()},
            reasons=backlog.reasons,
            waiting={why.value: count for why, count in control.waiting().items() if count},
            oldest_due_age_seconds=round(metrics.queue_figures().oldest_due_age_seconds, 1),
        )

    return [show_queue]
