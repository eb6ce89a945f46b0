"""Reads the orders that routing looks at, one by one: a row that was damaged is told of, and stops no other."""

from collections.abc import Iterable, Iterator

import msgspec
import structlog

from faxgw.fax import FaxId
from faxgw.ops.metrics import Metrics
from faxgw.order import Order, stored_order
from faxgw.store.routing.port import OpenOrder

log = structlog.get_logger(__name__)

UNREADABLE = "the order in the store is damaged: cancel the fax, and hand the order in anew under another key"


def read_open(orders: Iterable[OpenOrder], metrics: Metrics) -> Iterator[tuple[OpenOrder, Order | None]]:
    """Each with what it says; None where that cannot be read."""
    for open_order in orders:
        yield open_order, read_stored(open_order.fax_id, open_order.order, metrics)


def read_stored(fax_id: FaxId, content: bytes, metrics: Metrics) -> Order | None:
    try:
        return stored_order(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as damaged:
        # The error's words may quote the order.
        log.error("order_unreadable", fax_id=fax_id, bytes=len(content), error=type(damaged).__name__)
        metrics.damaged_orders.inc()
        return None
