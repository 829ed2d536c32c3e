"""Gumroad's API on loopback, for the demo, the tests and the benchmarks.

It shares nothing with the client next to it: both were written from the vendor's pages, and the
tests compare the two readings. Run it as a process of its own with
`python -m salesdaemon.marketplaces.gumroad.pretend --port 8080 --history 1000`.

Source: Gumroad's public source as of 2025-04 to 2026-08, read 2026-11.
"""

import random
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from salesdaemon.marketplaces.gumroad.pretend_access import PUBLIC_SCOPES, Access, not_found
from salesdaemon.marketplaces.gumroad.pretend_books import book
from salesdaemon.marketplaces.gumroad.pretend_control import control_routes
from salesdaemon.marketplaces.gumroad.pretend_faults import Faults
from salesdaemon.marketplaces.gumroad.pretend_gate import Gate, PretendRequest
from salesdaemon.marketplaces.gumroad.pretend_history import Storyteller
from salesdaemon.marketplaces.gumroad.pretend_json import ABSENT, SaleWriter
from salesdaemon.marketplaces.gumroad.pretend_ledger import Ledger
from salesdaemon.marketplaces.gumroad.pretend_money import listed_of, rate_text
from salesdaemon.marketplaces.gumroad.pretend_payout_json import PayoutEndpoints
from salesdaemon.marketplaces.gumroad.pretend_payouts import AFFILIATE_CREDIT, PayoutBook, told
from salesdaemon.marketplaces.gumroad.pretend_sale import Presentment, fee_of
from salesdaemon.marketplaces.gumroad.pretend_sales import SalesEndpoints
from salesdaemon.marketplaces.gumroad.pretend_shop import ShopEndpoints
from salesdaemon.marketplaces.gumroad.pretend_summary import SummaryEndpoint

