from dataclasses import replace

import pytest

from salesdaemon.digest.render import render_subject
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StoredSale
from tests.digest.cases import HOSTILE, hostile_titles
from tests.digest.facts import content, sale


@pytest.mark.parametrize(
    ("sales", "subject"),
    [
        pytest.param([], "A quiet day: Friday 20 November", id="nothing"),
        pytest.param(
            [sale(4640), sale(4000)], "€86.40 without extra work, from 2 sales", id="passive"
        ),
        pytest.param([sale(8640, passive=False)], "€86.40 from 1 sale", id="work"),
        pytest.param([sale(8640, passive=None)], "€86.40 from 1 sale", id="unclassified"),
        pytest.param(
            [sale(7120), sale(1520, passive=False)],
            "€86.40 from 2 sales, €71.20 of it without extra work",
            id="both",
        ),
        pytest.param(
            [sale(7120), sale(1500, currency="JPY", passive=False)],
            "€71.20 + JP¥1,500 from 2 sales, partly without extra work",
            id="currencies",
        ),
        pytest.param(
            [sale(965, exact=False)],
            "€9.65 without extra work, from 1 sale (fees estimated)",
            id="estimated",
        ),
        pytest.param(
            [sale(0, kind=Kind.FREE, exact=False)],
            "A quiet day: Friday 20 November",
            id="free download",
        ),
        pytest.param(
            [sale(-420, gross=8000, refunded=8000, fees=420)],
            "\N{MINUS SIGN}€4.20 after refunds, from 1 sale",
            id="negative",
        ),
        pytest.param(
            [sale(0, gross=2500, refunded=2500, status=Status.DISPUTED)],
            "€0.00 left from 1 sale",
            id="disputed",
        ),
    ],
)
def test_the_subject_holds_the_answer(sales: list[StoredSale], subject: str) -> None:
    assert render_subject(content(sales), "en_GB") == subject


def test_the_subject_says_that_a_shop_is_missing() -> None:
    day = replace(content([]), stale=hostile_titles().stale)
    assert render_subject(day, "en_GB") == "A quiet day: Friday 20 November (1 shop missing)"


def test_amounts_follow_the_locale() -> None:
    assert render_subject(content([sale(123456)]), "de_DE") == (
        "1.234,56 € without extra work, from 1 sale"
    )


def test_no_line_break_enters_the_subject() -> None:
    odd = replace(sale(965), currency="E\r\nBcc: x@evil.example")
    subject = render_subject(content([odd, sale(500, product=HOSTILE)]), "en_GB")
    assert subject.splitlines() == [subject]
