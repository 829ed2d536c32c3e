from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.hours import parse_hours
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import LEVELS, ORDER_KINDS, News, Rule, RuleBook, Style, Verdict

DAY = date(2026, 11, 20)
FRIDAY_NIGHT = parse_hours("fri 22:30-07:00")
LEVELS_OF_KINDS = {
    "sale": "on",
    "renewal": "on",
    "free": "off",
    "refund": "silent",
    "dispute": "silent",
    "dispute_won": "silent",
    "cancelled": "silent",
    "trouble": "on",
    "milestone": "on",
}
SALE = News(
    kind="sale",
    at=datetime(2026, 11, 20, 21, 45, tzinfo=UTC),  # a Friday; 22:45 in Berlin
    shop="prints",
    marketplace="first",
    products=("Weekly Planner", "Sticker"),
    amount=Money(1200, "USD"),
    day=DAY,
    passive=True,
)


def find_rate(currency: str, home: str, day: date) -> Conversion | None:
    if (currency, home, day) != ("USD", "EUR", DAY):
        return None
    return Conversion(Fraction(9, 10), day, "test")


def book(*rules: Rule) -> RuleBook:
    return RuleBook(LEVELS_OF_KINDS, ("phone", "desk"), rules, ZoneInfo("Europe/Berlin"))


def judged(rule: Rule, news: News = SALE) -> bool:
    """Tell whether the rule decided."""
    return book(rule).judge(news, find_rate).rule.startswith("alerts.rules[1]")


def test_without_rules_the_level_of_the_kind_decides() -> None:
    assert book().judge(replace(SALE, kind="refund"), find_rate) == Verdict(
        "silent", ("phone", "desk"), "alerts.kinds.refund", "It is a refund."
    )


def test_the_first_rule_that_fits_wins_and_sets_what_it_names() -> None:
    style = Style(sound="bell", title="{{ amount }}")
    rules = [
        Rule(shops=frozenset({"templates"}), level="off"),
        Rule(name="planners", products=("*PLANNER",), channels=("desk",), style=style),
        Rule(level="off"),
    ]
    assert book(*rules).judge(SALE, find_rate) == Verdict(
        "on",
        ("desk",),
        'alerts.rules[2] "planners"',
        "It is a sale, with a product like *PLANNER.",
        style,
    )


def test_a_style_is_plain_that_changes_nothing() -> None:
    assert Style().is_plain
    assert not Style(body="{{ shop }}").is_plain


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        (Rule(kinds=frozenset({"sale", "free"})), {"kind": "refund"}),
        (Rule(shops=frozenset({"prints"})), {"shop": "templates"}),
        (Rule(shops=frozenset({"prints"})), {"shop": None}),
        (Rule(marketplaces=frozenset({"first"})), {"marketplace": "second"}),
        (Rule(products=("st?cker",)), {"products": ("Planner",)}),
        (Rule(products=("*",)), {"products": ()}),
        (Rule(min_amount=Money(1080, "EUR")), {"amount": Money(1199, "USD")}),
        (Rule(min_amount=Money(1200, "USD")), {"amount": Money(1199, "USD")}),
        (Rule(min_amount=Money(1, "EUR")), {"amount": None}),
        (Rule(min_amount=Money(1, "EUR")), {"day": None}),
        (Rule(min_amount=Money(1, "EUR")), {"amount": Money(5000, "TRY")}),
        (Rule(passive=True), {"passive": False}),
        (Rule(passive=True), {"passive": None}),
        (Rule(hours=(FRIDAY_NIGHT,)), {"at": SALE.at.replace(hour=21, minute=29)}),
        (Rule(hours=(FRIDAY_NIGHT,)), {"at": SALE.at.replace(day=21)}),
    ],
)
def test_a_rule_fits_only_while_its_condition_holds(rule: Rule, other: dict[str, object]) -> None:
    assert judged(rule)
    assert not judged(rule, replace(SALE, **other))  # type: ignore[arg-type] # the cases above name its fields


@pytest.mark.parametrize("first", ["first_of_product", "first_in_country"])
def test_only_a_sale_can_be_the_first(first: str) -> None:
    rule = Rule(**{first: True})  # type: ignore[arg-type] # both are flags
    firsts = replace(SALE, **{first: True})  # type: ignore[arg-type] # both are flags
    assert judged(rule, firsts)
    assert not judged(rule, SALE)
    assert not judged(rule, replace(firsts, kind="free"))


def test_every_condition_of_a_rule_has_to_hold() -> None:
    rule = Rule(shops=frozenset({"prints"}), passive=True, min_amount=Money(500, "EUR"))
    assert judged(rule)
    for other in (replace(SALE, shop="x"), replace(SALE, passive=False)):
        assert not judged(rule, other)


@pytest.mark.parametrize("kind", sorted(ORDER_KINDS))
@pytest.mark.parametrize("level", LEVELS)
def test_a_rule_without_kind_makes_only_sales_and_renewals_louder(kind: str, level: str) -> None:
    usual = LEVELS_OF_KINDS[kind]
    verdict = book(Rule(level=level)).judge(replace(SALE, kind=kind), find_rate)
    louder_is_fine = kind in {"sale", "renewal"}
    assert verdict.level == (level if louder_is_fine else min(level, usual, key=LEVELS.index))


