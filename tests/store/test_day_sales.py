"""The sales of a day are found by that day, however long the history is."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import LineItem, Sale
from salesdaemon.store.day_sales import currencies_of, iterate_paid
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.sums import Basis, load_summary, refresh
from tests.factories import FRIDAY, SOLD_AT, account, batch, item, record_in, sale

DAY = timedelta(days=1)
BASIS = Basis("EUR", "Europe/Berlin")
LARGE_TABLES = re.compile(r"SCAN (sales|items|daily_sums|entries)\b")


def on(days: int, external_id: str, **changes: Any) -> Sale:
    return sale(external_id, paid_at=SOLD_AT + days * DAY, **changes)


def lines(*products: str) -> tuple[LineItem, ...]:
    return tuple(item(400, product_id=name, product=name.title()) for name in products)


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """List how SQLite goes about each statement that is run meanwhile."""
    steps: list[str] = []

    def explain(
        connection: Any, _cursor: object, statement: str, values: Sequence[Any], *_others: object
    ) -> None:
        if statement.startswith(("SELECT", "DELETE")):
            driver = connection.connection.driver_connection
            steps.extend(
                row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            )

    event.listen(store.engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(store.engine, "before_cursor_execute", explain)


def test_a_days_sales_are_what_the_list_of_sales_says_of_them(store: Store) -> None:
    account(store)
    record_in(
        store,
        batch(
            on(-1, "before"),
            on(0, "two", items=lines("planner", "print")),
            on(0, "none", items=()),
            on(0, "dollars", currency="USD"),
            on(1, "after"),
        ),
    )
    overrides = {"*Print*": False}
    with store.read() as connection:
        found = list(iterate_paid(connection, 1, FRIDAY, FRIDAY, overrides))
        listed = list_sales(connection, SaleFilter(first=FRIDAY, last=FRIDAY), overrides)
        assert currencies_of(connection, 1, FRIDAY, FRIDAY) == {"EUR", "USD"}
    assert sorted(found, key=lambda each: each.sale_id) == sorted(
        listed, key=lambda each: each.sale_id
    )
    assert [item.passive for each in found for item in each.items if each.sale_id == "two"] == [
        True,
        False,
    ]


def test_another_accounts_sales_are_left_out(store: Store) -> None:
    account(store)
    other = account(store, "prints", "a2", "etsy")
    record_in(store, batch(sale()))
    with store.read() as connection:
        assert list(iterate_paid(connection, other.id, FRIDAY, FRIDAY, {})) == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_neither_summing_a_day_nor_a_report_goes_through_all_of_history(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(), on(-1, "s2", currency="USD")))
    with plans(store) as steps:
        with store.write() as connection:
            refresh(connection, BASIS, days=1)
        with store.read() as connection:
            load_summary(connection, BASIS, Period(FRIDAY - DAY, FRIDAY))
    assert [step for step in steps if LARGE_TABLES.search(step)] == []
    # Not by the account alone, which nearly all of a shop's rows have.
    assert [step for step in steps if step.endswith("(account_id=?)")] == []
    by_key = "SEARCH daily_sums USING INDEX sqlite_autoindex_daily_sums_1"
    assert any(step.startswith(f"{by_key} (dimension=? AND day") for step in steps)
