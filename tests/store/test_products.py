"""Products wait to be looked up, and what the catalogue says of them is kept."""

from datetime import timedelta

from salesdaemon.domain.effort import PHYSICAL, CatalogueWord
from salesdaemon.store.engine import Store
from salesdaemon.store.products import (
    load_catalogue,
    note_products,
    products_to_check,
    save_catalogue,
)
from tests.factories import SEEN_AT, account, batch, item, record_in, sale

MONTH = timedelta(days=30)
A_DOWNLOAD = CatalogueWord(True, "a download")
BY_HAND = CatalogueWord(False, "made to order")


def waiting(store: Store, account_id: int = 1, limit: int = 100) -> list[str]:
    with store.write() as connection:
        return products_to_check(connection, account_id, limit, SEEN_AT - MONTH)


def note(store: Store, *product_ids: str, account_id: int = 1) -> None:
    with store.write() as connection:
        note_products(
            connection, account_id, [sale(items=tuple(item(product_id=one) for one in product_ids))]
        )


def save(store: Store, *asked: str, **said: CatalogueWord) -> set[str]:
    with store.write() as connection:
        return save_catalogue(connection, 1, said, SEEN_AT, asked=asked)


def known(store: Store) -> dict[tuple[int, str], CatalogueWord]:
    with store.read() as connection:
        return load_catalogue(connection)


def test_a_product_waits_from_its_first_sale_unless_it_surely_makes_work(store: Store) -> None:
    account(store)
    assert waiting(store) == []
    sold = sale(
        items=(
            item(product_id="file"),
            item(product_id="riddle", passive=None),
            item(product_id="mug", passive=False),
            item(product_id=None),
        )
    )
    with store.write() as connection:
        note_products(connection, 1, [sold, sold])
    assert waiting(store) == ["file", "riddle"]
    assert known(store) == {}


def test_history_from_before_products_were_noted_is_read_once(store: Store) -> None:
    account(store)
    record_in(
        store,
        batch(
            sale("s1", items=(item(product_id="file"), item(product_id="mug", passive=False))),
            sale("s2", items=(item(product_id="riddle", passive=None), item(product_id=None))),
        ),
    )
    assert waiting(store) == ["file", "riddle"]
    assert waiting(store, account_id=2) == []


def test_who_waits_longest_is_asked_about_first_and_no_more_than_wanted(store: Store) -> None:
    account(store)
    note(store, "a", "b", "c")
    with store.write() as connection:
        save_catalogue(connection, 1, {"a": A_DOWNLOAD}, SEEN_AT - 2 * MONTH)
        save_catalogue(connection, 1, {"b": A_DOWNLOAD}, SEEN_AT)
    note(store, "a", "b", "d")
    assert waiting(store) == ["c", "d", "a"]
    assert waiting(store, limit=2) == ["c", "d"]


def test_only_a_new_verdict_is_news(store: Store) -> None:
    account(store)
    physical = CatalogueWord(False, PHYSICAL)
    assert save(store, a=A_DOWNLOAD, b=BY_HAND, c=CatalogueWord(None, "both")) == {"a", "b"}
    assert save(store, a=A_DOWNLOAD, b=CatalogueWord(False, "a commission")) == set()
    assert save(store, a=BY_HAND, b=physical, c=CatalogueWord(None, "unclear")) == {"a", "b"}
    assert known(store) == {
        (1, "a"): BY_HAND,
        (1, "b"): physical,
        (1, "c"): CatalogueWord(None, "unclear"),
    }


def test_what_was_known_of_a_product_that_is_gone_stays(store: Store) -> None:
    account(store)
    note(store, "a", "b")
    save(store, a=A_DOWNLOAD)
    assert save(store, "a", "b") == set()
    assert known(store) == {
        (1, "a"): A_DOWNLOAD,
        (1, "b"): CatalogueWord(None, "not in the catalogue"),
    }
    assert waiting(store) == []


def test_two_accounts_do_not_share_a_catalogue(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    save(store, a=A_DOWNLOAD)
    note(store, "a", account_id=2)
    assert waiting(store, account_id=2) == ["a"]
    assert known(store) == {(1, "a"): A_DOWNLOAD}
