from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.push import MOST_LINES, render_push
from salesdaemon.digest.titles import columns
from salesdaemon.domain.attention import Attention, Concern
from tests.digest.cases import ARABIC, CASES
from tests.digest.facts import FRIDAY, content, news, sale


def a_day() -> DigestContent:
    """The day whose push docs/digest.md shows."""
    return content(
        [
            sale(1530, product="Weekly planner 2027"),
            sale(1530, product="Weekly planner 2027"),
            sale(1490, product="Icon pack for makers", quantity=2),
            sale(920, product="Icon pack for makers"),
            sale(920, product="Habit tracker"),
            sale(730, product="Sticker sheet: cats"),
            sale(1520, shop="prints", product="Hand-lettered name print", passive=False),
            sale(4010, day=FRIDAY - timedelta(days=1)),
        ],
        news=(news("sale", gross=1900, net=1534), news("refund", refunded=1200, net=-965)),
    )


def pushed(name: str) -> tuple[str, list[str]]:
    title, body = render_push(CASES[name](), "en_GB")
    return title, body.splitlines()


def test_a_push_says_what_came_in_and_what_stands_out() -> None:
    title, body = render_push(a_day(), "en_GB")
    assert title == "€86.40 while you slept"
    assert body.splitlines() == [
        "7 sales, 6 without any work",
        "€71.20 without any work, €15.20 with work",
        "▲ €46.30 more than the day before",
        "Best: Weekly planner 2027, €30.60",
        "News of earlier days: 1 late sale and 1 refund",
    ]


def test_what_took_no_work_is_said_once() -> None:
    assert pushed("one_sale") == (
        "€9.65 while you slept",
        ["1 sale, without any work", "▼ €30.45 less than the day before"],
    )


def test_currencies_without_a_rate_stand_apart() -> None:
    title, lines = pushed("many_currencies")
    assert title == "€86.40 + JP¥1,300 + US$14.15 while you slept"
    assert lines[1:3] == [
        "EUR: €71.20 without any work, €15.20 with work",
        "JPY: JP¥1,300 without any work",
    ]


def test_a_quiet_day_and_one_of_news_say_so() -> None:
    title, lines = pushed("empty_day")
    assert title == "A quiet day: Friday 20 November"
    assert lines[0].startswith("Nothing was sold on Friday 20 November.")
    title, lines = pushed("news_only")
    assert title.startswith("No sales on Friday 20 November; news: 1 late sale")
    assert "1 refund" in lines[0]


def test_estimated_fees_are_named_beside_the_figure() -> None:
    assert pushed("estimated_fees")[0].endswith("(fees estimated)")


def test_a_preview_is_named() -> None:
    assert pushed("preview")[0] == "Preview: €9.65 so far"


def test_converted_figures_say_so() -> None:
    assert pushed("books")[1][-1] == "Converted at the rates of the day: €15.30 and US$9.65 net."


def test_missed_digests_are_named() -> None:
    assert pushed("gap")[1][-1] == (
        "4 daily digests before this one did not go out: the daemon did not run."
    )


def test_what_needs_attention_is_never_cut_off() -> None:
    made = replace(
        a_day(),
        attention=(
            Attention(Concern.LOGIN, "prints"),
            Attention(Concern.UNCLASSIFIED, "Mystery box"),
        ),
    )
    lines = render_push(made, "en_GB")[1].splitlines()
    assert len(lines) == MOST_LINES
    assert lines[-1] == "Needs attention: 1 login to renew and 1 product to classify."


def test_a_right_to_left_title_moves_no_amount() -> None:
    assert f"Best: \u2068{ARABIC}\u2069, €15.30" in pushed("right_to_left")[1]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("locale", ["en_GB", "en_US", "de_DE", "ar_EG", "ja_JP"])
def test_every_push_is_short_and_rings_for_nothing(
    case: Callable[[], DigestContent], locale: str
) -> None:
    title, body = render_push(case(), locale)
    lines = body.splitlines()
    assert title
    assert 1 <= len(lines) <= MOST_LINES
    assert all(0 < columns(line) <= 200 for line in lines)
    assert "see below" not in body
    assert not title.startswith("Ka-ching!")
