"""The words of a message, before a service gets to see them."""

from dataclasses import replace
from typing import Any

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.money import to_decimal
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.notify import texts
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.texts import Voice
from tests.factories import item, stored_sale

GROSS = Voice("gross", "en_GB")
NET = Voice("net", "en_GB")
TODAY = {"EUR": Totals(sales=3, gross=3600, net=2895)}
MIXED = {
    "EUR": Totals(sales=1, gross=1200, net=965),
    "JPY": Totals(sales=2, gross=3000, net=2600, estimated=1),
}
YEN = stored_sale(currency="JPY", gross_minor=1500, fees_minor=200, shop="prints", fees_exact=False)


def test_a_ring_says_what_was_paid_for_what_where_and_what_today_adds_up_to() -> None:
    assert texts.ring(stored_sale(), TODAY, GROSS) == Message(
        "Ka-ching! €12.00",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €36.00 gross",
        Tone.RING,
    )


def test_a_net_amount_says_so_and_whether_it_is_estimated() -> None:
    assert texts.ring(stored_sale(), TODAY, NET) == Message(
        "Ka-ching! €9.65 net",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €28.95 net",
        Tone.RING,
    )
    estimated = stored_sale(fees_exact=False)
    assert texts.ring(estimated, MIXED, NET) == Message(
        "Ka-ching! €9.65 net (estimated)",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €9.65 + JP¥2,600 net (estimated)",
        Tone.RING,
    )


def test_amounts_of_several_currencies_stand_side_by_side() -> None:
    assert texts.recap([stored_sale(), YEN, stored_sale()], MIXED, GROSS) == Message(
        "Sales recap: 3 sales, €24.00 + JP¥1,500",
        "€12.00 · 1 × Weekly planner · templates\n"
        "JP¥1,500 · 1 × Weekly planner · prints\n"
        "€12.00 · 1 × Weekly planner · templates\n"
        "Today: 3 sales, €12.00 + JP¥3,000 gross",
        Tone.RING,
    )


def test_a_recap_and_a_burst_of_estimated_nets_say_so() -> None:
    some = [stored_sale(), stored_sale(fees_exact=False)]
    assert texts.recap(some, {}, NET).title == "Sales recap: 2 sales, €19.30 net (estimated)"
    assert texts.burst(some, {}, NET).title == "Ka-ching! 2 sales, €19.30 net (estimated)"
    assert texts.burst(some[:1] * 2, {}, NET).title == "Ka-ching! 2 sales, €19.30 net"


@pytest.mark.parametrize("count", [2, 15, 16, 400])
def test_a_list_names_fifteen_sales_and_counts_the_others(count: int) -> None:
    message = texts.recap([stored_sale()] * count, {}, GROSS)
    lines = message.body.splitlines()
    assert message.title.startswith(f"Sales recap: {count} sales, ")
    assert lines[-1] == "Today: 0 sales, 0 gross"
    rest = [f"and {count - 15} more"] if count > 15 else []
    assert lines[:-1] == ["€12.00 · 1 × Weekly planner · templates"] * min(count, 15) + rest


def test_a_sale_told_without_sound_does_not_ka_ching() -> None:
    message = texts.quiet_sale(stored_sale(), TODAY, GROSS)
    assert message == Message(
        "Sold: €12.00",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €36.00 gross",
        Tone.INFO,
        silent=True,
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.REFUNDED, "refunded"), (Status.CANCELLED, "cancelled"), (Status.DISPUTED, "disputed")],
)
def test_a_sale_that_is_gone_before_it_rings_says_so(status: Status, word: str) -> None:
    body = texts.ring(stored_sale(status=status), TODAY, GROSS).body
    assert body.splitlines()[1] == f"templates (already {word})"


