"""Tell cheaply whether older orders moved: the payment account holds every refund.

A refund does not touch the receipt's `updated_timestamp` (etsy/open-api issues 232, 513 and 604,
read 2026-11), so the list of receipts cannot be asked for what changed.
"""

from datetime import datetime, timedelta

from salesdaemon.marketplaces.etsy.client import EtsyClient
from salesdaemon.marketplaces.etsy.wire import EARLIEST_TIMESTAMP, LedgerEntry

FIRST_LOOK = timedelta(days=1)
# Entries are posted late: the window reaches back over what was read before.
OVERLAP = timedelta(hours=1)
# 31 days is the widest window that Etsy answers, and a month with a change of clocks is longer
# by an hour somewhere.
WIDEST = timedelta(days=29)
AHEAD = timedelta(days=1)  # our clock may be slow
_PAGE = 100
_MOST_PAGES = 3

# What a sale, its costs and the payout of the money post; everything else may be a reversal.
# Source: the types seen in etsy/open-api issues 442 and 531; Etsy lists none (read 2026-11).
ORDINARY = frozenset(
    {
        *("payment_gross", "payment", "disburse2", "billing_payment", "reserve", "sales_tax"),
        *("transaction", "shipping_transaction", "transaction_quantity", "gift_wrap_fees"),
        *("listing", "listing_private", "renew_sold", "renew_sold_auto", "renew_expired"),
        *("auto_renew_expired", "payment_processing_fee", "regulatory_operating_fee"),
        *("deposit_fee", "seller_onboarding_fee", "seller_onboarding_fee_payment"),
        *("shipping_labels", "subscription", "prolist", "offsite_ads_fee"),
        *("vat_seller_services", "vat_on_processing_fees", "vat_tax_ep"),
    }
)


class Tripwire:
    """Reads the payment account from where it was read last, as long as this object lives."""

    def __init__(self, client: EtsyClient) -> None:
        self._client = client
        self._read_at: datetime | None = None
        self._newest = 0
        self._mark = 0

    async def read(self, shop_id: int, now: datetime) -> str | None:
        """Return a mark that changes when a reversal is posted; None where that is not shown."""
        since = now - FIRST_LOOK if self._read_at is None else self._read_at - OVERLAP
        first = max(EARLIEST_TIMESTAMP, int(max(since, now - WIDEST).timestamp()))
        window = {"min_created": first, "max_created": int((now + AHEAD).timestamp())}
        newest, mark = self._newest, self._mark
        for page in range(_MOST_PAGES):
            query = {**window, "limit": _PAGE, "offset": page * _PAGE}
            ledger = await self._client.find_ledger(shop_id, query)
            if ledger is None:
                return None
            entries = ledger.results or ()
            newest = max([newest, *map(_number, entries)])
            mark = max([mark, *(_number(entry) for entry in entries if self._tells(entry))])
            if len(entries) < _PAGE:
                break
        else:
            mark = newest  # more than we read: something among it may have moved
        self._read_at, self._newest, self._mark = now, newest, mark
        return str(mark)

    def _tells(self, entry: LedgerEntry) -> bool:
        kind = (entry.ledger_type or "").strip().lower()
        reversal = kind not in ORDINARY or bool(entry.payment_adjustments)
        return reversal and _number(entry) > self._newest


def _number(entry: LedgerEntry) -> int:
    return entry.sequence_number or entry.entry_id or 0
