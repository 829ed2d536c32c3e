"""Events as they were judged: kept once each, and entered in the outbox unless they are off."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from salesdaemon.domain.rules import Verdict
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.outbox import OutboxEntry, enqueue
from salesdaemon.store.tables import events

LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class Judged:
    """An event and what was decided about it.

    `event` names it for ever. A sale's words are found when it is sent; any other event brings
    its own title and body.
    """

    event: str
    kind: str
    seen_at: datetime
    verdict: Verdict
    account_id: int | None = None
    external_id: str | None = None
    title: str | None = None
    body: str | None = None
    missed: bool = False


def enter(connection: Connection, judged: Iterable[Judged]) -> int:
    """Keep events and let each wait on its channels; one that is known is left as it is.

    Returns how many were new.
    """
    found = {each.event: each for each in judged}
    known = known_events(connection, found)
    new = [each for name, each in found.items() if name not in known]
    if new:
        rows = [_row(each) for each in new]
        connection.execute(upsert_for(connection)(events).on_conflict_do_nothing(), rows)
        enqueue(connection, (entry for each in new for entry in _entries(each)))
    return len(new)


def known_events(connection: Connection, names: Collection[str]) -> set[str]:
    """Return which of these events have been entered."""
    found: set[str] = set()
    for chunk in chunks(list(names)):
        found.update(connection.scalars(select(events.c.event).where(events.c.event.in_(chunk))))
    return found


def _row(each: Judged) -> dict[str, object]:
    return {
        "event": each.event,
        "kind": each.kind,
        "account_id": each.account_id,
        "external_id": each.external_id,
        "seen_at": each.seen_at,
        "level": each.verdict.level,
        "rule": each.verdict.rule,
        "reason": each.verdict.reason,
    }


def _entries(each: Judged) -> Iterable[OutboxEntry]:
    verdict = each.verdict
    if verdict.level == "off":
        return
    for channel in verdict.channels:
        yield OutboxEntry(
            channel=channel,
            event=each.event,
            kind=each.kind,
            level=verdict.level,
            created_at=each.seen_at,
            account_id=each.account_id,
            external_id=each.external_id,
            title=each.title,
            body=each.body,
            missed=each.missed,
            style=verdict.style,
        )
