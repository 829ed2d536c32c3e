"""The store is repaired from what the marketplace says, but for what has moved meanwhile."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from salesdaemon.domain.sale import Sale, Status
from salesdaemon.store.differences import (
    Stretch,
    copy_scales,
    list_created,
    list_moved,
    load_facts,
    open_beside,
    repair_sales,
)
from salesdaemon.store.engine import Store
from salesdaemon.store.recording import record
from salesdaemon.store.tables import catalogue, settings
from tests.databases import image
from tests.factories import (
    BERLIN,
    SEEN_AT,
    SOLD_AT,
    UNWATCHED,
    account,
    batch,
    record_in,
    sale,
    telling,
)

DAY = timedelta(days=1)


@pytest.fixture
def beside(store: Store) -> Iterator[Store]:
    account(store)
    with open_beside(1, "gumroad", "templates") as opened:
        yield opened


def say(beside: Store, *said: Sale) -> None:
    with beside.write() as connection:
        record(connection, batch(*said, watch=UNWATCHED), telling(), BERLIN)


def repair(store: Store, beside: Store, *keys: str) -> list[str]:
    with store.read() as connection:
        facts = load_facts(connection, 1, keys)
    with store.write() as here, beside.read() as there:
        return repair_sales(here, there, 1, {key: facts.get(key) for key in keys})


def test_a_repaired_store_is_as_if_it_had_read_the_truth(store: Store, beside: Store) -> None:
    truth = [sale(), sale("s2", status=Status.REFUNDED, refunded_minor=1200)]
    record_in(store, batch(sale(gross_minor=1), watch=UNWATCHED))
    say(beside, *truth)
    assert repair(store, beside, "s1", "s2") == ["s1", "s2"]
    with store.read() as here, beside.read() as there:
        keys = ["s1", "s2"]
        assert load_facts(here, 1, keys) == load_facts(there, 1, keys)
        assert here.scalars(select(catalogue.c.product_id)).all() == ["p1"]
    before = image(store)
    record_in(store, batch(*truth, watch=UNWATCHED))
    assert image(store) == before


def test_a_sale_that_moved_since_it_was_compared_is_left_alone(store: Store, beside: Store) -> None:
    record_in(store, batch(sale(gross_minor=1)))
    say(beside, sale())
    with store.read() as connection:
        expected = load_facts(connection, 1, ["s1"])
    record_in(store, batch(sale(gross_minor=1, status=Status.DISPUTED)))
    before = image(store)
    with store.write() as here, beside.read() as there:
        assert repair_sales(here, there, 1, dict(expected)) == []
    assert image(store) == before


def test_a_sale_that_came_meanwhile_is_left_alone(store: Store, beside: Store) -> None:
    say(beside, sale())
    record_in(store, batch(sale(gross_minor=1)))
    with store.write() as here, beside.read() as there:
        assert repair_sales(here, there, 1, {"s1": None}) == []


def test_a_stretch_holds_what_was_created_in_it(store: Store, beside: Store) -> None:
    for number in range(4):
        say(beside, sale(f"s{number}", paid_at=SOLD_AT + number * DAY))
    with beside.read() as connection:
        stretch = Stretch(1, SOLD_AT + DAY, SOLD_AT + 3 * DAY)
        assert list_created(connection, stretch) == ["s1", "s2"]


def test_what_moved_since_a_moment_is_known(store: Store, beside: Store) -> None:
    record_in(store, batch(sale()))
    record_in(store, batch(sale("s2"), seen_at=SEEN_AT + DAY))
    with store.read() as connection:
        assert list_moved(connection, 1, SEEN_AT + DAY) == {"s2"}


def test_the_units_of_the_books_are_carried_over(store: Store, beside: Store) -> None:
    with store.write() as connection:
        connection.execute(settings.insert().values(name="ledger_scale:1:JPY", value="100"))
        with beside.write() as there:
            copy_scales(connection, there)
    with beside.read() as connection:
        rows = connection.execute(select(settings)).all()
    assert [tuple(row) for row in rows] == [("ledger_scale:1:JPY", "100")]


def test_what_lies_beside_the_store_is_gone_afterwards(store: Store) -> None:
    account(store)
    with open_beside(1, "gumroad", "templates") as opened:
        path = opened.path
        assert path is not None
        assert path.exists()
    assert not path.parent.exists()
