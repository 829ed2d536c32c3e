"""The daily digest as a use case: when it is due, what it says, and that it goes out once."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from salesdaemon.application import INSTALLATION, Application, basis_of
from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.period import Period, day_of, resolve
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.shop_state import is_stale
from salesdaemon.domain.summary import StaleShop, Summary
from salesdaemon.errors import DeliveryError, SalesDaemonError, UsageError
from salesdaemon.settings_models import MailSettings, Settings
from salesdaemon.store import digests
from salesdaemon.store.accounts import find_setting, find_shop
from salesdaemon.store.digests import CLAIMED, SENT, SKIPPED, DigestRow
from salesdaemon.store.engine import Connection
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.sales import list_news
from salesdaemon.store.shop_lines import list_payouts, list_shop_lines
from salesdaemon.store.sums import load_summary

if TYPE_CHECKING:
    from salesdaemon.digest.mailer import MailServer

log = logging.getLogger(__name__)

DAILY = "daily"
FIRST_START = "first_started_at"
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
UNHEARD = timedelta(minutes=2)
"""When to try again after a mail whose fate was never written down: the program was killed."""
TELL_AFTER_ATTEMPTS = 3


class DigestClock:
    """Says which day's digest is due. Pure but for what it is given."""

    def __init__(self, settings: Settings, first_start: datetime) -> None:
        self._zone = settings.zone
        schedule = settings.digest.schedules.get(DigestKind.DAILY)
        self._at = schedule.at if schedule else None
        self._first_day = day_of(first_start, settings.zone)

    def due_at(self, day: date) -> datetime | None:
        """Return when the digest of a day is due; None where it is switched off."""
        if self._at is None:
            return None
        return resolve(day + timedelta(days=1), self._at, self._zone)

    def latest_due(self, now: datetime) -> date | None:
        """Return the newest day whose digest is due; None for days before the first start."""
        today = day_of(now, self._zone)
        for day in (today - timedelta(days=1), today - timedelta(days=2)):
            due = self.due_at(day)
            if due is not None and due <= now:
                return day if day >= self._first_day else None
        return None

    def gap(self, day: date, last: date | None) -> Period | None:
        """Return the days before this one whose digests never went out."""
        first = self._first_day if last is None else last + timedelta(days=1)
        return Period(first, day - timedelta(days=1)) if first < day else None


async def tick(app: Application) -> None:
    """Claim the digest that is due, if any, and send what was claimed and not sent.

    Raises:
        StoreError: the database could not be read or written.
    """
    mail = app.settings.mail
    if mail is None:
        return
    now = app.clock()
    await asyncio.to_thread(claim_due, app, mail, now)
    for row in await asyncio.to_thread(_unsent, app, now):
        await send_claimed(app, mail, row)


def claim_due(app: Application, mail: MailSettings, now: datetime) -> bool:
    """Render and enter the newest digest that is due and was not entered; True if it was."""
    with app.store.read() as connection:
        due = _due(connection, app, now)
    if due is None:
        return False
    day, gap = due
    # Nobody writes meanwhile: what is committed later was also seen later, and is the next news.
    with app.store.write() as connection:
        until = app.clock()
        content = collect(connection, app.settings, app.overrides, day, until, gap=gap)
    claim(app, mail, day, content, until)
    return True


def _due(
    connection: Connection, app: Application, now: datetime
) -> tuple[date, Period | None] | None:
    """Return the day whose digest is to be entered now, and the days missed before it."""
    first_start = find_setting(connection, FIRST_START)
    if first_start is None:
        return None
    clock = DigestClock(app.settings, datetime.fromisoformat(first_start))
    day = clock.latest_due(now)
    if day is None or digests.list_for(connection, DAILY, day):
        return None
    due_at = clock.due_at(day) or now
    if now < due_at + app.settings.digest.wait_for_stale and stale_shops(
        connection, app.settings, now
    ):
        return None
    return day, clock.gap(day, digests.last_day(connection, DAILY))


