"""The ways out of a digest: it is written once, then mailed, pushed or put into a folder."""

import asyncio
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from salesdaemon.application import INSTALLATION, Application
from salesdaemon.digest.content import DigestContent, to_json
from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.rules import Verdict
from salesdaemon.errors import DeliveryError
from salesdaemon.settings_models import MailSettings, Settings
from salesdaemon.store import digests
from salesdaemon.store.accounts import find_setting
from salesdaemon.store.digests import CLAIMED, SENT, DigestRow
from salesdaemon.store.engine import Connection
from salesdaemon.store.events import Judged, enter
from salesdaemon.store.news import Announcement, announce

if TYPE_CHECKING:
    from salesdaemon.digest.mailer import MailServer
    from salesdaemon.digest.overrides import TemplateProblem
    from salesdaemon.digest.render import Page

log = logging.getLogger(__name__)

CHANNEL: Final = "channel:"
"""What the name of a recipient begins with that is a channel."""
FOLDER: Final = "folder"
"""The recipient that is the folder of files."""
NOT_SENT: Final = "not sent: "
"""What an answer begins with that is a refusal."""

FIRST_RETRY: Final = timedelta(seconds=30)
LONGEST_RETRY: Final = timedelta(minutes=15)
UNHEARD: Final = timedelta(minutes=2)
"""When to try again after a mail whose fate was never written down: the program was killed."""
TELL_AFTER_ATTEMPTS: Final = 3
_DOUBLINGS: Final = 10


@dataclass(frozen=True)
class Written:
    """A digest in all its forms; `problems` are mistakes in the owner's own templates.

    The forms that few owners have a use for are made when they are asked for.
    """

    content: DigestContent
    locale: str
    subject: str
    text: str
    page: "Page"
    problems: Sequence["TemplateProblem"]

    @property
    def kind(self) -> DigestKind:
        """Which digest it is."""
        return self.content.kind

    @property
    def day(self) -> date:
        """The last day of its period."""
        return self.content.summary.period.last

    @cached_property
    def standalone(self) -> str:
        """The page with its images in it."""
        from salesdaemon.digest.render import standalone  # noqa: PLC0415 - only a digest needs it

        return standalone(self.page)

    @cached_property
    def json(self) -> str:
        """All of its facts."""
        return json.dumps(to_json(self.content), indent=2, ensure_ascii=False) + "\n"

    @cached_property
    def push(self) -> tuple[str, str]:
        """The title and the body of a short message."""
        from salesdaemon.digest.push import render_push  # noqa: PLC0415 - only a digest needs it

        return render_push(self.content, self.locale)


def write(settings: Settings, content: DigestContent) -> Written:
    """Write a digest, with the owner's own templates where there are any."""
    from salesdaemon.digest.overrides import render_digest  # noqa: PLC0415 - only a digest needs it

    made = render_digest(content, settings.locale, settings.digest.templates)
    return Written(content, settings.locale, made.subject, made.text, made.page, made.problems)


def make_rows(
    settings: Settings,
    recipients: Sequence[str],
    written: Written,
    installation: str,
    now: datetime,
) -> Iterator[DigestRow]:
    """Make the row of each recipient: a mail, files to be written, or a push that waits by now."""
    from salesdaemon.digest.mailer import message_id  # noqa: PLC0415 - only a digest needs it

    sender = settings.mail.sender if settings.mail is not None else ""
    domain = sender.rpartition("@")[2]
    for recipient in recipients:
        row = DigestRow(
            kind=written.kind.value,
            day=written.day,
            recipient=recipient,
            state=CLAIMED,
            message_id=message_id(written.kind, written.day, recipient, domain, installation),
            content_until=now,
            subject=written.subject,
            body_text=written.text,
            body_html=None,
            enclosed=None,
            attempts=0,
            not_before=now,
            sent_at=None,
            answer=None,
        )
        if recipient.startswith(CHANNEL):
            # The outbox sees to it that a push arrives; here it is done.
            answer = "waits in the outbox"
            yield replace(row, state=SENT, body_text=None, sent_at=now, answer=answer)
        elif recipient == FOLDER:
            yield replace(row, body_html=written.standalone, enclosed=written.json)
        else:
            images = _enclose(written.page.images)
            yield replace(row, body_html=written.page.html, enclosed=images)


def _enclose(images: Mapping[str, bytes]) -> str:
    return json.dumps({name: b64encode(image).decode() for name, image in images.items()})


def _images(enclosed: str | None) -> dict[str, bytes]:
    return {name: b64decode(image) for name, image in json.loads(enclosed or "{}").items()}


