"""Make the mail, hand it to a server, and say plainly why a server refused.

Signing mail (DKIM and the like) is the server's work.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from salesdaemon.digest.refusals import explain
from salesdaemon.digest.titles import clean
from salesdaemon.errors import DeliveryError

if TYPE_CHECKING:
    from aiosmtplib import SMTP

_LONGEST_SUBJECT = 500
_LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class MailServer:
    """The way out: a server, how to secure the connection and how to log in.

    Nobody logs in without a username. Each wait may last `timeout_seconds`, and the whole
    delivery four times as long.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30


def build_mail(
    content_subject: str,
    text: str,
    html: str,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
) -> EmailMessage:
    """Make one mail to one recipient, with a text and an HTML part.

    Raises:
        DeliveryError: the sender or the recipient is not exactly one address.
    """
    mail = EmailMessage()
    mail["Subject"] = clean(content_subject, _LONGEST_SUBJECT)
    mail["From"] = _address(sender, "mail.from")
    mail["To"] = _address(recipient, "mail.to")
    mail["Date"] = date
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # what Exchange heeds instead of the line above
    # Quoted-printable passes servers that know 7 bits alone, and HTML has lines beyond 998 bytes.
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def message_id(kind: str, day: date, recipient: str, sender_domain: str, installation: str) -> str:
    """Name a mail so that sending it again is recognised: the same facts give the same name."""
    facts = "\0".join((kind, day.isoformat(), recipient.strip().casefold(), installation))
    name = blake2b(facts.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    safe_kind = "".join(character for character in kind if character.isalnum()) or "digest"
    return f"<{safe_kind}.{day.isoformat()}.{name}@{_host_name(sender_domain)}>"


async def send(mail: EmailMessage, server: MailServer) -> str:
    """Hand a mail to the server and return its last answer.

    Raises:
        DeliveryError: the server could not be reached, or refused; it says what to do.
    """
    try:
        async with asyncio.timeout(4 * server.timeout_seconds), _connected(server) as client:
            _, answer = await client.send_message(mail)
    except (OSError, ValueError, _client_errors()) as error:
        raise explain(error, server.host, server.port) from error
    return clean(answer, _LONGEST_ANSWER)


@asynccontextmanager
async def _connected(server: MailServer) -> AsyncIterator["SMTP"]:
    from aiosmtplib import SMTP  # noqa: PLC0415 - the idle daemon does not carry it

    client = SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout_seconds,
        use_tls=server.security == "tls",
        start_tls=False,
        tls_context=None if server.security == "none" else ssl.create_default_context(),
    )
    try:
        await client.connect()
        if server.security == "starttls":
            await client.starttls()
        if server.username:
            await client.login(server.username, server.password or "")
        yield client
        # The mail is accepted by now: a server that stumbles over the goodbye has it all the same.
        with suppress(OSError, _client_errors()):
            await client.quit()
    finally:
        client.close()


def _client_errors() -> type[Exception]:
    from aiosmtplib import SMTPException  # noqa: PLC0415 - the idle daemon does not carry it

    return SMTPException


def _address(text: str, key: str) -> Address:
    """Read exactly one address, its domain in the letters that every server knows."""
    unusable = DeliveryError(
        f"{key} holds something other than one mail address.",
        permanent=True,
        fix=f"Write {key} like me@example.com.",
    )
    if any(ord(character) < ord(" ") or character == "\x7f" for character in text):
        raise unusable
    header = EmailMessage()
    header["To"] = text
    found: tuple[Address, ...] = header["To"].addresses
    if len(found) != 1 or not found[0].username or not found[0].domain:
        raise unusable
    try:
        domain = found[0].domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise unusable from error
    return Address(found[0].display_name, found[0].username, domain)


def _host_name(domain: str) -> str:
    """Keep of a domain what a Message-ID may hold."""
    try:
        ascii_domain = domain.strip().encode("idna").decode("ascii")
    except UnicodeError:
        return "salesdaemon.invalid"
    kept = "".join(letter for letter in ascii_domain if letter.isalnum() or letter in ".-")
    return kept.strip(".-").lower() or "salesdaemon.invalid"
