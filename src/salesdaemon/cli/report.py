"""`report`: the totals of a period."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption, day_option
from salesdaemon.cli.output import Column, Record, print_json, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.collecting import books_of, stale_shops
from salesdaemon.domain.money import to_text
from salesdaemon.domain.period import Period, day_of
from salesdaemon.domain.report import (
    BooksOfPeriod,
    books_json,
    instant_json,
    report_json,
    totals_json,
)
from salesdaemon.domain.summary import GroupTotals, StaleShop, Summary, Totals
from salesdaemon.domain.sums import DaySum, Dimension, group_by
from salesdaemon.errors import UsageError
from salesdaemon.store.engine import Connection
from salesdaemon.store.rates import newest_day
from salesdaemon.store.sales import first_day
from salesdaemon.store.sums import Basis, load_summary, load_sums


class By(StrEnum):
    """What a report is broken down by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    PRODUCT = "product"
    SHOP = "shop"
    COUNTRY = "country"


_NAME_OF: dict[By, Callable[[DaySum], str | None]] = {
    By.DAY: lambda each: each.day.isoformat(),
    By.WEEK: lambda each: f"{each.day:%G-W%V}",
    By.MONTH: lambda each: f"{each.day:%Y-%m}",
    By.SHOP: lambda each: each.shop,
    By.COUNTRY: lambda each: each.name or None,
}
_FIGURES = (
    *("gross", "refunded", "fees", "fees_refunded", "affiliate", "net"),
    *("passive_net", "active_net", "unclassified_net", "through_affiliates"),
)
_PRODUCT_FIGURES = frozenset({"gross", "net"})
_TABLE_FIGURES = tuple(
    name for name in _FIGURES if name not in {"fees_refunded", "affiliate", "through_affiliates"}
)
_COLUMNS = (
    Column("name", lambda row: row["name"] or _nameless(row["group"]), title=True),
    Column("currency"),
    Column("sales", number=True),
    *(Column(name, number=True) for name in _TABLE_FIGURES),
    Column("figures", lambda row: "estimated" if row["estimated"] else "exact"),
)
_CSV_COLUMNS = (
    Column("group"),
    Column("name", title=True),
    Column("currency"),
    Column("sales"),
    *(Column(name) for name in _FIGURES),
    Column("estimated"),
)


def _nameless(group: str) -> str:
    return group if group == "total" else f"{group} unknown"


def report(
    context: typer.Context,
    *,
    first: Annotated[
        date | None, day_option("--from", "The first day; by default that of the oldest sale.")
    ] = None,
    last: Annotated[date | None, day_option("--to", "The last day; by default today.")] = None,
    by: Annotated[By | None, typer.Option("--by", help="Break it down.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Add up a period."""

    async def work(app: Application) -> None:
        with app.store.read() as connection:
            today = day_of(app.clock(), app.settings.zone)
            end = last or today
            begin = first or min(first_day(connection) or end, end)
            if begin > end:
                raise UsageError(f"{begin} is after {end}.", fix="Give an earlier --from.")
            period = Period(begin, end)
            summary = load_summary(connection, app.basis, period)
            groups = _groups(connection, app.basis, summary, by) if by is not None else None
            stale = stale_shops(connection, app.settings, app.clock())
            books = books_of(connection, period, app.settings.zone, today)
            rates_of = newest_day(connection) if summary.provisional else None
        if form is Format.JSON:
            print_json(_json(report_json(summary, stale, app.settings.timezone, books), by, groups))
        else:
            _print_rows(summary, by, groups, form)
            _tell_what_is_missing(summary, stale)
            if rates_of is not None:
                age = (today - rates_of).days
                say(
                    f"The last exchange rates are of {rates_of}, {age} days old; totals may change."
                )
            _tell_books(books)

    in_application(context, work)


def _groups(
    connection: Connection, basis: Basis, summary: Summary, by: By
) -> Sequence[GroupTotals]:
    if by is By.PRODUCT:
        return summary.products
    dimension = Dimension.COUNTRY if by is By.COUNTRY else Dimension.TOTAL
    by_day = by in {By.DAY, By.WEEK, By.MONTH}
    sums = load_sums(connection, basis, summary.period, (dimension,), by_day=by_day)
    return group_by(sums, _NAME_OF[by])


def _json(
    value: dict[str, Any], by: By | None, groups: Sequence[GroupTotals] | None
) -> dict[str, Any]:
    if by is None or groups is None:
        return value
    if by is not By.PRODUCT:
        found = [{"name": group.name, "totals": totals_json(group.totals)} for group in groups]
    else:  # figures that belong to a sale as a whole have no share in a product
        found = [
            {"name": line["product"], **{key: line[key] for key in ("shop", "units", "totals")}}
            for line in value["products"]
        ]
    return {**value, "by": by.value, "groups": found}


def _print_rows(
    summary: Summary, by: By | None, groups: Sequence[GroupTotals] | None, form: Format
) -> None:
    word = by if by is not None else By.SHOP
    rows = [*_rows("total", None, summary.totals)]
    for group in summary.shops if groups is None else groups:
        rows += _rows(word.value, group, group.totals)
    print_listing(rows, _COLUMNS, form, csv_columns=_CSV_COLUMNS)


def _rows(word: str, group: GroupTotals | None, totals: dict[str, Totals]) -> Iterator[Record]:
    told = _PRODUCT_FIGURES if word == By.PRODUCT else _FIGURES
    for currency, line in totals.items():
        yield {
            "group": word,
            "name": group.name if group is not None else None,
            "currency": currency,
            "sales": line.sales,
            **{
                name: to_text(getattr(line, name), currency) if name in told else None
                for name in _FIGURES
            },
            "estimated": line.estimated,
        }


def _tell_books(books: BooksOfPeriod) -> None:
    told = books_json(books)
    for label in ("costs", "other"):
        for line in told[label]:
            say(f"{label} of {line['shop']}: {line['name']} {line['amount']} {line['currency']}")
    for payout in told["payouts"]:
        if not Decimal(payout["amount"]):
            continue  # nothing waits to be paid out
        when = payout["made_on"] or f"about {payout['arrives_on'] or 'an unknown day'}"
        guess = " (estimated)" if payout["estimated"] else ""
        amount = f"{payout['amount']} {payout['currency']}"
        say(f"payout of {payout['shop']}: {amount}, {payout['status']}, {when}{guess}")


def _tell_what_is_missing(summary: Summary, stale: Sequence[StaleShop]) -> None:
    say(f"{summary.period.first} to {summary.period.last}.")
    if summary.unconverted:
        say(f"Not in the totals of {summary.home_currency}: {', '.join(summary.unconverted)}.")
    for shop in stale:
        last = instant_json(shop.last_good_poll)
        say(f"{shop.shop} was " + (f"last read at {last}." if last else "never read."))
