"""Sales added up for people's books."""

from datetime import timedelta

from salesdaemon.domain.bookkeeping import SalesDay, Settlement
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.store.bookkeeping import list_sales_days, list_settlements
from salesdaemon.store.engine import Store
from tests.factories import FRIDAY, SOLD_AT, account, batch, record_in, sale

DAY = timedelta(days=1)


def test_paid_sales_are_added_up_by_day_shop_and_currency(store: Store) -> None:
    first, second = account(store), account(store, "prints", "a2", "etsy")
    record_in(
        store,
        batch(
            sale("s1", refunded_minor=600, fees_refunded_minor=100, affiliate_minor=50),
            sale("s2", fees_exact=False, refunded_exact=False),
            sale("s3", kind=Kind.FREE, gross_minor=0, fees_minor=0),
            sale("s4", status=Status.UNPAID),
            sale("s5", currency="JPY", gross_minor=1500, fees_minor=0),
            sale("s6", paid_at=SOLD_AT + DAY, kind=Kind.RENEWAL),
            account_id=first.id,
        ),
    )
    record_in(store, batch(sale("s1", status=Status.DISPUTED), account_id=second.id))
    with store.read() as connection:
        assert list_sales_days(connection, None, None) == [
            SalesDay(FRIDAY, "prints", "EUR", 1, 1200, 0, 235, 0, 0, 0),
            SalesDay(
                *(FRIDAY, "templates", "EUR", 2, 2400, 600, 470, 100, 50, 1380),
                estimated=1,
                derived=1,
            ),
            SalesDay(FRIDAY, "templates", "JPY", 1, 1500, 0, 0, 0, 0, 1500),
            SalesDay(FRIDAY + DAY, "templates", "EUR", 1, 1200, 0, 235, 0, 0, 965),
        ]
        assert list_sales_days(connection, FRIDAY + DAY, FRIDAY + DAY)[0].day == FRIDAY + DAY
        assert list_sales_days(connection, FRIDAY + 2 * DAY, None) == []


def test_sales_settled_in_another_currency_are_added_up(store: Store) -> None:
    account(store)
    abroad = {"settled_currency": "USD", "fees_exact": False}
    record_in(
        store,
        batch(
            sale("s1", settled_net_minor=1041, **abroad),
            sale("s2", settled_net_minor=-9, **abroad),
            sale("s3"),
            sale("s4", paid_at=SOLD_AT + DAY, settled_net_minor=7, **abroad),
        ),
    )
    with store.read() as connection:
        assert list_settlements(connection, None, FRIDAY) == [
            Settlement(FRIDAY, "templates", "EUR", 1930, "USD", 1032)
        ]
