"""How the pretend shop writes amounts: its currencies, their symbols and its rates.

Source: Gumroad's public source (`config/currencies.json`, `formatted_display_price`), read 2026-11.
"""

from salesdaemon.marketplaces.gumroad.pretend_sale import Sale, half_up

_SYMBOLS = {
    "usd": "$",
    "gbp": "£",
    "eur": "€",
    "jpy": "¥",
    "inr": "₹",
    "aud": "A$",
    "cad": "CAD$",
    "hkd": "HK$",
    "sgd": "SGD$",
    "twd": "NT$",
    "nzd": "NZ$",
    "brl": "R$",
    "zar": "ZAR",
    "chf": "CHF",
    "ils": "₪",
    "php": "₱",
    "krw": "₩",
    "pln": "zł",
    "czk": "Kč",
}
# US cents for ten thousand minor units: made up, and fixed for the life of a sale as the vendor's.
_RATES = {
    "usd": 10_000,
    "gbp": 12_650,
    "eur": 10_820,
    "jpy": 6_687,
    "inr": 118,
    "aud": 6_540,
    "cad": 7_210,
    "hkd": 1_282,
    "sgd": 7_430,
    "twd": 310,
    "nzd": 5_980,
    "brl": 1_760,
    "zar": 540,
    "chf": 11_250,
    "ils": 2_690,
    "php": 171,
    "krw": 7,
    "pln": 2_510,
    "czk": 428,
}
_WITHOUT_CENTS = "jpy"  # the vendor scales all others by 100, the Korean won too
_BELOW_A_DOLLAR = 99


def listed_of(price: int, currency: str) -> int:
    """Convert US cents to minor units of a listed currency."""
    return half_up(price * 10_000, _RATES[currency])


def rate_text(currency: str) -> str:
    """Tell the US dollars that one unit of a currency is worth."""
    return f"{_RATES[currency] / (1_000_000 if currency == _WITHOUT_CENTS else 10_000):.6f}"


def symbol_of(currency: str) -> str:
    """Tell the sign that the vendor puts before an amount."""
    return _SYMBOLS[currency]


def plain(amount: int, currency: str) -> str:
    """Write minor units without a sign: thousands commas, no decimals where they are zero."""
    if currency == _WITHOUT_CENTS:
        return f"{amount:,}"
    whole, cents = divmod(amount, 100)
    return f"{whole:,}.{cents:02}" if cents else f"{whole:,}"


def formatted(amount: int, currency: str, *, monthly: bool) -> str:
    """Write a listed price as the shop's page shows it."""
    if currency == "usd" and amount == _BELOW_A_DOLLAR:
        text = "99¢"
    else:
        text = f"{_SYMBOLS[currency]}{plain(amount, currency)}"
    return f"{text} a month" if monthly else text


def usd_text(cents: int) -> str:
    """Write US cents as the vendor writes an affiliate's share."""
    return f"${plain(cents, 'usd')}"


def refundable(sale: Sale) -> str:
    """Write what can still be refunded; 0 also where the card processor is gone."""
    if not sale.price or sale.dead_processor:
        return "0"
    return plain(sale.listed_total - sale.refunded_listed, sale.currency)
