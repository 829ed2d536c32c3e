"""Decide how news is told: by the first rule that fits it, else by the level of its kind. Pure.

Nothing here makes anything ka-ching: only `changes.RING_KINDS` ever do, whatever a rule says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import translate
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.domain.changes import RING_KINDS, EventKind
from salesdaemon.domain.exchange import Conversion, convert
from salesdaemon.domain.hours import WEEKDAYS, Hours, within
from salesdaemon.domain.money import Money

FindRate = Callable[[str, str, date], Conversion | None]
"""How a currency becomes another one on a day; None where there is no rate."""

LEVELS: Final = ("off", "silent", "on")
"""From the quietest to the loudest."""

ORDER_KINDS: Final = frozenset(kind.value for kind in EventKind)
"""What happens to orders: what a rule is for that names no kind."""

SALE_KINDS: Final = frozenset(kind.value for kind in RING_KINDS)
"""What a rule without a kind may make louder, and what can be the first of its sort."""

RATE: Final = "rate"
"""What `find_unmet` returns where an amount cannot be converted."""

UNCONFIGURED: Final = "silent"
"""The level of a kind that the configuration does not know."""


@dataclass(frozen=True, slots=True)
class News:
    """What is judged.

    `at` is aware; `amount` is the gross of the order, `day` the day of its rate. `passive` is
    True when every item is, False when any is active, None when it cannot be told.
    """

    kind: str
    at: datetime
    shop: str | None = None
    marketplace: str | None = None
    products: tuple[str, ...] = ()
    amount: Money | None = None
    day: date | None = None
    passive: bool | None = None
    first_of_product: bool = False
    first_in_country: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """How a message sounds and reads where a rule says so; None leaves it as it is."""

    sound: str | None = None
    title: str | None = None
    body: str | None = None

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing is changed."""
        return self == _PLAIN


_PLAIN: Final = Style()


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, all of which must hold, and what is done where they do.

    None and empty are no condition; None in `level` and `channels` leaves them as they are.
    `products` are globs that ignore case; one of an order's products must fit one of them.
    """

    name: str | None = None
    kinds: frozenset[str] | None = None
    shops: frozenset[str] | None = None
    marketplaces: frozenset[str] | None = None
    products: tuple[str, ...] = ()
    min_amount: Money | None = None
    passive: bool | None = None
    first_of_product: bool = False
    first_in_country: bool = False
    hours: tuple[Hours, ...] = ()
    level: str | None = None
    channels: tuple[str, ...] | None = None
    style: Style = _PLAIN

    @property
    def is_for(self) -> frozenset[str]:
        """The kinds of news that it is for."""
        return ORDER_KINDS if self.kinds is None else self.kinds


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a piece of news is told.

    `rule` is the key that decided, such as `alerts.rules[1]` or `alerts.kinds.refund`; `reason`
    is a short sentence for people.
    """

    level: str
    channels: tuple[str, ...]
    rule: str
    reason: str
    style: Style = _PLAIN


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The levels of the kinds, the channels that ring, and the rules, of which the first wins."""

    levels: Mapping[str, str]
    channels: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def judge(self, news: News, find_rate: FindRate) -> Verdict:
        """Decide how a piece of news is told."""
        unconverted: list[str] = []
        for place, rule in enumerate(self.rules):
            unmet = find_unmet(rule, news, find_rate, self.zone)
            if unmet is None:
                return self._by_rule(place, news, find_rate)
            if unmet == RATE:
                why = why_unmet(unmet, rule, news, find_rate, self.zone)
                unconverted.append(f"{rule_key(place, rule)}: {why}")
        return self._by_kind(news, unconverted)

    def explain(self, news: News, find_rate: FindRate) -> list[tuple[str, str | None]]:
        """Go through the rules as `judge` does: the key of each, and why it does not fit.

        The last one decided and has None; it is the level of the kind where no rule fits.
        """
        looked_at: list[tuple[str, str | None]] = []
        for place, rule in enumerate(self.rules):
            unmet = find_unmet(rule, news, find_rate, self.zone)
            if unmet is None:
                return [*looked_at, (rule_key(place, rule), None)]
            why = why_unmet(unmet, rule, news, find_rate, self.zone)
            looked_at.append((rule_key(place, rule), why))
        return [*looked_at, (kind_key(news.kind), None)]

    @property
    def all_channels(self) -> tuple[str, ...]:
        """Every channel that may be told: those that ring, then those that only rules name."""
        named = (channel for rule in self.rules for channel in rule.channels or ())
        return tuple(dict.fromkeys([*self.channels, *named]))

    @property
    def asks_for_firsts(self) -> bool:
        """Tell whether any rule wants to know what is the first of its product or country."""
        return any(rule.first_of_product or rule.first_in_country for rule in self.rules)

    @property
    def asks_for_rates(self) -> bool:
        """Tell whether any rule compares amounts."""
        return any(rule.min_amount is not None for rule in self.rules)

    def _by_rule(self, place: int, news: News, find_rate: FindRate) -> Verdict:
        rule = self.rules[place]
        level, held_back = self._level(rule, news.kind)
        reason = f"It is {', '.join(_conditions(rule, news, find_rate))}."
        if held_back:
            reason += f" A rule without `kind` makes {_words(news.kind)} no louder."
        return Verdict(
            level=level,
            channels=self.channels if rule.channels is None else rule.channels,
            rule=rule_key(place, rule),
            reason=reason,
            style=rule.style,
        )

    def _level(self, rule: Rule, kind: str) -> tuple[str, bool]:
        """Return the level that a rule comes to, and whether it had asked for a louder one."""
        usual = self.levels.get(kind, UNCONFIGURED)
        wanted = rule.level or usual
        louder = LEVELS.index(wanted) > LEVELS.index(usual)
        if louder and rule.kinds is None and kind not in SALE_KINDS:
            return usual, True
        return wanted, False

    def _by_kind(self, news: News, unconverted: list[str]) -> Verdict:
        level = self.levels.get(news.kind, UNCONFIGURED)
        none = " and no rule fits" if self.rules else ""
        reason = " ".join([f"It is {_words(news.kind)}{none}.", *unconverted])
        return Verdict(level, self.channels, kind_key(news.kind), reason)


def rule_key(place: int, rule: Rule) -> str:
    """Name a rule by its place, which is counted from 1, and by its own name if it has one."""
    key = f"alerts.rules[{place + 1}]"
    return f'{key} "{rule.name}"' if rule.name else key


def kind_key(kind: str) -> str:
    """Name the configuration's key for a kind of news."""
    return f"alerts.kinds.{kind}"


