"""Whose orders these are: a shop's name is bound to an account, and history belongs to that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from salesdaemon.domain.sale import Status
from salesdaemon.errors import WrongAccountError
from salesdaemon.store import accounts
from salesdaemon.store.accounts import AccountRecord, ShopRecord, bind, find_shop, save_shop
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from tests.factories import SOLD_AT, WATCH_SINCE, account, batch, record_in, sale, stored_sale

HOUR = timedelta(hours=1)


def bind_in(connection: Connection, shop: str, external_id: str, *configured: str) -> AccountRecord:
    return bind(
        connection,
        shop=shop,
        marketplace="gumroad",
        external_id=external_id,
        configured=dict.fromkeys((shop, *configured), "gumroad"),
    )


def bound(store: Store, shop: str, external_id: str, *configured: str) -> AccountRecord:
    with store.write() as connection:
        return bind_in(connection, shop, external_id, *configured)


def test_a_shop_is_bound_once_and_found_again(store: Store) -> None:
    first = bound(store, "templates", "a1")
    assert first == AccountRecord(1, "gumroad", "a1", "templates", None, None)
    assert bound(store, "templates", "a1") == first


def test_a_renamed_table_keeps_its_history_and_its_watch(store: Store) -> None:
    before = account(store)
    record_in(store, batch(sale(), begins_watch=WATCH_SINCE, plan="{}"))
    with store.write() as connection:
        save_shop(connection, ShopRecord("templates", "gumroad", before.id))
    after = bound(store, "downloads", "a1")
    assert after == replace(before, shop="downloads", watch_since=WATCH_SINCE, plan="{}")
    with store.read() as connection:
        assert list_sales(connection, SaleFilter(), {}) == [stored_sale(shop="downloads")]
        assert find_shop(connection, "templates") is None
        assert accounts.find_account_of_shop(connection, "templates") is None


def test_one_account_in_two_tables_is_refused(store: Store) -> None:
    bound(store, "templates", "a1")
    with pytest.raises(WrongAccountError) as caught:
        bound(store, "downloads", "a1", "templates")
    assert str(caught.value) == (
        "Shops 'templates' and 'downloads' open the same account a1. "
        "Remove [shops.downloads] from the configuration."
    )


def test_another_account_under_an_old_name_is_refused(store: Store) -> None:
    bound(store, "templates", "a1")
    with pytest.raises(WrongAccountError) as caught:
        bound(store, "templates", "a2")
    assert str(caught.value) == (
        "Shop 'templates' belongs to account a1, but these credentials open account a2. "
        "Put the new account under a name of its own, such as [shops.templates_2]."
    )
    with store.read() as connection:
        found = accounts.find_account(connection, marketplace="gumroad", external_id="a2")
    assert found is None


def test_a_name_is_free_again_once_its_account_has_another(store: Store) -> None:
    bound(store, "templates", "a1")
    bound(store, "downloads", "a1")
    assert bound(store, "templates", "a2", "downloads").id == 2


def test_two_marketplaces_may_name_an_account_alike(store: Store) -> None:
    first = account(store, "templates", "1", "gumroad")
    assert account(store, "prints", "1", "etsy").id != first.id


def test_the_watch_begins_once(store: Store) -> None:
    one = account(store)
    with store.write() as connection:
        accounts.begin_watch(connection, one.id, WATCH_SINCE)
        accounts.begin_watch(connection, one.id, WATCH_SINCE + HOUR)
    assert bound(store, "templates", "a1").watch_since == WATCH_SINCE


def test_how_a_shop_fares_is_kept_before_its_account_is_known(store: Store) -> None:
    with store.write() as connection:
        assert find_shop(connection, "templates") is None
        accounts.change_shop(connection, "templates", "gumroad", problem="Out of reach.")
    one = account(store)
    with store.write() as connection:
        accounts.change_shop(connection, "templates", "gumroad", last_good_poll=SOLD_AT)
    with store.read() as connection:
        assert find_shop(connection, "templates") == ShopRecord(
            "templates", "gumroad", one.id, problem="Out of reach.", last_good_poll=SOLD_AT
        )


def test_a_value_of_the_installation_is_replaced_and_forgotten(store: Store) -> None:
    with store.write() as connection:
        for value in ("1", "2"):
            accounts.set_setting(connection, "name", value)
        assert accounts.find_setting(connection, "name") == "2"
        accounts.set_setting(connection, "name", None)
        assert accounts.find_setting(connection, "name") is None


def test_the_last_sale_is_the_newest_that_was_paid(store: Store) -> None:
    one = account(store)
    with store.read() as connection:
        assert accounts.last_sale(connection, one.id) is None
    unpaid = sale("s3", paid_at=SOLD_AT + HOUR, status=Status.UNPAID)
    record_in(store, batch(sale(), sale("s2", paid_at=SOLD_AT - HOUR), unpaid))
    with store.read() as connection:
        assert accounts.last_sale(connection, one.id) == SOLD_AT
