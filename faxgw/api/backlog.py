"""What waits, and where it waits longest: the same question that Postfix answers with qshape."""

from typing import Annotated

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from faxgw.api.port import Control
from faxgw.api.views import QueueBody, fax_line_body, line_body, utc
from faxgw.clock import Clock
from faxgw.ops.metrics import Metrics
from faxgw.order import RANKS
from faxgw.store.port import Store

AGES_MINUTES = (5, 10, 20, 40, 80, 160, 320, 640, 1_280)
"""As qshape has them: each twice as old as the one before."""
AT_RISK_MAX = 50

LineCount = Annotated[
    int, QueryParameter(ge=0, le=1_000, description="How many lines to show, those with the oldest faxes")
]
Finished = Annotated[
    bool, QueryParameter(description="Count the faxes that are over, too: that reads every fax there ever was")
]


def backlog_routes(
    store: Store, control: Control, metrics: Metrics, clock: Clock, at_risk_seconds: float
) -> list[HTTPRouteHandler]:
    """`at_risk_seconds` before its deadline a fax that is not over is shown as at risk."""

    @get("/v1/queue", summary="Faxes by state, class, reason and age, and the lines whose faxes wait longest")
    async def show_queue(lines: LineCount = 20, finished: Finished = False) -> QueueBody:
        last_event = await store.last_event()
        states = await (store.counts() if finished else store.unfinished_counts())
        now = clock.now()
        backlog = await store.backlog(lines, now, [minutes * 60.0 for minutes in AGES_MINUTES])
        return QueueBody(
            at=utc(now),
            states=states,
            lines=[line_body(line, now) for line in backlog.lines],
            at_risk=[fax_line_body(line) for line in await store.at_risk(now + at_risk_seconds, AT_RISK_MAX)],
            last_event=last_event,
            lines_total=backlog.lines_total,
            ages_minutes=AGES_MINUTES,
            ages=backlog.ages,
            classes={name.value: backlog.classes.get(rank, {}) for name, rank in RANKS.items()},
            reasons=backlog.reasons,
            waiting={why.value: count for why, count in control.waiting().items() if count},
            oldest_due_age_seconds=round(metrics.queue_figures().oldest_due_age_seconds, 1),
        )

    return [show_queue]
