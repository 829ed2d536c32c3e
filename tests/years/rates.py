"""A made-up table of reference rates: units for one euro, on working days, with two gaps."""

import math
from datetime import date, timedelta
from decimal import Decimal

DAY = timedelta(days=1)
CLOSED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
EASTER = frozenset(
    {
        date(2024, 3, 29),
        date(2024, 4, 1),
        date(2025, 4, 18),
        date(2025, 4, 21),
        date(2026, 4, 3),
        date(2026, 4, 6),
    }
)
AROUND = {"USD": "1.0832", "GBP": "0.8511", "JPY": "161.27", "AUD": "1.6544"}
YEN_BEGINS = date(2024, 3, 4)
YEN_PAUSES = (date(2025, 6, 3), date(2025, 7, 21))
"""No rate of the yen before it begins; none from the first of these days to before the second."""


def table(
    first: date = date(2023, 11, 15), last: date = date(2026, 4, 30)
) -> dict[date, dict[str, Decimal]]:
    """Return the rates of every working day."""
    found = {}
    day = first
    while day <= last:
        if day.weekday() < 5 and (day.month, day.day) not in CLOSED and day not in EASTER:
            found[day] = {
                currency: _rate(currency, day) for currency in AROUND if _is_told(currency, day)
            }
        day += DAY
    return found


def _rate(currency: str, day: date) -> Decimal:
    usual = Decimal(AROUND[currency])
    number = day.toordinal()
    wave = round(400 * math.sin(number / 37 + len(currency) + ord(currency[0])))
    moved = usual * (10_000 + wave + number * 7919 % 61) / 10_000
    return moved.quantize(Decimal("0.01") if currency == "JPY" else Decimal("0.0001"))


def _is_told(currency: str, day: date) -> bool:
    if currency != "JPY":
        return True
    return day >= YEN_BEGINS and not YEN_PAUSES[0] <= day < YEN_PAUSES[1]
