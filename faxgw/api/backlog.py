"""What waits, and where it waits longest: the same question that Postfix answers with qshape."""

from typing import Annotated

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from faxgw.api.views import QueueBody, line_body, utc
from faxgw.clock import Clock
from faxgw.store.port import Store

LineCount = Annotated[
    int, QueryParameter(ge=0, le=1_000, description="How many lines to show, those with the oldest faxes")
]


def backlog_routes(store: Store, clock: Clock) -> list[HTTPRouteHandler]:
    @get("/v1/queue", summary="Faxes by state, and the lines whose faxes wait longest")
    async def show_queue(lines: LineCount = 20) -> QueueBody:
        last_event = await store.last_event()
        states = await store.counts()
        oldest = await store.lines(lines) if lines else []
        now = clock.now()
        return QueueBody(utc(now), states, [line_body(line, now) for line in oldest], last_event)

    return [show_queue]
