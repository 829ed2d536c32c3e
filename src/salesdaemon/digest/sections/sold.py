"""What was sold: the sum from gross to net, shops, countries, renewals and affiliates."""

from collections.abc import Iterator, Mapping, Sequence

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import currencies_of, in_order, is_converted, is_estimated, units_of
from salesdaemon.digest.sections.hero import shares_of
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Line, Section, Step, Sum
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.sale import Kind
from salesdaemon.domain.summary import GroupTotals, Summary, Totals

_NAME_LENGTH = 40
_MOST_COUNTRIES = {DigestKind.DAILY: 5}
_MORE_COUNTRIES = 10


def add_up(summary: Summary, wording: Wording) -> Iterator[Sum]:
    """Add each currency up from its gross to its net."""
    for currency, line in in_order(summary):
        steps = [
            Step(wording.amount(minor, currency), label)
            for minor, label, always in _terms(line)
            if minor or always
        ]
        yield Sum(currency, tuple(steps))


def _terms(line: Totals) -> Iterator[tuple[int, str, bool]]:
    """List what adds up to the net, and whether it is named even where it is nothing."""
    estimate = ", estimated" if line.estimated else ""
    terms = (
        (line.gross, "gross", True),
        (-line.refunded, "refunds", True),
        (-line.fees, f"fees{estimate}", True),
        (line.fees_refunded, f"fees given back{estimate}", False),
        (-line.affiliate, "affiliates", False),
    )
    yield from terms
    # A disputed sale counts as nothing at all, so its fees do not weigh on the net either.
    yield line.net - sum(term[0] for term in terms), "fees of disputed sales, left out", False
    yield line.net, f"net{estimate}", True


def net_hint(content: DigestContent) -> str:
    """Say what the amounts of a section are."""
    return "net, estimated" if is_estimated(content.summary) else "net"


def nets(group: GroupTotals, wording: Wording) -> tuple[str, ...]:
    """Write what a group brought in each currency."""
    return tuple(wording.amount(line.net, currency) for currency, line in group.totals.items())


def more(number: int, wording: Wording, noun: str = "") -> str:
    """Say how many lines are left out."""
    counted = wording.count(number, f"more {noun}") if noun else f"{wording.number(number)} more"
    return f"and {counted}" if number > 0 else ""


def best_first(groups: Sequence[GroupTotals]) -> list[GroupTotals]:
    """Put groups in the order of their net in the home currency, where all of it is known."""
    homes = [group.home.net for group in groups if group.home is not None]
    if len(homes) < len(groups):
        return list(groups)
    order = sorted(range(len(groups)), key=lambda place: -homes[place])
    return [groups[place] for place in order]


def list_shops(content: DigestContent, wording: Wording, max_rows: int) -> Section | None:
    """List the shops; a single one says nothing that was not said."""
    shops = content.summary.shops
    if len(shops) <= 1:
        return None
    homes = [shop.home.net if shop.home is not None else None for shop in shops]
    known = [net for net in homes if net is not None]
    shares = shares_of(known) if len(known) == len(homes) else [0] * len(homes)
    lines = tuple(_shop(shop, share, wording) for shop, share in zip(shops, shares, strict=True))
    hidden = len(shops) - max_rows
    return Section("Shops", net_hint(content), lines=lines[:max_rows], more=more(hidden, wording))


def _shop(shop: GroupTotals, share: int, wording: Wording) -> Line:
    sales = sum(line.sales for line in shop.totals.values())
    counted = wording.count(sales, "sale") if sales else "no sales"
    units = units_of(shop)
    return Line(
        name=clean(shop.shop, _NAME_LENGTH),
        details=(
            f"{clean(shop.marketplace, _NAME_LENGTH)}, {counted}"
            + (f", {wording.count(units, 'item')}" if units != sales else ""),
        ),
        amounts=nets(shop, wording),
        aside=(wording.percent(share, 100),) if share else (),
        share=share,
    )


def list_extras(content: DigestContent, wording: Wording) -> Section | None:
    """Tell of renewals, affiliates, free downloads and trials, where there were any."""
    paid = {
        "renewals": _renewals(content.kinds.get(Kind.RENEWAL.value, {}), wording),
        "affiliates": _affiliates(content.summary, wording),
    }
    free = {
        "free downloads": _free("Given away", Kind.FREE, content, wording),
        "trials": _free("Tried out", Kind.TRIAL, content, wording),
    }
    lines = {name: line for name, line in {**paid, **free}.items() if line is not None}
    if not lines:
        return None
    title = listing(list(lines))
    hint = net_hint(content) if lines.keys() & paid.keys() else ""
    return Section(title[0].upper() + title[1:], hint, lines=tuple(lines.values()))


def _renewals(totals: Mapping[str, Totals], wording: Wording) -> Line | None:
    sales = sum(line.sales for line in totals.values())
    if not sales:
        return None
    amounts = tuple(wording.amount(line.net, currency) for currency, line in totals.items())
    return Line("From members you had", (wording.count(sales, "renewal"),), amounts)


def _affiliates(summary: Summary, wording: Wording) -> Line | None:
    through = [
        (currency, line)
        for currency, line in in_order(summary)
        if line.through_affiliates or line.affiliate
    ]
    if not through:
        return None
    paid = listing([wording.amount(line.affiliate, currency) for currency, line in through])
    amounts = tuple(wording.amount(line.through_affiliates, currency) for currency, line in through)
    return Line("Brought by affiliates", (f"{paid} went to them",), amounts)


def _free(name: str, kind: Kind, content: DigestContent, wording: Wording) -> Line | None:
    units = sum(line.units for line in content.kinds.get(kind.value, {}).values())
    return Line(name, amounts=(wording.count(units, "item"),)) if units else None


def list_countries(content: DigestContent, wording: Wording, max_rows: int) -> Section | None:
    """List where sales went to; nothing where no country is known."""
    countries = best_first(content.countries)
    if not any(country.name for country in countries):
        return None
    most = min(max_rows, _MOST_COUNTRIES.get(content.kind, _MORE_COUNTRIES))
    lines = tuple(_country(country, content, wording) for country in countries[:most])
    hint = net_hint(content)
    if _in_home(content):
        hint += f", in {content.summary.home_currency}"
    title = "Countries" if len(countries) > 1 else "Country"
    return Section(title, hint, lines=lines, more=more(len(countries) - most, wording))


def _in_home(content: DigestContent) -> bool:
    """Tell whether countries are in the home currency: several currencies, all converted."""
    summary = content.summary
    return is_converted(summary) and not set(currencies_of(summary)) <= {summary.home_currency}


def _country(country: GroupTotals, content: DigestContent, wording: Wording) -> Line:
    amounts = nets(country, wording)
    if _in_home(content) and country.home is not None:
        amounts = (wording.amount(country.home.net, content.summary.home_currency),)
    sales = sum(line.sales for line in country.totals.values())
    counted = (wording.count(sales, "sale"),) if sales else ("no sales",)
    return Line(clean(wording.country(country.name), _NAME_LENGTH), counted, amounts)
