"""The whole digest of a period in the words of its JSON, worked out from raw orders."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.years.reckoned_account import beside_sales
from tests.years.reckoned_days import (
    Days,
    Entry,
    Product,
    Span,
    by_currency,
    grouped,
    told,
    told_by_currency,
    written,
)
from tests.years.reckoned_history import Goal, Share, bars, goals, put_aside, record, streak
from tests.years.reckoned_products import (
    Past,
    concentration,
    hourly,
    latest_title,
    movements,
    pasts,
    stretches,
)
from tests.years.reckoned_sales import Raw
from tests.years.reckoned_spans import before, moved, span_of, year_before

Told = dict[str, Any]
MARKETPLACES = {"templates": "gumroad"}


@dataclass
class Wishes:
    """What the owner configured and wrote down."""

    goals: Sequence[Goal] = ()
    shares: Sequence[Share] = ()
    spent: Mapping[Product, int] = field(default_factory=dict)
    """Minutes of work on each product."""


@dataclass
class Reckoner:
    """Works out digests; `beside` are the account's lines that belong to no order, by shop."""

    days: Days
    wishes: Wishes
    beside: Mapping[str, Iterable[Raw]] = field(default_factory=dict)

    def digest(self, kind: str, day: date) -> Told:
        span = span_of(kind, day)
        entries = self.days.within(span)
        found = pasts(self.days, stretches(kind, span))
        longer = kind != "daily"
        return {
            "kind": kind,
            "timezone": self.days.zone.key,
            **self.report(span),
            "shops": self._shops(entries),
            "products": self._products(span, entries),
            "stale": [],
            "provisional": False,
            "through_affiliates": {
                code: written(sums["through_affiliates"], code)
                for code, sums in by_currency(entries).items()
                if sums["through_affiliates"]
            },
            **beside_sales(self.beside, span, self.days.zone),
            "passive_sales": sum(entry.own["passive_sales"] for entry in entries),
            "compared": self._compared(kind, span),
            "news": [],
            "kinds": {
                str(name): told_by_currency(members)
                for name, members in grouped(entries, lambda entry: entry.sold.kind).items()
            },
            "countries": _countries(entries),
            "bars": bars(self.days, kind, span),
            "trends": self._trends(span, entries, found)
            if self.days.first_day <= stretches(kind, span)[-2][0]
            else [],
            "movements": movements(kind, found),
            "concentration": self._concentration(span, entries) if longer else None,
            "hourly": self._hourly() if longer else [],
            "goals": goals(self.days, kind, span, self.wishes.goals),
            "put_aside": self._put_aside(span) if longer else [],
            "streak": streak(self.days, span),
            "record": record(self.days, kind, span),
            "attention": self._attention(span, entries),
            "gap": None,
            "behind": False,
        }

    def report(self, span: Span) -> Told:
        """Return the days, the totals by currency, and what they come to in the home one."""
        entries = self.days.within(span)
        home: Counter[str] = Counter()
        for entry in entries:
            home.update(entry.home or {})
        code = self.days.bank.home
        return {
            "from": span[0].isoformat(),
            "to": span[1].isoformat(),
            "totals": told_by_currency(entries),
            "home": {
                "currency": code,
                **told(home, code),
                "unconverted": sorted(
                    {entry.sold.currency for entry in entries if entry.home is None}
                ),
            },
        }

    def _shops(self, entries: Iterable[Entry]) -> list[Told]:
        shops = grouped(entries, lambda entry: entry.sold.shop)
        return [
            {
                "shop": shop,
                "marketplace": MARKETPLACES.get(str(shop), "etsy"),
                "totals": told_by_currency(shops[shop]),
            }
            for shop in sorted(map(str, shops))
        ]

    def _sums(self, entries: Iterable[Entry]) -> dict[Product, Counter[str]]:
        found: dict[Product, Counter[str]] = {}
        for entry in entries:
            for product, brought in entry.products.items():
                found.setdefault(product, Counter()).update(brought)
        return found

    def _products(self, span: Span, entries: Iterable[Entry]) -> list[Told]:
        """Return what each product brought; in order of shop and title, not of merit."""
        rows = []
        for product, sums in self._sums(entries).items():
            code = self.days.currencies[product]
            figures = {
                "sales": sums["sales"],
                "gross": written(sums["gross"], code),
                "net": written(sums["net"], code),
            }
            rows.append(
                {
                    "product": latest_title(self.days, product, span),
                    "shop": product[0],
                    "units": sums["units"],
                    "totals": {code: figures},
                }
            )
        return sorted(rows, key=by_name)

    def home_by_product(self, span: Span) -> dict[Product, int]:
        """Return what each product brought in the home currency."""
        sums = self._sums(self.days.within(span))
        return {product: each["home_net"] for product, each in sums.items()}

    def _trends(self, span: Span, entries: Iterable[Entry], found: Iterable[Past]) -> list[Told]:
        of_period = self._sums(entries)
        rows = [
            {
                "product": latest_title(self.days, past.product, span),
                "shop": past.product[0],
                "units": past.units[-1],
                "units_before": past.units[-2],
            }
            for past in found
            if past.product in of_period and (past.units[-1] or past.units[-2])
        ]
        return sorted(rows, key=by_name)

    def _compared(self, kind: str, span: Span) -> dict[str, Told]:
        found = {"before": self.report(before(kind, span))}
        if kind == "daily":
            found["week_before"] = self.report(moved(span, -7))
        if kind == "weekly":
            found["four_weeks_before"] = self.report(moved(span, -28))
        if kind != "yearly":
            earlier = year_before(kind, span)
            if self.days.first_day <= earlier[0]:
                found["year_before"] = self.report(earlier)
        return found

    def _concentration(self, span: Span, entries: Sequence[Entry]) -> Told | None:
        sales = sum(entry.sold.counts for entry in entries)
        return concentration(self.days, span, sales, self.days.currencies)

    def _hourly(self) -> list[Told]:
        return hourly(self.days, self.wishes.spent, self.days.currencies)

    def _put_aside(self, span: Span) -> list[Told]:
        home = self.days.figures(span).home
        return put_aside(home, self.wishes.shares, self.days.bank.home)

    def _attention(self, span: Span, entries: Iterable[Entry]) -> list[Told]:
        """Name the products of which nobody says whether they make work."""
        names = [
            latest_title(self.days, product, span)
            for product, sums in self._sums(entries).items()
            if sums["unclassified"]
        ]
        return [
            {"concern": "unclassified", "subject": name, "count": 0, "since": None, "what": None}
            for name in sorted(names)
        ]


def by_name(row: Told) -> tuple[str, str]:
    return row["shop"], row["product"]


def _countries(entries: Iterable[Entry]) -> list[Told]:
    """Return the countries that anything counted was sold to, most sales first, unknown last."""
    found = grouped(entries, lambda entry: entry.sold.country)
    sales = {name: sum(each.sold.counts for each in members) for name, members in found.items()}
    named = sorted(
        (name for name in found if sales[name]), key=lambda name: (-sales[name], name or "~")
    )
    return [{"country": name, "totals": told_by_currency(found[name])} for name in named]
