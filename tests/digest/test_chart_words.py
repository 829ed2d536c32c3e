"""What is said about a chart to whoever does not see it."""

from dataclasses import replace
from datetime import date

import pytest

from salesdaemon.digest.chart_words import Chart, describe_chart, sparkline
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind, last_periods, period_of
from salesdaemon.domain.history import Bar, Figures
from salesdaemon.domain.period import Period

FRIDAY = date(2026, 11, 20)
ENGLISH = Wording("en_GB")
NOTHING = Figures()


def passive(net: int) -> Figures:
    return Figures(1, net, net, net)


def active(net: int) -> Figures:
    return Figures(1, net, net, 0, net)


def bars_of(
    *brought: Figures, kind: DigestKind = DigestKind.DAILY, last: date = FRIDAY
) -> tuple[Bar, ...]:
    periods = last_periods(kind, period_of(kind, last), len(brought))
    return tuple(Bar(period, figures) for period, figures in zip(periods, brought, strict=True))


def chart_of(*brought: Figures, kind: DigestKind = DigestKind.DAILY) -> Chart:
    bars = bars_of(*brought, kind=kind)
    return Chart(bars, bars[-1].period, "EUR")


def test_a_chart_is_told_by_its_sum_its_best_bar_and_its_own() -> None:
    days = [NOTHING] * 27 + [passive(8640), active(2000), passive(1950)]
    assert describe_chart(chart_of(*days), ENGLISH) == (
        "Bars of the last 30 days: €125.90 net in all, €105.90 of it without any work; "
        "most on Wed 18 Nov, €86.40. €19.50 on Fri 20 Nov."
    )


def test_the_digests_bar_is_named_once_where_it_is_the_best() -> None:
    assert describe_chart(chart_of(NOTHING, passive(900)), ENGLISH) == (
        "Bars of the last 2 days: €9.00 net in all, €9.00 of it without any work; "
        "most on Fri 20 Nov, €9.00."
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DigestKind.WEEKLY, "most in the week from Mon 9 Nov, €9.00."),
        (DigestKind.MONTHLY, "most in Oct 2026, €9.00."),
    ],
)
def test_weeks_and_months_are_named_as_such(kind: DigestKind, words: str) -> None:
    described = describe_chart(chart_of(*[NOTHING] * 10, passive(900), NOTHING, kind=kind), ENGLISH)
    assert described.startswith(f"Bars of the last 12 {kind.removesuffix('ly')}s: ")
    assert words in described


def test_no_month_of_a_year_is_called_its_own() -> None:
    months = bars_of(*[passive(900)] * 12, kind=DigestKind.MONTHLY, last=date(2026, 12, 2))
    year = Chart(months, Period(date(2026, 1, 1), date(2026, 12, 31)), "EUR")
    assert describe_chart(year, ENGLISH).endswith("; most in Jan 2026, €9.00.")


def test_a_history_without_a_sale_says_so() -> None:
    assert describe_chart(chart_of(*[NOTHING] * 30), ENGLISH) == (
        "Bars of the last 30 days: nothing came in."
    )


def test_a_history_of_refunds_has_no_best_day() -> None:
    assert describe_chart(chart_of(passive(-500), NOTHING), ENGLISH) == (
        "Bars of the last 2 days: \N{MINUS SIGN}€5.00 net in all, \N{MINUS SIGN}€5.00 of it "
        "without any work."
    )


def test_what_could_not_be_converted_is_said_to_be_missing() -> None:
    partly = replace(passive(900), converted=False)
    assert describe_chart(chart_of(NOTHING, partly), ENGLISH).endswith(
        "Sales in a currency without a rate are not in it."
    )


def test_a_single_bar_is_called_one() -> None:
    assert describe_chart(chart_of(passive(900)), ENGLISH).startswith("One bar, of a day: €9.00")


def test_blocks_of_text_rise_with_the_net() -> None:
    bars = bars_of(*map(passive, (0, 1, 1000, 4000, 7000)))
    assert sparkline(bars) == "▁▂▂▅█"


def test_only_bars_without_income_are_the_lowest_block() -> None:
    assert sparkline(bars_of(passive(-500), NOTHING, passive(1), passive(10**12))) == "▁▁▂█"
    assert sparkline(bars_of(NOTHING, NOTHING)) == "▁▁"
    assert sparkline(()) == ""
