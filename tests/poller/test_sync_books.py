"""`sync` reads the books of the orders it reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from salesdaemon.store.engine import Store
from tests.marketplaces.harness import Clock, load
from tests.poller.world import START, World


def exact_by_then(world: World) -> int:
    return sum(sale.fees_exact for sale in world.sales().values())


@pytest.mark.parametrize("since", [None, timedelta(days=400)], ids=["everything", "since a day"])
async def test_a_sync_makes_fees_exact_and_reads_no_page_of_the_books_twice(
    store: Store, clock: Clock, tmp_path: Path, since: timedelta | None
) -> None:
    vendor: Any = load("etsy")(clock)
    vendor.fill_history(60, days=300)
    world = World(vendor, store, clock, tmp_path)
    await world.poller.sync(START - since if since else None, lambda _orders, _back_to: None)
    booked = {str(book["sale_id"]): book for book in vendor.settled_books()}
    shown = world.sales()
    assert shown.keys() == booked.keys()
    for sale_id, book in booked.items():
        if book["fees_exact"]:
            assert shown[sale_id].fees_exact
    assert exact_by_then(world) > 45
    asked = [each.path for each in vendor.etsy.requests if "ledger-entries" in each.path]
    if since is None:
        await world.poller.sync(None, lambda _orders, _back_to: None)
        again = [each.path for each in vendor.etsy.requests if "ledger-entries" in each.path]
        assert len(again) == len(asked)
    assert world.messages() == []
