"""What a shop's rhythm is learned from: the instants of its counted sales of half a year."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from salesdaemon.domain.sale import Kind, Status
from salesdaemon.store import rhythm
from salesdaemon.store.engine import Store
from salesdaemon.store.rhythm import find_newest_sale, load_sold_at
from tests.factories import account, batch, record_in, sale

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def loaded(store: Store, account_id: int = 1) -> list[datetime]:
    with store.read() as connection:
        return load_sold_at(connection, account_id, TODAY)


def newest(store: Store, since: date = TODAY - 9 * DAY) -> datetime | None:
    with store.read() as connection:
        return find_newest_sale(connection, 1, since)


def test_paid_sales_and_renewals_of_half_a_year_are_read_oldest_first(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    at = {days: NOON - DAY * days for days in range(200)}
    record_in(
        store,
        batch(
            sale("a", paid_at=at[3]),
            sale("b", paid_at=at[100], kind=Kind.RENEWAL),
            sale("c", paid_at=at[5], status=Status.REFUNDED),
            sale("free", paid_at=at[1], kind=Kind.FREE, gross_minor=0),
            sale("unpaid", paid_at=at[1], status=Status.UNPAID),
            sale("old", paid_at=at[195]),
        ),
    )
    record_in(store, batch(sale("other", paid_at=at[1]), account_id=2))
    assert loaded(store) == [at[100], at[5], at[3]]
    assert newest(store) == at[3]
    assert newest(store, TODAY) is None
    assert loaded(store, 2) == [at[1]]


def test_of_very_many_sales_the_last_weeks_are_enough(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhythm, "ENOUGH", 40)
    account(store)
    daily = [sale(f"d{number}", paid_at=NOON - DAY * number) for number in range(60)]
    record_in(store, batch(*daily))
    assert len(loaded(store)) == 40
    busy = [sale(f"b{number}", paid_at=NOON - DAY / 4 * number) for number in range(240)]
    record_in(store, batch(*busy))
    sold_at = loaded(store)
    assert len(sold_at) > 100
    assert NOON - sold_at[0] > 21 * DAY


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_question_goes_by_the_days_and_not_through_all_sales(store: Store) -> None:
    query = rhythm._query(1, TODAY)
    words = str(query.compile(store.engine, compile_kwargs={"literal_binds": True}))
    with store.read() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {words}"))]
    assert "ix_sales_sold_on" in plan[0]
