"""What one raw order comes to: worked out from the contract and the vendors' pages alone.

Nothing here may import the program under test, or the modules that wrote the orders: two readings
of the same pages, not one. Amounts are integers of the currency's smallest unit.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

Raw = Mapping[str, Any]
SMALLEST = {"JPY": 1}
"""How many of the smallest unit make a whole one; 100 for any other currency here."""
CLASSES = (True, False, None)


@dataclass(frozen=True)
class Piece:
    """One line of an order; `key` is the product's id, or its title where it has none."""

    key: str
    title: str | None
    quantity: int
    gross: int
    passive: bool | None


@dataclass(frozen=True)
class Sold:
    """A paid order; `at` is in epoch seconds."""

    shop: str
    at: int
    currency: str
    kind: str
    gross: int
    refunded: int
    fees: int
    fees_refunded: int
    affiliate: int
    exact: bool
    country: str | None
    pieces: tuple[Piece, ...]
    disputed: bool = False
    number: str = ""

    @property
    def net(self) -> int:
        if self.disputed:
            return 0
        return self.gross - self.refunded - self.fees + self.fees_refunded - self.affiliate

    @property
    def counts(self) -> bool:
        return self.kind in {"sale", "renewal"}

    def net_by_class(self) -> dict[bool | None, int]:
        """Split the net in the share of the gross of what is passive, active and unclear."""
        gross = dict.fromkeys(CLASSES, 0)
        for piece in self.pieces:
            gross[piece.passive] += piece.gross
        parts = dict.fromkeys(CLASSES, 0)
        some = [name for name in CLASSES if gross[name]]
        if not some:
            found = {piece.passive for piece in self.pieces}
            parts[found.pop() if len(found) == 1 else None] = self.net
            return parts
        whole = sum(gross.values())
        for name in some[:-1]:
            parts[name] = half_even(self.net * gross[name], whole)
        parts[some[-1]] = self.net - sum(parts.values())
        return parts

    def net_by_piece(self, net: int) -> list[int]:
        """Split a net in the share of the pieces' gross."""
        return shared(net, [piece.gross for piece in self.pieces])


