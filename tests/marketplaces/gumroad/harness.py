"""The pretend Gumroad in the words of the tests that all marketplaces pass."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from salesdaemon.marketplaces.gumroad import MARKETPLACE
from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.gumroad.pretend_faults import OF_SALES, WHOLE_ANSWER
from salesdaemon.marketplaces.gumroad.settings import GumroadSettings
from tests.marketplaces.harness import BaseHarness, Book

ORDERS = "/sales?"
TOKEN = "SECRET-token"
MISBEHAVIOUR: dict[str, dict[str, Any]] = {
    "429": {"kind": "429"},
    "429 with Retry-After": {"kind": "429", "seconds": 86_400},
    "500": {"kind": "500"},
    "502": {"kind": "502"},
    "503": {"kind": "503"},
    "timeout": {"kind": "hang", "seconds": 3600},
    "reset": {"kind": "reset"},
    "truncated": {"kind": "truncated"},
    "HTML": {"kind": "html"},
    "empty": {"kind": "empty_body"},
    "wrong JSON": {"kind": "wrong_json"},
    "stuck": {"kind": "stuck", "times": 99},
}


class Harness(BaseHarness):
    marketplace = MARKETPLACE
    fault_kinds = sorted(WHOLE_ANSWER | OF_SALES)

    def __init__(
        self, clock: Callable[[], datetime], *, lifetime: timedelta | None = None, **options: Any
    ) -> None:
        super().__init__(clock)
        self.gumroad = PretendGumroad(now=clock, access_token=TOKEN, **options)
        self.app = self.gumroad.app
        self.secrets = ("SECRET-",)

    def settings(self, url: str, *, token: str = TOKEN) -> GumroadSettings:
        return GumroadSettings.model_validate(
            {
                "marketplace": "gumroad",
                "access_token": token,
                "request_gap": "0s",
                "api_url": url,
            }
        )

    def login(self) -> None:
        return None

    def sell(
        self,
        *,
        created_at: datetime | None = None,
        listed_at: datetime | None = None,
        title: str = "Planner",
        price: int = 1200,
    ) -> str:
        return self.gumroad.add_sale(
            created_at=created_at, listed_at=listed_at, product=title, price=price
        )

    def sell_plausible(self) -> str:
        return self.gumroad.sell_one()

    def sell_oddity(self, title: str) -> str:
        return self.gumroad.add_sale(raw={"product_name": title})

    def refund(self, sale_id: str, amount: int | None = None) -> None:
        self.gumroad.refund(sale_id, amount)

    def dispute(self, sale_id: str) -> None:
        self.gumroad.dispute(sale_id)

    def fill_history(self, count: int, *, days: int = 900) -> None:
        self.gumroad.fill_history(count, days=days)

    def books(self) -> Sequence[Book]:
        return self.gumroad.books()

    def settled_books(self) -> Sequence[Book]:
        """Tell the same with what the payouts made so far say of each sale."""
        return self.gumroad.settled_books()

    def make_payouts(self) -> list[str]:
        """Make the payouts of every Friday so far."""
        return self.gumroad.make_payouts()

    def fault(self, kind: str, **how: Any) -> None:
        self.gumroad.faults.add(kind, **how)

    def clear_faults(self) -> None:
        self.gumroad.faults.clear()

    def misbehave(self, how: str) -> None:
        if how == "401":
            self.gumroad.access.token = "SECRET-another"
        elif how == "403":
            self.gumroad.access.scopes = frozenset()
        else:
            self.gumroad.faults.add(path_contains=ORDERS, **MISBEHAVIOUR[how])

    def spoil(self, sale_id: str) -> None:
        self.gumroad.faults.add("wrong_types", times=10**6, sale_id=sale_id, path_contains=ORDERS)

    def request_problems(self) -> list[str]:
        return [
            f"Unknown parameter {name!r}."
            for request in self.gumroad.requests
            for name in request.unknown_parameters
        ]
