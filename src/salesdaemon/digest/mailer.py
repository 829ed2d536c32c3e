"""Make the mail, hand it to a server, and say plainly why a server refused.

Signing mail (DKIM and the like) is the server's work. List-Unsubscribe-Post (RFC 8058) is never
written: it promises that an address answers a click, and nobody here does.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from salesdaemon.digest.refusals import explain
from salesdaemon.digest.titles import clean
from salesdaemon.errors import DeliveryError

if TYPE_CHECKING:
    from aiosmtplib import SMTP

_LONGEST_SUBJECT = 500
_LONGEST_ANSWER = 200
_LONGEST_UNSUBSCRIBE = 900  # with its name it is a line, and no line may have more than 998 bytes
_UNSUBSCRIBE: Final = re.compile(r"(?:mailto:[^\s?]+@|https://)[!-~]+", re.IGNORECASE)
_NO_IMAGES: Final[Mapping[str, bytes]] = MappingProxyType({})
NO_UNSUBSCRIBE: Final = "off"
"""What stands in place of an address where a mail is to name none."""


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header of one long word: folded, it would be encoded, and no longer be an address."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """A subject whose words begin beside its name, and which keeps its spaces in any script.

    Those that fit into a line of their own, but not beside the name, would be put below it, and
    programs take the empty line above them for a space, or for an empty subject. Words beyond
    ASCII are encoded together: one by one they would lose spaces between them.
    """

    def fold(self, *, policy: Policy) -> str:
        if not self.isascii():
            encoded = Header(str(self), "utf-8", header_name=self.name).encode(
                linesep=policy.linesep
            )
            return f"{self.name}: {encoded}{policy.linesep}"
        folded = super().fold(policy=policy)
        below = f"{self.name}:{policy.linesep} "
        return f"{self.name}: {folded.removeprefix(below)}" if folded.startswith(below) else folded


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Subject)
    registry.map_to_type("list-unsubscribe", _OneLine)
    return registry


_POLICY: Final = EmailPolicy(header_factory=_headers())


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
    subject: str,
    text: str,
    html: str,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    images: Mapping[str, bytes] = _NO_IMAGES,
    unsubscribe: str | None = None,
) -> EmailMessage:
    """Make one mail to one recipient, with a text and an HTML part.

    `images` are PNG files by content id, the word that stands behind `cid:` in the HTML.
    `unsubscribe` is the address that ends these mails, `mailto:` or `https:`; by default a mail to
    the sender, and with "off" there is none.

    Raises:
        DeliveryError: the sender or the recipient is not exactly one address, or `unsubscribe` is
            none.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = clean(subject, _LONGEST_SUBJECT)
    mail["From"] = _address(sender, "mail.from")
    mail["To"] = _address(recipient, "mail.to")
    mail["Date"] = date
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # what Exchange heeds instead of the line above
    if unsubscribe != NO_UNSUBSCRIBE:
        mail["List-Unsubscribe"] = _unsubscribe(unsubscribe or _write_to(sender))
    # Quoted-printable passes servers that know 7 bits alone, and HTML has lines beyond 998 bytes.
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    if images:
        _embed(mail, images)
    return mail


def _embed(mail: EmailMessage, images: Mapping[str, bytes]) -> None:
    """Put images beside the HTML part, which names them by their content ids."""
    *_, page = mail.iter_parts()
    assert isinstance(page, EmailMessage)  # noqa: S101 - `add_alternative` makes no other part
    for content_id, image in images.items():
        page.add_related(
            image,
            "image",
            "png",
            cid=f"<{content_id}>",
            disposition="inline",
            filename=f"{content_id.partition('@')[0]}.png",
        )
    page.set_param("type", "text/html")  # RFC 2387 asks for it; some clients do too


def _write_to(sender: str) -> str:
    """Return the address of a mail that asks the sender for an end."""
    address = _address(sender, "mail.from").addr_spec
    return f"mailto:{quote(address, safe='@')}?subject=Unsubscribe%20from%20salesdaemon"


def _unsubscribe(address: str) -> str:
    """Write the value of List-Unsubscribe (RFC 2369).

    Raises:
        DeliveryError: it is no such address.
    """
    written = quote(address.strip(), safe="!#$%&'()*+,/:;=?@[]~")
    fits = len(written) <= _LONGEST_UNSUBSCRIBE and address.isprintable()
    if not fits or not _UNSUBSCRIBE.fullmatch(written):
        raise DeliveryError(
            "mail.unsubscribe is no address that ends these mails.",
            permanent=True,
            fix='Write it like "mailto:me@example.com?subject=Unsubscribe", like '
            '"https://example.com/unsubscribe", or "off"; '
            "then start the daemon again; what waits is sent.",
        )
    return f"<{written}>"


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