def half_even(numerator: int, denominator: int) -> int:
    return round(Fraction(numerator, denominator))


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    """Split in proportion, each rounded down; the rest to the largest, ties to the first."""
    whole = sum(weights)
    parts = [(amount * weight) // whole if whole else 0 for weight in weights]
    parts[weights.index(max(weights))] += amount - sum(parts)
    return parts


# Etsy


@dataclass
class EtsyBooks:
    """What the payment account and the catalogue say, looked up by order and by listing."""

    lines: Mapping[int, list[Raw]] = field(default_factory=dict)
    listings: Mapping[int, Raw] = field(default_factory=dict)


def sort_account(
    account: Iterable[Raw], payments: Mapping[int, Raw], orders: Iterable[Raw]
) -> dict[int, list[Raw]]:
    """Find the order of each line of a payment account; the shop's own lines are under 0."""
    of_line = {
        line["transaction_id"]: order["receipt_id"]
        for order in orders
        for line in order["transactions"]
    }
    of_entry: dict[int, int] = {}
    found: dict[int, list[Raw]] = {}
    for entry in account:
        about, number = entry["reference_type"], int(entry["reference_id"])
        if about == "receipt":
            order = number
        elif about == "transaction":
            order = of_line[number]
        elif about in {"shop_payment", "processing_fee"}:
            order = payments[number]["receipt_id"]
        else:
            order = of_entry.get(entry["parent_entry_id"], 0)
        of_entry[entry["entry_id"]] = order
        found.setdefault(order, []).append(entry)
    return found


_ROUTES = {
    # What a payment costs: share, fixed; what the country takes of the goods.
    "EUR": (Fraction(4, 100), 30, Fraction(0)),
    "GBP": (Fraction(4, 100), 20, Fraction(32, 10_000)),
    "JPY": (Fraction(4, 100), 0, Fraction(0)),
}
_NO_FEES = {"PAYMENT_GROSS", "sales_tax", "REFUND_GROSS"}


def etsy_sale(shop: str, order: Raw, books: EtsyBooks) -> Sold | None:
    """Work out one receipt; None where it was never paid."""
    if not order["is_paid"]:
        return None
    currency = order["grandtotal"]["currency_code"]
    charged = _minor(order["grandtotal"])
    gross = _etsy_gross(order)
    refunded = _etsy_refunded(order, gross, charged)
    lines = books.lines.get(order["receipt_id"])
    if lines:
        taken = [line["amount"] for line in lines if line["ledger_type"] not in _NO_FEES]
        fees = -sum(amount for amount in taken if amount < 0)
        back = sum(amount for amount in taken if amount > 0)
    else:
        fees = _etsy_fees(gross, charged, currency)
        back = half_even(fees * refunded, gross) if gross else 0
    bought = order["transactions"]
    paid = [line["paid_timestamp"] for line in bought if line["paid_timestamp"]]
    weights = [_minor(line["price"]) * line["quantity"] for line in bought]
    return Sold(
        shop=shop,
        at=min(paid, default=order["created_timestamp"]),
        currency=currency,
        kind="sale" if gross else "free",
        gross=gross,
        refunded=refunded,
        fees=fees,
        fees_refunded=back,
        affiliate=0,
        exact=bool(lines),
        country=order["country_iso"],
        pieces=tuple(
            Piece(
                key=str(line["listing_id"] or html.unescape(line["title"])),
                title=html.unescape(line["title"]),
                quantity=line["quantity"],
                gross=part,
                passive=_etsy_passive(line, books.listings.get(line["listing_id"])),
            )
            for line, part in zip(bought, shared(gross, weights), strict=True)
        ),
        number=str(order["receipt_id"]),
    )


def _minor(money: Raw) -> int:
    scale = SMALLEST.get(money["currency_code"], 100)
    exact = Fraction(money["amount"] * scale, money["divisor"])
    assert exact.denominator == 1
    return exact.numerator


def _etsy_gross(order: Raw) -> int:
    """Take the grand total without taxes; where the parts say otherwise, whichever adds up."""
    charged = _minor(order["grandtotal"])
    tax, vat = _minor(order["total_tax_cost"]), _minor(order["total_vat_cost"])
    parts = (
        _minor(order["total_price"])
        - _minor(order["discount_amt"])
        + _minor(order["total_shipping_cost"])
        + _minor(order["gift_wrap_price"])
    )
    without = charged - tax - vat
    # The documented identity: goods, shipping and tax; whether the VAT is in it is not said.
    return parts if charged in {parts + tax, parts + tax + vat} else without


def _etsy_refunded(order: Raw, gross: int, charged: int) -> int:
    status = order["status"].lower()
    if status in {"canceled", "fully refunded"}:
        return gross
    given = sum(_minor(refund["amount"]) for refund in order["refunds"])
    return min(half_even(given * gross, charged), gross) if given else 0


def _etsy_fees(gross: int, charged: int, currency: str) -> int:
    """Estimate: 6.5 % of the goods, what the payment costs, the regulatory fee; rounded once."""
    if not gross:
        return 0
    share, fixed, regulatory = _ROUTES[currency]
    return round(gross * (Fraction(65, 1000) + regulatory) + charged * share) + fixed


def _etsy_passive(line: Raw, listing: Raw | None) -> bool | None:
    """Ask the order whether it makes work, then the catalogue, then the order once more."""
    digital = line.get("is_digital")
    personalised = any(
        each["question_id"] is not None
        or each["property_id"] == 54
        or each["formatted_name"] == "Personalization"
        for each in line["variations"]
    )
    if digital is False or (digital and personalised):
        return False
    if listing is not None and listing["when_made"] == "made_to_order":
        return False
    if digital is None and listing is not None:
        kinds = {"physical": False, "download": None if listing["is_personalizable"] else True}
        return kinds.get(listing["listing_type"])
    return True if digital else None


# Gumroad


def gumroad_sale(shop: str, row: Raw, active: Sequence[str] = ()) -> Sold:
    """Work out one sale; everything is in US cents. `active` names what its owner calls work."""
    kind = _gumroad_kind(row)
    gross = 0 if kind in {"bundle_item", "trial", "free"} else row["price"]
    fees = row["gumroad_fee"] if gross else 0
    disputed = row["disputed"] and not row["dispute_won"]
    refunded = _gumroad_refunded(row, gross, disputed=disputed)
    cut = 0
    if "affiliate" in row and gross and not disputed:
        whole = _hundredths(row["affiliate"]["amount"])
        cut = whole - -(-whole * refunded // gross)  # what goes back is rounded up
    own = "transaction_url_for_seller" in row
    named = row["product_name"] in active
    return Sold(
        shop=shop,
        at=int(datetime.fromisoformat(row["created_at"]).timestamp()),
        currency="USD",
        kind=kind,
        gross=gross,
        refunded=refunded,
        fees=fees,
        fees_refunded=_gumroad_back(gross, refunded, fees, keeps=not (own or disputed)),
        affiliate=cut,
        exact=not gross or not (refunded or own or _stands_refunded(row)),
        country=row.get("country_iso2"),
        pieces=(
            Piece(
                row["product_id"],
                row["product_name"],
                row["quantity"],
                gross,
                not row["is_product_physical"] and not named,
            ),
        ),
        disputed=disputed and bool(gross),
        number=row["id"],
    )


def _gumroad_kind(row: Raw) -> str:
    if row["is_bundle_product_purchase"]:
        return "bundle_item"
    subscribed = row.get("subscription_id") is not None
    if subscribed and not row["recurring_charge"] and row.get("free_trial_ends_on"):
        return "trial"
    if not row["price"]:
        return "free"
    return "renewal" if row.get("recurring_charge") else "sale"


def _stands_refunded(row: Raw) -> bool:
    return bool(row.get("refunded") or row["partially_refunded"])


def _gumroad_refunded(row: Raw, gross: int, *, disputed: bool) -> int:
    if disputed or row.get("refunded"):
        return gross
    if not row["partially_refunded"]:
        return 0
    left = _hundredths(row["amount_refundable_in_currency"])
    if not left:
        return 0  # nobody can tell how much
    if row["currency_symbol"] == "$":
        return gross - left
    whole = _hundredths(row["formatted_total_price"])
    return half_even(gross * (whole - left), whole)


def _gumroad_back(gross: int, refunded: int, fees: int, *, keeps: bool) -> int:
    """Give the fee's share back, less the processor's part: 2.9 % and 30 cents, in that share."""
    if not refunded:
        return 0
    part = fees * refunded // gross
    if not keeps:
        return part
    kept = Fraction(29, 1000) * refunded + Fraction(30 * refunded, gross)
    return part - int(kept + Fraction(1, 2))


def _hundredths(text: str) -> int:
    """Read "$1,234", "€19.99", "¥1,500", "99¢" or "7.51" in hundredths of what is written."""
    digits = "".join(each for each in text if each.isdigit() or each == ".")
    exact = Fraction(digits) if "¢" in text else Fraction(digits) * 100
    assert exact.denominator == 1
    return exact.numerator
