"""The first sale of a product, and the first in a country, as rules ask for them."""

from datetime import timedelta

from sqlalchemy import select

from salesdaemon.domain.rules import Rule, RuleBook
from salesdaemon.domain.sale import Kind, Sale
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import events
from tests.factories import SOLD_AT, WATCH_SINCE, account, batch, item, record_in, sale

MINUTE = timedelta(minutes=1)
FIRSTS = Telling(
    RuleBook(
        {"sale": "on"},
        ("phone",),
        (Rule("product", first_of_product=True), Rule("country", first_in_country=True)),
    )
)
PRODUCT, COUNTRY = 'alerts.rules[1] "product"', 'alerts.rules[2] "country"'
NEITHER = "alerts.kinds.sale"


def of(external_id: str, product: str, country: str | None, minute: int = 0) -> Sale:
    """Make a sale of one product to a country, so many minutes after nine."""
    items = (item(product_id=product),)
    paid_at = SOLD_AT + minute * MINUTE
    return sale(external_id, items=items, country=country, paid_at=paid_at)


def rules_of(store: Store) -> dict[str, str]:
    """Return which rule decided on each sale."""
    with store.read() as connection:
        rows = connection.execute(
            select(events.c.external_id, events.c.rule).where(events.c.kind == "sale")
        )
        return {row.external_id: row.rule for row in rows}


def test_what_was_sold_before_is_no_first_whatever_arrives_together(store: Store) -> None:
    account(store)
    history = sale("h1", paid_at=WATCH_SINCE - MINUTE)
    record_in(store, batch(history), FIRSTS)
    arrived = (
        of("known", "p1", "DE", 1),
        of("planner", "p2", "DE", 2),
        of("again", "p2", "DE", 3),
        of("france", "p1", "FR", 4),
        of("paris", "p2", "FR", 5),
        of("nowhere", "p1", None, 6),
    )
    record_in(store, batch(*reversed(arrived)), FIRSTS)
    assert rules_of(store) == {
        "known": NEITHER,
        "planner": PRODUCT,
        "again": NEITHER,
        "france": COUNTRY,
        "paris": NEITHER,
        "nowhere": NEITHER,
    }


def test_of_two_sales_of_the_same_instant_one_is_the_first(store: Store) -> None:
    account(store)
    record_in(store, batch(of("b", "p2", "FR"), of("a", "p2", "FR")), FIRSTS)
    assert rules_of(store) == {"a": PRODUCT, "b": NEITHER}


def test_what_was_given_away_before_leaves_the_first_sale_to_come(store: Store) -> None:
    account(store)
    gift = sale("gift", kind=Kind.FREE, gross_minor=0, fees_minor=0, country="FR")
    record_in(store, batch(gift, of("sold", "p1", "FR", 1)), FIRSTS)
    assert rules_of(store) == {"sold": PRODUCT}
