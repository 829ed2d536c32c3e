"""What every marketplace's pretend vendor offers to the tests that all marketplaces pass.

A vendor's folder under `tests/marketplaces` holds a `harness` module with a `Harness`: the vendor
on loopback, the settings and login to reach it, and the words of the tests turned into its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from starlette.types import ASGIApp

from salesdaemon.domain.login import Login
from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import LineItem, Sale
from salesdaemon.domain.summary import StoredSale
from salesdaemon.marketplaces.base import Marketplace, ShopSettings

Book = Mapping[str, Any]
CANARY = "CANARY"
"""In every buyer's field of every pretend vendor."""


class Clock:
    """A clock that tests move by hand; both sides of the wire may read it."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class BaseHarness(ABC):
    """One pretend vendor with one shop. Ids are the marketplace's own, as text."""

    marketplace: Marketplace
    app: ASGIApp
    secrets: tuple[str, ...]
    """What must never be printed: keys and tokens."""
    fault_kinds: Sequence[str]
    """Every fault that the pretend vendor knows."""

    def __init__(self, clock: Callable[[], datetime], **options: Any) -> None:
        self.clock = clock

    # How to reach the shop

    @abstractmethod
    def settings(self, url: str) -> ShopSettings:
        """Return the shop's table in the configuration."""

    @abstractmethod
    def login(self) -> Login | None:
        """Sign in and return the login; None where the settings hold the credentials."""

    # What happens in the shop

    @abstractmethod
    def sell(
        self,
        *,
        created_at: datetime | None = None,
        listed_at: datetime | None = None,
        title: str = "Planner",
        price: int = 1200,
    ) -> str:
        """Sell something that is paid at once, listed now or later."""

    @abstractmethod
    def sell_plausible(self) -> str:
        """Sell something drawn by the vendor, now."""

    def sell_unpaid(self, *, created_at: datetime | None = None) -> str | None:
        """Take an order that is listed before it is paid; None where there is no such thing."""
        return None

    def pay(self, sale_id: str) -> None:
        """Let the payment of such an order arrive."""
        raise NotImplementedError

    @abstractmethod
    def sell_oddity(self, title: str) -> str:
        """Sell something under a hostile title."""

    @abstractmethod
    def refund(self, sale_id: str, amount: int | None = None) -> None:
        """Give money back, all of it where no amount is named."""

    def dispute(self, sale_id: str) -> None:
        """Let a bank take the money back; where there are no disputes, cancel the order."""
        raise NotImplementedError

    @abstractmethod
    def fill_history(self, count: int, *, days: int = 900) -> None:
        """Sell many things in the past."""

    @abstractmethod
    def books(self) -> Sequence[Book]:
        """Tell the truth about every listed sale, oldest first."""

    # What goes wrong

    @abstractmethod
    def fault(self, kind: str, **how: Any) -> None:
        """Plant a fault of the vendor's own kind."""

    @abstractmethod
    def clear_faults(self) -> None:
        """Let everything work again."""

    @abstractmethod
    def misbehave(self, how: str) -> None:
        """Misbehave at the next request for orders, in one of the ways of the contract suite."""

    @abstractmethod
    def spoil(self, sale_id: str) -> None:
        """Send one order in a shape that cannot be read, from now on."""

    @abstractmethod
    def request_problems(self) -> list[str]:
        """List what a careful client would not have sent."""


def load(slug: str) -> type[BaseHarness]:
    """Return the harness of a marketplace.

    Raises:
        ModuleNotFoundError: the marketplace has no pretend vendor for the tests.
    """
    harness: type[BaseHarness] = import_module(f"tests.marketplaces.{slug}.harness").Harness
    return harness


def as_booked(sale: Sale | StoredSale, book: Book) -> dict[str, Any]:
    """Write a sale in the words of a vendor's books: the fields that those hold."""
    sale_id = sale.sale_id if isinstance(sale, StoredSale) else sale.external_id
    facts: dict[str, Any] = {
        "sale_id": sale_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "currency": sale.currency,
        "refunded_exact": sale.refunded_exact,
        "fees_exact": sale.fees_exact,
        "paid_at": f"{sale.paid_at:%Y-%m-%dT%H:%M:%SZ}",
        "country": sale.country,
        "items": [_item(item, sale.currency) for item in sale.items],
    }
    for name in ("gross", "refunded", "fees", "fees_refunded", "affiliate", "net"):
        facts[name] = to_text(getattr(sale, f"{name}_minor"), sale.currency)
    return {name: facts[name] for name in book}


def _item(item: LineItem, currency: str) -> dict[str, Any]:
    return {
        "product_id": item.product_id,
        "product": item.product,
        "quantity": item.quantity,
        "gross": to_text(item.gross_minor, currency),
        "passive": item.passive,
    }
