"""The mails of two years: every amount in them is one that we worked out ourselves.

What the digests know is held in `test_two_years.py`; here it is what people read, the text part
row by row and the page by its amounts.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from salesdaemon.application import Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.domain.digests import DigestKind, period_of
from tests.years import calendar
from tests.years.letters import Row, rows, sections, words_of
from tests.years.reckoned_amounts import amounts, every_amount, of_text, shown
from tests.years.reckoned_digest import Reckoner
from tests.years.scenes import SCENES, application, reckoner

LOCALE = "en_GB"
Told = dict[str, Any]
WORDS = {
    "gross": "gross",
    "refunds": "refunded",
    "fees": "fees",
    "fees given back": "fees_refunded",
    "affiliates": "affiliate",
    "net": "net",
}
SHARES = {
    "net": "net",
    "passive": "passive_net",
    "active": "active_net",
    "not yet classified": "unclassified_net",
}
MORE = re.compile(r"and (\d+) more products?")
DAYS = [
    *(date(2024, month, month + 3) for month in (1, 2, 3, 7, 11)),
    *(date(2025, month, 2 * month + 1) for month in range(1, 13)),
    *(calendar.VIRAL, date(2024, 2, 29), date(2025, 3, 30), date(2025, 4, 6), date(2025, 11, 2)),
]
MONDAYS = [day for day in calendar.days() if day.isoweekday() == 1][1::8]
MONTHS = [day for day in calendar.days() if day.day == 1]
YEARS = [date(2024, 1, 1), date(2025, 1, 1)]
PAGES = 5
"""So many pages of each kind are read; to lay one out takes much longer than to write a text."""
ALL = {
    DigestKind.DAILY: DAYS,
    DigestKind.WEEKLY: MONDAYS,
    DigestKind.MONTHLY: MONTHS,
    DigestKind.YEARLY: YEARS,
}


@pytest.fixture(params=SCENES)
def seller(request: pytest.FixtureRequest) -> str:
    """Name one of the sellers."""
    return str(request.param)


@pytest.fixture
def app(seller: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    opened = application(SCENES[seller], tmp_path_factory)
    yield opened
    opened.store.close()


@pytest.fixture
def own(seller: str) -> Reckoner:
    """Give what we worked out ourselves."""
    return reckoner(SCENES[seller])


def gather(app: Application, kind: DigestKind, day: date) -> DigestContent:
    with app.store.read() as connection:
        wanted = Wanted(kind, period_of(kind, day), app.clock())
        return collect(connection, app.settings, app.overrides, wanted)


@pytest.mark.parametrize("kind", DigestKind)
def test_every_amount_that_people_read_is_ours(
    app: Application, own: Reckoner, kind: DigestKind
) -> None:
    every = max(1, len(ALL[kind]) // PAGES)
    for place, day in enumerate(ALL[kind]):
        content, told = gather(app, kind, day), own.digest(kind.value, day)
        text = render_text(content, LOCALE)
        ours = every_amount(own, told)
        assert not set(amounts(text)) - ours, f"{kind} {day}"
        if told["totals"]:
            check_rows(sections(text), told)
            check_subject(render_subject(content, LOCALE), told)
        if place % every == 0:
            check_page(render_html(content, LOCALE).html, text, ours)


def check_page(page: str, text: str, ours: set[str]) -> None:
    """Hold the amounts of the page, of which those that matter most are in the text, too."""
    shown_there = set(amounts(words_of(page)))
    assert not shown_there - ours
    found = sections(text)
    important = {row.amount for name in ("", "SHOPS", "GOALS") for row in rows(found.get(name, []))}
    assert important <= shown_there


def check_subject(subject: str, told: Told) -> None:
    """Hold the net in the subject, the sales, and how many of them made no work."""
    sales = sum(line["sales"] for line in told["totals"].values())
    passive = told["passive_sales"]
    if sales:
        assert sorted(amounts(subject)) == sorted(nets(told))
        assert f"{sales:,} sale{'' if sales == 1 else 's'}" in subject
    if sales > 1 and passive:
        assert f"{'all' if passive == sales else f'{passive:,}'} without any work" in subject


def nets(told: Told) -> list[str]:
    """Return the net at home, or in each currency where not all could be converted."""
    home = told["home"]
    if not home["unconverted"]:
        return [of_text(home["net"], home["currency"])]
    return [of_text(line["net"], code) for code, line in told["totals"].items()]


# The text, row by row


def check_rows(found: dict[str, list[str]], told: Told) -> None:
    check_head(rows(found[""]), told)
    for code, line in told["totals"].items():
        check_sum(rows(found.get(f"HOW IT ADDS UP, {code}", [])), line, code)
    check_shops(rows(found.get("SHOPS", [])), told)
    check_products(found.get("BEST PRODUCTS", []), told)
    check_goals(rows(found.get("GOALS", [])), told)
    aside = rows(found.get("TO PUT ASIDE", []))
    home = told["home"]["currency"]
    assert [row.amount for row in aside] == [
        of_text(share["amount"], home) for share in told["put_aside"] if Fraction(share["amount"])
    ] or not aside
    hours = rows(found.get("NET PER HOUR", []))
    assert [row.amount for row in hours] == [
        of_text(net, code) for rate in told["hourly"] for code, net in rate["net_per_hour"].items()
    ]


def check_head(found: list[Row], told: Told) -> None:
    """Hold the amounts at the top, passive and active beside each other, and their signs."""
    home = told["home"]
    blocks = [(home["currency"], home)] if not home["unconverted"] else [*told["totals"].items()]
    expected = {
        (code, label): line[name] for code, line in blocks for label, name in SHARES.items()
    }
    codes = iter(sorted((code for code, _ in blocks), key=lambda each: each != home["currency"]))
    code = ""
    met = set()
    for row in found:
        label = next(label for label in SHARES if row.label.startswith(label))
        code = next(codes) if label == "net" else code
        value = expected[code, label]
        assert row.amount == of_text(value, code)
        assert row.negative == (Fraction(value) < 0)
        met.add((code, label))
    assert {key for key, value in expected.items() if Fraction(value)} <= met


def check_sum(found: list[Row], line: Told, code: str) -> None:
    """Hold the sum from gross to net: what is taken off is negative, and it adds up."""
    for row in found:
        name = WORDS[row.label.partition(", ")[0]]
        assert row.amount == of_text(line[name], code)
    if found:
        named = {WORDS[row.label.partition(", ")[0]] for row in found}
        assert {name for name in WORDS.values() if Fraction(line[name])} <= named
        *parts, net = (-signed(row) if row.negative else signed(row) for row in found)
        assert sum(parts) == net


def signed(row: Row) -> Fraction:
    return Fraction("".join(each for each in row.amount if each.isdigit() or each == "."))


def check_shops(found: list[Row], told: Told) -> None:
    if not found:
        return
    expected = [
        (of_text(line["net"], code), shop["shop"], line["sales"])
        for shop in told["shops"]
        for code, line in shop["totals"].items()
    ]
    assert [(row.amount, row.label) for row in found] == [each[:2] for each in expected]
    for row, (_, _, sales) in zip(found, expected, strict=True):
        assert f"{sales:,} sale{'' if sales == 1 else 's'}" in row.words or not sales


def check_products(lines: list[str], told: Told) -> None:
    """Hold the amount and the units of each product that is listed, and that none is missing."""
    known = [
        (of_text(line["net"], code), product["units"], product["shop"])
        for product in told["products"]
        for code, line in product["totals"].items()
    ]
    alone = len(told["shops"]) == 1
    for row in rows(lines):
        fits = {
            f"{units:,} item{'' if units == 1 else 's'}"
            for amount, units, shop in known
            if amount == row.amount and (alone or shop in row.words)
        }
        assert any(each in row.words for each in fits), row
    more = [int(found[1]) for line in lines if (found := MORE.fullmatch(line.strip()))]
    if lines:
        assert len(rows(lines)) + sum(more) == len(told["products"])


def check_goals(found: list[Row], told: Told) -> None:
    home = told["home"]["currency"]
    reached = {of_text(goal["reached"], home) for goal in told["goals"]}
    assert {row.amount for row in found} <= reached
    if told["kind"] != "yearly":
        assert len(found) == len(told["goals"]) or not found


def test_a_figure_that_is_a_cent_off_is_found(app: Application, own: Reckoner) -> None:
    day = date(2025, 5, 1)
    content, told = gather(app, DigestKind.MONTHLY, day), own.digest("monthly", day)
    told["home"]["net"] = str(Decimal(told["home"]["net"]) + Decimal("0.01"))
    with pytest.raises(AssertionError):
        check_rows(sections(render_text(content, LOCALE)), told)
    assert shown(-123456, "EUR") == "€1,234.56"
