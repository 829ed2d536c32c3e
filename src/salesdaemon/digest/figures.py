"""The figures of a summary, in the home currency where all of it could be converted."""

from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.summary import FIGURES, GroupTotals, Summary, Totals


def is_quiet(summary: Summary) -> bool:
    """Tell whether nothing was sold and no money moved."""
    return not any(line.sales or line.gross or line.net for line in summary.totals.values())


def lacking_rates(summary: Summary) -> list[str]:
    """List the currencies that could not be converted; nothing is nothing in every currency."""
    return [
        currency
        for currency in summary.unconverted
        if any(getattr(summary.totals[currency], name) for name in FIGURES)
    ]


def is_converted(summary: Summary) -> bool:
    """Tell whether all that came in could be converted into the home currency."""
    return not lacking_rates(summary)


def currencies_of(summary: Summary) -> list[str]:
    """List the currencies that brought or cost anything, the home currency first."""
    return [
        currency
        for currency, line in in_order(summary)
        if any(getattr(line, name) for name in FIGURES)
    ]


def is_estimated(summary: Summary) -> bool:
    """Tell whether any of the fees are estimated."""
    return any(line.estimated for line in summary.totals.values())


def in_order(summary: Summary) -> list[tuple[str, Totals]]:
    """List the totals by currency, the home currency first."""
    return sorted(
        summary.totals.items(), key=lambda entry: (entry[0] != summary.home_currency, entry[0])
    )


def headlines_of(summary: Summary) -> list[tuple[str, Totals]]:
    """List what is written large: the total in the home currency, or else that of each currency."""
    if summary.totals and is_converted(summary):
        return [(summary.home_currency, summary.home)]
    return in_order(summary)


def sales_of(summary: Summary) -> int:
    """Count the sales of all currencies."""
    return sum(line.sales for line in summary.totals.values())


def passive_sales_of(summary: Summary) -> int:
    """Count the sales that made no work at all."""
    return sum(line.passive_sales for line in summary.totals.values())


def units_of(group: GroupTotals | Summary) -> int:
    """Count the pieces of all currencies."""
    return sum(line.units for line in group.totals.values())


def count_sales(summary: Summary, wording: Wording) -> str:
    """Count the sales, and those of them that made no work: "7 sales, 6 without any work"."""
    sales, passive = sales_of(summary), passive_sales_of(summary)
    counted = wording.count(sales, "sale") if sales else "no sales"
    if not passive:
        return counted
    if passive < sales:
        return f"{counted}, {wording.number(passive)} without any work"
    return f"{counted}, {'' if sales == 1 else 'all '}without any work"


def nets_of(summary: Summary, wording: Wording) -> str:
    """Write the nets of a summary in a sentence: "€86.40 and US$14.15 net", or "nothing"."""
    nets = [wording.amount(line.net, currency) for currency, line in headlines_of(summary)]
    estimate = ", estimated" if is_estimated(summary) else ""
    return f"{listing(nets)} net{estimate}" if nets else "nothing"