def push(connection: Connection, row: DigestRow, written: Written, now: datetime) -> None:
    """Let a digest wait on the channel that its row names, without sound; nothing for others."""
    if not row.recipient.startswith(CHANNEL):
        return
    channel = row.recipient.removeprefix(CHANNEL)
    verdict = Verdict("silent", (channel,), "digest.channels", "Digests go to this channel.")
    event = f"push:{row.kind}:{row.day.isoformat()}:{channel}"
    title, body = written.push
    enter(connection, [Judged(event, "digest", now, verdict, title=title, body=body)])


def tell_problems(
    connection: Connection, app: Application, written: Written, now: datetime
) -> None:
    """Tell of each mistake in the owner's templates once, until the template changes."""
    for problem in written.problems:
        log.warning("template_failed file=%s what=%s", problem.file, problem.what)
        announce(
            connection,
            app.telling,
            Announcement(
                kind="trouble",
                event=f"template:{problem.fingerprint}",
                title="A template of the digest has a mistake",
                body=f"{problem} The built-in one is used until it is mended.",
                at=now,
            ),
        )


# Sending


async def send_claimed(app: Application, row: DigestRow) -> str:
    """Send a claimed digest to its recipient and mark it; returns what was answered.

    A refusal is noted for a later try and told as a text that begins with `NOT_SENT`.
    """
    if not await asyncio.to_thread(_note_attempt, app, row):
        return "another process is sending it"
    try:
        if row.recipient == FOLDER:
            answer = await asyncio.to_thread(_keep_files, app, row)
        else:
            answer = await _mail(app.settings, row)
    except DeliveryError as error:
        await asyncio.to_thread(_note_refusal, app, row, error)
        return f"{NOT_SENT}{error}"
    await asyncio.to_thread(_mark_sent, app, row, answer)
    log.info("digest_sent kind=%s day=%s", row.kind, row.day.isoformat())
    return answer


async def _mail(settings: Settings, row: DigestRow) -> str:
    from salesdaemon.digest import mailer  # noqa: PLC0415 - only a digest needs it

    mail = settings.mail
    if mail is None:  # it was there when the digest was claimed
        raise DeliveryError("There is no [mail] section any more.", permanent=True)
    message = mailer.build_mail(
        row.subject or "",
        row.body_text or "",
        row.body_html or "",
        sender=mail.sender,
        recipient=row.recipient,
        message_id=row.message_id,
        date=row.content_until,
        images=_images(row.enclosed),
        unsubscribe=mail.unsubscribe,
    )
    return await mailer.send(message, mail_server(mail))


def _keep_files(app: Application, row: DigestRow) -> str:
    from salesdaemon.digest.files import FinishedDigest, write_digest  # noqa: PLC0415 - as above

    folder = app.settings.digest.folder
    if folder is None:  # it was there when the digest was claimed
        raise DeliveryError("There is no digest.folder any more.", permanent=True)
    kind = DigestKind(row.kind)
    digest = FinishedDigest(
        kind=kind,
        period=period_of(kind, row.day),
        subject=row.subject or "",
        text=row.body_text or "",
        page=row.body_html or "",
        facts=json.loads(row.enclosed or "{}"),
        written_at=row.content_until,
    )
    with app.store.read() as connection:
        installation = find_setting(connection, INSTALLATION) or ""
    return f"{write_digest(folder, digest, installation)} is written"


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


def _note_attempt(app: Application, row: DigestRow) -> bool:
    with app.store.write(durable=True) as connection:
        now = app.clock()
        return digests.note_attempt(connection, row, now, now + UNHEARD)


def _mark_sent(app: Application, row: DigestRow, answer: str) -> None:
    with app.store.write(durable=True) as connection:
        digests.mark_sent(connection, row, app.clock(), answer)


def _note_refusal(app: Application, row: DigestRow, error: DeliveryError) -> None:
    now = app.clock()
    wait = min(FIRST_RETRY * (2 ** min(row.attempts, _DOUBLINGS)), LONGEST_RETRY)
    with app.store.write() as connection:
        digests.mark_retry(connection, row, str(error), now + wait)
        # What only its owner can mend is told at once.
        if error.permanent or row.attempts + 1 >= TELL_AFTER_ATTEMPTS:
            announce(connection, app.telling, _trouble(row, error, now))


def _trouble(row: DigestRow, error: DeliveryError, now: datetime) -> Announcement:
    way = "written" if row.recipient == FOLDER else "mailed"
    return Announcement(
        kind="trouble",
        event=f"digest:{row.kind}:{row.day.isoformat()}",
        title=f"The digest could not be {way}",
        body=f"{error} It is tried again by itself.",
        at=now,
    )