def claim(
    app: Application, mail: MailSettings, day: date, content: DigestContent, now: datetime
) -> None:
    """Enter a digest for each recipient, its words with it, so that a repeat is the same mail."""
    from salesdaemon.digest import mailer, render  # noqa: PLC0415 - only a digest needs them

    skipped = _is_empty(content) and app.settings.digest.empty_day == "skip"
    locale = app.settings.locale
    words = (
        render.render_subject(content, locale),
        render.render_text(content, locale),
        render.render_html(content, locale),
    )
    with app.store.write(durable=True) as connection:
        installation = find_setting(connection, INSTALLATION) or ""
        for recipient in mail.to:
            row = DigestRow(
                kind=DAILY,
                day=day,
                recipient=recipient,
                state=SKIPPED if skipped else CLAIMED,
                message_id=mailer.message_id(
                    DAILY, day, recipient, mail.sender.rpartition("@")[2], installation
                ),
                content_until=now,
                subject=words[0],
                body_text=words[1],
                body_html=words[2],
                attempts=0,
                not_before=now,
                sent_at=None,
                answer=None,
            )
            digests.claim(connection, row)
    log.info("digest_claimed day=%s skipped=%s", day.isoformat(), skipped)


def _is_empty(content: DigestContent) -> bool:
    return not (content.summary.totals or content.news or content.stale)


def _unsent(app: Application, now: datetime) -> Sequence[DigestRow]:
    with app.store.read() as connection:
        return digests.list_unsent(connection, now)


async def send_claimed(app: Application, mail: MailSettings, row: DigestRow) -> str:
    """Send a claimed digest to its recipient and mark it; returns the server's answer.

    A refusal is noted for a later try and told as a text that begins with "not sent".
    """
    from salesdaemon.digest import mailer  # noqa: PLC0415 - only a digest needs it

    if not await asyncio.to_thread(_note_attempt, app, row):
        return "another process is sending it"
    try:
        message = mailer.build_mail(
            row.subject or "",
            row.body_text or "",
            row.body_html or "",
            sender=mail.sender,
            recipient=row.recipient,
            message_id=row.message_id,
            date=row.content_until,
        )
        answer = await mailer.send(message, mail_server(mail))
    except DeliveryError as error:
        log.warning("digest_refused day=%s what=%s", row.day.isoformat(), error.what)
        await asyncio.to_thread(_note_refusal, app, row, error)
        return f"not sent: {error}"
    await asyncio.to_thread(_mark_sent, app, row, answer)
    log.info("digest_sent day=%s", row.day.isoformat())
    return answer


def _note_attempt(app: Application, row: DigestRow) -> bool:
    with app.store.write(durable=True) as connection:
        return digests.note_attempt(connection, row, app.clock() + UNHEARD)


def _mark_sent(app: Application, row: DigestRow, answer: str) -> None:
    with app.store.write(durable=True) as connection:
        digests.mark_sent(connection, row, app.clock(), answer)


def _note_refusal(app: Application, row: DigestRow, error: DeliveryError) -> None:
    now = app.clock()
    wait = min(FIRST_RETRY * (2 ** min(row.attempts, 10)), LONGEST_RETRY)
    with app.store.write() as connection:
        digests.mark_retry(connection, row, str(error), now + wait)
        if row.attempts + 1 >= TELL_AFTER_ATTEMPTS:
            announce(connection, app.telling, _trouble(row, error, now))


def _trouble(row: DigestRow, error: DeliveryError, now: datetime) -> Announcement:
    return Announcement(
        kind="trouble",
        event=f"digest:{row.kind}:{row.day.isoformat()}",
        title="The digest could not be mailed",
        body=f"{error} It is tried again by itself.",
        at=now,
    )


def mail_server(mail: MailSettings) -> "MailServer":
    """Return the way out that the settings name."""
    from salesdaemon.digest.mailer import MailServer  # noqa: PLC0415 - only a digest needs it

    return MailServer(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        username=mail.username,
        password=mail.password.get_secret_value() if mail.password is not None else None,
    )