def find_unmet(rule: Rule, news: News, find_rate: FindRate, zone: ZoneInfo) -> str | None:
    """Return the first condition that news does not meet, by its field; None where the rule fits.

    It is `RATE` where nothing but a missing rate keeps it from fitting.
    """
    unmet = next(_unmet(rule, news, zone), None)
    if unmet is not None or rule.min_amount is None:
        return unmet
    if news.amount is None:
        return "min_amount"
    worth = _worth(news.amount, rule.min_amount.currency, news.day, find_rate)
    if worth is None:
        return RATE
    return "min_amount" if worth.amount_minor < rule.min_amount.amount_minor else None


def _unmet(rule: Rule, news: News, zone: ZoneInfo) -> Iterator[str]:
    """Yield the conditions that are not met, but for the amount, those first that cost least."""
    if news.kind not in rule.is_for:
        yield "kinds"
    if rule.shops is not None and news.shop not in rule.shops:
        yield "shops"
    if rule.marketplaces is not None and news.marketplace not in rule.marketplaces:
        yield "marketplaces"
    if rule.passive is not None and news.passive is not rule.passive:
        yield "passive"
    is_sale = news.kind in SALE_KINDS
    if rule.first_of_product and not (is_sale and news.first_of_product):
        yield "first_of_product"
    if rule.first_in_country and not (is_sale and news.first_in_country):
        yield "first_in_country"
    if rule.products and not _any_fits(rule.products, news.products):
        yield "products"
    if rule.hours and not any(within(hours, news.at, zone) for hours in rule.hours):
        yield "hours"


