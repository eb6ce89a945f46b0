"""The tables of months' ends."""

import sqlalchemy as sa
from alembic import op

from faxgw.store.migrations.guards import refuse

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statement_number",
        sa.Column("series", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("member", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("series", "number"),
        sa.UniqueConstraint("period", "member", "currency", name="statement_number_of"),
        sqlite_with_rowid=False,
    )
    for change in ("UPDATE", "DELETE"):
        why = "a number that was given stays given"
        refuse(f"statement_number_no_{change.lower()}", change, "statement_number", why)
    op.create_table(
        "payout_run",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_login", sa.String(length=64), nullable=True),
        sa.Column("proposed_at", sa.Float(), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("approved_login", sa.String(length=64), nullable=True),
        sa.Column("approved_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    refuse(
        "payout_run_approved",
        "UPDATE",
        "payout_run",
        "an approved run is paid as it is",
        when="OLD.approved_at IS NOT NULL",
    )
    refuse("payout_run_no_delete", "DELETE", "payout_run", "a run stays on record")
