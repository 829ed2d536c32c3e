from dataclasses import replace

import pytest

from salesdaemon.digest.render import render_subject
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StoredSale
from tests.digest.cases import HOSTILE, hostile_titles
from tests.digest.facts import content, sale
from tests.digest.long_cases import rate


@pytest.mark.parametrize(
    ("sales", "subject"),
    [
        pytest.param([], "A quiet day: Friday 20 November", id="nothing"),
        pytest.param(
            [sale(4640), sale(4000)],
            "€86.40 while you slept: 2 sales, all without any work",
            id="passive",
        ),
        pytest.param(
            [sale(8640, passive=False)], "€86.40 on Friday 20 November: 1 sale", id="work"
        ),
        pytest.param(
            [sale(8640, passive=None)], "€86.40 on Friday 20 November: 1 sale", id="unclassified"
        ),
        pytest.param(
            [sale(7120), sale(1520, passive=False)],
            "€86.40 while you slept: 2 sales, 1 without any work",
            id="both",
        ),
        pytest.param(
            [sale(120), sale(8520, passive=False)],
            "€86.40 on Friday 20 November: 2 sales, 1 without any work",
            id="mostly work",
        ),
        pytest.param(
            [sale(7120), sale(1500, currency="JPY", passive=False)],
            "€71.20 + JP¥1,500 on Friday 20 November: 2 sales, 1 without any work",
            id="currencies",
        ),
        pytest.param(
            [sale(965, exact=False)],
            "€9.65 while you slept: 1 sale, without any work (fees estimated)",
            id="estimated",
        ),
        pytest.param(
            [sale(0, kind=Kind.FREE, exact=False)],
            "A quiet day: Friday 20 November",
            id="free download",
        ),
        pytest.param(
            [sale(-420, gross=8000, refunded=8000, fees=420)],
            "\N{MINUS SIGN}€4.20 on Friday 20 November, after refunds: 1 sale, without any work",
            id="negative",
        ),
        pytest.param(
            [sale(0, gross=2500, refunded=2500, status=Status.DISPUTED)],
            "€0.00 on Friday 20 November, after refunds: 1 sale, without any work",
            id="disputed",
        ),
    ],
)
def test_the_subject_holds_the_answer(sales: list[StoredSale], subject: str) -> None:
    assert render_subject(content(sales), "en_GB") == subject


def test_the_subject_says_that_a_shop_is_missing() -> None:
    day = replace(content([]), stale=hostile_titles().stale)
    assert render_subject(day, "en_GB") == "A quiet day: Friday 20 November (1 shop missing)"


@pytest.mark.parametrize(
    ("kind", "earned", "quiet"),
    [
        (DigestKind.WEEKLY, "€9.65 last week", "A quiet week: 16 to 22 November"),
        (DigestKind.MONTHLY, "€9.65 in November", "A quiet month: November"),
        (DigestKind.YEARLY, "€9.65 in 2026", "A quiet year: 2026"),
    ],
)
def test_the_subject_names_a_period_of_its_kind(kind: DigestKind, earned: str, quiet: str) -> None:
    sold = render_subject(content([sale()], kind=kind), "en_GB")
    assert sold == f"{earned}: 1 sale, without any work"
    assert render_subject(content([], kind=kind), "en_GB") == quiet


def test_only_the_last_week_is_called_so() -> None:
    older = replace(content([sale()], kind=DigestKind.WEEKLY), is_last=False)
    assert render_subject(older, "en_GB").startswith("€9.65 in the week of 16 to 22 November: ")


def test_what_could_be_converted_is_one_amount_in_the_subject() -> None:
    sales = [sale(7120), sale(10823, currency="USD")]
    assert render_subject(content(sales, find_rate=rate), "en_GB") == (
        "€171.20 while you slept: 2 sales, all without any work"
    )


def test_a_preview_speaks_of_a_period_that_is_not_over() -> None:
    subject = render_subject(content([sale()], preview=True), "en_GB")
    assert subject == "Preview: €9.65 so far: 1 sale, without any work"


def test_amounts_follow_the_locale() -> None:
    assert render_subject(content([sale(123456)]), "de_DE") == (
        "1.234,56 € while you slept: 1 sale, without any work"
    )


def test_no_line_break_enters_the_subject() -> None:
    odd = replace(sale(965), currency="E\r\nBcc: x@evil.example")
    subject = render_subject(content([odd, sale(500, product=HOSTILE)]), "en_GB")
    assert subject.splitlines() == [subject]
