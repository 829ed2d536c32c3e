"""Whatever waits, there are words for it, and none of them are the buyer's."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.alerts import BURST_END, Cause, Course, Facts, Form, Group, Waiting
from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.rules import Style
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.notify import texts
from salesdaemon.notify.message import Tone
from salesdaemon.notify.texts import Voice
from tests.factories import BERLIN, stored_sale

CANARY = "canary"
"""Stands in every field of an order that could lead to its buyer, the country left out."""
KINDS = [*EventKind, "payout", "milestone", "silence", "trouble", "watching", BURST_END, "novelty"]
TEMPLATES = [
    None,
    "{{ amount }} {{ product }}",
    "{{ missing }}",
    "{{ quantity > amount }}",
    "{{ ''.__class__ }}",
    "{% if passive %}{{ country }}{% endif %}",
    "Ka-ching! {{ gross }}",
]
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis puts the zone on
MINOR = st.integers(-(10**12), 10**12)
TEXT = st.text(max_size=40)


@st.composite
def sales(draw: st.DrawFn) -> StoredSale:
    items = st.builds(
        LineItem,
        product_id=st.just(CANARY),
        product=TEXT | st.none(),
        quantity=st.integers(0, 10**6),
        gross_minor=st.integers(0, 10**9),
        passive=st.sampled_from([True, False, None]),
        line_id=st.just(CANARY),
    )
    return stored_sale(
        CANARY,
        kind=draw(st.sampled_from(list(Kind))),
        status=draw(st.sampled_from(list(Status))),
        paid=draw(st.booleans()),
        paid_at=draw(MOMENTS | st.none()),
        sold_on=draw(st.dates()),
        currency=draw(st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "XTS"])),
        gross_minor=draw(MINOR),
        refunded_minor=draw(MINOR),
        fees_exact=draw(st.booleans()),
        country=draw(st.sampled_from(["DE", "FR", "JP", None])),
        items=tuple(draw(st.lists(items, max_size=2))),
    )


@st.composite
def waiting(draw: st.DrawFn, number: int) -> Waiting:
    kind = draw(st.sampled_from(KINDS))
    return Waiting(
        id=number,
        kind=kind,
        level=draw(st.sampled_from(["on", "silent"])),
        account_id=1,
        external_id=f"{CANARY}{number}",
        title=draw(TEXT | st.none()),
        body=draw(TEXT | st.none()),
        missed=draw(st.booleans()),
        created_at=draw(MOMENTS),
        attempts=0,
        style=Style(
            draw(st.sampled_from([None, "magic"])),
            draw(st.sampled_from(TEMPLATES)),
            draw(st.sampled_from(TEMPLATES)),
        ),
    )


@st.composite
def totals(draw: st.DrawFn) -> dict[str, Totals]:
    lines = st.builds(
        Totals, sales=st.integers(0, 10**6), gross=MINOR, net=MINOR, estimated=st.integers(0, 3)
    )
    return draw(st.dictionaries(st.sampled_from(["EUR", "JPY", "SEK"]), lines, max_size=3))


@st.composite
def groups(draw: st.DrawFn) -> tuple[Group, Facts]:
    count = draw(st.integers(1, 4))
    entries = tuple(draw(waiting(number)) for number in range(count))
    known = {
        (1, f"{CANARY}{number}"): draw(sales()) for number in range(count) if draw(st.booleans())
    }
    course = st.builds(Course, st.integers(0, 10**6), totals(), MOMENTS, MOMENTS)
    group = Group(draw(st.sampled_from(list(Form))), entries, draw(st.sampled_from([*Cause, None])))
    return group, Facts(known, draw(totals()), draw(course | st.none()))


VOICES = st.builds(
    Voice,
    st.sampled_from(["gross", "net"]),
    st.sampled_from(["en_GB", "en_US", "de_DE"]),
    st.booleans(),
    st.just(BERLIN),
)


@given(groups(), VOICES)
def test_everything_that_waits_has_words(told: tuple[Group, Facts], voice: Voice) -> None:
    group, facts = told
    message = texts.word(group, facts, voice)
    assert message.title
    assert "\n" not in message.title
    assert f"{message.title}{message.body}".encode()
    assert CANARY not in f"{message.title}{message.body}"
    rings = [entry for entry in group.entries if entry.rings]
    assert message.tone is not Tone.RING or (rings and not message.silent)
    assert message.sound is None or message.tone is Tone.RING
    assert not message.silent or message.tone is Tone.INFO
    if message.tone is not Tone.RING:
        assert not message.title.startswith("Ka-ching!")
    elif group.form is Form.RECAP:
        count = f"{len(rings)} sale{'' if len(rings) == 1 else 's'}"
        assert message.title.startswith(f"Sales recap: {count}")


@given(st.lists(sales(), min_size=1, max_size=3), totals(), VOICES, st.data())
def test_every_ring_begins_so(
    sold: list[StoredSale], today: dict[str, Totals], voice: Voice, data: Any
) -> None:
    form = Form.RING if len(sold) == 1 else Form.BURST
    drawn = [data.draw(waiting(number)) for number in range(len(sold))]
    entries = tuple(replace(entry, kind="sale", level="on") for entry in drawn)
    known = {(1, f"{CANARY}{number}"): sale for number, sale in enumerate(sold)}
    message = texts.word(Group(form, entries), Facts(known, today), voice)
    assert message.title.startswith("Ka-ching! ")
    assert message.tone is Tone.RING
