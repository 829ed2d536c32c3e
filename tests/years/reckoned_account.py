"""What a shop's payment account holds beside its sales: costs, unknown lines, payouts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.years.reckoned_days import Span, written
from tests.years.reckoned_sales import Raw

COSTS = {"prolist", "listing", "vat_seller_services"}
PAYOUT = "DISBURSE2"


def beside_sales(
    lines: Mapping[str, Iterable[Raw]], span: Span, zone: ZoneInfo
) -> dict[str, list[dict[str, Any]]]:
    """Sum up by shop and name what was booked in a span; `lines` belong to no order."""
    costs: Counter[tuple[str, str, str]] = Counter()
    other: Counter[tuple[str, str, str]] = Counter()
    payouts = []
    for shop, day, line in _of_days(lines, zone):
        if not span[0] <= day <= span[1]:
            continue
        name, currency = line["ledger_type"], line["currency"]
        if name == PAYOUT:
            payouts.append(_payout(shop, day, line))
        elif name in COSTS:
            costs[shop, name, currency] -= line["amount"]
        else:
            other[shop, name, currency] += line["amount"]
    return {"costs": _told(costs), "other": _told(other), "payouts": payouts}


def _of_days(lines: Mapping[str, Iterable[Raw]], zone: ZoneInfo) -> Iterator[tuple[str, date, Raw]]:
    for shop, found in lines.items():
        for line in found:
            at = datetime.fromtimestamp(line["created_timestamp"], UTC)
            yield shop, at.astimezone(zone).date(), line


def _told(sums: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    return [
        {"shop": shop, "name": name, "currency": currency, "amount": written(amount, currency)}
        for (shop, name, currency), amount in sorted(sums.items())
    ]


def _payout(shop: str, day: date, line: Raw) -> dict[str, Any]:
    return {
        "shop": shop,
        "amount": written(-line["amount"], line["currency"]),
        "currency": line["currency"],
        "status": "sent",
        "made_on": day.isoformat(),
        "arrives_on": None,
        "estimated": False,
    }
