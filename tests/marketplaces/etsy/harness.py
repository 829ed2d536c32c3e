"""The pretend Etsy in the words of the tests that all marketplaces pass."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from salesdaemon.domain.login import Login
from salesdaemon.marketplaces.etsy import MARKETPLACE
from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.etsy.pretend_faults import KINDS
from salesdaemon.marketplaces.etsy.settings import EtsySettings
from tests.marketplaces.harness import BaseHarness, Book

ORDERS = "/receipts"
MISBEHAVIOUR: dict[str, dict[str, Any]] = {
    "429": {"kind": "429"},
    "429 with Retry-After": {"kind": "429", "seconds": 86_400},
    "500": {"kind": "500"},
    "502": {"kind": "502"},
    "503": {"kind": "503"},
    "timeout": {"kind": "hang"},
    "reset": {"kind": "reset"},
    "truncated": {"kind": "truncated"},
    "HTML": {"kind": "html"},
    "empty": {"kind": "empty_body"},
    "wrong JSON": {"kind": "wrong_json"},
    "stuck": {"kind": "stuck", "times": 99},
}


class Harness(BaseHarness):
    marketplace = MARKETPLACE
    fault_kinds = KINDS

    def __init__(
        self, clock: Callable[[], datetime], *, lifetime: timedelta | None = None, **options: Any
    ) -> None:
        super().__init__(clock)
        # Whether an old refresh token still works is not known; most tests need that it does.
        options = {"rotate_refresh": "accept-old", **options}
        self.etsy = PretendEtsy(
            now=clock, keystring="SECRET-keystring", shared_secret="SECRET-shared", **options
        )
        if lifetime is not None:
            self.etsy.oauth.expires_in = int(lifetime.total_seconds())
        self.app = self.etsy.app
        self.secrets = ("SECRET-", "90210.")

    def settings(self, url: str) -> EtsySettings:
        return EtsySettings.model_validate(
            {
                "marketplace": "etsy",
                "keystring": "SECRET-keystring",
                "shared_secret": "SECRET-shared",
                "api_url": url,
                "auth_url": url,
            }
        )

    def login(self) -> Login:
        access, refresh = self.etsy.issue_login()
        lifetime = timedelta(seconds=self.etsy.oauth.expires_in)
        return Login(access, refresh, self.etsy.now() + lifetime)

    def sell(
        self,
        *,
        created_at: datetime | None = None,
        listed_at: datetime | None = None,
        title: str = "Planner",
        price: int = 1200,
    ) -> str:
        # What is listed late was paid late.
        return str(
            self.etsy.add_receipt(
                created_at=created_at,
                listed_at=listed_at,
                paid_at=listed_at,
                title=title,
                price=price,
            )
        )

    def sell_plausible(self) -> str:
        return str(self.etsy.sell_one())

    def sell_unpaid(self, *, created_at: datetime | None = None) -> str:
        return str(self.etsy.add_receipt(created_at=created_at, paid=False))

    def pay(self, sale_id: str) -> None:
        self.etsy.pay(int(sale_id))

    def sell_oddity(self, title: str) -> str:
        return str(self.etsy.add_receipt(title=title))

    def refund(self, sale_id: str, amount: int | None = None) -> None:
        self.etsy.refund(int(sale_id), amount)

    def dispute(self, sale_id: str) -> None:
        self.etsy.cancel(int(sale_id), touch_updated=False)

    def fill_history(self, count: int, *, days: int = 900) -> None:
        self.etsy.fill_history(count, days=days)

    def books(self) -> Sequence[Book]:
        now = self.etsy.now_seconds
        orders = self.etsy.shelf.orders
        return [
            book for book in self.etsy.books() if orders[int(str(book["sale_id"]))].listed_at <= now
        ]

    def settled_books(self) -> Sequence[Book]:
        """Tell the same with what the payment account holds of each order by now."""
        listed = {book["sale_id"] for book in self.books()}
        return [book for book in self.etsy.settled_books() if book["sale_id"] in listed]

    def account(self) -> Book:
        """Tell the sums of the payment account beside the sales, and its balance."""
        return self.etsy.account()

    def fault(self, kind: str, **how: Any) -> None:
        self.etsy.faults.add(kind, **how)

    def clear_faults(self) -> None:
        self.etsy.faults.clear()

    def misbehave(self, how: str) -> None:
        if how == "401":
            self.etsy.revoke_all()
        elif how == "403":
            self.etsy.api.key_active = False
        else:
            self.etsy.faults.add(path_contains=ORDERS, **MISBEHAVIOUR[how])

    def spoil(self, sale_id: str) -> None:
        self.etsy.faults.add(
            "wrong_types", times=10**6, receipt_id=int(sale_id), path_contains=ORDERS
        )

    def request_problems(self) -> list[str]:
        return [problem for request in self.etsy.requests for problem in request.problems]
