"""The mails of two years: every amount in them is one that we worked out ourselves.

What the digests know is held in `test_two_years.py`; here it is what people read, the text part
row by row and the page by its amounts.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from salesdaemon.application import Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.domain.digests import DigestKind, period_of
from tests.years import calendar
from tests.years.checking import check_page, check_rows, check_subject
from tests.years.letters import sections
from tests.years.reckoned_amounts import amounts, every_amount, shown
from tests.years.reckoned_digest import Reckoner
from tests.years.scenes import SCENES, application, reckoner

LOCALE = "en_GB"
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


def test_a_figure_that_is_a_cent_off_is_found(app: Application, own: Reckoner) -> None:
    day = date(2025, 5, 1)
    content, told = gather(app, DigestKind.MONTHLY, day), own.digest("monthly", day)
    told["home"]["net"] = str(Decimal(told["home"]["net"]) + Decimal("0.01"))
    with pytest.raises(AssertionError):
        check_rows(sections(render_text(content, LOCALE)), told)
    assert shown(-123456, "EUR") == "€1,234.56"
