"""One sale of the pretend shop, and what becomes of its money.

Amounts are US cents unless a name says `listed`, which counts the minor units of the listed
currency. Nothing here knows how a sale looks as JSON.

Source: Gumroad's public source (`calculate_fees`, `decrement_balance_for_refund_or_chargeback!`,
`create_for_refund_fee_retention!`), read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

Presentment = Mapping[str, object]


@dataclass(slots=True)
class Product:
    """A product of the seller; its name is what every sale of it shows, old ones too."""

    id: str
    number: int
    permalink: str
    name: str
    price: int
    physical: bool
    subscription: bool
    licensed: bool
    created_at: datetime
    encoded: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back: US cents, and the same in the listed currency.

    `number` counts the refunds that there ever were of the sale, `at` is in epoch seconds.
    """

    amount: int
    listed: int
    number: int = 0
    at: float = 0


@dataclass(frozen=True, slots=True)
class DisputeStep:
    """The bank took the money of a sale, or gave it back because the dispute was won."""

    at: float
    won: bool


@dataclass(slots=True)
class Sale:
    """One row of the seller's sales, as the vendor's database would hold it.

    `created` and `listed` are epoch seconds: the start of the checkout, and when it appears in
    the list. `encoded` keeps the JSON of what only a refund or a dispute changes.
    """

    id: str
    order_id: int
    created: int
    listed: float
    product: Product
    price: int
    fee: int
    currency: str
    listed_total: int
    quantity: int = 1
    recurring: bool = False
    subscription_id: str | None = None
    trial: bool = False
    upgrade: bool = False
    bundle: bool = False
    bundle_item: bool = False
    affiliate: int | None = None
    own_processor: bool = False
    discover: bool = False
    tip: int | None = None
    presentment: Presentment | None = None
    country: str | None = "DE"
    refunds: list[Refund] = field(default_factory=list)
    refund_log: list[tuple[float, int]] = field(default_factory=list)
    refunds_made: int = 0
    dispute_steps: list[DisputeStep] = field(default_factory=list)
    dead_processor: bool = False
    disputed: bool = False
    dispute_won: bool = False
    parts: "list[Sale]" = field(default_factory=list)
    overrides: dict[str, object] = field(default_factory=dict)
    encoded: bytes | None = None

    @property
    def key(self) -> tuple[int, int]:
        """The vendor's order of its list, oldest first."""
        return (self.created, self.order_id)

    @property
    def created_text(self) -> str:
        """The creation as the vendor writes it: UTC, whole seconds."""
        return datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def license_key(self) -> str | None:
        """The buyer's key to a licensed product."""
        if not self.product.licensed:
            return None
        return f"CANARY00-{self.order_id % 2**32:08X}-0A1B2C3D-4E5F6071"

    @property
    def only_a_trial(self) -> bool:
        """Whether nothing was charged because a free trial began."""
        return self.trial and not (self.recurring or self.upgrade)

    @property
    def charged(self) -> int:
        """What really left the buyer's card."""
        return 0 if self.only_a_trial or self.bundle_item else self.price

    @property
    def refunded(self) -> int:
        """The sum of the refunds, disputes apart."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def refunded_listed(self) -> int:
        """The sum of the refunds in the listed currency."""
        return sum(refund.listed for refund in self.refunds)

    @property
    def chargedback(self) -> bool:
        """Whether a dispute holds the money: an open or a lost one."""
        return self.disputed and not self.dispute_won

    def refund(self, amount: int | None, at: float) -> None:
        """Give back an amount, or all that is left.

        The vendor refunds in the listed currency, so an amount that is none there is rounded.
        """
        left = self.charged - self.refunded
        if left <= 0:
            raise ValueError("Nothing is left to refund.")
        if amount is not None and not 0 < amount <= left:
            raise ValueError(f"A refund is between 1 and {left} cents.")
        if amount is None or amount == left:
            refund = Refund(left, self.listed_total - self.refunded_listed)
        else:
            refund = self._part(amount)
        self.refunds.append(replace(refund, number=self.refunds_made, at=at))
        self.refunds_made += 1
        self._log(at)

    def fail_refund(self, at: float) -> None:
        """Take the last refund back: it did not go through."""
        self.refunds.pop()
        self.dead_processor = False
        self._log(at)

    def dispute(self, at: float) -> None:
        """Let the buyer's bank take the money back."""
        self.disputed, self.dispute_won, self.encoded = True, False, None
        self.dispute_steps.append(DisputeStep(at, won=False))

    def win_dispute(self, at: float) -> None:
        """Let the bank give the money of a dispute to the seller again."""
        if self.chargedback:
            self.dispute_steps.append(DisputeStep(at, won=True))
        self.dispute_won, self.encoded = self.disputed, None

    def _part(self, amount: int) -> Refund:
        listed = half_up(amount * self.listed_total, self.charged)
        total = half_up(self.charged * (self.refunded_listed + listed), self.listed_total)
        return Refund(min(total, self.charged - 1) - self.refunded, listed)

    def _log(self, at: float) -> None:
        self.refund_log.append((at, self.refunded))
        self.encoded = None


def half_up(numerator: int, denominator: int) -> int:
    """Divide whole numbers that are not negative and round halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def fee_of(price: int, *, own_processor: bool = False, discover: bool = False) -> int:
    """Tell the vendor's fee: 10 % + 50 ¢ and 2.9 % + 30 ¢ for the card; 30 % through Discover."""
    if price == 0:
        return 0
    if discover:
        return half_up(30 * price, 100)
    if own_processor:
        return half_up(10 * price, 100) + 50
    return half_up(129 * price, 1000) + 80


def retained_of(refund: int, price: int) -> int:
    """Tell the card processor's part of the fee, which stays paid after a refund."""
    return half_up(29 * refund * price + 30_000 * refund, 1000 * price)