async def send_now(app: Application, day: date) -> list[str]:
    """Send the digest of a day by hand; returns what was answered, a line a recipient.

    One that went out already is not sent again.

    Raises:
        UsageError: there is no [mail] section, or the day is not over yet.
        SalesDaemonError: a mail was refused.
    """
    mail = app.settings.mail
    if mail is None:
        raise UsageError("There is no [mail] section.", fix="Add one, or leave --send out.")
    if day >= day_of(app.clock(), app.settings.zone):
        # It would count as that day's digest, and the whole one would never go out.
        raise UsageError(f"{day} is not over yet.", fix="Leave --send out to see it so far.")
    rows = await asyncio.to_thread(_claimed_for, app, mail, day)
    lines = []
    for row in rows:
        if row.state == SENT and row.sent_at is not None:
            lines.append(f"{row.recipient}: went out already at {row.sent_at.isoformat()}")
        else:
            lines.append(f"{row.recipient}: {await send_claimed(app, mail, row)}")
    refused = [line for line in lines if ": not sent: " in line]
    if refused:
        raise SalesDaemonError(" ".join(refused))
    return lines


def _claimed_for(app: Application, mail: MailSettings, day: date) -> list[DigestRow]:
    with app.store.read() as connection:
        rows = digests.list_for(connection, DAILY, day)
        missing = set(mail.to) - {row.recipient for row in rows if row.state != SKIPPED}
        if not missing:
            return rows
        content = collect(connection, app.settings, app.overrides, day, app.clock())
    with app.store.write() as connection:
        digests.forget_skipped(connection, DAILY, day)
    claim(app, mail, day, content, app.clock())
    with app.store.read() as connection:
        return digests.list_for(connection, DAILY, day)


def collect(
    connection: Connection,
    settings: Settings,
    overrides: Mapping[str, bool],
    day: date,
    now: datetime,
    *,
    gap: Period | None = None,
    preview: bool = False,
) -> DigestContent:
    """Gather the facts of one day's digest."""
    period = Period.one_day(day)
    told_until = digests.told_until(connection, DAILY, day)
    own = [row.content_until for row in digests.list_for(connection, DAILY, day)]
    return DigestContent(
        kind=DAILY,
        summary=summary_of(connection, settings, overrides, period),
        before=summary_of(connection, settings, overrides, period.shifted(-1)),
        week_before=summary_of(connection, settings, overrides, period.shifted(-7)),
        news=tuple(
            list_news(
                connection,
                seen_after=told_until or datetime(1970, 1, 1, tzinfo=UTC),
                seen_until=max([now, *own]) if not own else max(own),
                sold_before=day,
            )
        ),
        stale=_missing_from(period, stale_shops(connection, settings, now), settings.zone),
        timezone=settings.timezone,
        gap=gap,
        preview=preview,
        books=books_of(connection, period, settings.zone),
    )


def summary_of(
    connection: Connection, settings: Settings, overrides: Mapping[str, bool], period: Period
) -> Summary:
    """Add up a period of the store."""
    return load_summary(connection, basis_of(settings, overrides), period)


def _missing_from(
    period: Period, stale: Sequence[StaleShop], zone: ZoneInfo
) -> tuple[StaleShop, ...]:
    """Return the shops whose sales of a period may be missing: not those read a day after it."""
    read_by = resolve(period.last + timedelta(days=2), time(), zone)
    return tuple(
        shop for shop in stale if shop.last_good_poll is None or shop.last_good_poll < read_by
    )


def books_of(connection: Connection, period: Period, zone: ZoneInfo) -> BooksOfPeriod:
    """Return what the marketplaces' books tell of a period beside its sales."""
    lines = list_shop_lines(connection, period.first, period.last, zone)
    payouts = [
        (shop, payout)
        for shop, payout in list_payouts(connection, zone)
        if payout.made_on is None or payout.made_on in period
    ]
    return BooksOfPeriod(lines, payouts)


def stale_shops(connection: Connection, settings: Settings, now: datetime) -> tuple[StaleShop, ...]:
    """List the configured shops that were not polled lately."""
    shops = []
    for name in settings.shops:
        record = find_shop(connection, name)
        last = record.last_good_poll if record is not None else None
        interval = timedelta(seconds=record.interval_seconds if record is not None else 60)
        if is_stale(last, interval, now):
            shops.append(StaleShop(name, last))
    return tuple(shops)
