"""Find rules that can never match: by themselves, or because earlier ones take all they fit. Pure.

What is found is certain. Amounts in different currencies, and some pairs of globs, cannot be
compared; rules that differ in these are taken to be apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.hours import WHOLE_WEEK, week_mask
from salesdaemon.domain.rules import ORDER_KINDS, SALE_KINDS, Rule, plain_brackets

_FREE: Final = EventKind.FREE.value
_ANYWHERE: Final = None

Case = tuple[str, str | None]
"""A kind of news and the shop that it is of; None for any shop, or none."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A rule, by its place, that earlier ones leave nothing to match; `by` are their places."""

    rule: int
    by: tuple[int, ...]


def never_matches(rule: Rule, shops: Mapping[str, str]) -> str | None:
    """Say why no news can ever meet all conditions of a rule, None where some may.

    `shops` maps the shops of the configuration to their marketplaces.
    """
    named = rule.shops is not None or rule.marketplaces is not None
    if named and not _shops_of(rule, shops):
        return "no shop of the configuration is what it asks for"
    for asked, kinds, why in (
        (_is_about_orders(rule), ORDER_KINDS, "its kinds have no products, amount or effort"),
        (rule.first_of_product or rule.first_in_country, SALE_KINDS, "its kinds are no sales"),
        (rule.min_amount is not None, ORDER_KINDS - {_FREE}, "its kinds come without an amount"),
    ):
        if asked and not rule.is_for & kinds:
            return why
    return None


def shadowed(rules: Sequence[Rule], shops: Mapping[str, str]) -> list[Shadow]:
    """Return the rules whose every match is taken by an earlier one, or by several together.

    `shops` maps the shops of the configuration to their marketplaces.
    """
    found = []
    for place, rule in enumerate(rules):
        takers = [_first_taker(case, rule, rules[:place], shops) for case in _cases(rule, shops)]
        by = tuple(sorted({taker for taker in takers if taker is not None}))
        if takers and None not in takers:
            found.append(Shadow(place, by))
    return found


def _first_taker(
    case: Case, rule: Rule, earlier: Sequence[Rule], shops: Mapping[str, str]
) -> int | None:
    """Find the first rule that takes everything of a case that a later one would match."""
    return next(
        (
            place
            for place, other in enumerate(earlier)
            if case in _cases(other, shops, wanted=case) and _asks_no_more(other, rule)
        ),
        None,
    )


def _cases(rule: Rule, shops: Mapping[str, str], *, wanted: Case | None = None) -> set[Case]:
    """Split what a rule may match by kind and shop."""
    kinds = set(rule.is_for)
    if _is_about_orders(rule):
        kinds &= ORDER_KINDS
    if rule.first_of_product or rule.first_in_country:
        kinds &= SALE_KINDS
    if rule.min_amount is not None:
        kinds -= {_FREE}
    if wanted is not None:
        kinds &= {wanted[0]}
    cases: set[Case] = {(kind, shop) for kind in kinds for shop in _shops_of(rule, shops)}
    if rule.shops is None and rule.marketplaces is None:
        # What happens to orders is always of some shop; other news may be of none.
        cases |= {(kind, _ANYWHERE) for kind in kinds - ORDER_KINDS}
    return cases


def _shops_of(rule: Rule, shops: Mapping[str, str]) -> set[str]:
    return {
        shop
        for shop, marketplace in shops.items()
        if (rule.shops is None or shop in rule.shops)
        and (rule.marketplaces is None or marketplace in rule.marketplaces)
    }


def _is_about_orders(rule: Rule) -> bool:
    """Tell whether a rule asks for what only orders have."""
    return bool(rule.products) or rule.min_amount is not None or rule.passive is not None


def _asks_no_more(rule: Rule, than: Rule) -> bool:
    """Tell whether a rule's conditions beside kind and shop hold wherever another's do."""
    return (
        _products_hold(rule.products, than.products)
        and _amount_holds(rule, than)
        and rule.passive in {None, than.passive}
        and rule.first_of_product <= than.first_of_product
        and rule.first_in_country <= than.first_in_country
        and not _week(than) & ~_week(rule)
    )


def _week(rule: Rule) -> int:
    return week_mask(rule.hours) if rule.hours else WHOLE_WEEK


def _amount_holds(rule: Rule, than: Rule) -> bool:
    least, theirs = rule.min_amount, than.min_amount
    if least is None:
        return True
    if theirs is None or theirs.currency != least.currency:
        return False
    return theirs.amount_minor >= least.amount_minor


def _products_hold(globs: tuple[str, ...], than: tuple[str, ...]) -> bool:
    if not globs:
        return True
    return bool(than) and all(any(_includes(glob, each) for glob in globs) for each in than)


def _includes(glob: str, other: str) -> bool:
    """Tell whether one glob fits whatever another one fits, as far as that is plain to see."""
    glob, other = glob.casefold(), other.casefold()
    if glob == other:
        return True
    if "[" in other:
        return set(glob) == {"*"}
    if any(mark in other for mark in "*?") and any(mark in glob for mark in "?["):
        return False
    # A glob whose only mark is * takes the other's marks as it would take any letters.
    return fnmatchcase(other, plain_brackets(glob))
