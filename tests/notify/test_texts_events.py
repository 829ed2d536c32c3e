"""The words of whatever is no ring, told one by one or together."""

from dataclasses import replace
from typing import Any

import pytest

from salesdaemon.domain.alerts import Form, Waiting
from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.rules import Style
from salesdaemon.domain.sale import Status
from salesdaemon.notify.message import Message, Tone
from tests.factories import item, stored_sale
from tests.notify.told import GROSS, NET, entry, facts_of, trouble, worded

LEVELS = pytest.mark.parametrize("level", ["on", "silent"])
OTHER_KINDS = [kind for kind in EventKind if kind not in {EventKind.SALE, EventKind.RENEWAL}]

# One event


@pytest.mark.parametrize(
    ("kind", "changes", "title"),
    [
        ("refund", {"refunded_minor": 1200, "status": Status.REFUNDED}, "Refunded: €12.00"),
        (
            "refund",
            {"refunded_minor": 500, "status": Status.PARTIALLY_REFUNDED},
            "Refunded: €5.00 of €12.00",
        ),
        ("dispute", {"status": Status.DISPUTED}, "Disputed: €12.00"),
        ("dispute_won", {}, "Dispute won: €12.00"),
        ("cancelled", {"status": Status.CANCELLED}, "Cancelled: €12.00"),
        ("free", {"gross_minor": 0, "fees_minor": 0}, "A free download"),
    ],
)
@LEVELS
def test_what_happens_to_a_sale_is_told_and_never_ka_chings(
    kind: str, changes: dict[str, Any], title: str, level: str
) -> None:
    message = worded(Form.EVENT, [entry(1, kind, level)], facts_of(stored_sale(**changes)))
    assert message == Message(
        title,
        "1 × Weekly planner\ntemplates, sold on 20 Nov 2026",
        Tone.INFO,
        silent=level == "silent",
    )


@pytest.mark.parametrize(("kind", "word"), [("sale", "Sold"), ("renewal", "Renewed")])
def test_a_sale_told_without_sound_does_not_ka_ching(kind: str, word: str) -> None:
    assert worded(Form.EVENT, [entry(1, kind, "silent")], voice=NET) == Message(
        f"{word}: €9.65 net",
        "1 × Weekly planner\ntemplates\nToday: 3 sales, €28.95 net",
        Tone.INFO,
        silent=True,
    )


@pytest.mark.parametrize("kind", ["payout", "milestone", "silence", "watching"])
@LEVELS
def test_an_event_that_is_no_orders_brings_its_own_words(kind: str, level: str) -> None:
    told = entry(1, kind, level, title="Your 100th sale", body="It came from prints.")
    assert worded(Form.EVENT, [told]) == Message(
        "Your 100th sale", "It came from prints.", Tone.INFO, silent=level == "silent"
    )


def test_trouble_is_a_warning_unless_it_is_to_be_silent() -> None:
    assert worded(Form.EVENT, [trouble()]) == Message("Gone", "Look.", Tone.WARNING)
    assert worded(Form.EVENT, [trouble(level="silent")]) == Message(
        "Gone", "Look.", Tone.INFO, silent=True
    )


@pytest.mark.parametrize(
    ("kind", "title"),
    [("refund", "Refund"), ("trouble", "Problem"), ("payout", "Payout"), ("novelty", "Notice")],
)
def test_an_event_without_words_says_what_it_is(kind: str, title: str) -> None:
    assert worded(Form.EVENT, [entry(1, kind, "silent")], facts_of()) == Message(
        title, "", Tone.INFO, silent=True
    )


def test_a_rule_gives_an_event_its_own_words_but_no_sound() -> None:
    style = Style("magic", "Oh no: {{ refunded }}", "{{ kind }} · {{ products }}")
    sale = stored_sale(refunded_minor=500, items=(item(quantity=2), item(product="Stickers")))
    assert worded(Form.EVENT, [entry(1, "refund", style=style)], facts_of(sale)) == Message(
        "Oh no: €5.00", "refund · 2 × Weekly planner, 1 × Stickers", Tone.INFO
    )


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("words", ["Ka-ching!", "KACHING {{ amount }}", "ka ching"])
def test_a_rule_cannot_make_anything_else_ka_ching(kind: str, form: Form, words: str) -> None:
    told = entry(1, kind, style=Style("magic", words, words))
    message = worded(form, [told])
    assert "ching" not in f"{message.title}{message.body}".lower()
    assert (message.tone, message.sound) == (Tone.INFO, None)


