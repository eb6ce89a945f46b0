"""The tables of the ledger: what was booked, which never changes, and what follows from it.

`journal`, `posting` and `seal` are append-only: triggers refuse every update and delete, and every journal for a
sealed month. `ledger_balance` can be made anew from them at any time.
"""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table

from faxgw.store.schema import metadata

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key", String(200), nullable=False, unique=True),
    # SHA-256 of the journal as canonical JSON: tells a repeat from another journal under the same key.
    Column("digest", LargeBinary(32), nullable=False),
    Column("phase", String(8), nullable=False),
    # Days as ISO 8601 writes them, so that they sort; the period is the month it counts in.
    Column("effective_on", String(10), nullable=False),
    Column("booked_at", Float, nullable=False),
    Column("period", String(7), nullable=False),
    Column("memo", String(200), nullable=False),
    Column("order_number", String(20), nullable=False),
    # A pending journal ends at most once: the database itself refuses a second post or void.
    Column("resolves", Integer, ForeignKey("journal.seq"), unique=True),
    Column("corrects", Integer, ForeignKey("journal.seq")),
    Index("journal_period", "period", "seq"),
    Index("journal_order", "order_number"),
)

posting = Table(
    "posting",
    metadata,
    Column("journal_seq", Integer, ForeignKey("journal.seq"), primary_key=True, autoincrement=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", String(80), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    # Which rate of value added tax is within the amount: what statements and exports tell of taxes comes from here.
    Column("tax", String(24), nullable=False),
    Index("posting_account", "account", "journal_seq"),
    sqlite_with_rowid=False,
)

ledger_balance = Table(
    "ledger_balance",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("posted_minor", BigInteger, nullable=False),
    Column("pending_minor", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# A closed month: how many journals it has, and the head of the hash chain over them and all months before.
seal = Table(
    "seal",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("journals", Integer, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("closed_at", Float, nullable=False),
    Column("who", String(200), nullable=False),
    sqlite_with_rowid=False,
)
