"""The words of a recap: the story of what could not ring in its time."""

from dataclasses import replace

import pytest

from salesdaemon.domain.alerts import Cause, Form, Waiting
from salesdaemon.domain.rules import Style
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.texts import Voice
from tests.factories import item, stored_sale
from tests.notify.told import GROSS, NET, TODAY, entry, facts_of, worded, worded_sales


def sold(
    gross_minor: int = 1200, country: str | None = "DE", *, passive: bool | None = True
) -> StoredSale:
    return stored_sale(
        gross_minor=gross_minor, country=country, items=(item(gross_minor, passive=passive),)
    )


def first_line(*sales: StoredSale, cause: Cause = Cause.QUIET, voice: Voice = GROSS) -> str:
    message = worded_sales(Form.RECAP, *sales, cause=cause, voice=voice)
    return message.body.splitlines()[0]


def test_a_recap_tells_the_story_of_the_night() -> None:
    best = stored_sale(gross_minor=2400, shop="prints", country="FR")
    sales = (
        *(sold(1240, "DE"), sold(1000, "US"), best, sold(1000, None), sold(1000, "GB")),
        *(sold(1000, "DE"), sold(1000, "NL", passive=False)),
    )
    assert worded_sales(Form.RECAP, *sales, cause=Cause.QUIET) == Message(
        "Sales recap: 7 sales, €86.40",
        "While you slept: 7 sales, €86.40, 5 countries, 6 of them without any work.\n"
        "Best: €24.00 · 1 × Weekly planner · prints\n"
        "€12.40 · 1 × Weekly planner · templates\n"
        "€10.00 · 1 × Weekly planner · templates\n"
        "€10.00 · 1 × Weekly planner · templates\n"
        "€10.00 · 1 × Weekly planner · templates\n"
        "€10.00 · 1 × Weekly planner · templates\n"
        "€10.00 · 1 × Weekly planner · templates\n"
        "Today: 3 sales, €36.00 gross",
        Tone.RING,
    )


@pytest.mark.parametrize(
    ("cause", "beginning"),
    [
        (Cause.QUIET, "While you slept"),
        (Cause.AWAY, "While you were away"),
        (Cause.PAUSED, "While salesdaemon did not run"),
        (Cause.LATE, "What could not be told in time"),
        (None, "What could not be told in time"),
    ],
)
def test_a_recap_says_why_it_is_one(cause: Cause, beginning: str) -> None:
    assert first_line(sold(), sold(), cause=cause) == (
        f"{beginning}: 2 sales, €24.00, all of them without any work."
    )


@pytest.mark.parametrize(
    ("passive", "ending"), [(True, ", without any work"), (False, ""), (None, "")]
)
def test_a_recap_of_one_sale_speaks_of_one(passive: bool | None, ending: str) -> None:
    message = worded_sales(Form.RECAP, sold(passive=passive), cause=Cause.AWAY)
    assert message == Message(
        "Sales recap: 1 sale, €12.00",
        f"While you were away: 1 sale, €12.00{ending}.\n"
        "€12.00 · 1 × Weekly planner · templates\n"
        "Today: 3 sales, €36.00 gross",
        Tone.RING,
    )


@pytest.mark.parametrize(
    ("countries", "told"),
    [
        (("DE", "DE"), ""),
        ((None, None), ""),
        (("DE", None), ""),
        (("DE", "FR"), ", 2 countries"),
        (("DE", "FR", None, "DE"), ", 2 countries"),
    ],
)
def test_countries_are_told_where_there_are_several(
    countries: tuple[str | None, ...], told: str
) -> None:
    line = first_line(*(sold(100, country, passive=None) for country in countries))
    assert line == f"While you slept: {len(countries)} sales, €{len(countries)}.00{told}."


@pytest.mark.parametrize(
    ("passive", "told"),
    [
        ((True, True, True), ", all of them without any work"),
        ((True, False, True), ", 2 of them without any work"),
        ((True, None, False), ", 1 of them without any work"),
        ((None, None, False), ""),
    ],
)
def test_only_what_is_surely_passive_was_without_work(
    passive: tuple[bool | None, ...], told: str
) -> None:
    line = first_line(*(sold(100, passive=each) for each in passive))
    assert line == f"While you slept: 3 sales, €3.00{told}."


