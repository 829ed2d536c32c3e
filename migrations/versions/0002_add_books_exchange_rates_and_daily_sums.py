"""Add books, exchange rates and daily sums."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_sums",
        sa.Column("dimension", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("sales", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("fees", sa.BigInteger(), nullable=False),
        sa.Column("fees_refunded", sa.BigInteger(), nullable=False),
        sa.Column("affiliate", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("passive_net", sa.BigInteger(), nullable=False),
        sa.Column("active_net", sa.BigInteger(), nullable=False),
        sa.Column("unclassified_net", sa.BigInteger(), nullable=False),
        sa.Column("through_affiliates", sa.BigInteger(), nullable=False),
        sa.Column("home_gross", sa.BigInteger(), nullable=True),
        sa.Column("home_refunded", sa.BigInteger(), nullable=True),
        sa.Column("home_fees", sa.BigInteger(), nullable=True),
        sa.Column("home_fees_refunded", sa.BigInteger(), nullable=True),
        sa.Column("home_affiliate", sa.BigInteger(), nullable=True),
        sa.Column("home_net", sa.BigInteger(), nullable=True),
        sa.Column("home_passive_net", sa.BigInteger(), nullable=True),
        sa.Column("home_active_net", sa.BigInteger(), nullable=True),
        sa.Column("home_unclassified_net", sa.BigInteger(), nullable=True),
        sa.Column("home_through_affiliates", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "dimension", "day", "account_id", "currency", "name", name="pk_daily_sums"
        ),
    )
    op.create_table(
        "dirty_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "account_id", name="pk_dirty_days"),
    )
    op.create_table(
        "rates",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", "currency", name="pk_rates"),
    )
    op.create_table(
        "catalogue",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("passive", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_catalogue_accounts"),
        sa.PrimaryKeyConstraint("account_id", "product_id", name="pk_catalogue"),
    )
    op.create_table(
        "entries",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("about", sa.String(length=8), nullable=False),
        sa.Column("about_id", sa.String(length=128), nullable=True),
        sa.Column("of_sale", sa.String(length=128), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_entries_accounts"),
        sa.PrimaryKeyConstraint("account_id", "entry_id", name="pk_entries"),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entries_account_id_of_sale", ["account_id", "of_sale"], unique=False
        )
        batch_op.create_index(
            "ix_entries_account_id_posted_at", ["account_id", "posted_at"], unique=False
        )
        batch_op.create_index(
            "ix_entries_account_id_about_id", ["account_id", "about_id"], unique=False
        )
        batch_op.create_index(
            "ix_entries_open",
            ["kind", "posted_at"],
            unique=False,
            sqlite_where=sa.text("of_sale IS NULL"),
            postgresql_where=sa.text("of_sale IS NULL"),
        )

    op.create_table(
        "payouts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("payout_id", sa.String(length=128), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("arrives_on", sa.Date(), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_payouts_accounts"),
        sa.PrimaryKeyConstraint("account_id", "payout_id", name="pk_payouts"),
    )
    op.create_table(
        "as_listed",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_exact", sa.Boolean(), nullable=False),
        sa.Column("fees_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees_refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("affiliate_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees_exact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "external_id"],
            ["sales.account_id", "sales.external_id"],
            name="fk_as_listed_sales",
        ),
        sa.PrimaryKeyConstraint("account_id", "external_id", name="pk_as_listed"),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_id", sa.String(length=128), nullable=True))
        batch_op.create_index(
            "ix_items_line_id",
            ["account_id", "line_id"],
            unique=False,
            sqlite_where=sa.text("line_id IS NOT NULL"),
            postgresql_where=sa.text("line_id IS NOT NULL"),
        )

    with op.batch_alter_table("sales", schema=None) as batch_op:
        batch_op.add_column(sa.Column("charged_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("shipping_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("settled_currency", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("settled_net_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("source", sa.String(length=8), server_default="api", nullable=False)
        )

    # What is stored already has no sums yet.
    op.execute(
        "INSERT INTO dirty_days (day, account_id) SELECT DISTINCT sold_on, account_id FROM sales"
    )
