"""Sales read back, and put on other days when the seller moves."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import (
    SaleFilter,
    find_sales,
    first_day,
    iterate_sales,
    list_sales,
    list_unpaid,
    recompute_days,
)
from salesdaemon.store.tables import sales
from tests.databases import image
from tests.factories import FRIDAY, SOLD_AT, account, batch, item, record_in, sale, stored_sale

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def listed(store: Store, wanted: SaleFilter | None = None) -> list[StoredSale]:
    with store.read() as connection:
        return list_sales(connection, wanted or SaleFilter(), {})


def ids(store: Store, wanted: SaleFilter | None = None) -> list[str]:
    return [each.sale_id for each in listed(store, wanted)]


def test_of_5000_sales_none_is_lost_between_two_questions(store: Store) -> None:
    account(store)
    # Many share a day, and many a moment, so that pages end between equals.
    many = [
        sale(
            f"s{number:05}",
            paid_at=SOLD_AT + (number % 7) * DAY + (number % 11) * HOUR,
            items=(),
        )
        for number in range(5_000)
    ]
    record_in(store, batch(*many))
    with store.read() as connection:
        read = [(one.paid_at, one.sale_id) for one in iterate_sales(connection, SaleFilter(), {})]
    assert read == sorted((one.paid_at, one.external_id) for one in many)


def test_sales_of_several_shops_come_oldest_first(store: Store) -> None:
    first, second = account(store), account(store, "prints", "a2", "etsy")
    record_in(store, batch(sale("s3", paid_at=SOLD_AT + HOUR), sale("s1"), account_id=first.id))
    record_in(store, batch(sale("s2"), sale("s0", paid_at=SOLD_AT - DAY), account_id=second.id))
    assert ids(store) == ["s0", "s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SaleFilter(first=FRIDAY), ["s1", "s2"]),
        (SaleFilter(last=FRIDAY), ["s0", "s1"]),
        (SaleFilter(first=FRIDAY, last=FRIDAY), ["s1"]),
        (SaleFilter(shops=("prints",)), []),
        (SaleFilter(shops=()), []),
        (SaleFilter(shops=("templates",), external_id="s2"), ["s2"]),
    ],
    ids=["from a day", "to a day", "one day", "another shop", "no shop", "one sale"],
)
def test_a_filter_leaves_out_what_is_not_wanted(
    store: Store, wanted: SaleFilter, found: list[str]
) -> None:
    account(store)
    record_in(
        store, batch(*(sale(f"s{days + 1}", paid_at=SOLD_AT + days * DAY) for days in (-1, 0, 1)))
    )
    assert ids(store, wanted) == found


def test_sales_are_looked_up_by_account_and_id_with_the_owners_word_on_them(store: Store) -> None:
    one = account(store)
    record_in(store, batch(*(sale(f"s{number}") for number in range(450))))
    keys = [(one.id, f"s{number}") for number in range(450)] + [(one.id, "gone"), (99, "s1")]
    with store.read() as connection:
        found = find_sales(connection, keys, {"templates:Weekly*": False})
    assert found == {
        (one.id, f"s{number}"): stored_sale(f"s{number}", items=(item(passive=False),))
        for number in range(450)
    }


def test_items_keep_their_order(store: Store) -> None:
    account(store)
    several = tuple(item(100, product=f"Part {number}") for number in range(12))
    record_in(store, batch(sale(gross_minor=1200, items=several)))
    assert listed(store) == [stored_sale(items=several)]


def test_unpaid_orders_are_listed_oldest_first(store: Store) -> None:
    one = account(store)
    old, new = (
        sale(name, status=Status.UNPAID, paid_at=at)
        for name, at in (("s3", SOLD_AT - DAY), ("s2", SOLD_AT))
    )
    record_in(store, batch(sale(), new, old))
    with store.read() as connection:
        assert list(list_unpaid(connection, one.id).items()) == [
            ("s3", SOLD_AT - DAY),
            ("s2", SOLD_AT),
        ]
        assert list_unpaid(connection, one.id + 1) == {}


def test_the_first_day_is_that_of_the_oldest_sale(store: Store) -> None:
    account(store)
    with store.read() as connection:
        assert first_day(connection) is None
    record_in(store, batch(sale(), sale("s2", paid_at=SOLD_AT - 3 * DAY)))
    with store.read() as connection:
        assert first_day(connection) == FRIDAY - 3 * DAY


def recompute(store: Store, zone: str) -> bool:
    with store.write() as connection:
        return recompute_days(connection, ZoneInfo(zone))


def test_another_time_zone_moves_sales_to_its_days_and_rings_for_none(store: Store) -> None:
    account(store)
    late = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    record_in(store, batch(sale(), sale("s2", paid_at=late)))
    assert recompute(store, "Europe/Berlin") is True
    before = image(store)
    assert recompute(store, "Asia/Tokyo") is True
    assert {one.sale_id: one.sold_on for one in listed(store)} == {
        "s1": FRIDAY,
        "s2": date(2026, 11, 21),
    }
    after = image(store)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"sales", "settings"}
    assert recompute(store, "Asia/Tokyo") is False
    assert image(store) == after


def test_a_sale_of_which_only_the_day_is_known_keeps_it(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    with store.write() as connection:
        connection.execute(update(sales).values(paid_at=None))
    recompute(store, "Pacific/Kiritimati")
    assert listed(store) == [stored_sale(paid_at=None)]
