"""The words of milestones, payouts and quiet shops."""

from datetime import UTC, date, datetime, timedelta

import pytest

from salesdaemon.domain.goals import Goal
from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.milestones import (
    Anniversary,
    BestDay,
    FirstOfProduct,
    GoalReached,
    Milestone,
    Product,
    SalesReached,
)
from salesdaemon.domain.money import Money
from salesdaemon.domain.silence import Quiet
from salesdaemon.notify.amounts import Voice
from salesdaemon.notify.occasions import milestones, payout, quiet_shop

BRITISH = Voice("gross", "en_GB")
GERMAN = Voice("gross", "de_DE")
PLANNER = Product(1, "templates", "p1", "Weekly planner\u202e\nof 2026")
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BEST = BestDay(date(2026, 11, 22), Money(31_000, "EUR"), date(2026, 10, 2), Money(28_000, "EUR"))
PASSIVE = Goal("rent", "Rent covered", Money(85_000, "EUR"), "passive_net")


@pytest.mark.parametrize(
    ("reached", "voice", "words"),
    [
        pytest.param(
            SalesReached(1),
            BRITISH,
            ("Your first sale", "Somebody bought from you: may many follow."),
            id="first sale",
        ),
        pytest.param(
            SalesReached(10_000),
            BRITISH,
            ("Your 10,000th sale", "All shops together have sold 10,000 times."),
            id="many sales",
        ),
        pytest.param(
            BEST,
            GERMAN,
            (
                "Best day so far: 310,00\xa0€",
                (
                    "22.11.2026 has brought more net than any day before it. "
                    "The best until now was 02.10.2026 with 280,00\xa0€."
                ),
            ),
            id="best day in German writing",
        ),
        pytest.param(
            GoalReached(PASSIVE, date(2026, 11, 1), Money(85_210, "EUR")),
            BRITISH,
            (
                "Rent covered: €852.10 of €850.00",
                "Passive net in November 2026, all shops.",
            ),
            id="passive goal",
        ),
        pytest.param(
            GoalReached(PASSIVE, date(2026, 11, 1), Money(85_210, "EUR")),
            GERMAN,
            (
                "Rent covered: 852,10\xa0€ of 850,00\xa0€",
                "Passive net in November 2026, all shops.",
            ),
            id="goal in German writing",
        ),
        pytest.param(
            FirstOfProduct(PLANNER),
            BRITISH,
            ("First sale of Weekly planner of 2026", "At templates, just now."),
            id="product of an odd title",
        ),
        pytest.param(
            FirstOfProduct(Product(1, "prints", "77", None)),
            BRITISH,
            ("First sale of an untitled product", "At prints, just now."),
            id="product without a title",
        ),
        pytest.param(
            Anniversary(PLANNER, 1, date(2025, 11, 22), 1412),
            BRITISH,
            (
                "Weekly planner of 2026: 1 year on sale",
                "1,412 sales at templates since 22 Nov 2025.",
            ),
            id="anniversary",
        ),
    ],
)
def test_a_milestone_is_worded(reached: Milestone, voice: Voice, words: tuple[str, str]) -> None:
    assert tuple(milestones([reached], voice)) == words


def test_very_many_milestones_are_cut_to_fifteen_lines() -> None:
    reached = [FirstOfProduct(Product(1, "prints", str(n), f"Print {n}")) for n in range(25)]
    title, body = milestones(reached, BRITISH)
    assert title == "First sale of Print 0 and 24 more"
    assert body.split("\n")[0] == "First sale of Print 0: At prints, just now."
    assert body.split("\n")[14:] == ["First sale of Print 14: At prints, just now.", "and 10 more"]


@pytest.mark.parametrize(
    ("lasted", "expected", "polled", "said"),
    [
        (3.2 * DAY, 9.4, MINUTE, "for 3 days; by its own rhythm about 9 sales were due"),
        (47 * HOUR, 9.4, MINUTE, "for 47 hours; by its own rhythm about 9 sales were due"),
        (100 * MINUTE, 12.6, MINUTE, "for 100 minutes; by its own rhythm about 13 sales were due"),
        (9 * DAY, 1.2, MINUTE, "for 9 days; by its own rhythm about 1 sale was due"),
    ],
)
def test_a_quiet_shop_is_told_with_how_long_and_how_much_was_due(
    lasted: timedelta, expected: float, polled: timedelta, said: str
) -> None:
    quiet = Quiet(NOW - lasted, lasted, expected, NOW, is_implausible=True)
    title, body = quiet_shop("prints", quiet, NOW - polled, NOW, BRITISH)
    assert title == "prints is unusually quiet"
    assert body.startswith(
        f"Nobody has bought at prints {said}. Polling works: last good poll 1 minute ago."
    )


def test_a_poll_of_this_minute_is_just_now() -> None:
    quiet = Quiet(NOW - DAY, DAY, 5.0, NOW, is_implausible=True)
    _, body = quiet_shop("prints", quiet, NOW - timedelta(seconds=20), NOW, BRITISH)
    assert "last good poll just now." in body


def test_a_payout_in_yen_has_no_decimals() -> None:
    paid = Payout("p1", 1500, "JPY", "completed", date(2026, 11, 20), date(2026, 11, 22))
    assert tuple(payout("prints", paid, date(2026, 11, 22), BRITISH)) == (
        "Payout: JP¥1,500",
        "From prints. It arrives on 22 Nov 2026.",
    )
