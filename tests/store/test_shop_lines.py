"""What the books tell of a shop beside its sales: costs, other lines, payouts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.domain.ledger import About, Entry, EntryKind, Payout, ShopLine
from salesdaemon.store.engine import Store
from salesdaemon.store.shop_lines import (
    list_payouts,
    list_shop_lines,
    list_unknown_names,
    save_payouts,
)
from tests.factories import BERLIN, FRIDAY, SEEN_AT, SOLD_AT, account, batch, item, record_in, sale
from tests.posting import Ledger, post_in

DAY = timedelta(days=1)


def of_the_shop(kind: EntryKind, amount: int, **changes: Any) -> Entry:
    """Make an entry of the shop's own, numbered by what it is."""
    facts = {"about": About.SHOP, "posted_at": SOLD_AT, **changes}
    name = f"{kind.value}{amount}{facts['posted_at']}{facts.get('source', '')}"
    return Ledger(sale_id=name).post(kind, amount, **facts)


def lines(store: Store, first: date | None = None, last: date | None = None) -> list[ShopLine]:
    with store.read() as connection:
        return list_shop_lines(connection, first, last, BERLIN)


def line(amount_minor: int, **changes: Any) -> ShopLine:
    facts: dict[str, Any] = {
        "shop": "templates",
        "day": FRIDAY,
        "kind": EntryKind.COST,
        "name": "advertising",
        "currency": "EUR",
        **changes,
    }
    return ShopLine(amount_minor=amount_minor, **facts)


def payouts(store: Store) -> list[tuple[str, Payout]]:
    with store.read() as connection:
        return list_payouts(connection, BERLIN)


def keep(store: Store, *listed: Payout, account_id: int = 1) -> list[Payout]:
    with store.write() as connection:
        return save_payouts(connection, account_id, listed, SEEN_AT)


# Lines


def test_lines_are_added_up_by_shop_day_kind_name_and_currency(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    post_in(
        store,
        of_the_shop(EntryKind.COST, -500),
        of_the_shop(EntryKind.COST, -20),
        of_the_shop(EntryKind.COST, -7, name="label"),
        of_the_shop(EntryKind.COST, -9, currency="USD"),
        of_the_shop(EntryKind.COST, -11, posted_at=SOLD_AT - DAY),
        of_the_shop(EntryKind.PAYOUT, -900),
    )
    post_in(store, of_the_shop(EntryKind.COST, -3), account_id=2)
    assert lines(store) == [
        line(-11, day=FRIDAY - DAY),
        line(-3, shop="prints"),
        line(-520),
        line(-9, currency="USD"),
        line(-7, name="label"),
        line(-900, kind=EntryKind.PAYOUT, name="disbursement"),
    ]


def test_what_belongs_to_a_stored_sale_is_no_line_of_the_shop(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(items=(item(line_id="l1"),))))
    post_in(store, *Ledger().charge(1200, tax=100, lines=("l1",)).entries)
    assert lines(store) == []


def test_what_belongs_to_an_order_that_is_not_stored_is_until_it_is(store: Store) -> None:
    account(store)
    post_in(store, *Ledger().charge(1200, lines=("l1",)).entries)
    assert {(each.kind, each.amount_minor) for each in lines(store)} == {
        (EntryKind.PAYMENT, 1200),
        (EntryKind.PROCESSING_FEE, -50),
        (EntryKind.ITEM_FEE, -20),
    }
    record_in(store, batch(sale(items=(item(line_id="l1"),))))
    assert lines(store) == []


@pytest.mark.parametrize(
    ("posted_at", "day"),
    [
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), FRIDAY),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), FRIDAY + DAY),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
    ids=["before midnight", "after midnight", "summer, before", "summer, after"],
)
def test_days_are_the_sellers_and_both_ends_of_a_period_count(
    store: Store, posted_at: datetime, day: date
) -> None:
    account(store)
    post_in(store, of_the_shop(EntryKind.COST, -5, posted_at=posted_at))
    assert lines(store, day, day) == [line(-5, day=day)]
    assert lines(store, day + DAY, None) == []
    assert lines(store, None, day - DAY) == []


