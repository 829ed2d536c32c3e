"""Two years at four shops in four currencies: no figure of any digest differs from our own.

The raw orders of the history are read by the real pollers, from pretend vendors, into a real store.
`tests/years/reckoned_*.py` work the same digests out from the raw orders by themselves.
"""

import ast
import json
import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.application import Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import DigestContent, to_json
from salesdaemon.domain.digests import DigestKind, period_of
from tests.years import calendar, rates
from tests.years.history import two_years
from tests.years.reckoned_digest import Reckoner, by_name
from tests.years.scenes import SCENES, application, reckoner

DAY = timedelta(days=1)
Told = dict[str, Any]
FOLDER = Path(__file__).parent / "years"


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


def test_the_reckoning_knows_nothing_of_the_program() -> None:
    for path in FOLDER.glob("reckoned_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                ours = module.startswith("tests.years.reckoned_")
                assert ours or module.partition(".")[0] in STANDARD, f"{path.name}: {module}"


STANDARD = frozenset(
    {
        *("bisect", "collections", "dataclasses", "datetime", "decimal", "fractions", "functools"),
        *("html", "math", "re", "typing", "zoneinfo"),
    }
)


def test_the_history_holds_what_a_shops_life_does() -> None:
    orders = {shop: [order.last for order in each] for shop, each in two_years().orders.items()}
    etsy = [row for shop, rows in orders.items() if shop != "templates" for row in rows]
    gumroad = orders["templates"]
    assert len(etsy) + len(gumroad) > 6000
    assert {row["grandtotal"]["currency_code"] for row in etsy} == {"EUR", "GBP", "JPY"}
    assert {row.get("currency") for row in gumroad} == {"usd", "eur", "gbp", "jpy", None}
    statuses = {row["status"].lower() for row in etsy}
    assert {"open", "canceled", "fully refunded", "partially refunded"} < statuses
    for flag in ("refunded", "partially_refunded", "disputed", "dispute_won", "recurring_charge"):
        assert any(row.get(flag) for row in gumroad)
    for scene in SCENES.values():
        days = reckoner(scene).days
        assert not any((day.year, day.month) == calendar.DEAD for day in days.by_day)
        assert days.by_day[calendar.VIRAL].sales > 200
        for changed in calendar.clock_change_days(ZoneInfo(scene.zone)):
            assert days.by_day[changed].sales


def check(app: Application, own: Reckoner, kind: DigestKind, days: Iterable[date]) -> None:
    """Hold every figure of the digests of these days against our own."""
    now = app.clock()
    with app.store.read() as connection:
        for day in days:
            wanted = Wanted(kind, period_of(kind, day), now)
            content = collect(connection, app.settings, app.overrides, wanted)
            check_products(content, own)
            said, expected = told(content), own.digest(kind.value, day)
            if not knows_rates(day, content):
                del said["provisional"], expected["provisional"]
            for name in said.keys() | expected.keys():
                assert said.get(name) == expected.get(name), f"{kind} {day}: {name}"


def told(content: DigestContent) -> Told:
    """Give a digest as JSON; what has an order of merit that is held elsewhere is sorted."""
    said: Told = json.loads(json.dumps(to_json(content)))
    said["products"].sort(key=by_name)
    said["trends"].sort(key=by_name)
    said["attention"].sort(key=lambda row: row["subject"])
    return said


def knows_rates(day: date, content: DigestContent) -> bool:
    """Tell whether the last rates before the period's end are those of that day."""
    first, end = rates.YEN_PAUSES
    return not first <= content.summary.period.last < end


def check_products(content: DigestContent, own: Reckoner) -> None:
    """Hold the order of the products against what they brought at home; others come last."""
    products = content.summary.products
    brought = [product.home.net for product in products if product.home is not None]
    assert brought == sorted(brought, reverse=True)
    assert all(product.home is None for product in products[len(brought) :])
    sums = own.home_by_product((content.summary.period.first, content.summary.period.last))
    named = [(product.shop or "", product.key or "") for product in products]
    assert brought == [sums[name] for name in named[: len(brought)]]


# Days


def test_every_figure_of_the_days_on_which_clocks_change(app: Application, own: Reckoner) -> None:
    changed = calendar.clock_change_days(own.days.zone)
    around = {day + step * DAY for day in changed for step in (-1, 0, 1)}
    check(app, own, DigestKind.DAILY, sorted(around))


def test_every_figure_of_the_ends_of_months_and_years(app: Application, own: Reckoner) -> None:
    firsts = [day for day in calendar.days() if day.day == 1][1:]
    check(app, own, DigestKind.DAILY, [day - DAY for day in firsts])
    check(app, own, DigestKind.DAILY, firsts)


def test_every_figure_of_days_without_rates_and_without_sales(
    app: Application, own: Reckoner
) -> None:
    first, end = rates.YEN_PAUSES
    delicate = [rates.YEN_BEGINS, first, first + 28 * DAY, first + 29 * DAY, end - DAY, end]
    around = {day + step * DAY for day in delicate for step in (-1, 0, 1)}
    dead = {date(*calendar.DEAD, day) for day in (1, 2, 14, 15, 30, 31)}
    viral = {calendar.VIRAL + step * DAY for step in (-1, 0, 1, 7)}
    leap = {date(2024, 2, 28), date(2024, 2, 29), date(2025, 2, 27)}
    check(app, own, DigestKind.DAILY, sorted(around | dead | viral | leap))


def test_every_figure_of_sixty_days_at_random(app: Application, own: Reckoner, seller: str) -> None:
    draw = random.Random(seller)
    check(app, own, DigestKind.DAILY, sorted(draw.sample(list(calendar.days()), 60)))


# Longer ones


def test_every_figure_of_weeks(app: Application, own: Reckoner, seller: str) -> None:
    """Look at every week of one seller; of the others each third, and those of clock changes."""
    mondays = [day for day in calendar.days() if day.isoweekday() == 1]
    if seller != next(iter(SCENES)):
        changed = calendar.clock_change_days(own.days.zone)
        of_changes = {day - day.weekday() * DAY for day in changed}
        mondays = [day for day in mondays if day in of_changes or day.toordinal() // 7 % 3 == 0]
    check(app, own, DigestKind.WEEKLY, mondays)


def test_every_figure_of_every_month_and_year(app: Application, own: Reckoner) -> None:
    firsts = [day for day in calendar.days() if day.day == 1]
    check(app, own, DigestKind.MONTHLY, firsts)
    check(app, own, DigestKind.YEARLY, [date(2024, 1, 1), date(2025, 1, 1)])