__all__ = ["ABSENT", "PretendGumroad"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PretendGumroad:
    """A seller's account at Gumroad: `app` answers for the vendor, the methods make things happen.

    `requests` holds every request in order; `faults` takes orders to misbehave and `access` says
    which token opens what. Methods may be called from any thread while the app is served.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _utc_now,
        seed: int = 1,
        access_token: str = "pretend-token",  # noqa: S107 - opens nothing but this pretend shop
        user_id: str = "cHJldGVuZCBzZWxsZXIgMQ==",
        scopes: AbstractSet[str] = PUBLIC_SCOPES,
        summary: bool = True,
        summary_lag: timedelta = timedelta(0),
        timezone: str = "America/Los_Angeles",
        explicit_nulls: bool = False,
        omit_currency: bool = False,
        payout_rows: str = "objects",
    ) -> None:
        """Open the account.

        `summary=False` is an API of before there was one (404). `explicit_nulls` sends null where
        the vendor leaves the key out, and `omit_currency` is a sale of before that field.
        `payout_rows` are sent as "objects" or "lists", or are "absent".
        """
        self.requests: list[PretendRequest] = []
        self.faults = Faults(seed=seed)
        self._ledger = Ledger(now=now, seed=seed)
        self._teller = Storyteller(self._ledger, random.Random(seed))
        zone = ZoneInfo(timezone)
        self._writer = SaleWriter(
            seller_id=user_id, zone=zone, explicit_nulls=explicit_nulls, omit_currency=omit_currency
        )
        self.access = Access(access_token, frozenset(scopes))
        access, ledger = self.access, self._ledger
        self._sales = SalesEndpoints(ledger, self._writer, access, self.faults, now)
        self._summary = SummaryEndpoint(ledger, access, zone, now, summary, summary_lag)
        self._shop = ShopEndpoints(ledger, access, user_id)
        self._payout_book = PayoutBook(ledger, now)
        self._payouts = PayoutEndpoints(self._payout_book, access, now, payout_rows)
        self.app = Starlette(
            routes=[*self._api_routes(), *control_routes(self)],
            middleware=[Middleware(Gate, requests=self.requests, faults=self.faults, now=now)],
            exception_handlers={404: not_found, 405: not_found},
        )
        self.app.router.redirect_slashes = False

    def add_sale(
        self,
        *,
        created_at: datetime | None = None,
        price: int = 1200,
        currency: str = "usd",
        listed_total: int | None = None,
        fee: int | None = None,
        product: str = "Planner",
        quantity: int = 1,
        recurring: bool = False,
        subscription: bool = False,
        trial: bool = False,
        upgrade: bool = False,
        bundle: bool = False,
        bundle_item: bool = False,
        physical: bool = False,
        affiliate_cents: int | None = None,
        own_processor: bool = False,
        discover: bool = False,
        buyer_presentment: Presentment | str | None = None,
        country_iso2: str | None = "DE",
        listed_at: datetime | None = None,
        raw: Mapping[str, object] | None = None,
        **raw_overrides: object,
    ) -> str:
        """Sell something and return the id of the sale.

        `price` and `fee` are US cents whatever the listed `currency`; `listed_total` counts the
        latter's minor units. `trial` alone is the start of a free trial; with `recurring` or
        `upgrade` it is a payment in a membership that began with one. A `listed_at` in the future
        hides the sale until then. `raw` and `raw_overrides` replace fields of the JSON (`ABSENT`
        removes one; `price`, `currency` and `quantity` only fit into `raw`) and leave `books`
        alone, but for a `product_name`.
        """
        member = subscription or recurring or trial or upgrade
        with self._ledger.lock:
            now = self._ledger.time()
            created = int(created_at.timestamp() if created_at else now)
            item = self._ledger.product(
                product, physical=physical, subscription=member, price=price
            )
            sale = self._teller.row(created, item, 0 if bundle_item else price)
            sale.listed = max(now, listed_at.timestamp()) if listed_at else now
            sale.fee = fee_of(sale.price, own_processor=own_processor, discover=discover)
            sale.fee = sale.fee if fee is None else fee
            sale.currency = currency
            sale.listed_total = (
                listed_of(sale.price, currency) if listed_total is None else listed_total
            )
            sale.quantity = quantity
            sale.recurring, sale.trial, sale.upgrade = recurring, trial, upgrade
            sale.bundle, sale.bundle_item = bundle, bundle_item
            sale.affiliate = affiliate_cents
            sale.own_processor, sale.discover = own_processor, discover
            sale.presentment = _presentment(buyer_presentment, sale.price)
            sale.country = country_iso2
            if member:
                sale.subscription_id = self._ledger.opaque_id("subscription", sale.order_id)
            sale.overrides = {**(raw or {}), **raw_overrides}
            self._ledger.add(sale)
            return sale.id

    def add_bundle(self, n: int, *, price: int = 4900, product: str = "Everything bundle") -> str:
        """Sell a bundle of `n` products: one paid row and `n` without a price."""
        with self._ledger.lock:
            bundle = self._ledger.get(self.add_sale(price=price, product=product, bundle=True))
            for number in range(1, n + 1):
                part = self.add_sale(product=f"Part {number}", bundle_item=True, price=0)
                bundle.parts.append(self._ledger.get(part))
            return bundle.id

    def sell_one(self) -> str:
        """Sell something plausible for money, now."""
        with self._ledger.lock:
            sale = self._teller.plain(int(self._ledger.time()))
            self._ledger.add(sale)
            return sale.id

    def fill_history(self, count: int, *, days: int = 900) -> None:
        """Sell `count` things in the past, of every kind and fate, the same for the same seed."""
        with self._ledger.lock:
            sales = self._teller.past(count, days=days)
            for sale in sales:
                self._writer.warm(sale)
            self._ledger.add_many(sales)

    def refund(
        self, sale_id: str, amount: int | None = None, *, dead_processor: bool = False
    ) -> None:
        """Give back some US cents of a sale, or all that is left.

        With a dead processor the vendor says that nothing can be refunded any more, so that a
        partial refund cannot be told from its fields.
        """
        with self._ledger.lock:
            sale = self._ledger.get(sale_id)
            sale.refund(amount, self._ledger.time())
            sale.dead_processor = dead_processor

    def fail_refund(self, sale_id: str) -> None:
        """Let the last refund of a sale fail: its marks go back."""
        with self._ledger.lock:
            self._ledger.get(sale_id).fail_refund(self._ledger.time())

    def dispute(self, sale_id: str) -> None:
        """Let the buyer's bank take the money back, for the parts of a bundle too."""
        with self._ledger.lock:
            sale = self._ledger.get(sale_id)
            for row in (sale, *sale.parts):
                row.dispute(self._ledger.time())

    def win_dispute(self, sale_id: str) -> None:
        """Let the bank give the money of a dispute to the seller again."""
        with self._ledger.lock:
            sale = self._ledger.get(sale_id)
            for row in (sale, *sale.parts):
                row.win_dispute(self._ledger.time())

    def rename_product(self, old: str, new: str) -> None:
        """Rename a product, in every sale that there ever was of it."""
        with self._ledger.lock:
            self._ledger.rename(old, new)

    def books(self) -> list[dict[str, object]]:
        """Tell the truth about every listed sale as far as the list has it, oldest first."""
        with self._ledger.lock:
            return [book(sale, {}) for sale in self._ledger.listed()]

    def settled_books(self) -> list[dict[str, object]]:
        """Tell the same with what the payouts made so far say of each sale."""
        with self._ledger.lock:
            paid = self._payout_book.paid
            return [book(sale, paid) | {"settled": None} for sale in self._ledger.listed()]

    def make_payouts(self) -> list[str]:
        """Make the payouts of every Friday so far; returns their ids, oldest first."""
        with self._ledger.lock:
            return [payout.id for payout in self._payout_book.make_due()]

    def make_payout(self, *, fee: int = 0) -> str:
        """Pay out everything, this moment, for a fee in US cents."""
        with self._ledger.lock:
            return self._payout_book.make_now(fee=fee).id

    def fail_payout(self, payout_id: str, *, status: str = "returned") -> None:
        """Let a payout come back; what it held will be in a later one."""
        with self._ledger.lock:
            self._payout_book.fail(payout_id, status)

    def credit(self, cents: int) -> None:
        """Give the seller some US cents for no sale."""
        with self._ledger.lock:
            self._payout_book.move("Credit", cents)

    def earn_as_affiliate(self, cents: int) -> None:
        """Let the seller earn some US cents by selling what someone else made."""
        with self._ledger.lock:
            self._payout_book.move(AFFILIATE_CREDIT, cents)

    def payouts(self) -> list[dict[str, object]]:
        """Tell the truth about the payouts, oldest first: id, amount, and its rows' sum by type."""
        with self._ledger.lock:
            return [told(payout) for payout in self._payout_book.payouts]

    def _api_routes(self) -> list[Route]:
        endpoints: Mapping[str, Callable[[Request], object]] = {
            "/sales": self._sales.page,
            "/sales/summary": self._summary.answer,
            "/sales/{sale_id}": self._sales.one,
            "/products": self._shop.products,
            "/user": self._shop.user,
            "/payouts": self._payouts.page,
            "/payouts/upcoming": self._payouts.upcoming,
            "/payouts/{payout_id}": self._payouts.one,
        }
        return [
            Route(f"{prefix}{path}{suffix}", endpoint, methods=["GET"])
            for prefix in ("/v2", "/api/v2")
            for path, endpoint in endpoints.items()
            for suffix in (".json", "")
        ]


def _presentment(given: Presentment | str | None, price: int) -> Presentment | None:
    """Describe what the buyer was charged; a currency alone is enough."""
    if not isinstance(given, str):
        return given
    total = listed_of(price, given)
    return {
        "currency": given,
        "price_cents": total,
        "tip_cents": 0,
        "seller_tax_cents": 0,
        "gumroad_tax_cents": 0,
        "shipping_cents": 0,
        "total_cents": total,
        "fx_rate": rate_text(given),
    }


if __name__ == "__main__":
    from salesdaemon.marketplaces.gumroad.pretend_process import main

    main(PretendGumroad)
