"""Bars, streaks, records, goals and shares put aside, as the digest describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.years.reckoned_days import DAY, Days, Span, written
from tests.years.reckoned_spans import before, last_spans, span_of

BARS = {"daily": ("daily", 30), "weekly": ("weekly", 12), "monthly": ("monthly", 12)}
OF_BARS = ("gross", "net", "passive_net", "active_net", "unclassified_net")
BEATEN = {"daily": (14, 14), "weekly": (6, 6), "monthly": (6, 6), "yearly": (1, 2)}
"""How many earlier periods with a sale a record beats: of all, and since another one."""


@dataclass(frozen=True)
class Goal:
    """What each month is to bring, in the smallest unit of the home currency."""

    name: str
    amount: int
    figure: str


@dataclass(frozen=True)
class Share:
    """What is put aside of a figure."""

    name: str
    percent: str
    figure: str


def bars(days: Days, kind: str, span: Span) -> list[dict[str, Any]]:
    of_bar, count = BARS.get(kind, ("monthly", 12))
    found = []
    for each in last_spans(of_bar, span_of(of_bar, span[1]), count):
        brought = days.figures(each)
        found.append(
            {
                "from": each[0].isoformat(),
                "to": each[1].isoformat(),
                "sales": brought.sales,
                **{name: written(brought.home[name], days.bank.home) for name in OF_BARS},
                "converted": brought.converted,
            }
        )
    return found


def streak(days: Days, span: Span) -> dict[str, Any] | None:
    """Count the days with a sale that end with a period; fewer than three are no word worth."""
    day, count = span[1], 0
    while day in days.by_day and days.by_day[day].sales:
        day -= DAY
        count += 1
    return {"days": count, "since": (day + DAY).isoformat()} if count >= 3 else None


def record(days: Days, kind: str, span: Span) -> dict[str, Any] | None:
    """Say how far back no period brought as much; see the rules beside `find_record`."""
    own = days.figures(span)
    if own.home["net"] <= 0 or not own.converted:
        return None
    of_all, since = BEATEN[kind]
    best: int | None = None
    with_sales = 0
    other = before(kind, span)
    while other[1] >= days.first_day:
        brought = days.figures(other)
        if not brought.converted:
            return None
        net = brought.home["net"]
        if net >= own.home["net"]:
            ends = {"from": other[0].isoformat(), "to": other[1].isoformat()}
            found = {"since": ends, "compared_with": written(net, days.bank.home)}
            return found if with_sales >= since else None
        if _has_any(days, other):
            best = net if best is None else max(best, net)
        with_sales += brought.sales > 0 and other[0] >= days.first_day
        other = before(kind, other)
    if with_sales < of_all or best is None:
        return None
    return {"since": None, "compared_with": written(best, days.bank.home)}


def _has_any(days: Days, span: Span) -> bool:
    return bool(days.within(span))


def goals(days: Days, kind: str, span: Span, wanted: Sequence[Goal]) -> list[dict[str, Any]]:
    months = last_spans("monthly", span_of("monthly", span[1]), 12 if kind == "yearly" else 1)
    return [_goal(days, goal, month, min(month[1], span[1])) for goal in wanted for month in months]


def _goal(days: Days, goal: Goal, month: Span, until: date) -> dict[str, Any]:
    reached, since, converted = 0, None, True
    day = month[0]
    while day <= until:
        if day in days.by_day:
            converted = converted and days.by_day[day].converted
            reached += days.by_day[day].home[goal.figure]
            if reached < goal.amount:
                since = None
            elif since is None:
                since = day
        day += DAY
    over = until == month[1] or until.day < 5
    projected = None if over else round(Fraction(reached * month[1].day, until.day))
    home = days.bank.home
    return {
        "goal": goal.name,
        "figure": goal.figure,
        "amount": written(goal.amount, home),
        "month": f"{month[0]:%Y-%m}",
        "until": until.isoformat(),
        "reached": written(reached, home),
        "projected": None if projected is None else written(projected, home),
        "reached_on": None if since is None else since.isoformat(),
        "converted": converted,
    }


def put_aside(home: Mapping[str, int], shares: Sequence[Share], code: str) -> list[dict[str, Any]]:
    return [
        {
            "name": share.name,
            "percent": share.percent,
            "figure": share.figure,
            "amount": written(
                round(max(home[share.figure], 0) * Fraction(share.percent) / 100), code
            ),
        }
        for share in shares
    ]
