"""Make values that are right in every field but those a test is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from salesdaemon.domain.changes import EventKind, Watch
from salesdaemon.domain.rules import RuleBook
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.accounts import AccountRecord, bind
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.recording import Batch, Recorded, record

BERLIN = ZoneInfo("Europe/Berlin")
WATCH_SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)
SOLD_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SEEN_AT = SOLD_AT + timedelta(seconds=30)
FRIDAY = date(2026, 11, 20)
WATCHED = Watch(WATCH_SINCE)
UNWATCHED = Watch(None)


def item(gross_minor: int = 1200, **changes: Any) -> LineItem:
    """Make one passive product."""
    facts: dict[str, Any] = {
        "product_id": "p1",
        "product": "Weekly planner",
        "quantity": 1,
        "passive": True,
        **changes,
    }
    return LineItem(gross_minor=gross_minor, **facts)


def sale(external_id: str = "s1", **changes: Any) -> Sale:
    """Make a paid sale of one passive product, as read from a marketplace.

    It is paid unless its status says otherwise, created when it was paid, and its one item
    brings all of its gross.
    """
    facts: dict[str, Any] = {
        "kind": Kind.SALE,
        "status": Status.PAID,
        "paid_at": SOLD_AT,
        "currency": "EUR",
        "gross_minor": 1200,
        "fees_minor": 235,
        "fees_exact": True,
        "country": "DE",
        **changes,
    }
    facts.setdefault("created_at", facts["paid_at"])
    facts.setdefault("paid", facts["status"] is not Status.UNPAID)
    facts.setdefault("items", (item(facts["gross_minor"]),))
    return Sale(external_id=external_id, **facts)


def stored_sale(sale_id: str = "s1", **changes: Any) -> StoredSale:
    """Make a paid sale as the store gives it back; its net follows from its other amounts."""
    facts: dict[str, Any] = {
        "marketplace": "gumroad",
        "shop": "templates",
        "kind": Kind.SALE,
        "status": Status.PAID,
        "paid": True,
        "paid_at": SOLD_AT,
        "sold_on": FRIDAY,
        "currency": "EUR",
        "gross_minor": 1200,
        "refunded_minor": 0,
        "refunded_exact": True,
        "fees_minor": 235,
        "fees_refunded_minor": 0,
        "affiliate_minor": 0,
        "fees_exact": True,
        "country": "DE",
        **changes,
    }
    given_back = facts["fees_refunded_minor"] - facts["refunded_minor"] - facts["affiliate_minor"]
    facts.setdefault("net_minor", facts["gross_minor"] - facts["fees_minor"] + given_back)
    facts.setdefault("items", (item(facts["gross_minor"]),))
    return StoredSale(sale_id=sale_id, **facts)


def telling(*channels: str, **levels: str) -> Telling:
    """Say what is told: everything rings on one channel unless something else is said."""
    chosen = {kind.value: levels.get(kind.value, "on") for kind in EventKind}
    usual = {"trouble": "on", "milestone": "on", "silence": "on", "payout": "silent"}
    return Telling(RuleBook({**usual, **chosen, **levels}, channels or ("phone",), zone=BERLIN))


def account(
    store: Store, shop: str = "templates", external_id: str = "a1", marketplace: str = "gumroad"
) -> AccountRecord:
    """Bind a shop to an account."""
    with store.write() as connection:
        return bind(
            connection,
            shop=shop,
            marketplace=marketplace,
            external_id=external_id,
            configured={shop: marketplace},
        )


def batch(*sales: Sale, account_id: int = 1, **changes: Any) -> Batch:
    """Make what one page of a watched shop brought."""
    facts: dict[str, Any] = {"watch": WATCHED, "seen_at": SEEN_AT, **changes}
    return Batch(account_id=account_id, shop="templates", sales=sales, **facts)


def record_in(store: Store, pages: Batch, told: Telling | None = None) -> Recorded:
    """Record a batch in a transaction of its own."""
    with store.write() as connection:
        return record(connection, pages, told or telling(), BERLIN)
