"""The words of rings and bursts, before a service gets to see them."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.alerts import Course, Form
from salesdaemon.domain.rules import Style
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.notify import texts
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.texts import Voice
from tests.factories import SOLD_AT, item, stored_sale
from tests.notify.told import GROSS, NET, TODAY, entry, facts_of, worded, worded_sales

ROOT = Path(__file__).parents[2]
MIXED = {
    "EUR": Totals(sales=1, gross=1200, net=965),
    "JPY": Totals(sales=2, gross=3000, net=2600, estimated=1),
}
YEN = stored_sale(currency="JPY", gross_minor=1500, fees_minor=200, shop="prints", fees_exact=False)
COURSE = Course(
    37, {"EUR": Totals(sales=37, gross=41200, net=33000)}, SOLD_AT, SOLD_AT + timedelta(minutes=17)
)

# A ring


def test_a_ring_says_what_was_paid_for_what_where_and_what_today_adds_up_to() -> None:
    assert worded_sales(Form.RING, stored_sale()) == Message(
        "Ka-ching! €12.00",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €36.00 gross",
        Tone.RING,
    )


def test_a_renewal_rings_like_a_sale() -> None:
    renewal = stored_sale(kind=Kind.RENEWAL)
    message = worded(Form.RING, [entry(kind="renewal")], facts_of(renewal))
    assert message == worded_sales(Form.RING, stored_sale())


def test_a_net_amount_says_so_and_whether_it_is_estimated() -> None:
    assert worded_sales(Form.RING, stored_sale(), voice=NET) == Message(
        "Ka-ching! €9.65 net",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €28.95 net",
        Tone.RING,
    )
    estimated = stored_sale(fees_exact=False)
    assert worded_sales(Form.RING, estimated, voice=NET, today=MIXED) == Message(
        "Ka-ching! €9.65 net (estimated)",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €9.65 + JP¥2,600 net (estimated)",
        Tone.RING,
    )


def test_a_day_without_totals_has_a_count_alone() -> None:
    message = worded_sales(Form.RING, stored_sale(), today={})
    assert message.body.splitlines()[-1] == "Today: 0 sales"


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.REFUNDED, "refunded"), (Status.CANCELLED, "cancelled"), (Status.DISPUTED, "disputed")],
)
def test_a_sale_that_is_gone_before_it_rings_says_so(status: Status, word: str) -> None:
    body = worded_sales(Form.RING, stored_sale(status=status)).body
    assert body.splitlines()[1] == f"templates (already {word})"


def test_several_products_are_counted_and_none_is_no_reason_to_fail() -> None:
    two = stored_sale(items=(item(quantity=2), item(), item()))
    assert worded_sales(Form.RING, two).body.startswith("2 × Weekly planner and 2 more\n")
    none = replace(two, items=())
    assert worded_sales(Form.RING, none).body.startswith("an untitled product\n")


def test_a_rule_gives_a_ring_its_own_words_and_sound() -> None:
    style = Style("magic", "{{ amount }} for {{ product | upper }}", "{{ today_count }} today")
    message = worded(Form.RING, [entry(style=style)])
    assert message == Message(
        "Ka-ching! €12.00 for WEEKLY PLANNER", "3 today", Tone.RING, silent=False, sound="magic"
    )


@pytest.mark.parametrize(
    "template", ["{{ nothing }}", "{{ quantity > gross }}", "{% for", "", "{{ '' }}", "x" * 9999]
)
def test_a_template_that_fails_never_costs_the_ring(template: str) -> None:
    message = worded(Form.RING, [entry(style=Style(title=template, body=template))])
    assert message == worded(Form.RING, [entry()])


def test_a_title_of_several_lines_becomes_one() -> None:
    message = worded(Form.RING, [entry(style=Style(title="{{ amount }}\n\nfor\nyou"))])
    assert message.title == "Ka-ching! €12.00  for you"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Ka-ching! Yes", "Ka-ching! Yes"),
        ("Ka-ching!!! Yes", "Ka-ching!!! Yes"),
        ("KA-CHING!!! Yes", "Ka-ching! Yes"),
        ("Kaching: {{ amount }}", "Ka-ching! €12.00"),
        ("kaching", "Ka-ching!"),
    ],
)
def test_a_title_that_says_ka_ching_itself_says_it_once(title: str, shown: str) -> None:
    assert worded(Form.RING, [entry(style=Style(title=title))]).title == shown


def test_a_ring_without_its_sale_still_rings() -> None:
    assert worded(Form.RING, [entry()], facts_of()) == Message(
        "Ka-ching! 1 sale", "1 not listed\nToday: 3 sales, €36.00 gross", Tone.RING
    )


def test_a_trial_ring_is_one_and_says_that_it_is_a_test() -> None:
    assert texts.trial_ring("phone", GROSS) == Message(
        "Ka-ching! €12.00",
        "This is a test: 1 × Weekly planner\nChannel phone works.",
        Tone.RING,
    )


def test_an_emoji_stands_behind_a_title_where_it_is_wanted() -> None:
    cheerful = replace(GROSS, emoji=True)
    assert worded_sales(Form.RING, stored_sale(), voice=cheerful).title == "Ka-ching! €12.00 💰"
    own = worded(Form.RING, [entry(style=Style(title="Yes!"))], voice=cheerful)
    assert own.title == "Ka-ching! Yes!"


# A burst


def test_a_burst_counts_and_lists_its_sales_and_adds_each_currency_up() -> None:
    sales = (stored_sale(), YEN, stored_sale())
    assert worded_sales(Form.BURST, *sales, today=MIXED) == Message(
        "Ka-ching! 3 sales, €24.00 + JP¥1,500",
        "€12.00 · 1 × Weekly planner · templates\n"
        "JP¥1,500 · 1 × Weekly planner · prints\n"
        "€12.00 · 1 × Weekly planner · templates\n"
        "Today: 3 sales, €12.00 + JP¥3,000 gross",
        Tone.RING,
    )


def test_a_burst_of_estimated_nets_says_so() -> None:
    some = (stored_sale(), stored_sale(fees_exact=False))
    title = worded_sales(Form.BURST, *some, voice=NET).title
    assert title == "Ka-ching! 2 sales, €19.30 net (estimated)"
    exact = worded_sales(Form.BURST, stored_sale(), stored_sale(), voice=NET).title
    assert exact == "Ka-ching! 2 sales, €19.30 net"


def test_a_burst_that_goes_on_says_what_it_came_to_with_these_sales() -> None:
    message = worded_sales(Form.BURST, stored_sale(), YEN, course=COURSE)
    assert message.title == "Ka-ching! 2 sales, €12.00 + JP¥1,500"
    assert message.body.splitlines() == [
        "In this burst so far: 39 sales, €424.00 + JP¥1,500 since 10:00",
        "€12.00 · 1 × Weekly planner · templates",
        "JP¥1,500 · 1 × Weekly planner · prints",
        "Today: 3 sales, €36.00 gross",
    ]


def test_the_facts_of_a_burst_are_left_as_they_were() -> None:
    worded_sales(Form.BURST, stored_sale(), course=COURSE)
    assert COURSE.totals == {"EUR": Totals(sales=37, gross=41200, net=33000)}


def test_the_last_sale_of_a_burst_is_told_by_itself() -> None:
    message = worded_sales(Form.BURST, stored_sale(), course=COURSE)
    assert message.title == "Ka-ching! 1 sale, €12.00"


@pytest.mark.parametrize(
    ("sounds", "sound"),
    [(("magic", "magic"), "magic"), (("magic", None), None), ((None, None), None)],
)
def test_a_burst_plays_a_rules_sound_where_all_its_sales_want_it(
    sounds: tuple[str | None, ...], sound: str | None
) -> None:
    entries = [entry(number, style=Style(each)) for number, each in enumerate(sounds, 1)]
    assert worded(Form.BURST, entries).sound == sound


@pytest.mark.parametrize("count", [2, 15, 16, 400])
def test_a_list_names_fifteen_sales_and_counts_the_others(count: int) -> None:
    message = worded_sales(Form.BURST, *[stored_sale()] * count)
    lines = message.body.splitlines()
    assert message.title.startswith(f"Ka-ching! {count} sales, ")
    rest = [f"and {count - 15} more"] if count > 15 else []
    assert lines[:-1] == ["€12.00 · 1 × Weekly planner · templates"] * min(count, 15) + rest


def test_the_end_of_a_burst_says_what_it_came_to_and_how_long_it_lasted() -> None:
    end = entry(kind="burst_end", level="silent")
    assert worded(Form.BURST_END, [end], facts_of(course=COURSE)) == Message(
        "The rush is over: 37 sales, €412.00",
        "From 10:00 to 10:17\nToday: 3 sales, €36.00 gross",
        Tone.INFO,
        silent=True,
    )


def test_a_burst_may_end_in_the_minute_it_began_and_without_numbers() -> None:
    end = entry(kind="burst_end", level="silent")
    short = facts_of(course=replace(COURSE, until=SOLD_AT))
    assert worded(Form.BURST_END, [end], short).body.splitlines()[0] == "At 10:00"
    assert worded(Form.BURST_END, [end], facts_of()) == Message(
        "The rush is over", "Today: 3 sales, €36.00 gross", Tone.INFO, silent=True
    )


# Whatever a title holds


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
        ("**bold** [a](https://example.com)", "**bold** [a](https://example.com)"),
        ("{{ amount }} {% raw %}", "{{ amount }} {% raw %}"),
        ("x" * 10_000, "x" * 119 + "…"),
        ("מתכנן שבועי", "מתכנן שבועי"),
    ],
)
@pytest.mark.parametrize("own", [False, True], ids=["usual", "own"])
def test_a_title_may_hold_anything(title: str | None, shown: str, *, own: bool) -> None:
    style = Style(body="1 × {{ product }}\n{{ shop }}") if own else Style()
    message = worded(Form.RING, [entry(style=style)], facts_of(titled(title)))
    assert message.body.splitlines()[0] == f"1 × {shown}"


@given(st.text(max_size=300))
def test_whatever_a_title_holds_a_ring_has_its_three_lines(title: str) -> None:
    message = texts.ring(titled(title), TODAY, GROSS)
    assert len(message.body.split("\n")) == 3
    assert message.body.encode()


# What it takes


@pytest.mark.parametrize("locale", ["en_GB", "en_US"])
def test_english_words_need_neither_babel_nor_jinja(locale: str) -> None:
    script = f"""
import sys
from tests.factories import stored_sale
from tests.notify.told import Form, Voice, worded_sales
for form in Form:
    worded_sales(form, stored_sale(), stored_sale(), voice=Voice("net", {locale!r}, emoji=True))
print([name for name in ("babel", "jinja2") if name in sys.modules])
"""
    done = subprocess.run(  # a process of its own: other tests have loaded both
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("changes", [{"amount": "net"}, {"locale": "de_DE"}, {"emoji": True}])
def test_a_ring_begins_with_ka_ching_in_every_voice(changes: dict[str, Any]) -> None:
    voice: Voice = replace(GROSS, **changes)
    assert worded_sales(Form.RING, stored_sale(), voice=voice).title.startswith("Ka-ching! ")
