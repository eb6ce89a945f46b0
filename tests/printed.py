"""What came out of the florists' machines: every page of every call, read by the code that is printed on it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faxgw_loadtest.printed import Misprinted, PrintedCall, documents_of, read_orders


def read_calls(faxes: Sequence[dict[str, Any]], pages_dir: Path) -> list[PrintedCall]:
    """The calls in the carrier's list, with their pages from where it keeps them."""
    documents = documents_of([fax["reference"] for fax in faxes], pages_dir)
    return [
        PrintedCall(fax["reference"], _orders_on(document), fax["pages_delivered"], fax["pages_arrived"])
        for fax, document in zip(faxes, documents, strict=True)
    ]


def _orders_on(document: Path) -> tuple[str, ...]:
    orders = read_orders(document.read_bytes())
    assert not isinstance(orders, Misprinted), f"{document.name}: {orders.why}"
    return orders
