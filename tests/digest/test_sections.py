from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.sections.whole import build_view
from salesdaemon.digest.view import Section, View
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.goals import GoalProgress
from salesdaemon.domain.history import Bar, Figures, Record
from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.sale import Kind
from salesdaemon.domain.trends import Movement, Movements, ProductKey, Trend
from tests.digest.cases import CASES
from tests.digest.facts import FRIDAY, content, sale
from tests.digest.long_cases import RENT, rate

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
PLANNER = ProductKey("templates", "Weekly planner")


def view_of(made: DigestContent) -> View:
    return build_view(made, Wording("en_GB"))


def section(found: Section | None) -> Section:
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "trend", "said"),
    [
        (DigestKind.DAILY, Trend(12, 8), "▲ 12 in 7 days, 8 before"),
        (DigestKind.DAILY, Trend(3, 9), "▼ 3 in 7 days, 9 before"),
        (DigestKind.DAILY, Trend(4, 4), "= 4 in 7 days, 4 before"),
        (DigestKind.DAILY, Trend(2, 0), "▲ 2 in 7 days, none before"),
        (DigestKind.WEEKLY, Trend(12, 8), "▲ up from 8 the week before"),
        (DigestKind.MONTHLY, Trend(1, 8), "▼ down from 8 the month before"),
        (DigestKind.YEARLY, Trend(8, 8), "= as many as the year before"),
    ],
)
def test_a_trend_says_in_words_what_its_arrow_says(
    kind: DigestKind, trend: Trend, said: str
) -> None:
    made = replace(content([sale()], kind=kind), trends={PLANNER: trend})
    assert section(view_of(made).products).lines[0].details == ("1 item", said)


def test_a_first_sale_is_no_trend() -> None:
    made = replace(content([sale()]), trends={PLANNER: Trend(1, 0)})
    assert section(view_of(made).products).lines[0].details == ("1 item",)


@pytest.mark.parametrize(
    ("reached", "projected", "until", "said"),
    [
        (100000, 150000, 20, "▼ On pace for about €1,500.00; needs €60.00 a day for 10 more days"),
        (120000, 180000, 20, "▲ On pace for about €1,800.00; needs €40.00 a day for 10 more days"),
        (159999, None, 29, "Needs €0.01 a day for 1 more day"),
        (159998, None, 27, "Needs €0.01 a day for 3 more days"),
        (120000, None, 30, "Missed by €400.00"),
    ],
)
def test_the_pace_of_a_goal_says_what_is_enough(
    reached: int, projected: int | None, until: int, said: str
) -> None:
    last = NOVEMBER.first.replace(day=until)
    progress = GoalProgress(RENT, NOVEMBER, last, reached, projected, None)
    line = section(view_of(content([sale()], goals=(progress,))).goals).lines[0]
    assert line.details[1] == said
    assert line.share == 100 * reached // 160000


def test_a_goal_that_lacks_sales_without_a_rate_says_so() -> None:
    progress = GoalProgress(RENT, NOVEMBER, FRIDAY, 0, None, None, converted=False)
    goals = section(view_of(content([sale()], goals=(progress,))).goals)
    assert goals.sentences == ("Sales in a currency without a rate are not in it.",)
    whole = section(view_of(content([sale()], goals=(replace(progress, converted=True),))).goals)
    assert whole.sentences == ()


def test_a_goal_in_the_red_draws_no_bar() -> None:
    progress = GoalProgress(RENT, NOVEMBER, FRIDAY, -500, None, None)
    line = section(view_of(content([sale()], goals=(progress,))).goals).lines[0]
    assert (line.share, line.amounts) == (0, ("\N{MINUS SIGN}€5.00",))


def test_a_quiet_day_says_nothing_of_goals_but_a_quiet_week_does() -> None:
    progress = GoalProgress(RENT, NOVEMBER, FRIDAY, 500, None, None)
    assert view_of(content([], goals=(progress,))).goals is None
    assert view_of(content([], kind=DigestKind.WEEKLY, goals=(progress,))).goals is not None


