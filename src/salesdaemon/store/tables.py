"""The tables as they are now; `migrations/` says how they came to be."""

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
    UniqueConstraint,
)

from salesdaemon.store.book_tables import (
    as_listed,
    catalogue,
    daily_sums,
    dirty_days,
    entries,
    payouts,
    rates,
)
from salesdaemon.store.columns import SALE_KEY, Instant, metadata, sale_reference

__all__ = [
    "accounts",
    "arrivals",
    "as_listed",
    "catalogue",
    "changes",
    "channels",
    "daily_sums",
    "digests",
    "dirty_days",
    "effort",
    "entries",
    "events",
    "items",
    "logins",
    "messages",
    "metadata",
    "outbox",
    "payouts",
    "rates",
    "sales",
    "set_aside",
    "settings",
    "shops",
]

# One value each: since when this installation runs, the time zone that `sold_on` is in, …
settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# An account at a marketplace. History belongs to it, not to the name of a table in the
# configuration. `plan` is what the poller must remember between two polls, as JSON.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("marketplace", String(32), nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("shop", String(64), nullable=False),
    Column("watch_since", Instant),
    Column("plan", Text),
    UniqueConstraint("marketplace", "external_id"),
)

# How a `[shops.<name>]` table fares; there also before its account is known.
shops = Table(
    "shops",
    metadata,
    Column("shop", String(64), primary_key=True),
    Column("marketplace", String(32), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id")),
    Column("interval_seconds", Integer, nullable=False, default=60),
    Column("last_good_poll", Instant),
    Column("not_before", Instant),
    Column("login_needed", Boolean, nullable=False, default=False),
    Column("problem", Text),
    Column("action", Text),
    Column("problem_since", Instant),
    Column("told_at", Instant),
)

logins = Table(
    "logins",
    metadata,
    Column("shop", String(64)),
    Column("stage", String(8)),  # active, or pending until its account is known to fit
    Column("marketplace", String(32), nullable=False),
    Column("login_key", String(128), nullable=False),
    Column("access_token", Text, nullable=False),
    Column("refresh_token", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("answer_lost", Boolean, nullable=False, default=False),
    Column("lease_owner", String(128)),
    Column("leased_until", Instant),
    PrimaryKeyConstraint("shop", "stage"),
)

sales = Table(
    "sales",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(24), nullable=False),
    Column("paid", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("paid_at", Instant),
    Column("sold_on", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("refunded_exact", Boolean, nullable=False),
    Column("fees_minor", BigInteger, nullable=False),
    Column("fees_refunded_minor", BigInteger, nullable=False),
    Column("affiliate_minor", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("fees_exact", Boolean, nullable=False),
    Column("country", String(2)),
    Column("charged_minor", BigInteger),  # with tax, as the buyer paid it
    Column("shipping_minor", BigInteger),
    Column("settled_currency", String(3)),
    Column("settled_net_minor", BigInteger),
    Column("source", String(8), nullable=False, server_default="api"),  # or import
    Column("fingerprint", BigInteger, nullable=False),
    PrimaryKeyConstraint(*SALE_KEY),
)
Index(None, sales.c.sold_on)
Index(
    "ix_sales_unpaid",
    sales.c.account_id,
    sqlite_where=sales.c.status == "unpaid",
)

items = Table(
    "items",
    metadata,
    Column("account_id", Integer, nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("position", Integer, nullable=False),
    Column("line_id", String(128)),
    Column("product_id", String(128)),
    Column("product", Text),
    Column("quantity", Integer, nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("passive", Boolean),
    PrimaryKeyConstraint(*SALE_KEY, "position"),
    sale_reference(),
)
Index(
    "ix_items_line_id",
    items.c.account_id,
    items.c.line_id,
    sqlite_where=items.c.line_id.is_not(None),
)

# That a sale's arrival was told, or needs no telling: the record that makes it ring once.
arrivals = Table(
    "arrivals",
    metadata,
    Column("account_id", Integer, nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("level", String(8), nullable=False),  # on, silent, off, history
    PrimaryKeyConstraint(*SALE_KEY),
    sale_reference(),
)

# What became known after the watch began, and when: the news of a digest.
changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("gross_delta", BigInteger, nullable=False),
    Column("refunded_delta", BigInteger, nullable=False),
    Column("net_delta", BigInteger, nullable=False),
    sale_reference(),
)
Index(None, changes.c.seen_at)

# Orders that could not be read: where and what kind of fault, never a value of theirs.
set_aside = Table(
    "set_aside",
    metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("external_id", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    PrimaryKeyConstraint(*SALE_KEY),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("form", String(16), nullable=False),  # ring, recap, burst, or the kind of event
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sales", Integer, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("answer", Text, nullable=False),
)
Index(None, messages.c.channel, messages.c.sent_at)

# What happened, and how it was judged: the level, by which rule, and why that one. An event that
# is off has no row in the outbox. `observed_at` is when milestones were looked for in it.
events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", String(256), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("account_id", Integer),
    Column("external_id", String(128)),
    Column("seen_at", Instant, nullable=False),
    Column("level", String(8), nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("observed_at", Instant),
    UniqueConstraint("event"),
)
Index(None, events.c.account_id, events.c.external_id)
Index("ix_events_unobserved", events.c.id, sqlite_where=events.c.observed_at.is_(None))

# How a channel fares while it fails; told_at is when its owner was last told.
channels = Table(
    "channels",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("not_before", Instant),
    Column("failing_since", Instant),
    Column("problem", Text),
    Column("told_at", Instant),
)

# One row for each event and channel, leased before it is sent and marked afterwards. `style` is
# what a rule set for its words and sound, as JSON.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("event", String(256), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("level", String(8), nullable=False),
    Column("account_id", Integer),
    Column("external_id", String(128)),
    Column("title", Text),
    Column("body", Text),
    Column("style", Text),
    Column("missed", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_owner", String(128)),
    Column("leased_until", Instant),
    Column("delivered_at", Instant),
    Column("failed_at", Instant),
    Column("error", Text),
    Column("message_id", Integer, ForeignKey("messages.id")),
    UniqueConstraint("event", "channel"),
)
Index(
    "ix_outbox_waiting",
    outbox.c.channel,
    sqlite_where=(outbox.c.delivered_at.is_(None)) & (outbox.c.failed_at.is_(None)),
)
Index("ix_outbox_failed", outbox.c.channel, sqlite_where=outbox.c.failed_at.is_not(None))
Index(None, outbox.c.message_id)

# One row for each digest and recipient, claimed before it is sent. `content_until` is the
# moment up to which changes were told in it; the next digest's news begin there. `recipient`
# is an address, a channel or the folder of files; `enclosed` what goes beside the words, as text.
digests = Table(
    "digests",
    metadata,
    Column("kind", String(8), nullable=False),
    Column("day", Date, nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("state", String(8), nullable=False),  # claimed, sent, skipped
    Column("message_id", String(256), nullable=False),
    Column("content_until", Instant, nullable=False),
    Column("subject", Text),
    Column("body_text", Text),
    Column("body_html", Text),
    Column("enclosed", Text),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("answer", Text),
    PrimaryKeyConstraint("kind", "day", "recipient"),
)

effort = Table(
    "effort",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("product", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("spent_on", Date, nullable=False),
    Column("note", Text),
)


def describe_for_postgresql() -> None:
    """Say in PostgreSQL's words too which indexes are partial.

    Naming its option loads its dialect: 2 MB that a daemon on SQLite has no use for.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            where = index.dialect_kwargs.get("sqlite_where")
            if where is not None:
                index.dialect_kwargs["postgresql_where"] = where
