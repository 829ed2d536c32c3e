"""Small questions about pages. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.base import Page, SetAside
from salesdaemon.store.recording import Recorded

LONGEST_ID = 128
LARGEST_AMOUNT = 2**62
NOTHING_READ = datetime.max.replace(tzinfo=UTC)
"""`Watch.read_back_to` while nothing of the history has been read."""


def newest_of(page: Page, newest: datetime | None) -> datetime | None:
    """Return the newest creation seen; one in the marketplace's own future does not count."""
    seen = [sale.created_at for sale in page.sales if sale.created_at <= page.vendor_time]
    return max([*seen, *([newest] if newest is not None else [])], default=None)


def has_reached(page: Page, floor: datetime | None, recorded: Recorded) -> bool:
    """Tell whether a poll has come to what the last one had seen."""
    if page.oldest is None or floor is None:
        return page.oldest is None
    return page.oldest < floor or (page.oldest <= floor and recorded.nothing_new)


def part_storable(sales: Sequence[Sale]) -> tuple[list[Sale], list[SetAside]]:
    """Part the sales from those that no database column could hold."""
    good: list[Sale] = []
    bad: list[SetAside] = []
    for sale in sales:
        if len(sale.external_id) > LONGEST_ID:
            bad.append(SetAside(sale.external_id[:LONGEST_ID], "the id is too long"))
        elif abs(sale.gross_minor) > LARGEST_AMOUNT or abs(sale.net_minor) > LARGEST_AMOUNT:
            bad.append(SetAside(sale.external_id, "an amount is too large"))
        else:
            good.append(sale)
    return good, bad
