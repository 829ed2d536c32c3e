from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.hours import parse_hours
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import ORDER_KINDS, News, Rule, find_unmet
from salesdaemon.domain.shadowing import Shadow, never_matches, shadowed

DAY = date(2026, 11, 20)
UTC_ZONE = ZoneInfo("UTC")
SHOPS = {"prints": "first", "posters": "first", "templates": "second"}
KINDS = [*sorted(ORDER_KINDS), "payout", "trouble"]
GLOBS = ["*", "plan*", "planner", "*n*", "plan???", "*[a-n]*", "l?go", "*r", "??*"]
PRODUCTS = ["planner", "planned", "logo", "Planner", "n", "plan[a-n]r"]


def subsets(values: list[str]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(values), min_size=1, max_size=3)


hours = st.sampled_from(
    ["mon-fri 09:00-18:00", "22:00-07:00", "sat,sun 00:00-24:00", "08:00-12:00"]
)
rules = st.builds(
    Rule,
    kinds=subsets(KINDS),
    shops=subsets([*SHOPS]),
    marketplaces=subsets(["first", "second"]),
    products=st.lists(st.sampled_from(GLOBS), max_size=2).map(tuple),
    min_amount=st.sampled_from([None, None, Money(500, "EUR"), Money(900, "EUR"), Money(5, "USD")]),
    passive=st.sampled_from([None, None, True, False]),
    first_of_product=st.booleans(),
    hours=st.lists(hours.map(parse_hours), max_size=2).map(tuple),
)


def happenings() -> Iterator[News]:
    """Yield what can happen: of a shop's own marketplace, with what belongs to orders alone."""
    moments = [
        datetime(2026, 11, day, hour, 30, tzinfo=UTC) for day in (2, 7) for hour in (3, 9, 20)
    ]
    amounts = [Money(499, "EUR"), Money(900, "EUR"), Money(700, "USD")]
    orders = [
        News(kind, at, shop, SHOPS[shop], (title,), amount, DAY, passive, first_of_product=first)
        for kind in sorted(ORDER_KINDS)
        for shop in SHOPS
        for at in moments
        for title in PRODUCTS
        for amount in ([Money(0, "EUR")] if kind == "free" else amounts)
        for passive in (True, False, None)
        for first in (True, False)
    ]
    # Drawn once for all, which is a hundred times faster than by hypothesis.
    yield from Random(20).sample(orders, 400)
    for kind, at, shop in product(["payout", "trouble"], moments, [*SHOPS, None]):
        yield News(kind, at, shop, SHOPS[shop] if shop else None)


def at_par(_currency: str, _home: str, day: date) -> Conversion | None:
    return Conversion(Fraction(1), day, "test")


def fits(rule: Rule, what: News) -> bool:
    return find_unmet(rule, what, at_par, UTC_ZONE) is None


HAPPENED = tuple(happenings())


@given(st.lists(rules, min_size=2, max_size=4))
def test_what_is_called_shadowed_is_never_the_first_to_fit(found: list[Rule]) -> None:
    for shadow in shadowed(found, SHOPS):
        for what in HAPPENED:
            if fits(found[shadow.rule], what):
                assert any(fits(found[place], what) for place in shadow.by)


@given(rules)
def test_what_is_said_never_to_match_does_not(rule: Rule) -> None:
    if never_matches(rule, SHOPS) is not None:
        assert not any(fits(rule, what) for what in HAPPENED)


@given(rules)
def test_a_rule_shadows_the_same_rule_after_it(rule: Rule) -> None:
    if never_matches(rule, SHOPS) is None:
        assert shadowed([rule, rule], SHOPS) == [Shadow(1, (0,))]


def rule(**conditions: object) -> Rule:
    return Rule(**conditions)  # type: ignore[arg-type] # the cases below name its fields


SALE = frozenset({"sale"})
PRINTS = frozenset({"prints"})
OFFICE = (parse_hours("mon-fri 08:00-20:00"),)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (rule(), rule(shops=PRINTS)),
        (rule(kinds=frozenset({"sale", "refund"})), rule(kinds=SALE)),
        (rule(marketplaces=frozenset({"first"})), rule(shops=PRINTS)),
        (rule(products=("*plan*",)), rule(products=("Big planner*",))),
        (rule(products=("plan???",)), rule(products=("planner",))),
        (rule(min_amount=Money(500, "EUR")), rule(min_amount=Money(900, "EUR"))),
        (rule(passive=True), rule(passive=True, first_of_product=True)),
        (rule(hours=OFFICE), rule(hours=(parse_hours("tue 9:00-10:00"),))),
    ],
    ids=["all", "kind", "marketplace", "glob", "letters", "amount", "first", "hours"],
)
def test_a_wider_rule_shadows_a_narrower_one_and_not_the_other_way(
    earlier: Rule, later: Rule
) -> None:
    assert shadowed([earlier, later], SHOPS) == [Shadow(1, (0,))]
    assert shadowed([later, earlier], SHOPS) == []


@pytest.mark.parametrize(
    "same",
    [rule(shops=frozenset(SHOPS)), rule(hours=(parse_hours("00:00-24:00"),))],
    ids=["every shop", "all the week"],
)
def test_a_condition_that_always_holds_is_none(same: Rule) -> None:
    assert shadowed([same, rule()], SHOPS) == [Shadow(1, (0,))]
    assert shadowed([rule(), same], SHOPS) == [Shadow(1, (0,))]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (rule(kinds=SALE), rule()),
        (rule(shops=frozenset(SHOPS)), rule(kinds=frozenset({"trouble"}))),  # of a channel, say
        (rule(), rule(kinds=frozenset({"trouble"}))),
        (rule(products=("l?go",)), rule(products=("l*go",))),
        (rule(min_amount=Money(500, "EUR")), rule(min_amount=Money(900, "USD"))),
        (rule(hours=(parse_hours("22:00-07:00"),)), rule(hours=(parse_hours("21:00-07:00"),))),
        (rule(passive=True), rule()),
    ],
    ids=["kind", "no shop", "not an order's", "glob", "currency", "hours", "passive"],
)
def test_rules_that_leave_each_other_something_are_not_shadowed(earlier: Rule, later: Rule) -> None:
    assert shadowed([earlier, later], SHOPS) == []


def test_several_rules_together_shadow_one() -> None:
    found = [
        rule(shops=PRINTS),
        rule(kinds=SALE),
        rule(kinds=frozenset({"renewal", "refund"})),
        rule(kinds=frozenset({"sale", "renewal"}), shops=frozenset({"prints", "templates"})),
    ]
    assert shadowed(found, SHOPS) == [Shadow(3, (0, 1, 2))]


@pytest.mark.parametrize(
    ("alone", "why"),
    [
        (
            rule(shops=PRINTS, marketplaces=frozenset({"second"})),
            "no shop of the configuration is what it asks for",
        ),
        (
            rule(kinds=frozenset({"payout"}), products=("*",)),
            "its kinds have no products, amount or effort",
        ),
        (rule(kinds=frozenset({"refund"}), first_of_product=True), "its kinds are no sales"),
        (
            rule(kinds=frozenset({"free"}), min_amount=Money(500, "EUR")),
            "its kinds come without an amount",
        ),
    ],
    ids=["shops", "orders", "first", "free"],
)
def test_a_rule_that_fits_nothing_is_found_with_the_reason(alone: Rule, why: str) -> None:
    assert never_matches(alone, SHOPS) == why


def test_a_rule_that_fits_nothing_is_not_called_shadowed() -> None:
    assert shadowed([rule(), rule(kinds=frozenset({"payout"}), passive=True)], SHOPS) == []
