"""Digests as a use case: which is due, what it says, and that each recipient gets it once."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from salesdaemon.application import INSTALLATION, Application
from salesdaemon.collecting import Wanted, collect, stale_shops
from salesdaemon.digest.content import DigestContent
from salesdaemon.dispatching import (
    CHANNEL,
    FOLDER,
    NOT_SENT,
    make_rows,
    push,
    send_claimed,
    tell_problems,
    write,
)
from salesdaemon.domain.digests import DigestClock, DigestKind, Gap, period_of
from salesdaemon.domain.period import Period, day_of
from salesdaemon.errors import SalesDaemonError, UsageError
from salesdaemon.settings_models import Settings
from salesdaemon.store import digests
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.digests import SENT, SKIPPED, DigestRow
from salesdaemon.store.engine import Connection

log = logging.getLogger(__name__)

FIRST_START: Final = "first_started_at"
SWITCHED_ON: Final = "digests_switched_on"
"""Since when each kind of digest has been on, as JSON."""
SETTLING: Final = timedelta(minutes=1)
"""How long shops have to answer after the program was off, before they count as missing."""


def note_start(connection: Connection, settings: Settings, now: datetime) -> None:
    """Remember when the daemon first ran, and since when each kind of digest has been on."""
    first = find_setting(connection, FIRST_START)
    if first is None:
        first = now.isoformat()
        set_setting(connection, FIRST_START, first)
    known: dict[str, str] | None = _switched_on(connection)
    if known is None:
        # A version before this one knew daily digests alone.
        known = {DigestKind.DAILY.value: first}
    noted = {
        kind.value: known.get(kind.value, now.isoformat())
        for kind in settings.digest.schedules
        if recipients(settings)  # what had no way out was not missed
    }
    set_setting(connection, SWITCHED_ON, json.dumps(noted))


def _switched_on(connection: Connection) -> dict[str, str] | None:
    text = find_setting(connection, SWITCHED_ON)
    return json.loads(text) if text is not None else None


async def tick(app: Application, awake_since: datetime | None = None) -> bool:
    """Send what waits; then claim the digests that are due, and send these.

    `awake_since` is when the program, or the machine that slept, went on. True if any was
    claimed: then something may wait on a channel.

    Raises:
        StoreError: the database could not be read or written.
    """
    if not recipients(app.settings):
        return False
    await _send_waiting(app)
    now = app.clock()
    claimed = [
        await asyncio.to_thread(claim_due, app, kind, now, awake_since)
        for kind in app.settings.digest.schedules
    ]
    if any(claimed):
        await _send_waiting(app)
    return any(claimed)


async def _send_waiting(app: Application) -> None:
    for row in await asyncio.to_thread(_unsent, app, app.clock()):
        answer = await send_claimed(app, row)
        if answer.startswith(NOT_SENT):
            log.warning("digest_refused kind=%s day=%s what=%s", row.kind, row.day, answer)


def recipients(settings: Settings) -> list[str]:
    """List where each digest goes: addresses, channels and the folder of files."""
    found = list(settings.mail.to) if settings.mail is not None else []
    found += [f"{CHANNEL}{name}" for name in settings.digest.channels]
    return [*found, FOLDER] if settings.digest.folder is not None else found


def claim_due(
    app: Application, kind: DigestKind, now: datetime, awake_since: datetime | None = None
) -> bool:
    """Render and enter the newest digest of a kind that is due and was not; True if it was."""
    with app.store.read() as connection:
        due = _due(connection, app, kind, now, awake_since)
    if due is None:
        return False
    period, gap = due
    claim(app, *_collect(app, kind, period, gap))
    return True


def _collect(
    app: Application, kind: DigestKind, period: Period, gap: Gap | None = None
) -> tuple[DigestContent, datetime]:
    """Gather what a digest tells, and until when that was known."""
    # Nobody writes meanwhile: what is committed later was also seen later, and is the next news.
    with app.store.write() as connection:
        wanted = Wanted(kind, period, app.clock(), gap)
        return collect(connection, app.settings, app.overrides, wanted), wanted.now


def _due(
    connection: Connection,
    app: Application,
    kind: DigestKind,
    now: datetime,
    awake_since: datetime | None,
) -> tuple[Period, Gap | None] | None:
    """Return the period whose digest is to be entered now, and what was missed before it."""
    clock = _clock(connection, app.settings, kind)
    period = clock.latest_due(now) if clock is not None else None
    if clock is None or period is None or digests.list_for(connection, kind, period.last):
        return None
    wait = app.settings.digest.wait_for_stale
    patience = clock.due_at(period) + wait
    if awake_since is not None:
        patience = max(patience, awake_since + min(wait, SETTLING))
    if now < patience and stale_shops(connection, app.settings, now):
        return None
    return period, clock.gap(period, digests.last_day(connection, kind))


def _clock(connection: Connection, settings: Settings, kind: DigestKind) -> DigestClock | None:
    first_start = find_setting(connection, FIRST_START)
    if first_start is None:
        return None
    since = (_switched_on(connection) or {}).get(kind.value, first_start)
    first_day = day_of(datetime.fromisoformat(since), settings.zone)
    return DigestClock(settings.digest.schedules[kind], settings.zone, first_day)


def claim(
    app: Application, content: DigestContent, now: datetime, *, by_hand: bool = False
) -> None:
    """Enter a digest for each recipient, its words with it, so that a repeat is the same mail.

    One that its owner asks for `by_hand` is not skipped, even if it was before.
    """
    kind, day = content.kind, content.summary.period.last
    skipped = not by_hand and is_empty(content) and app.settings.digest.empty_day == "skip"
    written = write(app.settings, content)
    with app.store.write(durable=True) as connection:
        if by_hand:
            digests.forget_skipped(connection, kind, day)
        installation = find_setting(connection, INSTALLATION) or ""
        tell_problems(connection, app, written, now)
        for row in make_rows(app.settings, recipients(app.settings), written, installation, now):
            if skipped:
                digests.claim(connection, replace(row, state=SKIPPED))
            elif digests.claim(connection, row):
                push(connection, row, written, now)
    log.info("digest_claimed kind=%s day=%s skipped=%s", kind, day.isoformat(), skipped)


def is_empty(content: DigestContent) -> bool:
    """Tell whether a period brought nothing, nor any news."""
    return not (content.summary.totals or content.news or content.stale)


def _unsent(app: Application, now: datetime) -> Sequence[DigestRow]:
    """List what may be sent now, without what its owner does not want to be sent any more."""
    with app.store.read() as connection:
        return digests.list_unsent(connection, recipients(app.settings), now)


async def send_now(app: Application, kind: DigestKind, day: date) -> list[str]:
    """Send the digest of the period of a day by hand; returns an answer for each recipient.

    One that went out already is not sent again.

    Raises:
        UsageError: a digest has no way out, or the period is not over yet.
        SalesDaemonError: it was refused.
    """
    period = period_of(kind, day)
    if not recipients(app.settings):
        raise UsageError(
            "A digest has no way out.",
            fix="Add a [mail] section, or `channels` or a `folder` in [digest]; or leave --send "
            "out.",
        )
    if period.last >= day_of(app.clock(), app.settings.zone):
        # It would count as that period's digest, and the whole one would never go out.
        raise UsageError(
            f"{period.last} is not over yet.", fix="Leave --send out to see it so far."
        )
    began = app.clock()
    rows = await asyncio.to_thread(_claimed_for, app, kind, period)
    lines = [f"{row.recipient}: {await _send_by_hand(app, row, began)}" for row in rows]
    refused = [line for line in lines if f": {NOT_SENT}" in line]
    if refused:
        raise SalesDaemonError(" ".join(refused))
    return lines


async def _send_by_hand(app: Application, row: DigestRow, began: datetime) -> str:
    if row.state != SENT or row.sent_at is None:
        return await send_claimed(app, row)
    if row.sent_at < began:
        return f"went out already at {row.sent_at.isoformat()}"
    return row.answer or "went out"  # a push, which was entered just now


def _claimed_for(app: Application, kind: DigestKind, period: Period) -> list[DigestRow]:
    """Enter a digest for those who have none of it; return the rows of all who are to get it."""
    wanted = recipients(app.settings)
    rows = _rows_of(app, kind, period)
    if any(name not in rows or rows[name].state == SKIPPED for name in wanted):
        claim(app, *_collect(app, kind, period), by_hand=True)
        rows = _rows_of(app, kind, period)
    return [rows[name] for name in wanted]


def _rows_of(app: Application, kind: DigestKind, period: Period) -> dict[str, DigestRow]:
    with app.store.read() as connection:
        rows = digests.list_for(connection, kind, period.last)
    return {row.recipient: row for row in rows}
