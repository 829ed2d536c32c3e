"""Ask Gumroad, and say which of its replies is which error; knows nothing of a `Sale`.

Source: gumroad.com/api, and app/controllers/api/v2/base_controller.rb of antiwork/gumroad
(read 2026-11).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from urllib.parse import quote

from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
    WindowTooWideError,
)
from salesdaemon.marketplaces.base import Connection, Reply
from salesdaemon.marketplaces.gumroad.settings import GumroadSettings
from salesdaemon.marketplaces.gumroad.wire import (
    DayTotals,
    User,
    WirePage,
    parse_page,
    parse_refusal,
    parse_summary,
    parse_user,
)
from salesdaemon.marketplaces.gumroad.wire_payouts import (
    WirePayout,
    WirePayouts,
    parse_payout,
    parse_payouts,
)

SALES = "/v2/sales"
SUMMARY = "/v2/sales/summary"
USER = "/v2/user"
PAYOUTS = "/v2/payouts"

PAGE_KEY = "page_key"
_OTHER_PARAMETERS = ("'before'", "'after'", "product", "order", "date")
_LACKS_SCOPE = "insufficient_scope"


@dataclass(frozen=True, slots=True)
class SalesAnswer:
    """A page of sales, and Gumroad's clock when it answered."""

    page: WirePage
    vendor_time: datetime


@dataclass(frozen=True, slots=True)
class PayoutsAnswer:
    """A page of payouts, and Gumroad's clock when it answered."""

    page: WirePayouts
    vendor_time: datetime


@dataclass(frozen=True, slots=True)
class PayoutAnswer:
    """One payout, None where there is none of that id, and Gumroad's clock when it answered."""

    payout: WirePayout | None
    vendor_time: datetime


