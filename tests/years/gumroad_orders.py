"""Sales as Gumroad sends them, after its published source (read 2026-11).

`price`, fees and cuts are US cents; what is listed in another currency is shown as text.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Raw = dict[str, Any]
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
CANARY = "CANARY"


@dataclass(frozen=True)
class Product:
    """What is sold; `price` is in minor units of the listed currency, `cents` the same in USD."""

    product_id: str
    name: str
    cents: int
    price: int
    currency: str = "usd"
    physical: bool = False
    monthly: bool = False


def listed(amount: int, currency: str) -> str:
    """Write an amount as the pages do: "$1,234", "€19.99", "¥1,500", "99¢"."""
    if currency == "usd" and amount == 99:
        return "99¢"
    return SYMBOLS[currency] + refundable(amount, currency)


def refundable(amount: int, currency: str) -> str:
    """Write an amount without its sign and, if it is whole, without decimals."""
    if currency == "jpy":
        return f"{amount:,}"
    whole, rest = divmod(amount, 100)
    return f"{whole:,}.{rest:02}" if rest else f"{whole:,}"


def fee(cents: int, *, discover: bool, own_processor: bool) -> int:
    """Charge 10 % + 50 ¢ and 2.9 % + 30 ¢ for the card; 30 % through Discover."""
    if not cents:
        return 0
    if discover:
        return (2 * 30 * cents + 100) // 200
    if own_processor:
        return (2 * 10 * cents + 100) // 200 + 50
    return (2 * 129 * cents + 1000) // 2000 + 80


def cut_text(cents: int) -> str:
    """Write an affiliate's cut in dollars."""
    return "$" + refundable(cents, "usd")


def sale(
    product: Product,
    number: int,
    at: int,
    *,
    quantity: int = 1,
    country: str | None = "US",
    discover: bool = False,
    own_processor: bool = False,
    cut: int | None = None,
) -> Raw:
    """Write a plain sale; what is special about one is set afterwards."""
    cents = product.cents * quantity
    price = product.price * quantity
    body: Raw = {
        "id": f"{number:022d}==",
        "order_id": number,
        "seller_id": "cHJldGVuZA==",
        "created_at": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timestamp": "about 2 months ago",
        "daystamp": " 5 Jan 2024 11:38 AM",
        "product_id": product.product_id,
        "product_permalink": "abcde",
        "product_name": product.name,
        "is_product_physical": product.physical,
        "is_recurring_billing": product.monthly,
        "price": cents,
        "gumroad_fee": fee(cents, discover=discover, own_processor=own_processor),
        "currency": product.currency,
        "currency_symbol": SYMBOLS[product.currency],
        "formatted_display_price": listed(price, product.currency),
        "formatted_total_price": listed(price, product.currency),
        "amount_refundable_in_currency": refundable(price, product.currency),
        "paid": cents != 0,
        "discover_fee_charged": discover,
        "email": f"{CANARY}-{number}@example.com",
        "purchase_email": f"{CANARY}-{number}@example.com",
        "full_name": f"{CANARY} Full Name",
        "card": {"visual": f"**** {CANARY}", "type": "visa"},
        "partially_refunded": False,
        "disputed": False,
        "dispute_won": False,
        "chargedback": False,
        "is_bundle_purchase": False,
        "is_bundle_product_purchase": False,
        "is_upgrade_purchase": False,
        "is_gift_sender_purchase": False,
        "is_gift_receiver_purchase": False,
        "quantity": quantity,
    }
    if cents:
        body["refunded"] = False
    if country is not None:
        body |= {"country": "Somewhere", "country_iso2": country}
    if cut is not None:
        body["affiliate"] = {"email": f"{CANARY}-a@example.com", "amount": cut_text(cut)}
    if own_processor:
        body |= {
            "payment_processor": "stripe",
            "processor_fee_cents": cents * 29 // 1000 + 30,
            "transaction_url_for_seller": "https://pay.example.com/1",
        }
    return body


def refunded(body: Raw, *, part: int | None = None) -> Raw:
    """Give all of it back, or a part in minor units of the listed currency."""
    currency = body["currency"]
    if part is None:
        return {**body, "refunded": True, "amount_refundable_in_currency": "0"}
    whole = minor(body["formatted_total_price"], currency)
    left = refundable(whole - part, currency)
    return {**body, "partially_refunded": True, "amount_refundable_in_currency": left}


def minor(text: str, currency: str) -> int:
    """Read back what `listed` wrote."""
    if text.endswith("¢"):
        return int(text[:-1])
    whole, _, rest = text.removeprefix(SYMBOLS[currency]).replace(",", "").partition(".")
    return int(whole) if currency == "jpy" else int(whole) * 100 + int(rest.ljust(2, "0") or 0)


def disputed(body: Raw, *, won: bool = False) -> Raw:
    """Let the buyer's bank take the money back, and perhaps give it again."""
    return {**body, "disputed": True, "dispute_won": won, "chargedback": not won}
