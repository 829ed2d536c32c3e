"""Ask Etsy over HTTP: the calls in use, each answered with the vendor's own shapes.

Source: Etsy Open API v3, operations ping, getMe, getShop, getShopReceipts, getShopReceipt,
getShopPaymentAccountLedgerEntries, getPayments, getPaymentAccountLedgerEntryPayments and
getListingsByListingIds (read 2026-11).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from salesdaemon.errors import AuthError, MarketplaceError
from salesdaemon.marketplaces.base import Connection, Limits, Reply
from salesdaemon.marketplaces.etsy.limits import Budget
from salesdaemon.marketplaces.etsy.refusals import (
    About,
    is_denied,
    is_stale_login,
    key_refusal,
    refusal,
    require_json,
    says,
    vendor_time,
)
from salesdaemon.marketplaces.etsy.settings import EtsySettings
from salesdaemon.marketplaces.etsy.wire import (
    LedgerEntry,
    Listing,
    Payment,
    Rows,
    Self,
    Shop,
    WirePage,
    parse_object,
    parse_page,
    parse_receipt,
    parse_rows,
)

MOST_IDS = 100
"""How many ids one call takes."""

Query = Mapping[str, str | int]


class TokenSource(Protocol):
    """Where access tokens come from."""

    async def access_token(self) -> str:
        """Return a token that is good for a minute at least."""
        ...

    async def renew(self, refused: str) -> str:
        """Return another token than one that Etsy has refused."""
        ...


_NOT_THESE = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of receipts, and Etsy's clock when it answered."""

    page: WirePage
    vendor_time: datetime


@dataclass(frozen=True, slots=True)
class LedgerAnswer:
    """A page of the payment account, and Etsy's clock when it answered."""

    page: Rows[LedgerEntry]
    vendor_time: datetime


def api_key(settings: EtsySettings) -> str:
    """Return what every request shows as `x-api-key`: a secret."""
    return f"{settings.keystring.get_secret_value()}:{settings.shared_secret.get_secret_value()}"