class GumroadClient:
    """Sends the requests of one shop, no two closer together than its `request_gap`."""

    def __init__(self, connection: Connection) -> None:
        settings: GumroadSettings = connection.settings
        self._connection = connection
        self._shop = connection.shop
        self._api_url = settings.api_url.rstrip("/")
        self._gap_seconds = settings.request_gap.total_seconds()
        self._next_start = 0.0

    async def fetch_sales(self, params: Mapping[str, str]) -> SalesAnswer:
        """Fetch a page of sales.

        Raises:
            MarketplaceError: every kind; a `PayloadError` at `page_key` means that the list must
                be begun again, a `WindowTooWideError` that fewer days may do.
        """
        reply = await self._get(SALES, params)
        self._expect_ok(reply, turned_page=PAGE_KEY in params)
        return SalesAnswer(parse_page(reply.body), self._vendor_time(reply))

    async def fetch_user(self) -> User:
        """Fetch the account that the token belongs to."""
        reply = await self._get(USER, {})
        self._expect_ok(reply)
        return parse_user(reply.body)

    async def find_summary(self, first: date, last: date) -> Mapping[str, DayTotals] | None:
        """Fetch totals by the seller's days, both ends included; None where they are not offered.

        An answer that cannot be read is empty: the summary only hints at what to read again.
        """
        span = {"from": first.isoformat(), "to": last.isoformat(), "group_by": "day"}
        reply = await self._get(SUMMARY, span)
        if reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
            return None
        try:
            self._expect_ok(reply)
        except PayloadError:
            return {}
        try:
            return parse_summary(reply.body)
        except MarketplaceError:
            return {}

    async def find_payouts(self, params: Mapping[str, str]) -> PayoutsAnswer | None:
        """Fetch a page of payouts; None where the token may not, or the API has no such page.

        Raises:
            MarketplaceError: every kind; a `PayloadError` at `page_key` means that the list must
                be begun again.
        """
        reply = await self._get(PAYOUTS, params)
        if self._is_closed(reply):
            return None
        self._expect_ok(reply, turned_page=PAGE_KEY in params)
        return PayoutsAnswer(parse_payouts(reply.body), self._vendor_time(reply))

    async def find_payout(self, payout_id: str) -> PayoutAnswer | None:
        """Fetch a payout with the rows it is made of; None where the token may not read it."""
        what = {"include_transactions": "true", "include_sales": "false"}
        reply = await self._get(f"{PAYOUTS}/{quote(payout_id, safe='=')}", what)
        if reply.status == HTTPStatus.NOT_FOUND:
            return PayoutAnswer(None, self._vendor_time(reply))
        if self._is_closed(reply):
            return None
        self._expect_ok(reply)
        return PayoutAnswer(parse_payout(reply.body), self._vendor_time(reply))

    def _is_closed(self, reply: Reply) -> bool:
        """Tell whether payouts are shut to this token, or from before there was such a page."""
        refused = reply.status == HTTPStatus.FORBIDDEN and not _is_a_page_in_front(reply)
        return refused or reply.status == HTTPStatus.NOT_FOUND

    async def may_read_payouts(self) -> bool:
        """Tell whether the token shows payouts: those made before mid-2025 do not."""
        reply = await self._get(PAYOUTS, {})
        if reply.status == HTTPStatus.FORBIDDEN and not _is_a_page_in_front(reply):
            return False
        self._expect_ok(reply)
        return True

    async def _get(self, path: str, params: Mapping[str, str]) -> Reply:
        await self._keep_gap()
        settings: GumroadSettings = self._connection.settings
        # In the header, not in the query: queries end up in the logs of proxies.
        token = settings.access_token.get_secret_value()
        return await self._connection.http.request(
            "GET",
            f"{self._api_url}{path}",
            params=params,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )

    async def _keep_gap(self) -> None:
        if not self._gap_seconds:
            return
        now = time.monotonic()
        start = max(now, self._next_start)
        # Taken before sleeping, so that two requests at once do not get the same start.
        self._next_start = start + self._gap_seconds
        if start > now:
            await asyncio.sleep(start - now)

    def _vendor_time(self, reply: Reply) -> datetime:
        return _read_date(reply.headers.get("date")) or self._connection.clock()

    def _expect_ok(self, reply: Reply, *, turned_page: bool = False) -> None:
        if reply.status == HTTPStatus.OK:
            return
        if reply.status == HTTPStatus.BAD_REQUEST:
            raise _bad_request(parse_refusal(reply.body), turned_page=turned_page)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise self._wrong_token()
        if reply.status == HTTPStatus.FORBIDDEN and not _is_a_page_in_front(reply):
            raise self._missing_scope()
        if wait := self._told_to_wait(reply):
            raise wait
        raise UnavailableError(f"Gumroad answered with status {reply.status}.")

    def _wrong_token(self) -> AuthError:
        return AuthError(
            f"Gumroad does not accept the access token of shop '{self._shop}': "
            "it is wrong, or it was revoked.",
            fix="At Gumroad open Settings > Advanced > Applications, choose or create your "
            "application, press 'Generate access token' and put the token into "
            f"`access_token` of [shops.{self._shop}].",
        )

    def _missing_scope(self) -> AuthError:
        return AuthError(
            f"The access token of shop '{self._shop}' may not read sales: "
            "it lacks the scope view_sales.",
            fix="Make the token with 'Generate access token' under Settings > Advanced > "
            "Applications, which grants it, or authorise your application with view_sales; then "
            f"put the new token into `access_token` of [shops.{self._shop}].",
        )

    def _told_to_wait(self, reply: Reply) -> RateLimitError | None:
        seconds = self._retry_after(reply)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimitError("Gumroad asks for fewer requests.", retry_after_seconds=seconds)
        if seconds is not None and reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return RateLimitError(
                f"Gumroad is out of service (status {reply.status}) and says for how long.",
                retry_after_seconds=seconds,
            )
        return None

    def _retry_after(self, reply: Reply) -> float | None:
        text = reply.headers.get("retry-after", "").strip()
        try:
            seconds = float(text)
        except ValueError:
            moment = _read_date(text)
            if moment is None:
                return None
            # Counted on the clock that the date was written by.
            seconds = (moment - self._vendor_time(reply)) / timedelta(seconds=1)
        return max(seconds, 0.0) if isfinite(seconds) else None


def _bad_request(said: str, *, turned_page: bool) -> MarketplaceError:
    if said.startswith("Query timed out"):
        return WindowTooWideError("Gumroad could not search that many days at once.")
    # The other parameters were good enough for the first page.
    other = any(name in said for name in _OTHER_PARAMETERS)
    if turned_page and (PAGE_KEY in said or not other):
        return PayloadError(
            "Gumroad no longer knows where the list was left; it has to be begun again",
            path=PAGE_KEY,
        )
    return PayloadError("Gumroad did not understand the request", path="request")


def _is_a_page_in_front(reply: Reply) -> bool:
    """Tell whether a 403 came from what stands before Gumroad: its own has no body."""
    return reply.body.lstrip()[:1] == b"<" and _LACKS_SCOPE not in reply.headers.get(
        "www-authenticate", ""
    )


def _read_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
