"""The tables of clearing."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settlement_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("imported_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settlement_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payout_minor", sa.BigInteger(), nullable=True),
        sa.Column("value_date", sa.String(length=10), nullable=True),
        sa.Column("bank_entry_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["settlement_file.sha256"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("bank_entry_id"),
        sa.UniqueConstraint("provider", "account", "ref", "currency", name="settlement_batch_ref"),
    )
    op.create_table(
        "settlement_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("told_kind", sa.String(length=64), nullable=False),
        sa.Column("txn_id", sa.String(length=200), nullable=False),
        sa.Column("payment_id", sa.String(length=128), nullable=False),
        sa.Column("merchant_ref", sa.String(length=128), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("rule", sa.String(length=24), nullable=True),
        sa.Column("placed_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["settlement_batch.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "account", "kind", "txn_id", name="settlement_entry_txn"),
    )
    op.create_index("settlement_entry_batch", "settlement_entry", ["batch_id"], unique=False)
    op.create_index("settlement_entry_payment", "settlement_entry", ["provider", "payment_id"], unique=False)
    op.create_index("settlement_entry_order", "settlement_entry", ["order_number"], unique=False)
    op.create_index(
        "settlement_entry_unplaced",
        "settlement_entry",
        ["kind"],
        unique=False,
        sqlite_where=sa.text("placed_at IS NULL"),
        postgresql_where=sa.text("placed_at IS NULL"),
    )
    op.create_table(
        "order_due",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_name",
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("name", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("order_name_number", "order_name", ["number"], unique=False)
    op.create_table(
        "clearing_exception",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("suggested", sa.String(length=20), nullable=False),
        sa.Column("suggested_by", sa.String(length=24), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=24), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["settlement_entry.id"]),
        sa.PrimaryKeyConstraint("entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "clearing_exception_open",
        "clearing_exception",
        ["opened_at"],
        unique=False,
        sqlite_where=sa.text("decision IS NULL"),
        postgresql_where=sa.text("decision IS NULL"),
    )
