"""The ledger's tables, and the triggers that keep them append-only."""

import sqlalchemy as sa
from alembic import op

from faxgw.store.migrations.guards import refuse

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("booked_at", sa.Float(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("order_number", sa.String(length=20), nullable=False),
        sa.Column("resolves", sa.Integer(), nullable=True),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["resolves"], ["journal.seq"]),
        sa.ForeignKeyConstraint(["corrects"], ["journal.seq"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("resolves"),
    )
    op.create_index("journal_period", "journal", ["period", "seq"], unique=False)
    op.create_index("journal_order", "journal", ["order_number"], unique=False)
    op.create_table(
        "posting",
        sa.Column("journal_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"]),
        sa.PrimaryKeyConstraint("journal_seq", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("posting_account", "posting", ["account", "journal_seq"], unique=False)
    op.create_table(
        "ledger_balance",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("posted_minor", sa.BigInteger(), nullable=False),
        sa.Column("pending_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seal",
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("journals", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("period"),
        sqlite_with_rowid=False,
    )
    for table in ("journal", "posting", "seal"):
        for change in ("UPDATE", "DELETE"):
            refuse(f"{table}_no_{change.lower()}", change, table, "the ledger only grows: book a correction")
    # The program sees to both of these; here they hold against a slip in it, too.
    refuse(
        "journal_not_in_sealed",
        "INSERT",
        "journal",
        "the month is sealed: book into an open one",
        when="NEW.period <= (SELECT max(period) FROM seal)",
    )
    refuse(
        "journal_resolves_pending",
        "INSERT",
        "journal",
        "only a pending journal can be posted or voided",
        when="NEW.resolves IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM journal WHERE seq = NEW.resolves AND phase = 'pending')",
    )
