"""What the gateway knows of the orders that a fax names."""

from collections.abc import Sequence
from typing import cast

import structlog

from faxgw.intake.known import look_up
from faxgw.members.register import Register
from faxgw.store.inbound.outcomes import OrderSheets
from faxgw.store.inbound.port import InboundStore


class OneNumber:
    """The store, as far as it is asked."""

    def __init__(self, sheets: OrderSheets) -> None:
        self._sheets = sheets

    async def sheets_of(self, numbers: Sequence[str]) -> dict[str, OrderSheets]:
        return dict.fromkeys(numbers, self._sheets)


async def test_a_damaged_order_stops_no_reading() -> None:
    """Every fax that names it would end the daemon, which reads it again when it starts."""
    store = cast("InboundStore", OneNumber(OrderSheets(order=b'{"sending_member": "FR-', lines=("+33199000001",))))
    with structlog.testing.capture_logs() as logs:
        known = await look_up(store, Register([]), ["F-1"])
    assert known.orders["F-1"].sender_numbers == {"+33199000001"}
    assert [entry["event"] for entry in logs] == ["kept_order_unreadable"]