@pytest.mark.parametrize(
    ("kind", "since", "said"),
    [
        (DigestKind.DAILY, Period(FRIDAY, FRIDAY), "since Friday 20 November 2026"),
        (DigestKind.WEEKLY, Period(FRIDAY, FRIDAY), "since that of 20 to 20 November 2026"),
        (DigestKind.MONTHLY, NOVEMBER, "since November 2026"),
        (DigestKind.YEARLY, NOVEMBER, "since 2026"),
    ],
)
def test_a_record_names_what_it_did_not_beat(kind: DigestKind, since: Period, said: str) -> None:
    made = content([sale()], kind=kind, record=Record(since, 9500))
    (sentence,) = section(view_of(made).streak).sentences
    assert said in sentence
    assert sentence.endswith(", which brought €95.00 net.")


@pytest.mark.parametrize(
    ("usual", "said"),
    [
        (Fraction(7), "usually 7 a week"),
        (Fraction(22, 3), "usually about 7 a week"),
        (Fraction(7, 2), "usually 3.5 a week"),
        (Fraction(11, 3), "usually about 3.5 a week"),
        (Fraction(1, 5), "usually less than 1 a week"),
    ],
)
def test_what_is_usual_is_no_more_exact_than_it_should_be(usual: Fraction, said: str) -> None:
    moves = Movements(rising=(Movement(PLANNER, "Planner", 20, usual),))
    made = content([sale()], kind=DigestKind.WEEKLY, movements=moves)
    found = section(view_of(made).movements)
    assert found.title == "Rising products"
    assert (found.lines[0].label, found.lines[0].details) == ("▲ Rising", (said,))


def test_many_payouts_of_a_shop_are_told_as_one() -> None:
    payouts = [("prints", Payout(str(day), 1000, "EUR", "sent", FRIDAY)) for day in range(4)]
    lines = section(view_of(content([], books=BooksOfPeriod((), payouts))).payouts).lines
    assert [(line.details, line.amounts) for line in lines] == [
        (("4 payouts, sent to your bank",), ("€40.00",))
    ]


def test_nothing_needs_no_rate() -> None:
    gift = sale(0, gross=0, fees=0, currency="USD", kind=Kind.FREE)
    view = view_of(content([sale(), gift]))
    assert [headline.net for headline in view.headlines] == ["€9.65"]
    assert (view.converted, view.notes) == ("", None)


def test_every_currency_is_named_where_the_headline_is_a_conversion() -> None:
    view = view_of(content([sale(7120), sale(10823, currency="USD")], find_rate=rate))
    assert [headline.net for headline in view.headlines] == ["€171.20"]
    assert view.converted == "Converted at the rates of the day: €71.20 and US$108.23 net."


def test_rates_that_may_change_are_called_so() -> None:
    made = content([sale(10823, currency="USD")], find_rate=rate)
    view = view_of(replace(made, summary=replace(made.summary, provisional=True)))
    assert "the last known rates, which may still change" in view.converted


def test_a_single_shop_and_a_first_day_are_not_told_twice() -> None:
    view = view_of(CASES["first_day"]())
    assert (view.shops, view.compared, view.chart, view.goals) == (None, None, None, None)


def test_the_chart_says_what_it_cannot_show() -> None:
    days = [Period.one_day(FRIDAY.replace(day=day)) for day in (19, 20)]
    bars = tuple(Bar(day, Figures(1, 1000, 900, 900, converted=False)) for day in days)
    chart = view_of(content([sale()], bars=bars)).chart
    assert chart is not None
    assert chart.sentences[1] == "Sales in a currency without a rate are not in the chart."


def test_estimated_is_said_of_all_that_rests_on_estimates() -> None:
    progress = GoalProgress(RENT, NOVEMBER, FRIDAY, 500, None, None)
    made = content([sale(exact=False)], goals=(progress,), record=Record(None, 100))
    view = view_of(made)
    assert section(view.goals).hint == "estimated"
    assert section(view.streak).hint == "of an estimated net"
    assert section(view.countries).hint == "net, estimated"


@pytest.mark.parametrize("kind", DigestKind)
def test_a_digest_speaks_of_its_own_kind_alone(kind: DigestKind) -> None:
    view = view_of(content([], kind=kind))
    noun = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}[kind.value]
    others = {"day", "week", "month", "year"} - {noun}
    words = set(" ".join((view.quiet_title, *view.quiet, view.subject)).lower().split())
    assert f"quiet {noun}" in view.quiet_title
    assert not words & (others | {f"{other}s;" for other in others})


def test_the_fees_of_one_order_are_estimated_in_the_plural() -> None:
    [note, *_] = section(view_of(content([sale(exact=False)])).notes).sentences
    assert note.startswith("The fees of 1 order are estimated until")
