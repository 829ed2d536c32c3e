"""What the tables below `[alerts]` mean together: the rules as they are applied, and what is wrong.

Only what a single key cannot tell is looked for here: names of other tables, templates, and rules
that can never match.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from salesdaemon.domain.currencies import CURRENCIES
from salesdaemon.domain.goals import Goal
from salesdaemon.domain.hours import EVERY_DAY, Hours, parse_hours, parse_weekdays
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import Rule, RuleBook, Style, rule_key
from salesdaemon.domain.shadowing import Shadow, never_matches, shadowed
from salesdaemon.errors import Problem
from salesdaemon.settings_alerts import AlertKinds, AlertSettings, GoalSettings, RuleSettings
from salesdaemon.settings_schema import suggest
from salesdaemon.settings_values import as_list

_KEY: Final = "alerts.rules"


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name: shops with their marketplaces, all marketplaces, channels."""

    shops: Mapping[str, str]
    marketplaces: Collection[str]
    channels: Collection[str]


def to_rule_book(alerts: AlertSettings, zone: ZoneInfo) -> RuleBook:
    """Make the rules as they are applied."""
    levels = {kind: str(getattr(alerts.kinds, kind)) for kind in AlertKinds.model_fields}
    return RuleBook(levels, alerts.channels, tuple(map(to_rule, alerts.rules)), zone)


def to_rule(table: RuleSettings) -> Rule:
    """Make a rule as it is applied."""
    return Rule(
        name=table.name,
        kinds=_set(table.kind),
        shops=_set(table.shop),
        marketplaces=_set(table.marketplace),
        products=table.product or (),
        min_amount=to_money(table.min_amount) if table.min_amount else None,
        passive=table.effort == "passive" if table.effort else None,
        first_of_product=table.first_sale_of_product,
        first_in_country=table.first_sale_in_country,
        hours=_hours(table),
        level=table.level,
        channels=table.channels,
        style=Style(table.sound, table.title, table.body),
    )


def to_goal(name: str, table: GoalSettings) -> Goal:
    """Make a goal as it is compared with."""
    return Goal(name, table.label or name, to_money(table.amount), table.figure)


def to_money(worth: str) -> Money:
    """Read an amount that was checked: "30.00 EUR"."""
    amount, currency = worth.split()
    return Money.parse(amount, currency)


def rule_problems(rules: object, known: Known) -> Iterator[Problem]:
    """Find what is wrong with rules beyond single keys; `rules` is as the configuration has it.

    A table that cannot be read is passed over.
    """
    sound: dict[int, Rule] = {}
    for place, table in read_rules(rules).items():
        key = f"{_KEY}[{place + 1}]"
        unknown = list(_unknown_names(key, table, known))
        yield from unknown
        yield from _template_problems(key, table)
        if not unknown:
            sound[place] = to_rule(table)
    if known.shops and set(known.shops.values()) <= set(known.marketplaces):
        yield from _unmatched(sound, known.shops)


def read_rules(rules: object) -> dict[int, RuleSettings]:
    """Read the rules that can be read, by their place; `rules` is as the configuration has it."""
    try:
        entries = as_list(rules)
    except ValueError:
        return {}
    tables = enumerate(map(_read, entries if isinstance(entries, list | tuple) else ()))
    return {place: table for place, table in tables if table is not None}


def goal_problems(goals: Mapping[str, Any], currency: object) -> Iterator[Problem]:
    """Find goals that are not in the home currency; what is no amount is reported elsewhere."""
    home = currency.upper() if isinstance(currency, str) else ""
    if home not in CURRENCIES:  # reported elsewhere
        return
    for name, table in goals.items():
        try:
            amount = to_money(GoalSettings.model_validate(table).amount)
        except ValidationError:
            continue
        if amount.currency != home:
            what = f"must be in {home}, the `currency` that totals are in."
            yield Problem(f"goals.{name}.amount", what)


def _set(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return frozenset(names) if names is not None else None


def _hours(table: RuleSettings) -> tuple[Hours, ...]:
    if table.hours is None and table.weekdays is None:
        return ()
    days = parse_weekdays(table.weekdays) if table.weekdays else EVERY_DAY
    if table.hours is None:
        return (Hours(days, time(), time()),)
    found = map(parse_hours, table.hours)
    if table.weekdays is None:
        return tuple(found)
    return tuple(Hours(days, hours.start, hours.end) for hours in found)


def _read(table: object) -> RuleSettings | None:
    try:
        return RuleSettings.model_validate(table)
    except ValidationError:
        return None


def _unknown_names(key: str, table: RuleSettings, known: Known) -> Iterator[Problem]:
    shops, marketplaces, channels = (
        list(known.shops),
        list(known.marketplaces),
        list(known.channels),
    )
    for field, names, there_are, called in (
        ("shop", table.shop, shops, "[shops.{}]"),
        ("marketplace", table.marketplace, marketplaces, "marketplace `{}`"),
        ("channels", table.channels, channels, "[channels.{}]"),
    ):
        for name in names or ():
            if name not in there_are:
                what = f"there is no {called.format(name)}; {suggest(name, there_are)}"
                yield Problem(f"{key}.{field}", what)


def _template_problems(key: str, table: RuleSettings) -> Iterator[Problem]:
    templates = {"title": table.title, "body": table.body}
    given = {field: text for field, text in templates.items() if text is not None}
    if not given:
        return
    from salesdaemon.notify.templates import problem_of  # noqa: PLC0415 - most configurations have none

    for field, text in given.items():
        what = problem_of(text)
        if what is not None:
            yield Problem(f"{key}.{field}", what)


def _unmatched(rules: Mapping[int, Rule], shops: Mapping[str, str]) -> Iterator[Problem]:
    """Find rules that can never match; `rules` are by their place in the configuration."""
    places = list(rules)
    shadows = {each.rule: each for each in shadowed(list(rules.values()), shops)}
    for index, (place, rule) in enumerate(rules.items()):
        why = never_matches(rule, shops)
        called = f'rule "{rule.name}"' if rule.name else "it"
        if why is not None:
            yield _problem(place, f"{called} can never match: {why}. Change it or remove it.")
        elif index in shadows:
            takers = _takers(shadows[index], places, rules)
            yield _problem(place, f"{called} can never match: {takers}")


def _takers(shadow: Shadow, places: Sequence[int], rules: Mapping[int, Rule]) -> str:
    keys = [rule_key(places[index], rules[places[index]]) for index in shadow.by]
    if len(keys) == 1:
        return f"{keys[0]} takes all that it fits. Put it before that one, or remove it."
    listed = f"{', '.join(keys[:-1])} and {keys[-1]}"
    return f"{listed} together take all that it fits. Put it before them, or remove it."


def _problem(place: int, what: str) -> Problem:
    return Problem(f"{_KEY}[{place + 1}]", what)
