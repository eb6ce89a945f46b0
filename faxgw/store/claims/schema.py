"""The tables of claims: how far orders were followed, and what could not be booked of them."""

from sqlalchemy import Column, Float, Integer, String, Table

from faxgw.store.schema import metadata

claim_cursor = Table(
    "claim_cursor",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("at", Integer, nullable=False),
)

# One row an order (or complaint) that stands in the way until it can be booked.
claim_refused = Table(
    "claim_refused",
    metadata,
    # `order/NUMBER` or `complaint/NUMBER`, as the keys of its journals begin.
    Column("stem", String(40), primary_key=True),
    Column("order_number", String(20), nullable=False),
    # The day it belongs to: the month of that day waits for it.
    Column("day", String(10), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("since", Float, nullable=False),
    sqlite_with_rowid=False,
)