def test_a_rule_that_was_held_back_says_so() -> None:
    verdict = book(Rule(level="on")).judge(replace(SALE, kind="free"), find_rate)
    assert verdict == Verdict(
        "off",
        ("phone", "desk"),
        "alerts.rules[1]",
        "It is a free order. A rule without `kind` makes a free order no louder.",
    )


def test_a_rule_that_names_a_kind_sets_its_level() -> None:
    rule = Rule(kinds=frozenset({"free"}), level="on")
    assert book(rule).judge(replace(SALE, kind="free"), find_rate).level == "on"


def test_a_rule_without_kind_is_not_for_trouble_or_milestones() -> None:
    for kind in ("trouble", "milestone", "payout", "silence"):
        assert not judged(Rule(level="off"), News(kind, SALE.at))
        assert judged(Rule(kinds=frozenset({kind}), level="off"), News(kind, SALE.at))


def test_a_kind_that_nothing_configures_is_silent() -> None:
    assert book().judge(News("watching", SALE.at), find_rate).level == "silent"


def test_a_missing_rate_is_named_only_where_nothing_else_kept_the_rule_from_fitting() -> None:
    in_lira = replace(SALE, amount=Money(90000, "TRY"))
    rules = [
        Rule(shops=frozenset({"templates"}), min_amount=Money(2000, "EUR")),
        Rule(name="big", min_amount=Money(2000, "EUR")),
    ]
    assert book(*rules).judge(in_lira, find_rate) == Verdict(
        "on",
        ("phone", "desk"),
        "alerts.kinds.sale",
        "It is a sale and no rule fits. "
        'alerts.rules[2] "big": no rate from TRY to EUR is known for that day.',
    )


def test_the_reason_names_every_condition_and_the_converted_amount() -> None:
    rule = Rule(
        kinds=frozenset({"sale"}),
        shops=frozenset({"prints"}),
        marketplaces=frozenset({"first"}),
        products=("*planner", "*logo*"),
        min_amount=Money(500, "EUR"),
        passive=True,
        first_of_product=True,
        first_in_country=True,
        hours=(parse_hours("mon-fri 20:00-24:00"),),
    )
    news = replace(SALE, first_of_product=True, first_in_country=True)
    assert book(rule).judge(news, find_rate).reason == (
        "It is a sale, of the shop prints, with a product like *planner or *logo*, passive, "
        "the first of its product, the first in its country, within mon-fri 20:00-24:00, "
        "worth 12.00 USD (10.80 EUR) and so at least 5.00 EUR."
    )


def test_explain_says_of_each_rule_why_it_does_not_fit_up_to_the_one_that_does() -> None:
    rules = [
        Rule(kinds=frozenset({"refund", "dispute"})),
        Rule(shops=frozenset({"templates"})),
        Rule(marketplaces=frozenset({"second"})),
        Rule(products=("*poster*",)),
        Rule(passive=False),
        Rule(first_of_product=True),
        Rule(first_in_country=True),
        Rule(hours=(parse_hours("sat,sun 00:00-24:00"), parse_hours("09:00-18:00"))),
        Rule(min_amount=Money(2000, "EUR")),
        Rule(min_amount=Money(2000, "USD")),
        Rule(min_amount=Money(2000, "JPY")),
        Rule(name="rest"),
        Rule(level="off"),
    ]
    assert book(*rules).explain(SALE, find_rate) == [
        ("alerts.rules[1]", "it is a sale, the rule is for dispute or refund."),
        ("alerts.rules[2]", "it is of the shop prints, the rule is for templates."),
        ("alerts.rules[3]", "it is of first, the rule is for second."),
        ("alerts.rules[4]", "no product is like *poster*."),
        ("alerts.rules[5]", "it is passive, the rule is for what is active."),
        ("alerts.rules[6]", "it is not the first sale of a product."),
        ("alerts.rules[7]", "it is not the first sale in a country."),
        (
            "alerts.rules[8]",
            "it came on fri at 22:45, the rule is for sat,sun 00:00-24:00 or 09:00-18:00.",
        ),
        ("alerts.rules[9]", "12.00 USD (10.80 EUR) is less than 20.00 EUR."),
        ("alerts.rules[10]", "12.00 USD is less than 20.00 USD."),
        ("alerts.rules[11]", "no rate from USD to JPY is known for that day."),
        ('alerts.rules[12] "rest"', None),
    ]


def test_explain_ends_with_the_level_of_the_kind_where_no_rule_fits() -> None:
    assert book(Rule(shops=frozenset({"templates"}))).explain(SALE, find_rate) == [
        ("alerts.rules[1]", "it is of the shop prints, the rule is for templates."),
        ("alerts.kinds.sale", None),
    ]


def test_a_book_says_which_facts_its_rules_ask_for() -> None:
    assert not book(Rule(passive=True)).asks_for_firsts
    assert not book(Rule(passive=True)).asks_for_rates
    assert book(Rule(), Rule(first_in_country=True)).asks_for_firsts
    assert book(Rule(), Rule(min_amount=Money(1, "EUR"))).asks_for_rates


@pytest.mark.parametrize("glob", ["[Digital]*", "*planner [A4]"])
def test_a_bracket_in_a_glob_is_one_of_the_title(glob: str) -> None:
    title = "[digital] Planner [A4]"
    assert judged(Rule(products=(glob,)), replace(SALE, products=(title,)))
    assert not judged(Rule(products=(glob,)), replace(SALE, products=("dplanner 4",)))
