"""Every amount that a digest may show, as people read it in British English."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from tests.years.reckoned_days import Days, Span, by_currency, grouped
from tests.years.reckoned_digest import Reckoner
from tests.years.reckoned_history import Goal
from tests.years.reckoned_sales import SMALLEST

SIGNS = {"EUR": "€", "GBP": "£", "JPY": "JP¥", "USD": "US$", "AUD": "A$"}
AMOUNT = re.compile(r"(?:US\$|A\$|JP¥|€|£)\d{1,3}(?:,\d{3})*(?:\.\d\d)?")
Told = Mapping[str, Any]
MONEY = {
    *("gross", "refunded", "fees", "fees_refunded", "affiliate", "net"),
    *("passive_net", "active_net", "unclassified_net", "amount", "reached", "projected"),
    *("gross_delta", "refunded_delta", "net_delta"),
}


def shown(amount: int, currency: str) -> str:
    """Write an amount without its sign."""
    whole, rest = divmod(abs(amount), SMALLEST.get(currency, 100))
    cents = "" if currency == "JPY" else f".{rest:02}"
    return f"{SIGNS[currency]}{whole:,}{cents}"


def of_text(text: str, currency: str) -> str:
    """Write a decimal string as people read it, without its sign."""
    exact = Fraction(text) * SMALLEST.get(currency, 100)
    return shown(exact.numerator, currency)


def amounts(text: str) -> list[str]:
    """Find the amounts of a text, in its order, without signs."""
    return AMOUNT.findall(text)


def every_amount(own: Reckoner, told: Told) -> set[str]:
    """Return all amounts that a digest which tells this may show."""
    home = str(told["home"]["currency"])
    span = (date.fromisoformat(told["from"]), date.fromisoformat(told["to"]))
    found = set(_walk(told, home))
    found |= set(_differences(told, home))
    found |= set(_of_chart(told, home))
    found |= set(_of_groups(own.days, span))
    found |= set(_of_goals(told, own.wishes.goals, home))
    found |= set(_of_account(told))
    return found


def _walk(value: Any, currency: str, name: str = "") -> Iterator[str]:
    """Yield the amounts in a piece of JSON; a key may be their currency, or tell it."""
    if isinstance(value, dict):
        named = str(value.get("currency", currency))
        for key, each in value.items():
            inner = key if key in SIGNS else named
            yield from _walk(each, inner, key if key not in SIGNS else name)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, currency, name)
    elif isinstance(value, str) and _is_money(value, name):
        yield of_text(value, currency)


def _is_money(value: str, name: str) -> bool:
    named = name in MONEY or name in {"net_per_hour", "through_affiliates", "compared_with"}
    return named and re.fullmatch(r"-?\d+(\.\d\d)?", value) is not None


def _differences(told: Told, home: str) -> Iterator[str]:
    """Yield by how much more or less the net is than in what it is compared with."""
    for other in told["compared"].values():
        yield of_text(_less(told["home"]["net"], other["home"]["net"]), home)
        for code in told["totals"].keys() | other["totals"].keys():
            now = told["totals"].get(code, {"net": "0"})["net"]
            yield of_text(_less(now, other["totals"].get(code, {"net": "0"})["net"]), code)


def _less(now: str, before: str) -> str:
    return str(Fraction(now) - Fraction(before))


def _of_chart(told: Told, home: str) -> Iterator[str]:
    nets = [Fraction(bar["net"]) for bar in told["bars"]]
    yield of_text(str(sum(nets, Fraction(0))), home)


def _of_groups(days: Days, span: Span) -> Iterator[str]:
    """Yield what countries and kinds brought, and affiliates, also in the home currency."""
    entries = days.within(span)
    members = [
        *grouped(entries, lambda entry: entry.sold.country).values(),
        *grouped(entries, lambda entry: entry.sold.kind).values(),
        *grouped(entries, lambda entry: entry.sold.shop).values(),
    ]
    for group in members:
        yield shown(sum(entry.home["net"] for entry in group if entry.home), days.bank.home)
        for code, sums in by_currency(group).items():
            yield shown(sums["net"], code)


def _of_goals(told: Told, goals: Any, home: str) -> Iterator[str]:
    """Yield what a goal still needs a day, no cent too little, and by how much one was missed."""
    wanted: dict[str, Goal] = {goal.name: goal for goal in goals}
    for row in told["goals"]:
        until = date.fromisoformat(row["until"])
        following = date(until.year + until.month // 12, until.month % 12 + 1, 1)
        left = (following - until).days - 1
        missing = wanted[row["goal"]].amount - int(Fraction(row["reached"]) * 100)
        if missing > 0:
            yield shown(-(-missing // left) if left else missing, home)


def _of_account(told: Told) -> Iterator[str]:
    """Yield the costs, and the payouts, of each shop together."""
    for name in ("costs", "payouts"):
        sums: Counter[tuple[str, str]] = Counter()
        for row in told[name]:
            sums[row["shop"], row["currency"]] += int(Fraction(row["amount"]) * 100)
        for (_, code), amount in sums.items():
            yield shown(amount, code)
