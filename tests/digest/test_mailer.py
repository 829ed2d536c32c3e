import asyncio
import email
import email.policy
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from salesdaemon.digest.mailer import MailServer, build_mail, message_id, send
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.errors import DeliveryError
from tests.digest.cases import CASES

AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
NAME = "<daily.2026-11-20.0@example.com>"
USER, PASSWORD = "owner", "correct horse é"


@dataclass
class Inbox:
    """What a mail server does with what it is told; it keeps the mails that it takes."""

    answers: dict[str, str] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the server calls it by this name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        if self.answers.get("DATA") == "hang":
            await asyncio.sleep(60)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.envelopes.append(envelope)
        return "250 2.0.0 queued as 4711"

    async def handle_QUIT(  # noqa: N802 - as above
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        if self.answers.get("QUIT") == "cut":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "221 Bye"

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


def certificate(folder: Path) -> ssl.SSLContext:
    """Sign a certificate for 127.0.0.1 with its own key; `certificate.pem` is its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    made = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
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


def a_mail(**changes: str) -> EmailMessage:
    facts = {"sender": "salesdaemon@example.com", "recipient": "me@example.com", **changes}
    return build_mail("€9.65", "text\n", "<p>html</p>\n", message_id=NAME, date=AT, **facts)


async def refusal(server: MailServer) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(a_mail(), server)
    return caught.value


async def test_the_server_receives_the_digest_as_it_was_written() -> None:
    day = CASES["hostile_titles"]()
    subject = render_subject(day, "en_GB")
    text, html = render_text(day, "en_GB"), render_html(day, "en_GB").html
    mail = build_mail(
        subject,
        text,
        html,
        sender="Jürgens Läden <salesdaemon@example.com>",
        recipient="me@example.com",
        message_id=NAME,
        date=AT,
    )
    inbox = Inbox()
    async with serving(inbox) as server:
        assert await send(mail, server) == "2.0.0 queued as 4711"
    received = inbox.received()
    assert {
        name: received[name]
        for name in ("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted")
    } == {
        "Subject": subject,
        "From": "Jürgens Läden <salesdaemon@example.com>",
        "To": "me@example.com",
        "Date": "Sat, 21 Nov 2026 06:30:00 +0000",
        "Message-ID": NAME,
        "Auto-Submitted": "auto-generated",
    }
    assert received.get_content_type() == "multipart/alternative"
    parts = {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in received.iter_parts()
    }
    assert parts == {"text/plain": text, "text/html": html}
    assert inbox.envelopes[0].mail_from == "salesdaemon@example.com"
    assert inbox.envelopes[0].rcpt_tos == ["me@example.com"]


async def test_every_line_that_leaves_is_short_and_plain() -> None:
    inbox = Inbox()
    day = CASES["right_to_left"]()
    mail = build_mail(
        render_subject(day, "en_GB"),
        render_text(day, "en_GB"),
        render_html(day, "en_GB").html,
        sender="a@example.com",
        recipient="b@example.com",
        message_id=NAME,
        date=AT,
    )
    async with serving(inbox) as server:
        await send(mail, server)
    content = inbox.envelopes[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("where", ["sender", "recipient"])
@pytest.mark.parametrize(
    "address",
    [
        "me@example.com\r\nBcc: x@evil.example",
        "me@example.com\nBcc: x@evil.example",
        "me@example.com, you@example.com",
        "me@example.com\x00",
        "nobody",
        "@example.com",
        "",
        "me@" + "a" * 70 + ".example",
    ],
    ids=["crlf", "lf", "two", "nul", "no domain", "no name", "empty", "label too long"],
)
def test_an_address_is_one_address_or_refused(where: str, address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        a_mail(**{where: address})
    assert caught.value.permanent
    assert "evil" not in str(caught.value)


def test_no_header_is_injected_through_the_subject() -> None:
    mail = build_mail(
        "€1\r\nBcc: x@evil.example\u2028\x00!",
        "",
        "",
        sender="a@example.com",
        recipient="b@example.com",
        message_id=NAME,
        date=AT,
    )
    assert mail["Subject"] == "€1 Bcc: x@evil.example !"
    assert mail["Bcc"] is None


def test_a_domain_beyond_ascii_is_written_for_every_server() -> None:
    assert a_mail(recipient="me@bücher.example")["To"] == "me@xn--bcher-kva.example"


def test_a_message_is_named_by_kind_day_recipient_and_installation() -> None:
    day = date(2026, 11, 20)

    def name(
        kind: str = "daily",
        day: date = day,
        recipient: str = "me@example.com",
        installation: str = "i1",
    ) -> str:
        return message_id(kind, day, recipient, "example.com", installation)

    assert name() == "<daily.2026-11-20.0950e43e0130750ff0f8@example.com>"
    assert name() == name(recipient=" Me@example.com")
    others = [
        name(kind="weekly"),
        name(day=date(2026, 11, 21)),
        name(recipient="you@example.com"),
        name(installation="i2"),
    ]
    assert len({name(), *others}) == 5


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("Bücher.Example", "xn--bcher-kva.example"),
        ("evil>\r\nBcc: x", "evilbccx"),
        ("", "salesdaemon.invalid"),
        ("a..b", "salesdaemon.invalid"),
    ],
)
def test_a_message_name_holds_nothing_but_a_host(domain: str, host: str) -> None:
    name = message_id("daily", date(2026, 11, 20), "me@example.com", domain, "i1")
    assert name.rpartition("@")[2] == f"{host}>"


async def test_a_login_is_used_where_there_is_one() -> None:
    inbox = Inbox()
    async with serving(inbox, **LOGIN) as server:
        await send(a_mail(), replace(server, username=USER, password=PASSWORD))
    assert inbox.received()["Subject"] == "€9.65"


async def test_a_wrong_password_says_what_to_check_and_tells_no_secret() -> None:
    inbox = Inbox()
    async with serving(inbox, **LOGIN) as server:
        told = await refusal(replace(server, username=USER, password="hunter2"))
    assert told.permanent
    assert told.what == f"The mail server 127.0.0.1:{server.port} refused the login (535)."
    assert told.fix == (
        "Check mail.username and mail.password (many providers want a password made for apps), "
        "then run `salesdaemon digest daily --send`."
    )
    assert "hunter2" not in repr(replace(server, password="hunter2"))


async def test_a_server_that_wants_a_login_says_so() -> None:
    async with serving(Inbox(), **LOGIN) as server:
        told = await refusal(server)
    assert told.permanent
    assert "wants a login (530" in told.what
    assert "mail.username" in (told.fix or "")


async def test_a_login_the_server_does_not_offer_is_explained() -> None:
    async with serving(Inbox()) as server:
        told = await refusal(replace(server, username=USER, password=PASSWORD))
    assert (told.permanent, told.what) == (
        True,
        f"The mail server 127.0.0.1:{server.port} offers no login that is known here.",
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_signed_by_itself_is_refused(security: Any, tmp_path: Path) -> None:
    context = certificate(tmp_path)
    inbox = Inbox()
    options: dict[str, Any] = {"tls_context": context} if security == "starttls" else {}
    tls = context if security == "tls" else None
    async with serving(inbox, tls=tls, **options) as server:
        told = await refusal(replace(server, security=security, username=USER, password=PASSWORD))
    assert told.permanent
    assert told.what == (
        f"The mail server 127.0.0.1:{server.port} showed a certificate that cannot be trusted: "
        "self-signed certificate."
    )
    assert inbox.envelopes == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_leaves_encrypted_once_the_authority_is_named(
    security: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    inbox = Inbox()
    options: dict[str, Any] = {"authenticator": authenticate}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"auth_require_tls": False}
    tls = context if security == "tls" else None
    async with serving(inbox, tls=tls, **options) as server:
        await send(a_mail(), replace(server, security=security, username=USER, password=PASSWORD))
    assert inbox.received()["Subject"] == "€9.65"


async def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    inbox = Inbox()
    async with serving(inbox) as server:
        told = await refusal(replace(server, security="starttls"))
    assert (told.permanent, told.what, inbox.envelopes) == (
        True,
        f"The mail server 127.0.0.1:{server.port} does not offer STARTTLS.",
        [],
    )


async def test_tls_to_a_plain_port_says_which_setting_to_change() -> None:
    async with serving(Inbox()) as server:
        told = await refusal(replace(server, security="tls"))
    assert told.permanent
    assert told.what.endswith("does not speak TLS the way mail.security says.")


@pytest.mark.parametrize(
    ("answers", "permanent", "what"),
    [
        (
            {"RCPT": "550 5.7.1 relay denied"},
            True,
            "refused the recipient (550 5.7.1 relay denied)",
        ),
        ({"RCPT": "450 4.2.0 greylisted"}, False, "refused the recipient (450 4.2.0 greylisted)"),
        ({"MAIL": "553 5.7.1 not yours"}, True, "refused the sender (553 5.7.1 not yours)"),
        ({"DATA": "554 5.7.1 spam"}, True, "refused the mail (554 5.7.1 spam)"),
        ({"DATA": "452 4.3.1 disk full"}, False, "refused the mail (452 4.3.1 disk full)"),
    ],
    ids=["relay denied", "greylisted", "sender", "content", "disk full"],
)
async def test_a_4xx_is_temporary_and_a_5xx_permanent(
    answers: dict[str, str], permanent: bool, what: str
) -> None:
    async with serving(Inbox(answers)) as server:
        told = await refusal(server)
    assert (told.permanent, told.what) == (
        permanent,
        f"The mail server 127.0.0.1:{server.port} {what}.",
    )
    assert told.fix


async def test_an_accepted_mail_stays_accepted_when_the_goodbye_fails() -> None:
    inbox = Inbox({"QUIT": "cut"})
    async with serving(inbox) as server:
        assert await send(a_mail(), server) == "2.0.0 queued as 4711"


async def test_no_answer_after_the_mail_is_temporary() -> None:
    async with serving(Inbox({"DATA": "hang"})) as server:
        told = await refusal(replace(server, timeout_seconds=0.3))
    assert (told.permanent, told.what) == (
        False,
        f"The mail server 127.0.0.1:{server.port} did not answer in time.",
    )


@pytest.mark.parametrize("security", ["none", "tls"])
async def test_a_server_that_never_speaks_is_given_up_for_now(security: Any) -> None:
    async with plain_server(lambda _: None, hold=True) as server:
        told = await refusal(replace(server, security=security, timeout_seconds=0.3))
    assert (told.permanent, "did not answer in time" in told.what) == (False, True)


@pytest.mark.parametrize(
    ("greeting", "permanent", "what"),
    [
        (b"", False, "hung up."),
        (b"421 4.3.2 closing\r\n", False, "refused the mail (421 4.3.2 closing)."),
        (b"554 5.7.1 go away\r\n", True, "refused the mail (554 5.7.1 go away)."),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "does not talk like a mail server."),
    ],
    ids=["hangs up", "closing", "go away", "not a mail server"],
)
async def test_a_strange_greeting_is_explained(greeting: bytes, permanent: bool, what: str) -> None:
    async with plain_server(lambda writer: writer.write(greeting)) as server:
        told = await refusal(server)
    assert (told.permanent, told.what) == (
        permanent,
        f"The mail server 127.0.0.1:{server.port} {what}",
    )


async def test_a_refused_connection_is_temporary() -> None:
    async with serving(Inbox()) as server:
        pass
    told = await refusal(server)
    assert (told.permanent, told.what, told.fix) == (
        False,
        f"The mail server 127.0.0.1:{server.port} refuses connections.",
        "If it goes on, check mail.host, mail.port and the firewall.",
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "bad\r\nhost"])
async def test_a_host_that_does_not_exist_is_explained(host: str) -> None:
    told = await refusal(MailServer(host, 25, "none", timeout_seconds=5))
    assert told.fix is not None
    assert "mail.host" in told.fix
    assert str(told).isprintable()


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
