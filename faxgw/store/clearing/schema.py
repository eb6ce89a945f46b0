"""The tables of clearing: files as imported, their entries, what these are for, and the queue of exceptions."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from faxgw.store.schema import metadata

# The file's own SHA-256 is its name: the same file a second time is the same row.
settlement_file = Table(
    "settlement_file",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("format", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("who", String(200), nullable=False),
    Column("imported_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

settlement_batch = Table(
    "settlement_batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), ForeignKey("settlement_file.sha256"), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("ref", String(128), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("payout_minor", BigInteger),
    Column("value_date", String(10)),
    # The line at the bank that is this payout; one line is one payout.
    Column("bank_entry_id", Integer, unique=True),
    UniqueConstraint("provider", "account", "ref", "currency", name="settlement_batch_ref"),
)

settlement_entry = Table(
    "settlement_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("settlement_batch.id"), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("line", Integer, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("told_kind", String(64), nullable=False),
    Column("txn_id", String(200), nullable=False),
    Column("payment_id", String(128), nullable=False),
    Column("merchant_ref", String(128), nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", String(10), nullable=False),
    Column("text", String(200), nullable=False),
    # What it is for, once that is sure: an order's number, and by which rule or whom.
    Column("order_number", String(20)),
    Column("rule", String(24)),
    Column("placed_at", Float),
    # A movement is imported once, in whichever file it comes.
    UniqueConstraint("provider", "account", "kind", "txn_id", name="settlement_entry_txn"),
    Index("settlement_entry_batch", "batch_id"),
    Index("settlement_entry_payment", "provider", "payment_id"),
    Index("settlement_entry_order", "order_number"),
    Index(
        "settlement_entry_unplaced",
        "kind",
        sqlite_where=text("placed_at IS NULL"),
        postgresql_where=text("placed_at IS NULL"),
    ),
)

# What customers owe the network, an order each.
order_due = Table(
    "order_due",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("reference", String(64), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", String(10), nullable=False),
    sqlite_with_rowid=False,
)

# Every name by which a payer may mean an order, so that a payment of an old order's is never taken for a new one's.
order_name = Table(
    "order_name",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("number", String(20), primary_key=True),
    Index("order_name_number", "number"),
    sqlite_with_rowid=False,
)

clearing_exception = Table(
    "clearing_exception",
    metadata,
    Column("entry_id", Integer, ForeignKey("settlement_entry.id"), primary_key=True, autoincrement=False),
    Column("reason", String(24), nullable=False),
    Column("about", String(20), nullable=False),
    Column("suggested", String(20), nullable=False),
    Column("suggested_by", String(24), nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("decision", String(24)),
    Column("decided_by", String(200)),
    Column("why", String(200)),
    Column("decided_at", Float),
    Index(
        "clearing_exception_open",
        "opened_at",
        sqlite_where=text("decision IS NULL"),
        postgresql_where=text("decision IS NULL"),
    ),
    sqlite_with_rowid=False,
)