def why_unmet(unmet: str, rule: Rule, news: News, find_rate: FindRate, zone: ZoneInfo) -> str:
    """Say why a condition that `find_unmet` returned is not met."""
    return {
        "kinds": f"it is {_words(news.kind)}, the rule is for {_listed(rule.is_for)}.",
        "shops": f"it is of {_shop(news.shop)}, the rule is for {_listed(rule.shops)}.",
        "marketplaces": f"it is of {news.marketplace or 'no marketplace'}, "
        f"the rule is for {_listed(rule.marketplaces)}.",
        "products": f"no product is like {_listed(rule.products)}.",
        "passive": f"it is {_EFFORT[news.passive]}, "
        f"the rule is for what is {_EFFORT[rule.passive]}.",
        "first_of_product": "it is not the first sale of a product.",
        "first_in_country": "it is not the first sale in a country.",
        "hours": f"it came {_clock(news.at, zone)}, "
        f"the rule is for {_listed(map(str, rule.hours))}.",
        "min_amount": _too_small(rule.min_amount, news, find_rate),
        RATE: _no_rate(rule.min_amount, news),
    }[unmet]


_EFFORT: Final = {True: "passive", False: "active", None: "neither known as passive nor as active"}


def _too_small(least: Money | None, news: News, find_rate: FindRate) -> str:
    if news.amount is None or least is None:
        return "it has no amount."
    worth = _worth(news.amount, least.currency, news.day, find_rate) or news.amount
    return f"{_converted(news.amount, worth)} is less than {least} {least.currency}."


def _no_rate(least: Money | None, news: News) -> str:
    if news.amount is None or least is None:
        return ""
    return f"no rate from {news.amount.currency} to {least.currency} is known for that day."


def _worth(amount: Money, currency: str, day: date | None, find_rate: FindRate) -> Money | None:
    """Convert an amount at the rate of its day, None where there is none."""
    if amount.currency == currency:
        return amount
    conversion = find_rate(amount.currency, currency, day) if day is not None else None
    if conversion is None:
        return None
    minor = convert(amount.amount_minor, amount.currency, currency, conversion)
    return Money(minor, currency)


def _converted(amount: Money, worth: Money) -> str:
    own = f"{amount} {amount.currency}"
    return own if worth == amount else f"{own} ({worth} {worth.currency})"


def _any_fits(globs: tuple[str, ...], products: tuple[str, ...]) -> bool:
    titles = [product.casefold() for product in products]
    return any(_matcher(glob)(title) is not None for glob in globs for title in titles)


@lru_cache(maxsize=1024)
def _matcher(glob: str) -> Callable[[str], object]:
    return re.compile(translate(plain_brackets(glob.casefold()))).match


def plain_brackets(glob: str) -> str:
    """Let a bracket stand for itself: titles hold some, and a glob knows * and ? alone."""
    return glob.replace("[", "[[]")


def _conditions(rule: Rule, news: News, find_rate: FindRate) -> Iterator[str]:
    """Say what a rule asked of news that fits it."""
    yield _words(news.kind)
    if rule.shops is not None or rule.marketplaces is not None:
        yield f"of {_shop(news.shop)}" if rule.shops is not None else f"of {news.marketplace}"
    if rule.products:
        yield f"with a product like {_listed(rule.products)}"
    if rule.passive is not None:
        yield _EFFORT[rule.passive]
    if rule.first_of_product:
        yield "the first of its product"
    if rule.first_in_country:
        yield "the first in its country"
    if rule.hours:
        yield f"within {_listed(map(str, rule.hours))}"
    if rule.min_amount is not None and news.amount is not None:
        least = rule.min_amount
        worth = _worth(news.amount, least.currency, news.day, find_rate) or news.amount
        yield f"worth {_converted(news.amount, worth)} and so at least {least} {least.currency}"


_SAID_OTHERWISE: Final = {
    "free": "a free order",
    "cancelled": "a cancelled order",
    "dispute_won": "a dispute won",
    "trouble": "trouble",
    "silence": "silence",
}


def _words(kind: str) -> str:
    return _SAID_OTHERWISE.get(kind) or f"a {kind.replace('_', ' ')}"


def _shop(shop: str | None) -> str:
    return f"the shop {shop}" if shop else "no shop"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"on {WEEKDAYS[local.weekday()]} at {local:%H:%M}"


def _listed(words: Iterable[str] | None) -> str:
    found = sorted(words) if isinstance(words, frozenset) else list(words or ())
    *others, last = found or [""]
    return f"{', '.join(others)} or {last}" if others else last
