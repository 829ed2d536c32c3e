"""Add how many sales of a day were passive, and what a waiting digest carries beside its words."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("daily_sums", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("passive_sales", sa.Integer(), nullable=False, server_default="0")
        )

    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("enclosed", sa.Text(), nullable=True))