@pytest.mark.parametrize(
    ("kind", "changes", "title"),
    [
        (EventKind.REFUND, {"refunded_minor": 1200, "status": Status.REFUNDED}, "Refunded: €12.00"),
        (
            EventKind.REFUND,
            {"refunded_minor": 500, "status": Status.PARTIALLY_REFUNDED},
            "Refunded: €5.00 of €12.00",
        ),
        (EventKind.DISPUTE, {"status": Status.DISPUTED}, "Disputed: €12.00"),
        (EventKind.DISPUTE_WON, {}, "Dispute won: €12.00"),
        (EventKind.CANCELLED, {"status": Status.CANCELLED}, "Cancelled: €12.00"),
        (EventKind.FREE, {"gross_minor": 0, "fees_minor": 0}, "A free download"),
    ],
)
@pytest.mark.parametrize("silent", [True, False], ids=["silent", "on"])
def test_what_happens_to_a_sale_is_told_and_never_ka_chings(
    kind: EventKind, changes: dict[str, Any], title: str, *, silent: bool
) -> None:
    assert texts.happened(kind, stored_sale(**changes), GROSS, silent=silent) == Message(
        title, "1 × Weekly planner\ntemplates, sold on 2026-11-20", Tone.INFO, silent=silent
    )


def test_trouble_is_a_warning_unless_it_is_to_be_silent() -> None:
    assert texts.trouble("Gone", "Look.", silent=False).tone is Tone.WARNING
    assert texts.trouble("Gone", "Look.", silent=True) == Message(
        "Gone", "Look.", Tone.INFO, silent=True
    )


def titled(title: str | None) -> StoredSale:
    return stored_sale(items=(item(product=title),))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (None, "an untitled product"),
        ("", "an untitled product"),
        (" \r\n\t", "an untitled product"),
        ("\u202e\x00", "an untitled product"),
        ("Two\r\nlines", "Two lines"),
        ("NUL\x00 and \x1b[31mred", "NUL and  [31mred"),
        ("\u202egnp.exe", "gnp.exe"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("<b>bold</b> & @everyone", "<b>bold</b> & @everyone"),
        ("x" * 6000, "x" * 119 + "…"),
        ("מתכנן שבועי", "מתכנן שבועי"),
    ],
)
def test_a_title_may_hold_anything(title: str | None, shown: str) -> None:
    assert texts.ring(titled(title), {}, GROSS).body.splitlines()[0] == f"1 × {shown}"


@given(st.text(max_size=300))
def test_whatever_a_title_holds_a_ring_has_its_three_lines(title: str) -> None:
    message = texts.ring(titled(title), {}, GROSS)
    assert len(message.body.split("\n")) == 3
    assert message.body.encode()


def test_several_products_are_counted_and_none_is_no_reason_to_fail() -> None:
    two = stored_sale(items=(item(quantity=2), item(), item()))
    assert texts.ring(two, {}, GROSS).body.startswith("2 × Weekly planner and 2 more\n")
    assert texts.ring(replace(two, items=()), {}, GROSS).body.startswith("an untitled product\n")


def test_amounts_are_written_as_people_of_the_locale_do() -> None:
    assert texts.ring(stored_sale(gross_minor=123456), {}, Voice("gross", "de_DE")).title == (
        "Ka-ching! 1.234,56\xa0€"
    )
    assert texts.money_text(12345, "KWD", "en_GB") == "KWD12.345"


def test_a_trial_ring_is_one_and_says_that_it_is_a_test() -> None:
    message = texts.trial_ring("phone", GROSS)
    assert (message.title, message.tone) == ("Ka-ching! €12.00", Tone.RING)
    assert message.body.startswith("This is a test")


@pytest.mark.parametrize("locale", ["en_GB", "en_US"])
@pytest.mark.parametrize("amount_minor", [0, 5, 1200, -1200, 123456789])
@pytest.mark.parametrize(
    "currency",
    [
        *("EUR", "GBP", "USD", "CAD", "AUD", "NZD", "MXN", "BRL", "HKD", "TWD", "CNY", "INR"),
        *("ILS", "PHP", "KRW", "JPY", "CHF", "SEK", "KWD"),
    ],
)
def test_what_english_writes_without_babel_is_what_babel_writes(
    amount_minor: int, currency: str, locale: str
) -> None:
    expected = format_currency(to_decimal(amount_minor, currency), currency, locale=locale)

    assert texts.money_text(amount_minor, currency, locale) == expected
