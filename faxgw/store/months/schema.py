"""The tables of a month's end: statement numbers without gaps, and runs of payouts with who agreed to them."""

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, String, Table, UniqueConstraint

from faxgw.store.schema import metadata

statement_number = Table(
    "statement_number",
    metadata,
    # Given in the commit that closes the month, so that a series has no gaps and no number twice.
    Column("series", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("period", String(7), nullable=False),
    Column("member", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    UniqueConstraint("period", "member", "currency", name="statement_number_of"),
    sqlite_with_rowid=False,
)

payout_run = Table(
    "payout_run",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("period", String(7), nullable=False),
    # The whole run as canonical JSON; what was approved is what is paid.
    Column("content", LargeBinary, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_login", String(64)),
    Column("proposed_at", Float, nullable=False),
    Column("approved_by", String(200)),
    Column("approved_login", String(64)),
    Column("approved_at", Float),
    sqlite_with_rowid=False,
)
"""A name is of one run only: a proposal gives way to a newer one until one is approved."""
