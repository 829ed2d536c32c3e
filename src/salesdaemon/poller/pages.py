"""Small questions about pages. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.base import Page, SetAside
from salesdaemon.store.recording import Recorded

LONGEST_ID = 128
LARGEST_AMOUNT = 2**62
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
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
        reason = _unstorable(sale)
        if reason is None:
            good.append(sale)
        else:
            bad.append(SetAside(sale.external_id[:LONGEST_ID], reason))
    return good, bad


def _unstorable(sale: Sale) -> str | None:
    if len(sale.external_id) > LONGEST_ID:
        return "the id is too long"
    if any(len(item.product_id or "") > LONGEST_ID for item in sale.items):
        return "the id of a product is too long"
    if abs(sale.gross_minor) > LARGEST_AMOUNT or abs(sale.net_minor) > LARGEST_AMOUNT:
        return "an amount is too large"
    # Beyond these a moment has no day in some time zone, or is none of a sale's.
    if not all(FIRST_MOMENT <= at <= LAST_MOMENT for at in (sale.created_at, sale.paid_at)):
        return "the time makes no sense"
    return None
