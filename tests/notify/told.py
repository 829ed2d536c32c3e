"""Make groups of events to be worded, and what they are worded with."""

from collections.abc import Sequence
from typing import Any

from salesdaemon.domain.alerts import SALE_EVENTS, Cause, Course, Facts, Form, Group, Waiting
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.notify import texts
from salesdaemon.notify.message import Message
from salesdaemon.notify.texts import Voice
from tests.factories import BERLIN, SEEN_AT, stored_sale

GROSS = Voice("gross", "en_GB", zone=BERLIN)
NET = Voice("net", "en_GB", zone=BERLIN)
TODAY = {"EUR": Totals(sales=3, gross=3600, net=2895)}
ACCOUNT = 1


def entry(number: int = 1, kind: str = "sale", level: str = "on", **changes: Any) -> Waiting:
    """Make an event that waits; an order's is about the sale `s<number>`."""
    facts: dict[str, Any] = {"title": None, "body": None, "missed": False, "attempts": 0, **changes}
    facts.setdefault("created_at", SEEN_AT)
    if kind in SALE_EVENTS:
        facts.setdefault("external_id", f"s{number}")
    external_id = facts.pop("external_id", None)
    account_id = None if external_id is None else ACCOUNT
    return Waiting(number, kind, level, account_id, external_id, **facts)


def trouble(title: str = "Gone", body: str = "Look.", level: str = "on") -> Waiting:
    """Make trouble that waits."""
    return entry(kind="trouble", level=level, title=title, body=body)


def facts_of(
    *sales: StoredSale, today: dict[str, Totals] | None = None, course: Course | None = None
) -> Facts:
    """Make the facts of sales whose events are numbered from 1."""
    known = {(ACCOUNT, f"s{number}"): sale for number, sale in enumerate(sales, 1)}
    return Facts(known, TODAY if today is None else today, course)


def worded(
    form: Form,
    entries: Sequence[Waiting],
    facts: Facts | None = None,
    voice: Voice = GROSS,
    *,
    cause: Cause | None = None,
) -> Message:
    """Word events as one message."""
    facts = facts or facts_of(*(stored_sale(f"s{number}") for number in range(1, len(entries) + 1)))
    return texts.word(Group(form, tuple(entries), cause), facts, voice)


def worded_sales(
    form: Form, *sales: StoredSale, voice: Voice = GROSS, cause: Cause | None = None, **facts: Any
) -> Message:
    """Word sales that ring as one message."""
    entries = [entry(number) for number, _ in enumerate(sales, 1)]
    return worded(form, entries, facts_of(*sales, **facts), voice, cause=cause)
