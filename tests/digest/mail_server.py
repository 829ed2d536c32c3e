"""A real mail server on loopback that answers as it is told, and the certificates it shows."""

import asyncio
import email
import email.policy
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from salesdaemon.digest.mailer import MailServer

USER, PASSWORD = "owner", "correct horse é"


@dataclass
class Inbox:
    """What a mail server does with what it is told; it keeps the mails that it takes.

    An answer "cut" hangs up, "hang" never comes; those named by an address are for that recipient.
    """

    answers: dict[str, str] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the server calls it by this name
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, "250 OK", "MAIL")

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer(server, "250 OK", "RCPT", address)

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        answer = await self._answer(server, "250 2.0.0 queued as 4711", "DATA")
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        return answer

    async def handle_QUIT(  # noqa: N802 - as above
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        return await self._answer(server, "221 Bye", "QUIT")

    async def _answer(self, server: SMTP, usual: str, *names: str) -> str:
        told = next((self.answers[name] for name in names if name in self.answers), usual)
        if told == "hang":
            await asyncio.sleep(60)
        if told == "cut":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return told

    def received(self) -> EmailMessage:
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


def authenticate(
    server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=known, handled=False)


LOGIN: dict[str, Any] = {
    "authenticator": authenticate,
    "auth_required": True,
    "auth_require_tls": False,
}


@asynccontextmanager
async def serving(
    inbox: Inbox, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[MailServer]:
    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the server warns of logins without TLS
            return SMTP(inbox, loop=asyncio.get_running_loop(), **options)

    listener = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield MailServer("127.0.0.1", port, "none", timeout_seconds=5)
    finally:
        listener.close()


@asynccontextmanager
async def plain_server(
    greet: Callable[[asyncio.StreamWriter], None], *, hold: bool = False
) -> AsyncIterator[MailServer]:
    """Listen on loopback, greet and hang up, or hold the line until the test is over."""
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greet(writer)
        if hold:
            await over.wait()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield MailServer(
            "127.0.0.1", listener.sockets[0].getsockname()[1], "none", timeout_seconds=5
        )
    finally:
        over.set()
        listener.close()


def certificate(
    folder: Path, *, address: str = "127.0.0.1", ends_in: timedelta = timedelta(days=1)
) -> ssl.SSLContext:
    """Sign a certificate for an address with its own key; `certificate.pem` is its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    made = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=2))
        .not_valid_after(made + ends_in)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
