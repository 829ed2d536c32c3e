import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesdaemon.digest.mailer import build_mail, message_id, send
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.errors import DeliveryError
from tests.digest.cases import CASES
from tests.digest.mail_server import (
    LOGIN,
    PASSWORD,
    USER,
    Inbox,
    authenticate,
    certificate,
    serving,
)

AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
NAME = "<daily.2026-11-20.0@example.com>"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def a_mail(**changes: Any) -> EmailMessage:
    facts: dict[str, Any] = {
        "subject": "€9.65",
        "sender": "salesdaemon@example.com",
        "recipient": "me@example.com",
        **changes,
    }
    return build_mail(text="text\n", html="<p>html</p>\n", message_id=NAME, date=AT, **facts)


def as_received(mail: EmailMessage) -> EmailMessage:
    received = BytesParser(EmailMessage, policy=default).parsebytes(mail.as_bytes(policy=SMTP))
    assert isinstance(received, EmailMessage)
    return received


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


def test_a_subject_arrives_to_the_letter_however_long_it_is() -> None:
    words = "US$78.72 while you slept: 21 sales, all without any work (1 shop missing) " * 4
    for length in range(1, len(words)):
        subject = words[:length].strip()
        mail = a_mail(subject=subject)
        assert as_received(mail)["Subject"] == subject
        assert b"Subject: " in mail.as_bytes(policy=SMTP)


@given(st.text(alphabet="ab1 €£漢字😀שوé,:;()=?_<\u202f\u00a0", max_size=250))
@example("5ب=ו(ש字¥مé6 9 ر€¥€ם;漢 字 ر3 £")  # noqa: RUF001 - other scripts are the point
def test_a_subject_in_any_script_arrives_to_the_letter(words: str) -> None:
    mail = a_mail(subject=words)
    assert as_received(mail)["Subject"] == mail["Subject"]
    folded, _, _ = mail.as_bytes(policy=SMTP).partition(b"\r\nFrom:")
    assert all(len(line) <= 78 for line in folded.split(b"\r\n"))


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


async def test_an_accepted_mail_stays_accepted_when_the_goodbye_fails() -> None:
    inbox = Inbox({"QUIT": "cut"})
    async with serving(inbox) as server:
        assert await send(a_mail(), server) == "2.0.0 queued as 4711"


# Images


async def test_an_image_travels_beside_the_page_that_shows_it() -> None:
    mail = build_mail(
        "€9.65",
        "text\n",
        '<img src="cid:chart@salesdaemon" alt="30 days">\n',
        images={"chart@salesdaemon": PIXEL, "legend": PIXEL},
        sender="a@example.com",
        recipient="b@example.com",
        message_id=NAME,
        date=AT,
    )
    inbox = Inbox()
    async with serving(inbox) as server:
        await send(mail, server)
    text, related = inbox.received().iter_parts()
    assert isinstance(related, EmailMessage)
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    assert related.get_param("type") == "text/html"
    page, *images = related.iter_parts()
    assert page.get_content_type() == "text/html"
    assert [
        (
            image["Content-ID"],
            image.get_content_type(),
            image.get_content_disposition(),
            image.get_filename(),
            image.get_content() == PIXEL,
        )
        for image in images
        if isinstance(image, EmailMessage)
    ] == [
        ("<chart@salesdaemon>", "image/png", "inline", "chart.png", True),
        ("<legend>", "image/png", "inline", "legend.png", True),
    ]


@pytest.mark.parametrize("name", ["ordinary_day", "ordinary_week", "hostile_titles", "empty_day"])
def test_every_image_that_a_digest_shows_is_in_the_mail(name: str) -> None:
    content = CASES[name]()
    page = render_html(content, "en_GB")
    mail = as_received(
        build_mail(
            render_subject(content, "en_GB"),
            render_text(content, "en_GB"),
            page.html,
            images=page.images,
            sender="a@example.com",
            recipient="b@example.com",
            message_id=NAME,
            date=AT,
        )
    )
    shown = re.findall(r'src="cid:([^"]+)"', page.html)
    ids = [part["Content-ID"] for part in mail.walk() if part.get_content_maintype() == "image"]
    assert ids == [f"<{content_id}>" for content_id in shown]


# Unsubscribing


def test_by_default_a_mail_to_the_sender_ends_the_digests() -> None:
    mail = as_received(a_mail(sender="Läden <sales+daemon@bücher.example>"))
    assert mail["List-Unsubscribe"] == (
        "<mailto:sales%2Bdaemon@xn--bcher-kva.example?subject=Unsubscribe%20from%20salesdaemon>"
    )


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("mailto:me@example.com?subject=No more", "<mailto:me@example.com?subject=No%20more>"),
        ("https://example.com/stop?a=1&b=%20", "<https://example.com/stop?a=1&b=%20>"),
        ("https://example.com/<é>", "<https://example.com/%3C%C3%A9%3E>"),
        ("https://example.com/" + "a" * 500, "<https://example.com/" + "a" * 500 + ">"),
    ],
    ids=["mailto", "https", "odd", "long"],
)
def test_an_address_that_ends_the_digests_arrives_whole(address: str, written: str) -> None:
    mail = a_mail(unsubscribe=address)
    assert f"\r\nList-Unsubscribe: {written}\r\n".encode() in mail.as_bytes(policy=SMTP)
    assert as_received(mail)["List-Unsubscribe"] == written


@pytest.mark.parametrize(
    "address",
    [
        "",
        "me@example.com",
        "mailto:nobody",
        "mailto:?to=x",
        "http://example.com/",
        "https://example.com/\r\nBcc: x@evil.example",
        "https://example.com/" + "a" * 1000,
    ],
)
def test_what_cannot_end_the_digests_is_refused(address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        a_mail(unsubscribe=address or " ")
    assert caught.value.permanent
    assert "mail.unsubscribe" in str(caught.value)
    assert "evil" not in str(caught.value)


def test_nothing_is_promised_about_unsubscribing_that_nobody_keeps() -> None:
    assert a_mail(unsubscribe="off")["List-Unsubscribe"] is None
    assert a_mail(unsubscribe="https://example.com/")["List-Unsubscribe-Post"] is None


# Several recipients


async def test_a_refused_recipient_keeps_nothing_from_the_others() -> None:
    inbox = Inbox({"you@example.com": "550 5.1.1 no mailbox here"})
    async with serving(inbox) as server:
        for recipient in ("me@example.com", "you@example.com", "them@example.com"):
            if recipient == "you@example.com":
                with pytest.raises(DeliveryError, match="does not know the recipient"):
                    await send(a_mail(recipient=recipient), server)
            else:
                await send(a_mail(recipient=recipient), server)
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [
        ["me@example.com"],
        ["them@example.com"],
    ]


# Whatever the titles hold


@given(st.text(max_size=400), st.text(max_size=300), st.text(max_size=300))
def test_no_title_breaks_a_header_or_a_part(subject: str, text: str, html: str) -> None:
    mail = build_mail(
        subject,
        text.encode("utf-8", "replace").decode(),
        html.encode("utf-8", "replace").decode(),
        images={"chart@salesdaemon": PIXEL},
        sender="a@example.com",
        recipient="b@example.com",
        message_id=NAME,
        date=AT,
    )
    wire = mail.as_bytes(policy=SMTP)
    assert wire.isascii()
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    received = as_received(mail)
    assert received.keys() == mail.keys()
    assert " ".join(received["Subject"].split()) == " ".join(mail["Subject"].split())
    assert [part.get_content_type() for part in received.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert not received.defects
