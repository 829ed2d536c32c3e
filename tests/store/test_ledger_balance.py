"""Nothing of the books is lost or counted twice, in whatever order and parts they came."""

from collections.abc import Sequence
from random import Random

import pytest

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Sale
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.settling import entries_of
from tests.factories import (
    SOLD_AT,
    account,
    batch,
    item,
    record_in,
)
from tests.posting import Ledger, post_in
from tests.store.booked import DAY, MINUTE, costs, order, renewal, stored


def _random_books(
    random: Random, count: int, *, late_renewals: bool = True
) -> tuple[list[Sale], list[Entry]]:
    """Draw orders, some never listed, with books, costs, payouts and entries nobody knows.

    Late renewals are posted minutes after the fees of their order, by piece and not for all.
    """
    orders: list[Sale] = []
    posted: list[Entry] = []
    shop = Ledger(sale_id="shop")
    for number in range(count):
        name = f"s{number}"
        at = SOLD_AT - random.randrange(40) * DAY - random.randrange(86_400) * MINUTE / 60
        quantity = random.choice([1, 1, 2])
        product = random.choice(["p1", "p2", "p3"])
        gross = random.randrange(100, 9000)
        line = item(gross, product_id=product, quantity=quantity, line_id=f"line of {name}")
        ledger = Ledger(sale_id=name, at=at).charge(
            gross, lines=(f"line of {name}",), fee=-random.randrange(1, 99)
        )
        if random.random() < 0.4:
            fee = random.choice(ledger.entries).entry_id
            ledger.post(EntryKind.FEE, -random.randrange(1, 30), about=About.ENTRY, about_id=fee)
        if random.random() < 0.3:
            ledger.give_back(random.randrange(1, gross + 1), fee=random.randrange(20))
        if late_renewals:
            for piece in range(random.randrange(quantity + 1)):
                renewal(ledger, at + (piece + 1) * MINUTE, product)
        else:
            renewal(ledger, ledger.entries[2].posted_at, product)
        if random.random() < 0.9:
            orders.append(order(name, gross_minor=gross, paid_at=at, items=(line,)))
        cost = shop.post(EntryKind.COST, -random.randrange(500), about=About.SHOP, posted_at=at)
        shop.post(EntryKind.FEE, -3, about=About.ENTRY, about_id=cost.entry_id, posted_at=at)
        shop.post(EntryKind.PAYOUT, -random.randrange(9999), about=About.SHOP, posted_at=at)
        shop.post(EntryKind.OTHER, random.randrange(-9, 9), about=About.SHOP, posted_at=at)
        posted += ledger.entries
    return orders, posted + shop.entries


SEEDS = pytest.mark.parametrize(
    ("database", "seed"), [*(("sqlite", seed) for seed in range(3)), ("postgresql", 3)]
)


@SEEDS
def test_sales_and_shop_lines_add_up_to_what_the_books_moved(store: Store, seed: int) -> None:
    random = Random(seed)
    orders, posted = _random_books(random, 25)
    account(store)
    steps: list[Sequence[Entry] | Sale] = [
        *(posted[start : start + 7] for start in range(0, len(posted), 7)),
        *orders,
    ]
    random.shuffle(steps)
    for step in [*steps, *random.sample(steps, 5)]:
        if isinstance(step, Sale):
            record_in(store, batch(step))
        else:
            post_in(store, *random.sample(step, len(step)))
    sales = stored(store)
    assert all(each.fees_exact for each in sales.values())
    with store.read() as connection:
        own = entries_of(connection, 1, list(sales))
    for key, each in sales.items():
        assert each.net_minor == sum(entry.amount for entry in own[key])
    net = sum(each.net_minor for each in sales.values())
    assert net + sum(costs(store).values()) == sum(entry.amount for entry in posted)


@SEEDS
def test_the_same_books_make_the_same_figures_in_whatever_order_they_came(
    store: Store, seed: int
) -> None:
    random = Random(seed)
    orders, posted = _random_books(random, 20, late_renewals=False)
    account(store)
    account(store, "prints", "a2", "etsy")
    for number in (1, 2):
        record_in(store, batch(*orders, account_id=number))
    post_in(store, *posted)
    random.shuffle(posted)
    for entry in [*posted, *random.sample(posted, 10)]:
        post_in(store, entry, account_id=2)
    with store.read() as connection:
        at_once, one_by_one = (
            {
                each.sale_id: (each.net_minor, each.fees_minor, each.status, each.fees_exact)
                for each in list_sales(connection, SaleFilter(shops=(shop,)), {})
            }
            for shop in ("templates", "prints")
        )
    assert one_by_one == at_once
