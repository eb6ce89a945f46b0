"""The book of the register: one table that only grows."""

from sqlalchemy import Column, Float, Integer, LargeBinary, String, Table

from faxgw.store.schema import metadata

register_entry = Table(
    "register_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(80), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("body", LargeBinary, nullable=False),
    # Days as ISO 8601 writes them, so that they sort, and so that a person with an SQL shell reads them.
    Column("first_day", String(10)),
    Column("last_day", String(10)),
    Column("who", String(200), nullable=False),
    Column("login", String(64)),
    Column("why", String(200), nullable=False),
    Column("at", Float, nullable=False),
    sqlite_autoincrement=True,
)
