"""Gumroad's books as the poller reads them: a list of payouts, then one payout after the other.

A page of ours is one request. The cursor keeps the payouts still to be read and the key of the
list's next page, as JSON, so it means the same after a restart.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from salesdaemon.domain.ledger import UPCOMING, Payout
from salesdaemon.errors import PayloadError, UnavailableError
from salesdaemon.marketplaces.base import LedgerPage, Window
from salesdaemon.marketplaces.gumroad.client import PAGE_KEY, GumroadClient
from salesdaemon.marketplaces.gumroad.days import days_of
from salesdaemon.marketplaces.gumroad.ledger import find_upcoming, to_entries, to_payout
from salesdaemon.marketplaces.gumroad.wire import looks_like_id
from salesdaemon.marketplaces.gumroad.wire_payouts import WirePayouts

NO_UPCOMING = Payout(UPCOMING, 0, "USD", "none")
"""Says that no payout is to come, so that one told earlier does not stay."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reading goes on: payouts still to be read, and the key of the list's next page."""

    payout_ids: tuple[str, ...] = ()
    page_key: str | None = None

    @classmethod
    def read(cls, cursor: str | None) -> "_Place":
        if cursor is None:
            return cls()
        try:
            ids, key = json.loads(cursor)
            if all(looks_like_id(each) for each in ids) and isinstance(key, str | None):
                return cls(tuple(ids), key)
        except (TypeError, ValueError):
            pass
        raise PayloadError("The place in the books is not readable; begin again", path=PAGE_KEY)

    def write(self) -> str | None:
        """Write the cursor; None at the end."""
        if not self.payout_ids and self.page_key is None:
            return None
        return json.dumps([self.payout_ids, self.page_key], separators=(",", ":"))


class GumroadBooks:
    """Reads the payouts of one account; every method may raise a `MarketplaceError`."""

    def __init__(self, client: GumroadClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    async def fetch(self, window: Window, cursor: str | None) -> LedgerPage | None:
        """Fetch the payouts made in a window, or what one of them is made of.

        None where the token may not read payouts.
        """
        place = _Place.read(cursor)
        if place.payout_ids:
            return await self._open_payout(place)
        return await self._list_payouts(window, place.page_key)

    async def _list_payouts(self, window: Window, page_key: str | None) -> LedgerPage | None:
        params = days_of(window)
        today = self._clock().astimezone(UTC).date()
        # A payout to come bears the day of its making, which lies ahead: it is left out of a
        # list that ends today.
        current = params.get("before", "9") > today.isoformat()
        if current:
            params.pop("before", None)
        if page_key is not None:
            params[PAGE_KEY] = page_key
        answer = await self._client.find_payouts(params)
        if answer is None:
            return None
        if answer.page.next_page_key is not None and answer.page.next_page_key == page_key:
            raise UnavailableError("Gumroad's list of payouts is stuck: it does not lead on.")
        listed = _payouts(answer.page, today, upcoming=current and page_key is None)
        made = tuple(each.payout_id for each in listed if each.payout_id != UPCOMING)
        cursor = _Place(made, answer.page.next_page_key).write()
        return LedgerPage((), answer.vendor_time, cursor, listed)

    async def _open_payout(self, place: _Place) -> LedgerPage | None:
        payout_id, *others = place.payout_ids
        answer = await self._client.find_payout(payout_id)
        if answer is None:
            return None
        entries = to_entries(answer.payout, answer.vendor_time) if answer.payout else ()
        cursor = _Place(tuple(others), place.page_key).write()
        return LedgerPage(entries, answer.vendor_time, cursor)


def _payouts(page: WirePayouts, today: date, *, upcoming: bool) -> tuple[Payout, ...]:
    made = [to_payout(wire, today) for wire in page.payouts if wire.id is not None]
    known = tuple(payout for payout in made if payout is not None)
    if not upcoming:
        return known
    return (find_upcoming(page.payouts, today) or NO_UPCOMING, *known)