def test_a_sale_with_one_active_product_was_work() -> None:
    both = stored_sale(items=(item(600), item(600, passive=False)))
    assert first_line(both) == "While you slept: 1 sale, €12.00."


def test_each_currency_has_its_own_best_sale() -> None:
    yen = stored_sale(currency="JPY", gross_minor=1500)
    message = worded_sales(Form.RECAP, sold(), yen, sold(1900), cause=Cause.QUIET)
    assert message.title == "Sales recap: 3 sales, €31.00 + JP¥1,500"
    assert message.body.splitlines()[1:3] == [
        "Best in EUR: €19.00 · 1 × Weekly planner · templates",
        "Best in JPY: JP¥1,500 · 1 × Weekly planner · templates",
    ]


def test_a_recap_in_net_judges_by_net() -> None:
    dear = stored_sale(gross_minor=2000, fees_minor=1500, fees_exact=False)
    message = worded_sales(Form.RECAP, dear, sold(), cause=Cause.QUIET, voice=NET)
    assert message.title == "Sales recap: 2 sales, €14.65 net (estimated)"
    assert message.body.splitlines()[1] == "Best: €9.65 net · 1 × Weekly planner · templates"


def test_a_long_recap_names_fifteen_sales_and_is_easy_to_count() -> None:
    message = worded_sales(Form.RECAP, *[sold()] * 1200, cause=Cause.PAUSED)
    lines = message.body.splitlines()
    assert message.title == "Sales recap: 1200 sales, €14,400.00"
    assert lines[0] == (
        "While salesdaemon did not run: 1,200 sales, €14,400.00, all of them without any work."
    )
    assert len(lines) == 18
    assert lines[-2:] == ["and 1185 more", "Today: 3 sales, €36.00 gross"]


def mixed() -> list[Waiting]:
    goal = entry(2, "milestone", title="Your 100th sale", body="It came from prints.\nSince 2024.")
    return [entry(1), goal, entry(3, "refund"), entry(4, "payout", title="Payout of €90.00")]


def test_what_else_happened_comes_after_the_sales_and_is_not_counted() -> None:
    gone = stored_sale(refunded_minor=1200, status=Status.REFUNDED)
    message = worded(Form.RECAP, mixed(), facts_of(sold(), sold(), gone, sold()), cause=Cause.QUIET)
    assert message == Message(
        "Sales recap: 1 sale, €12.00",
        "While you slept: 1 sale, €12.00, without any work.\n"
        "€12.00 · 1 × Weekly planner · templates\n"
        "Also: Your 100th sale · It came from prints.\n"
        "Also: Refunded: €12.00 · 1 × Weekly planner · templates\n"
        "Also: Payout of €90.00\n"
        "Today: 3 sales, €36.00 gross",
        Tone.RING,
    )


def test_a_recap_without_any_sale_lists_what_happened() -> None:
    assert worded(Form.RECAP, mixed()[1:], cause=Cause.QUIET).tone is Tone.INFO


def test_a_recap_counts_sales_that_it_cannot_describe() -> None:
    entries = [entry(1), entry(2), entry(3)]
    message = worded(Form.RECAP, entries, facts_of(sold()), cause=Cause.LATE)
    assert message.title == "Sales recap: 3 sales, €12.00"
    assert message.body.splitlines()[1:3] == [
        "€12.00 · 1 × Weekly planner · templates",
        "and 2 more",
    ]


def test_a_recap_has_the_emoji_of_its_cause_and_a_rules_sound() -> None:
    cheerful = replace(GROSS, emoji=True)
    entries = [entry(number, style=Style("magic", "{{ amount }}")) for number in (1, 2)]
    message = worded(Form.RECAP, entries, facts_of(sold(), sold()), cheerful, cause=Cause.AWAY)
    assert (message.title, message.sound) == ("Sales recap: 2 sales, €24.00 🏖️", "magic")


def test_a_recap_ends_with_what_today_brought() -> None:
    body = worded_sales(Form.RECAP, sold(), today=TODAY, cause=Cause.QUIET, voice=NET).body
    assert body.splitlines()[-1] == "Today: 3 sales, €28.95 net"
