"""The tables of the marketplaces' books, of exchange rates and of the sums made from sales."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from salesdaemon.store.columns import SALE_KEY, Instant, metadata, sale_reference

# What the list of orders says of a sale whose figures were settled by the marketplace's books.
as_listed = Table(
    "as_listed",
    metadata,
    Column("account_id", Integer, nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("status", String(24), nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("refunded_exact", Boolean, nullable=False),
    Column("fees_minor", BigInteger, nullable=False),
    Column("fees_refunded_minor", BigInteger, nullable=False),
    Column("affiliate_minor", BigInteger, nullable=False),
    Column("fees_exact", Boolean, nullable=False),
    PrimaryKeyConstraint(*SALE_KEY),
    sale_reference(),
)

# Every line of the marketplaces' books. `amount` is as sent, for some books do not say in what
# unit; `of_sale` is the stored order it was attributed to: until there is one it waits.
entries = Table(
    "entries",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("entry_id", String(128), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(64), nullable=False),  # the marketplace's own word
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("about", String(8), nullable=False),  # sale, line, product, entry or shop
    Column("about_id", String(128)),
    Column("of_sale", String(128)),
    Column("source", String(8), nullable=False),  # api or import
    PrimaryKeyConstraint("account_id", "entry_id"),
)
Index(None, entries.c.account_id, entries.c.of_sale)
Index(None, entries.c.account_id, entries.c.posted_at)
Index(None, entries.c.account_id, entries.c.about_id)
Index(
    "ix_entries_open",
    entries.c.kind,
    entries.c.posted_at,
    sqlite_where=entries.c.of_sale.is_(None),
)

# Money that the marketplace sent, or says it will send, to the seller's bank.
payouts = Table(
    "payouts",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("payout_id", String(128), nullable=False),  # "upcoming" for the one not made yet
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(32), nullable=False),
    Column("made_on", Date),
    Column("arrives_on", Date),
    Column("estimated", Boolean, nullable=False),
    Column("seen_at", Instant, nullable=False),
    PrimaryKeyConstraint("account_id", "payout_id"),
)

# What a marketplace's catalogue says about the work that one more sale of a product makes.
catalogue = Table(
    "catalogue",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("product_id", String(128), nullable=False),
    Column("passive", Boolean),
    Column("reason", String(64), nullable=False),
    Column("checked_at", Instant, nullable=False),
    PrimaryKeyConstraint("account_id", "product_id"),
)

# Units of a currency for one euro, as published for a day.
rates = Table(
    "rates",
    metadata,
    Column("day", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("rate", String(32), nullable=False),  # a decimal number
    Column("source", String(32), nullable=False),
    PrimaryKeyConstraint("day", "currency"),
)

# What each day brought, so that a report need not read its sales. `dimension` says what `name`
# is: nothing (total), a product's key, a country or a kind of sale. Home figures are null without
# a rate.
FIGURES = (
    *("gross", "refunded", "fees", "fees_refunded", "affiliate"),
    *("net", "passive_net", "active_net", "unclassified_net", "through_affiliates"),
)
daily_sums = Table(
    "daily_sums",
    metadata,
    Column("dimension", String(8), nullable=False),
    Column("day", Date, nullable=False),
    Column("account_id", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("sales", Integer, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("estimated", Integer, nullable=False),
    Column("passive_sales", Integer, nullable=False, server_default="0"),
    *(Column(name, BigInteger, nullable=False) for name in FIGURES),
    *(Column(f"home_{name}", BigInteger) for name in FIGURES),
    PrimaryKeyConstraint("dimension", "day", "account_id", "currency", "name"),
)

# Days whose sums have to be made again before they are believed.
dirty_days = Table(
    "dirty_days",
    metadata,
    Column("day", Date, nullable=False),
    Column("account_id", Integer, nullable=False),
    PrimaryKeyConstraint("day", "account_id"),
)
