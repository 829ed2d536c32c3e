"""All paid orders of all shops, worked out from what the vendors send."""

from collections.abc import Iterable, Mapping, Sequence

from tests.years.reckoned_sales import EtsyBooks, Raw, Sold, etsy_sale, gumroad_sale, sort_account


def reckon(
    orders: Mapping[str, Sequence[Raw]],
    accounts: Mapping[str, Iterable[Raw]],
    payments: Mapping[int, Raw],
    listings: Iterable[Raw],
    active: Sequence[str],
) -> list[Sold]:
    """Work out every order that was paid, in order of payment.

    A shop whose rows have a `receipt_id` is one at Etsy.
    """
    known = {listing["listing_id"]: listing for listing in listings}
    found: list[Sold] = []
    for shop, rows in orders.items():
        if rows and "receipt_id" in rows[0]:
            lines = sort_account(accounts.get(shop, ()), payments, rows)
            books = EtsyBooks(lines, known)
            found += filter(None, (etsy_sale(shop, row, books) for row in rows))
        else:
            found += (gumroad_sale(shop, row, active) for row in rows)
    return sorted(found, key=lambda sold: (sold.at, sold.shop, sold.number))
