"""What files bring: it fills gaps, is put together from several files, and tells nobody."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.errors import StoreError, WrongAccountError
from salesdaemon.store.accounts import bind, find_account_of_shop
from salesdaemon.store.engine import Store
from salesdaemon.store.imports import (
    ImportCounts,
    account_for_import,
    record_imported,
)
from salesdaemon.store.ledger import BooksContext, record_entries
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.tables import (
    accounts,
    arrivals,
    changes,
    dirty_days,
    entries,
    items,
    outbox,
    sales,
)
from tests.databases import image
from tests.factories import (
    BERLIN,
    FRIDAY,
    SEEN_AT,
    SOLD_AT,
    WATCH_SINCE,
    account,
    batch,
    item,
    record_in,
    sale,
)

ITEMS = frozenset({"order", "items", "paid"})
ORDERS = frozenset({"order", "refund", "country"})
DAY = timedelta(days=1)


def from_file(external_id: str = "s1", **changes: Any) -> Sale:
    """Make a sale of which a file knows the day."""
    facts: dict[str, Any] = {"sold_on": FRIDAY, "fees_exact": False, "country": None, **changes}
    return sale(external_id, **facts)


def take(
    store: Store, *imported: Sale, parts: frozenset[str] = frozenset(), account_id: int = 1
) -> ImportCounts:
    with store.write() as connection:
        return record_imported(connection, account_id, imported, parts, BERLIN)


def stored(store: Store) -> list[StoredSale]:
    with store.read() as connection:
        return list_sales(connection, SaleFilter(), {})


def one(store: Store) -> StoredSale:
    (only,) = stored(store)
    return only


def sources(store: Store) -> dict[str, str]:
    with store.read() as connection:
        rows = connection.execute(select(sales.c.external_id, sales.c.source))
        return {row.external_id: row.source for row in rows}


def told(connection: Connection) -> list[Any]:
    return [
        row for table in (arrivals, changes, outbox) for row in connection.execute(select(table))
    ]


def posted(entry_id: str, kind: EntryKind, amount: int, of: str = "s1") -> Entry:
    return Entry(
        entry_id, 1, SOLD_AT, kind, kind.value, amount, "EUR", About.SALE, of, imported=True
    )


BOOKS = (
    posted("e1", EntryKind.PAYMENT, 1200),
    posted("e2", EntryKind.PROCESSING_FEE, -60),
    posted("e3", EntryKind.ITEM_FEE, -78),
)


def take_books(store: Store, *booked: Entry) -> int:
    with store.write() as connection:
        return record_entries(connection, 1, booked, BooksContext(SEEN_AT, BERLIN)).new


def test_an_imported_sale_knows_its_day_and_no_moment(store: Store) -> None:
    account(store)
    assert take(store, from_file()) == ImportCounts(stored=1)
    found = one(store)
    assert (found.sold_on, found.paid_at, found.gross_minor) == (FRIDAY, None, 1200)
    assert sources(store) == {"s1": "import"}


def test_an_import_that_knows_the_second_keeps_it(store: Store) -> None:
    account(store)
    take(store, sale())
    assert one(store).paid_at == SOLD_AT


def test_the_same_file_twice_changes_nothing(store: Store) -> None:
    account(store)
    imported = (from_file(), from_file("s2", items=()), sale("s3"))
    take(store, *imported, parts=ITEMS)
    before = image(store)
    assert take(store, *imported, parts=ITEMS) == ImportCounts(known=3)
    assert image(store) == before


def test_nothing_is_told_and_no_arrival_decided(store: Store) -> None:
    account(store)
    record_in(store, batch(begins_watch=WATCH_SINCE))
    take(store, from_file(), sale("s2"))
    with store.read() as connection:
        assert told(connection) == []


def test_what_the_marketplace_answered_is_never_overwritten(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    before = image(store)
    assert take(store, from_file(gross_minor=1)) == ImportCounts(known=1)
    assert image(store) == before


def test_the_days_of_imported_sales_are_summed_anew(store: Store) -> None:
    account(store)
    take(store, from_file(), from_file("s2", sold_on=FRIDAY - DAY))
    with store.read() as connection:
        assert set(connection.scalars(select(dirty_days.c.day))) == {FRIDAY, FRIDAY - DAY}


ITEMS_FILE = from_file(items=(item(700, line_id="l1"), item(500, line_id="l2", product="Card")))
ORDERS_FILE = from_file(
    items=(), gross_minor=1250, refunded_minor=1200, status=Status.REFUNDED, country="FR"
)


@pytest.mark.parametrize("items_first", [True, False])
def test_two_kinds_of_files_complete_each_other(store: Store, *, items_first: bool) -> None:
    account(store)
    files = [(ITEMS_FILE, ITEMS), (ORDERS_FILE, ORDERS)]
    for imported, parts in files if items_first else reversed(files):
        take(store, imported, parts=parts)
    found = one(store)
    assert (found.status, found.refunded_minor, found.country) == (Status.REFUNDED, 1200, "FR")
    assert (found.gross_minor, [line.gross_minor for line in found.items]) == (1250, [730, 520])
    before = image(store)
    for imported, parts in files:
        assert take(store, imported, parts=parts) == ImportCounts(known=1)
    assert image(store) == before


def test_a_later_file_of_the_same_kind_brings_what_changed(store: Store) -> None:
    account(store)
    take(store, replace(ORDERS_FILE, status=Status.PAID, refunded_minor=0), parts=ORDERS)
    assert take(store, ORDERS_FILE, parts=ORDERS) == ImportCounts(merged=1)
    assert one(store).status is Status.REFUNDED


def test_items_in_another_order_keep_their_own_titles(store: Store) -> None:
    account(store)
    take(store, ITEMS_FILE, parts=ITEMS)
    turned = replace(ITEMS_FILE, items=tuple(reversed(ITEMS_FILE.items)))
    take(store, turned, parts=ITEMS)
    assert [(line.product, line.gross_minor) for line in one(store).items] == [
        ("Card", 500),
        ("Weekly planner", 700),
    ]


def test_a_statement_gives_imported_sales_exact_fees(store: Store) -> None:
    account(store)
    take(store, from_file(fees_minor=99))
    assert take_books(store, *BOOKS) == 3
    found = one(store)
    assert (found.fees_minor, found.fees_exact, found.net_minor) == (138, True, 1062)
    assert sources(store) == {"s1": "import"}


def test_a_statement_may_come_before_its_sales(store: Store) -> None:
    account(store)
    take_books(store, *BOOKS)
    take(store, from_file(fees_minor=99))
    assert (one(store).fees_minor, one(store).fees_exact) == (138, True)


def test_a_settled_sale_is_completed_by_another_file_and_stays_settled(store: Store) -> None:
    account(store)
    take(store, ITEMS_FILE, parts=ITEMS)
    take_books(store, *BOOKS, posted("e4", EntryKind.ITEM_FEE, 0))
    country = replace(ORDERS_FILE, status=Status.PAID, refunded_minor=0, gross_minor=1200)
    assert take(store, country, parts=ORDERS) == ImportCounts(merged=1)
    before = image(store)
    found = one(store)
    assert (found.fees_minor, found.fees_exact, found.country) == (138, True, "FR")
    assert take(store, ITEMS_FILE, parts=ITEMS) == ImportCounts(known=1)
    assert image(store) == before


# What the marketplace says later


def test_a_poll_takes_an_imported_sale_over(store: Store) -> None:
    one_account = account(store)
    take(store, from_file(gross_minor=1000, country=None))
    record_in(store, batch(sale(), account_id=one_account.id))
    found = one(store)
    assert (found.gross_minor, found.paid_at, found.country) == (1200, SOLD_AT, "DE")
    assert sources(store) == {"s1": "api"}


def test_a_poll_takes_over_an_imported_sale_that_it_knows_no_better(store: Store) -> None:
    account(store)
    take(store, sale())
    record_in(store, batch(sale()))
    assert sources(store) == {"s1": "api"}


def test_a_poll_gives_items_in_another_order_their_own_titles(store: Store) -> None:
    account(store)
    take(store, ITEMS_FILE, parts=ITEMS)
    record_in(store, batch(replace(sale(), items=tuple(reversed(ITEMS_FILE.items)))))
    assert [(line.product, line.gross_minor) for line in one(store).items] == [
        ("Card", 500),
        ("Weekly planner", 700),
    ]


def test_an_old_refund_that_a_file_did_not_know_is_no_news(store: Store) -> None:
    account(store)
    record_in(store, batch(begins_watch=WATCH_SINCE))
    take(store, from_file(sold_on=date(2025, 1, 3), created_at=datetime(2025, 1, 3, tzinfo=BERLIN)))
    long_ago = datetime(2025, 1, 3, tzinfo=BERLIN)
    record_in(store, batch(sale(paid_at=long_ago, refunded_minor=1200, status=Status.REFUNDED)))
    with store.read() as connection:
        assert told(connection) == []


def test_what_was_paid_since_the_watch_rings_once_though_it_was_imported(store: Store) -> None:
    account(store)
    record_in(store, batch(begins_watch=WATCH_SINCE))
    take(store, from_file(), sale("s2"))
    for _ in range(2):
        record_in(store, batch(sale(), sale("s2")))
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.external_id, outbox.c.kind).order_by(outbox.c.id))
        assert [tuple(row) for row in rows] == [("s1", "sale"), ("s2", "sale")]


# Before the account is known


def bound(store: Store, shop: str, external_id: str, *configured: str) -> int:
    with store.write() as connection:
        return bind(
            connection,
            shop=shop,
            marketplace="gumroad",
            external_id=external_id,
            configured=dict.fromkeys((shop, *configured), "gumroad"),
        ).id


def placeholder(store: Store, shop: str = "templates") -> int:
    with store.write() as connection:
        return account_for_import(connection, shop, "gumroad")


def test_a_shop_that_was_never_polled_has_a_placeholder(store: Store) -> None:
    first = placeholder(store)
    assert placeholder(store) == first
    with store.read() as connection:
        found = find_account_of_shop(connection, "templates")
    assert found is not None
    assert (found.id, found.external_id) == (first, "unbound:templates")


def test_a_shop_that_was_polled_needs_none(store: Store) -> None:
    assert placeholder(store) == account(store).id


def test_another_marketplace_under_an_old_name_is_refused(store: Store) -> None:
    account(store)
    with store.write() as connection, pytest.raises(StoreError) as caught:
        account_for_import(connection, "templates", "etsy")
    assert str(caught.value) == (
        "What is stored of shop 'templates' is of another marketplace. "
        "Give the new shop a name of its own."
    )


def test_the_account_adopts_what_was_imported_before_it_was_known(store: Store) -> None:
    first = placeholder(store)
    take(store, from_file(), account_id=first)
    assert bound(store, "templates", "a1") == first
    assert bound(store, "templates", "a1") == first
    assert [found.sale_id for found in stored(store)] == ["s1"]


def test_an_account_with_rows_of_its_own_takes_over_what_is_new_to_it(store: Store) -> None:
    real = account(store, "templates").id
    record_in(store, batch(sale(), account_id=real))
    before = placeholder(store, "downloads")
    extra = from_file("s2", items=(item(700, line_id="l1"), item(500, line_id="l2")))
    take(store, from_file(gross_minor=5), extra, account_id=before)
    with store.write() as connection:
        record_entries(connection, before, BOOKS, BooksContext(SEEN_AT, BERLIN))
    assert bound(store, "downloads", "a1") == real
    found = {each.sale_id: (each.shop, each.gross_minor) for each in stored(store)}
    assert found == {"s1": ("downloads", 1200), "s2": ("downloads", 1200)}
    assert sources(store) == {"s1": "api", "s2": "import"}
    with store.read() as connection:
        assert connection.scalars(select(accounts.c.id)).all() == [real]
        assert set(connection.scalars(select(entries.c.account_id))) == {real}
        assert len(connection.execute(select(items)).all()) == 3
        owners = connection.scalars(select(dirty_days.c.account_id).distinct()).all()
        assert owners == [real]


def test_a_placeholder_is_adopted_by_its_own_shop_alone(store: Store) -> None:
    before = placeholder(store, "templates")
    assert bound(store, "downloads", "a1", "templates") != before
    with store.read() as connection:
        found = find_account_of_shop(connection, "templates")
    assert found is not None
    assert found.id == before


def test_an_account_that_another_shop_still_holds_adopts_nothing(store: Store) -> None:
    account(store, "templates")
    before = placeholder(store, "downloads")
    take(store, from_file(), account_id=before)
    with store.read() as connection:
        rows = connection.execute(select(accounts)).all()
    with pytest.raises(WrongAccountError):
        bound(store, "downloads", "a1", "templates")
    with store.read() as connection:
        assert connection.execute(select(accounts)).all() == rows
