"""What products brought, as the database streams it."""

from datetime import timedelta

import pytest

from salesdaemon.domain.product_facts import ProductSale
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.store.engine import Store
from salesdaemon.store.product_sales import iterate_names, iterate_product_sales
from tests.factories import FRIDAY, SOLD_AT, account, batch, item, record_in, sale

MOMENT = round(SOLD_AT.timestamp() * 1000)


def listed(store: Store, *keys: str) -> list[ProductSale]:
    with store.read() as connection:
        return list(iterate_product_sales(connection, keys or None))


def keep(store: Store, *sold: Sale) -> None:
    account(store)
    record_in(store, batch(*sold))


def test_a_sale_of_one_product_brings_it_all_of_the_net(store: Store) -> None:
    keep(store, sale(affiliate_minor=100), sale("s2", status=Status.UNPAID))
    assert listed(store) == [
        ProductSale(
            account_id=1,
            shop="templates",
            product_id="p1",
            title="Weekly planner",
            passive=True,
            sold_on=FRIDAY,
            moment=MOMENT,
            currency="EUR",
            through_affiliate=True,
            units=1,
            net_minor=865,
        )
    ]


def test_the_net_of_an_order_is_split_in_the_share_of_gross_to_the_cent(store: Store) -> None:
    keep(
        store,
        sale(
            items=(
                item(800),
                item(400, product_id="p2", quantity=3, passive=None),
                item(0, product_id=None, product="Note", passive=False),
            )
        ),
    )
    found = [(one.product_id, one.units, one.passive, one.net_minor) for one in listed(store)]
    assert found == [("p1", 1, True, 644), ("p2", 3, None, 321), (None, 1, False, 0)]


def test_sales_without_the_products_that_are_wanted_are_left_out(store: Store) -> None:
    keep(
        store,
        sale("s1"),
        sale("s2", items=(item(600), item(600, product_id="p2", product="Icons"))),
        sale("s3", items=(item(product_id=None, product="Note"),)),
        sale("s4", items=(item(product_id="p4"),)),
    )
    assert [one.product_id for one in listed(store, "p2", "Note")] == ["p1", "p2", None]
    assert len(listed(store, *(f"p{number}" for number in range(501)))) == 5


@pytest.mark.parametrize("sales", [4999])
def test_thousands_of_sales_come_each_once(store: Store, sales: int) -> None:
    many = [
        sale(f"s{number}", gross_minor=number + 1, fees_minor=0, items=(item(number + 1),) * 2)
        for number in range(sales)
    ]
    keep(store, *many)
    found = listed(store)
    assert len(found) == 2 * sales
    assert sum(one.net_minor for one in found) == sum(one.net_minor for one in many)


def test_names_come_each_once_also_of_what_is_not_paid(store: Store) -> None:
    keep(
        store,
        sale("s1"),
        sale("s2", paid_at=SOLD_AT + timedelta(days=1)),
        sale("s3", status=Status.UNPAID, items=(item(product_id=None, product="Note"),)),
    )
    with store.read() as connection:
        found = sorted(iterate_names(connection), key=str)
    assert found == [("templates", "p1", "Weekly planner"), ("templates", None, "Note")]
