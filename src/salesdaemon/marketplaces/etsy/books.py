"""Read the payment account page by page, and find the order behind each payment in it."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from salesdaemon.domain.ledger import Entry
from salesdaemon.errors import UnavailableError
from salesdaemon.marketplaces.base import LedgerPage, Window
from salesdaemon.marketplaces.etsy.client import MOST_IDS, EtsyClient
from salesdaemon.marketplaces.etsy.ledger import is_payment, payment_of, to_entry
from salesdaemon.marketplaces.etsy.ledger_paging import LedgerPlace
from salesdaemon.marketplaces.etsy.wire import EARLIEST_TIMESTAMP, LedgerEntry, Payment

log = logging.getLogger(__name__)

PAYMENTS_REMEMBERED = 5000
# One number that Etsy does not know may cost the whole call, so the others are asked for in
# halves: this many more calls for a page and not more, and none after a page of which Etsy told
# not a single one.
CALLS_FOR_REFUSED = 14


class Books:
    """One shop's payment account."""

    def __init__(self, shop: str, client: EtsyClient) -> None:
        self._shop = shop
        self._client = client
        self._payments = Payments(client)
        self._before: tuple[str, frozenset[str]] | None = None

    async def fetch(self, shop_id: int, window: Window, cursor: str | None) -> LedgerPage | None:
        """Fetch the first page of a window, or the one a cursor leads to; None if not shown.

        Raises:
            UnavailableError: the same page came twice.
        """
        place = _place(window, cursor)
        answer = await self._client.find_ledger(shop_id, place.query())
        if answer is None:
            return None
        rows = answer.page.rows
        following = place.following(len(rows), answer.page.count)
        self._require_progress(place, following, rows)
        receipts = await self._payments.find_receipts(shop_id, rows)
        entries = self._adapt(rows, receipts, datetime.fromtimestamp(place.first, UTC))
        return LedgerPage(
            entries=entries,
            vendor_time=answer.vendor_time,
            cursor=None if following is None else str(following),
        )

    def _require_progress(
        self, place: LedgerPlace, following: LedgerPlace | None, rows: Sequence[LedgerEntry]
    ) -> None:
        """Refuse a page that holds what the one before it in the same walk did."""
        ids = frozenset(str(row.entry_id) for row in rows)
        if place.offset and ids and self._before == (str(place), ids):
            raise UnavailableError("Etsy's payment account is stuck: the same page came again.")
        self._before = None if following is None else (str(following), ids)

    def _adapt(
        self, rows: Sequence[LedgerEntry], receipts: Mapping[str, str], otherwise: datetime
    ) -> tuple[Entry, ...]:
        found = [to_entry(row, receipts, otherwise) for row in rows]
        entries = tuple(entry for entry in found if entry is not None)
        if len(entries) < len(rows):
            skipped = len(rows) - len(entries)
            log.warning("ledger_entries_unreadable shop=%s count=%d", self._shop, skipped)
        return entries


class Payments:
    """Which order each payment paid; remembered as long as this object lives, up to a number."""

    def __init__(self, client: EtsyClient) -> None:
        self._client = client
        self._receipts: dict[str, str] = {}
        self._calls_for_refused = CALLS_FOR_REFUSED

    async def find_receipts(self, shop_id: int, rows: Sequence[LedgerEntry]) -> Mapping[str, str]:
        """Return the orders of the payments that these lines refer to; unknown ones are left out.

        Only what is not known yet is asked for.
        """
        wanted = {payment: row for row in rows if (payment := payment_of(row)) is not None}
        known = {
            payment: self._receipts[payment] for payment in wanted if payment in self._receipts
        }
        missing = [payment for payment in wanted if payment not in known]
        if not missing:
            return known
        entries = _entries_that_are_payments(rows)
        lookup = _Lookup(self._client, shop_id, entries, self._calls_for_refused)
        for start in range(0, len(missing), MOST_IDS):
            await lookup.ask(missing[start : start + MOST_IDS])
        self._calls_for_refused = CALLS_FOR_REFUSED if lookup.answered else 0
        self._remember(lookup.found)
        return known | lookup.found

    def _remember(self, found: Mapping[str, str]) -> None:
        self._receipts.update(found)
        while len(self._receipts) > PAYMENTS_REMEMBERED:
            del self._receipts[next(iter(self._receipts))]


class _Lookup:
    """One page's questions about payments, and the answers so far."""

    def __init__(
        self, client: EtsyClient, shop_id: int, entries: Mapping[str, str], more_calls: int
    ) -> None:
        self._client = client
        self._shop_id = shop_id
        self._entries = entries
        self._left = more_calls
        self.answered = False
        self.found: dict[str, str] = {}

    async def ask(self, payments: Sequence[str]) -> None:
        """Ask by the payments' numbers; by the ledger's own for what that leaves open."""
        answer = await self._client.find_payments(self._shop_id, payments)
        self._note(answer or ())
        self.answered = self.answered or bool(answer)
        await self._ask_by_entry([each for each in self._open(payments) if each in self._entries])
        rest = self._open(payments)
        if answer is not None or len(rest) < 2:  # noqa: PLR2004 - what cannot be halved
            return
        for half in (rest[: len(rest) // 2], rest[len(rest) // 2 :]):
            if self._left > 0:
                self._left -= 1
                await self.ask(half)

    def _open(self, payments: Sequence[str]) -> list[str]:
        return [each for each in payments if each not in self.found]

    async def _ask_by_entry(self, payments: Sequence[str]) -> None:
        if not payments:
            return
        entries = [self._entries[each] for each in payments]
        self._note(await self._client.find_payments_of_entries(self._shop_id, entries) or ())

    def _note(self, payments: Sequence[Payment]) -> None:
        for payment in payments:
            if payment.payment_id and payment.receipt_id:
                self.found[str(payment.payment_id)] = str(payment.receipt_id)


def _entries_that_are_payments(rows: Sequence[LedgerEntry]) -> dict[str, str]:
    paid = ((payment_of(row), row.entry_id) for row in rows if is_payment(row))
    return {payment: str(entry_id) for payment, entry_id in paid if payment is not None}


def _place(window: Window, cursor: str | None) -> LedgerPlace:
    # A cursor that is none of ours starts the walk again: reading a line twice does no harm.
    place = LedgerPlace.parse(cursor) if cursor is not None else None
    if place is not None:
        return place
    earliest = datetime.fromtimestamp(EARLIEST_TIMESTAMP, UTC)
    first = window.first or earliest
    return LedgerPlace.starting(first, window.end or first)
