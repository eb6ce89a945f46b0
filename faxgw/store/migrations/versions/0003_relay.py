"""The relay's tables."""

import sqlalchemy as sa
from alembic import op

from faxgw.store.migrations.guards import refuse

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relay_order",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("executing", sa.String(length=32), nullable=True),
        sa.Column("delivery_date", sa.String(length=10), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=True),
        sa.Column("waiting_since", sa.Float(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index("relay_order_turn", "relay_order", ["turn"], unique=False)
    op.create_index("relay_order_delivery", "relay_order", ["delivery_date", "number"], unique=False)
    op.create_index(
        "relay_order_due",
        "relay_order",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "relay_order_unanswered",
        "relay_order",
        ["waiting_since"],
        unique=False,
        sqlite_where=sa.text("waiting_since IS NOT NULL"),
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
    )
    op.create_index(
        "relay_order_offered",
        "relay_order",
        ["executing", "number"],
        unique=False,
        sqlite_where=sa.text("stage = 'offered'"),
        postgresql_where=sa.text("stage = 'offered'"),
    )
    op.create_table(
        "relay_message",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_number", sa.String(length=20), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("refusal", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("channel", "reference", "key", name="relay_message_key"),
    )
    op.create_index("relay_message_order", "relay_message", ["order_number", "seq"], unique=False)
    op.create_table(
        "relay_absence",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=True),
        sa.Column("resumed_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "relay_absence_open",
        "relay_absence",
        ["member"],
        unique=False,
        sqlite_where=sa.text("resumed_at IS NULL"),
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
    op.create_table(
        "relay_offer",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("nth", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("offered_at", sa.Float(), nullable=False),
        sa.Column("arrived_at", sa.Float(), nullable=True),
        sa.Column("answered_at", sa.Float(), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("number", "nth"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "relay_offer_window",
        "relay_offer",
        ["offered_at", "member", "result", "arrived_at", "answered_at"],
        unique=False,
    )
    op.create_table(
        "relay_cursor",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    for change in ("UPDATE", "DELETE"):
        refuse(f"relay_message_no_{change.lower()}", change, "relay_message", "what was said stays said")
    op.execute("INSERT INTO sequence (name, next) VALUES ('relay_message', 1), ('relay_turn', 1)")