def test_imported_lines_count_only_before_the_marketplaces_own_begin(store: Store) -> None:
    account(store)
    imported = [
        replace(of_the_shop(EntryKind.COST, amount, posted_at=SOLD_AT + when), imported=True)
        for amount, when in ((-1, -2 * DAY), (-2, -DAY), (-4, DAY))
    ]
    post_in(store, *imported)
    assert sum(each.amount_minor for each in lines(store)) == -7
    post_in(store, of_the_shop(EntryKind.COST, -100, posted_at=SOLD_AT - DAY))
    assert [each.amount_minor for each in lines(store)] == [-1, -100]


def test_amounts_finer_than_the_currency_are_rounded_once_for_the_day(store: Store) -> None:
    account(store)
    yen = sale(currency="JPY", gross_minor=1500, items=(item(1500, line_id="l1"),))
    record_in(store, batch(yen))
    post_in(store, *Ledger("JPY").charge(150_000, lines=("l1",), fee=-6000).entries)
    post_in(store, *(of_the_shop(EntryKind.COST, -each, currency="JPY") for each in (49, 50, 51)))
    assert lines(store) == [line(-2, currency="JPY")]


def test_kinds_that_nobody_knows_are_named_once_in_their_own_words(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    post_in(
        store,
        of_the_shop(EntryKind.OTHER, 5, name="moon_tax"),
        of_the_shop(EntryKind.OTHER, 6, name="moon_tax"),
        of_the_shop(EntryKind.OTHER, 7, name="fog"),
        of_the_shop(EntryKind.COST, -7),
    )
    with store.read() as connection:
        assert list_unknown_names(connection, 1) == ["fog", "moon_tax"]
        assert list_unknown_names(connection, 2) == []


# Payouts


FIRST = Payout("p1", 21_240, "EUR", "completed", FRIDAY - 7 * DAY, FRIDAY - 5 * DAY)
UPCOMING = Payout("upcoming", 900, "EUR", "upcoming", None, FRIDAY + 5 * DAY, estimated=True)


def test_payouts_are_kept_as_listed_oldest_first_and_only_changes_are_news(store: Store) -> None:
    account(store)
    assert keep(store, UPCOMING, FIRST) == [UPCOMING, FIRST]
    assert keep(store, UPCOMING, FIRST) == []
    more = replace(UPCOMING, amount_minor=1900)
    assert keep(store, more, FIRST) == [more]
    assert payouts(store) == [("templates", FIRST), ("templates", more)]


def test_payouts_of_two_accounts_are_kept_apart(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    keep(store, FIRST)
    keep(store, replace(FIRST, amount_minor=1), account_id=2)
    assert [(shop, each.amount_minor) for shop, each in payouts(store)] == [
        ("prints", 1),
        ("templates", 21_240),
    ]


def test_where_no_payouts_are_listed_the_books_tell_them(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    keep(store, FIRST)
    post_in(store, of_the_shop(EntryKind.PAYOUT, -5))
    post_in(store, of_the_shop(EntryKind.PAYOUT, -5000), account_id=2)
    assert payouts(store) == [
        ("templates", FIRST),
        ("prints", Payout(f"disbursement {FRIDAY}", 5000, "EUR", "sent", FRIDAY)),
    ]


def test_a_payout_to_come_does_not_hide_what_the_books_tell_of_earlier_ones(store: Store) -> None:
    account(store)
    keep(store, UPCOMING)
    post_in(store, of_the_shop(EntryKind.PAYOUT, -5000))
    assert payouts(store) == [
        ("templates", Payout(f"disbursement {FRIDAY}", 5000, "EUR", "sent", FRIDAY)),
        ("templates", UPCOMING),
    ]


def test_a_payout_to_come_of_nothing_is_no_payout(store: Store) -> None:
    account(store)
    keep(store, FIRST, Payout("upcoming", 0, "USD", "none"))
    assert payouts(store) == [("templates", FIRST)]