def test_an_emoji_shows_what_it_is_about() -> None:
    cheerful = replace(GROSS, emoji=True)
    assert worded(Form.EVENT, [trouble()], voice=cheerful).title == "Gone 🔧"
    assert worded(Form.EVENT, [entry(1, "free")], voice=cheerful).title == "A free download 🎁"


# Many events


def silent(*kinds: str) -> list[Waiting]:
    return [
        entry(number, kind, "silent", title=f"A {kind}") for number, kind in enumerate(kinds, 1)
    ]


def test_many_events_are_counted_by_kind_and_listed() -> None:
    kinds = ("cancelled", "refund", "refund", "payout", "free", "dispute_won")
    gone = [stored_sale(refunded_minor=500, status=Status.PARTIALLY_REFUNDED)] * len(kinds)
    assert worded(Form.SEVERAL, silent(*kinds), facts_of(*gone)) == Message(
        "6 updates: 2 refunds, 1 cancellation, 1 payout, 1 free download, 1 won dispute",
        "Cancelled: €12.00 · 1 × Weekly planner · templates\n"
        "Refunded: €5.00 of €12.00 · 1 × Weekly planner · templates\n"
        "Refunded: €5.00 of €12.00 · 1 × Weekly planner · templates\n"
        "A payout\n"
        "A free download · 1 × Weekly planner · templates\n"
        "Dispute won: €12.00 · 1 × Weekly planner · templates",
        Tone.INFO,
        silent=True,
    )


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("sale", "3 sales"),
        ("renewal", "3 renewals"),
        ("free", "3 free downloads"),
        ("refund", "3 refunds"),
        ("silence", "3 quiet shops"),
        ("watching", "3 notices"),
    ],
)
def test_many_events_of_one_kind_are_simply_counted(kind: str, title: str) -> None:
    assert worded(Form.SEVERAL, silent(kind, kind, kind)).title == title


@pytest.mark.parametrize("count", [15, 16, 1200])
def test_a_list_of_events_names_fifteen_and_counts_the_others(count: int) -> None:
    message = worded(Form.SEVERAL, silent(*["free"] * count))
    lines = message.body.splitlines()
    assert message.title == f"{count:,} free downloads"
    assert lines[15:] == ([f"and {count - 15} more"] if count > 15 else [])


def test_many_troubles_each_say_what_to_do() -> None:
    told = [trouble("Shop prints stopped", "Etsy refused the login.\nSign in again."), trouble()]
    assert worded(Form.SEVERAL, told) == Message(
        "2 things need you",
        "Shop prints stopped\nEtsy refused the login. Sign in again.\n\nGone\nLook.",
        Tone.WARNING,
    )


def test_a_list_is_silent_if_all_of_it_is_and_warns_if_something_in_it_does() -> None:
    quiet = worded(Form.SEVERAL, [trouble(level="silent"), trouble(level="silent")])
    assert (quiet.tone, quiet.silent) == (Tone.INFO, True)
    partly = worded(Form.SEVERAL, [trouble(level="silent"), *silent("free")])
    assert (partly.title, partly.tone, partly.silent) == (
        "2 updates: 1 problem, 1 free download",
        Tone.INFO,
        True,
    )
    loud = worded(Form.SEVERAL, [trouble(), *silent("free")])
    assert (loud.tone, loud.silent) == (Tone.WARNING, False)
    heard = worded(Form.SEVERAL, [entry(1, "refund"), *silent("free")])
    assert (heard.tone, heard.silent) == (Tone.INFO, False)


@pytest.mark.parametrize("hostile", ["x" * 10_000, "two\nlines", "\u202e\x00", "\ud800", ""])
def test_an_event_stays_on_its_line_whatever_it_holds(hostile: str) -> None:
    told = [entry(n, "milestone", "silent", title=hostile, body=hostile) for n in (1, 2)]
    message = worded(Form.SEVERAL, told)
    assert len(message.body.split("\n")) == 2
    assert len(message.body) < 1500
    assert message.body.encode()