class EtsyClient:
    """The API as one shop's login sees it. Every call may raise a `MarketplaceError`."""

    def __init__(
        self,
        connection: Connection,
        tokens: TokenSource,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        settings: EtsySettings = connection.settings
        self._http = connection.http
        self._base = f"{settings.api_url}/v3/application"
        self._key = api_key(settings)
        self._shop = connection.shop
        self._clock = connection.clock
        self._tokens = tokens
        self._budget = Budget(connection.clock, sleep)

    def limits(self) -> Limits:
        """Tell what the last answers said about the requests still granted."""
        return self._budget.limits()

    async def ping(self) -> None:
        """Ask whether the key alone is taken.

        Raises:
            AuthError: it is not.
        """
        reply = await self._send("/openapi-ping")
        if reply.status != HTTPStatus.OK:
            raise key_refusal(reply, About(self._shop))
        require_json(reply)

    async def fetch_self(self) -> Self:
        """Ask who is signed in.

        Raises:
            AuthError: also where that account has no shop.
        """
        reply = await self._send_signed_in("/users/me")
        if reply.status == HTTPStatus.NOT_FOUND and says(reply, "find a shop"):
            raise no_shop_error(self._shop)
        self._require_ok(reply, None)
        return parse_object(reply.body, Self)

    async def find_shop_name(self, shop_id: int) -> str | None:
        """Ask what a shop is called; None where Etsy does not say. Needs no login."""
        try:
            reply = await self._send(f"/shops/{shop_id}")
            self._require_ok(reply, shop_id)
            return parse_object(reply.body, Shop).shop_name
        except MarketplaceError:
            return None

    async def fetch_receipts(self, shop_id: int, query: Query) -> Answer:
        """Fetch a page of the shop's receipts, newest first."""
        sorting = {"sort_on": "created", "sort_order": "desc"}
        reply = await self._send_signed_in(f"/shops/{shop_id}/receipts", {**query, **sorting})
        self._require_ok(reply, shop_id)
        return Answer(parse_page(reply.body), vendor_time(reply, self._clock))

    async def find_receipt(self, shop_id: int, receipt_id: int) -> WirePage | None:
        """Fetch one receipt as a page of one; None where Etsy does not show it."""
        reply = await self._send_signed_in(f"/shops/{shop_id}/receipts/{receipt_id}")
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        self._require_ok(reply, shop_id)
        return parse_receipt(reply.body)

    async def find_ledger(self, shop_id: int, query: Query) -> LedgerAnswer | None:
        """Fetch a page of the payment account; None where the login may not read it."""
        path = f"/shops/{shop_id}/payment-account/ledger-entries"
        reply = await self._send_signed_in(path, query)
        if is_denied(reply, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return None
        self._require_ok(reply, shop_id)
        page = parse_rows(reply.body, LedgerEntry)
        return LedgerAnswer(page, vendor_time(reply, self._clock))

    async def find_payments(
        self, shop_id: int, payment_ids: Sequence[str]
    ) -> Sequence[Payment] | None:
        """Fetch at most 100 payments by their numbers; None where Etsy refuses just these.

        None at all are told where the login may not read payments.
        """
        return await self._find_payments(shop_id, "/payments", "payment_ids", payment_ids)

    async def find_payments_of_entries(
        self, shop_id: int, entry_ids: Sequence[str]
    ) -> Sequence[Payment] | None:
        """Fetch the payments that at most 100 lines of the account are; None where refused."""
        path = "/payment-account/ledger-entries/payments"
        return await self._find_payments(shop_id, path, "ledger_entry_ids", entry_ids)

    async def _find_payments(
        self, shop_id: int, path: str, name: str, ids: Sequence[str]
    ) -> Sequence[Payment] | None:
        reply = await self._send_signed_in(f"/shops/{shop_id}{path}", {name: ",".join(ids)})
        if is_denied(reply, HTTPStatus.FORBIDDEN):
            return ()
        if is_denied(reply, *_NOT_THESE):
            return None
        self._require_ok(reply, shop_id)
        return parse_rows(reply.body, Payment).rows

    async def fetch_listings(self, listing_ids: Sequence[str]) -> Sequence[Listing]:
        """Fetch at most 100 listings; those that Etsy does not show are left out.

        The key alone is enough; should Etsy want a login for it after all, it is shown.
        """
        query = {"listing_ids": ",".join(listing_ids)}
        reply = await self._send("/listings/batch", query)
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            reply = await self._send_signed_in("/listings/batch", query)
        if is_denied(reply, HTTPStatus.NOT_FOUND):
            return ()
        self._require_ok(reply, None)
        return parse_rows(reply.body, Listing).rows

    def _require_ok(self, reply: Reply, shop_id: int | None) -> None:
        if reply.status != HTTPStatus.OK:
            raise refusal(reply, About(self._shop, shop_id))
        require_json(reply)

    async def _send_signed_in(self, path: str, query: Query | None = None) -> Reply:
        token = await self._tokens.access_token()
        reply = await self._send(path, query, token)
        if is_stale_login(reply):
            token = await self._tokens.renew(token)
            reply = await self._send(path, query, token)
        return reply

    async def _send(self, path: str, query: Query | None = None, token: str | None = None) -> Reply:
        await self._budget.wait()
        headers = {"x-api-key": self._key}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        reply = await self._http.request("GET", self._base + path, params=query, headers=headers)
        self._budget.note(reply, with_login=token is not None)
        return reply


def no_shop_error(shop: str) -> AuthError:
    """Say that whoever signed in sells nothing."""
    return AuthError(
        f"The Etsy account that signed in for '{shop}' has no shop.",
        fix=f"Run `salesdaemon auth {shop}` and sign in as the shop's owner.",
    )
