"""One index finds what is not delivered, where two did."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("fax_state_unfinished", table_name="fax_state")
    op.drop_index("fax_state_given_up", table_name="fax_state")
    op.create_index(
        "fax_state_undelivered",
        "fax_state",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state <> 'delivered'"),
        postgresql_where=sa.text("state <> 'delivered'"),
    )
