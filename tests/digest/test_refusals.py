from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from salesdaemon.digest.mailer import MailServer, build_mail, send
from salesdaemon.errors import DeliveryError
from tests.digest.mail_server import (
    LOGIN,
    PASSWORD,
    USER,
    Inbox,
    authenticate,
    certificate,
    plain_server,
    serving,
)

AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


async def refusal(server: MailServer) -> DeliveryError:
    mail = build_mail(
        "€9.65",
        "text\n",
        "<p>html</p>\n",
        sender="salesdaemon@example.com",
        recipient="me@example.com",
        message_id="<daily.2026-11-20.0@example.com>",
        date=AT,
    )
    with pytest.raises(DeliveryError) as caught:
        await send(mail, server)
    told = caught.value
    assert str(told).isprintable()
    assert told.fix
    return told


def what(told: DeliveryError, server: MailServer) -> str:
    """Return what was told behind the name of the server."""
    start = f"The mail server {server.host}:{server.port} "
    assert told.what.startswith(start)
    return told.what.removeprefix(start)


# The login


async def test_a_wrong_password_says_what_to_check_and_tells_no_secret() -> None:
    async with serving(Inbox(), **LOGIN) as server:
        told = await refusal(replace(server, username=USER, password="hunter2"))
    assert told.permanent
    assert what(told, server) == "refused the login (535 5.7.8)."
    assert told.fix == (
        "Check mail.username and mail.password (many providers want a password made for apps), "
        "then start the daemon again; what waits is sent."
    )
    assert "hunter2" not in repr(replace(server, password="hunter2"))


def answering_logins(answer: str) -> dict[str, Any]:
    """Make a server answer every login so; `{}` in the answer is what was sent."""

    def judge(
        server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        said = answer.replace("{}", data.password.decode())
        return AuthResult(success=False, handled=False, message=said)

    return LOGIN | {"authenticator": judge}


@pytest.mark.parametrize(
    ("answer", "permanent", "told"),
    [
        ("535 5.7.8 hunter2 is wrong", True, "refused the login (535 5.7.8)."),
        ("535 hunter2", True, "refused the login (535)."),
        (
            "534 5.7.9 Application-specific password required",
            True,
            "refused the login (534 5.7.9).",
        ),
        ("538 5.7.11 Encryption required", True, "takes logins over TLS alone (538 5.7.11)."),
        ("454 4.7.0 Temporary failure", False, "cannot check the login for now (454 4.7.0)."),
    ],
    ids=["echo", "bare", "app password", "tls", "for now"],
)
async def test_an_answer_to_a_login_is_told_by_its_numbers(
    answer: str, permanent: bool, told: str
) -> None:
    async with serving(Inbox(), **answering_logins(answer)) as server:
        error = await refusal(replace(server, username=USER, password="hunter2"))
    assert (error.permanent, what(error, server)) == (permanent, told)
    assert "hunter2" not in str(error)


async def test_a_server_that_wants_a_login_says_so() -> None:
    async with serving(Inbox(), **LOGIN) as server:
        told = await refusal(server)
    assert told.permanent
    assert what(told, server).startswith("wants a login (530")
    assert "mail.username" in (told.fix or "")


async def test_a_login_the_server_does_not_offer_is_explained() -> None:
    async with serving(Inbox()) as server:
        told = await refusal(replace(server, username=USER, password=PASSWORD))
    assert (told.permanent, what(told, server)) == (True, "offers no login that is known here.")


# TLS


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("made", "reason", "fix"),
    [
        ({}, "self-signed certificate", "SSL_CERT_FILE"),
        ({"ends_in": timedelta(hours=-1)}, "certificate has expired", "clock"),
        ({"address": "127.0.0.9"}, "certificate is not valid for '127.0.0.1'", "mail.host"),
    ],
    ids=["unknown", "expired", "misnamed"],
)
async def test_a_certificate_that_proves_nothing_is_refused(
    *,
    security: Any,
    made: dict[str, Any],
    reason: str,
    fix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = certificate(tmp_path, **made)
    if made:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    inbox = Inbox()
    options: dict[str, Any] = {"tls_context": context} if security == "starttls" else {}
    tls = context if security == "tls" else None
    async with serving(inbox, tls=tls, **options) as server:
        told = await refusal(replace(server, security=security, username=USER, password=PASSWORD))
    assert told.permanent
    assert "showed a certificate that cannot be trusted: " in told.what
    assert told.what.endswith(f"{reason}.")
    assert fix in (told.fix or "")
    assert inbox.envelopes == []


async def test_tls_too_old_to_be_safe_is_named() -> None:
    protocol_version = b"\x15\x03\x01\x00\x02\x02\x46"  # the alert of a server without TLS 1.2
    async with plain_server(lambda writer: writer.write(protocol_version), hold=True) as server:
        told = await refusal(replace(server, security="tls"))
    assert (told.permanent, what(told, server)) == (
        True,
        "speaks no version of TLS that is still safe.",
    )


async def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    inbox = Inbox()
    async with serving(inbox) as server:
        told = await refusal(replace(server, security="starttls"))
    assert (told.permanent, what(told, server)) == (True, "does not offer STARTTLS.")
    assert inbox.envelopes == []


async def test_a_server_that_wants_tls_is_not_taken_for_one_that_wants_a_login(
    tmp_path: Path,
) -> None:
    options: dict[str, Any] = {"tls_context": certificate(tmp_path), "require_starttls": True}
    async with serving(Inbox(), authenticator=authenticate, **options) as server:
        told = await refusal(server)
    assert told.permanent
    assert what(told, server).startswith("wants TLS (530")
    assert 'mail.security to "starttls"' in (told.fix or "")


async def test_tls_to_a_plain_port_says_which_setting_to_change() -> None:
    async with serving(Inbox()) as server:
        told = await refusal(replace(server, security="tls"))
    assert (told.permanent, what(told, server)) == (
        True,
        "does not speak TLS the way mail.security says.",
    )


# The mail


@pytest.mark.parametrize(
    ("answers", "permanent", "told", "fix"),
    [
        (
            {"RCPT": "550 5.7.1 relay denied"},
            True,
            "will not pass mail on to the recipient (550 5.7.1 relay denied).",
            "mail.username",
        ),
        (
            {"RCPT": "554 Relay access denied"},
            True,
            "will not pass mail on to the recipient (554 Relay access denied).",
            "mail.username",
        ),
        (
            {"RCPT": "550 5.1.1 no mailbox here"},
            True,
            "does not know the recipient (550 5.1.1 no mailbox here).",
            "mail.to",
        ),
        (
            {"RCPT": "550 User unknown"},
            True,
            "does not know the recipient (550 User unknown).",
            "mail.to",
        ),
        ({"RCPT": "550 no"}, True, "refused the recipient (550 no).", "mail.to"),
        (
            {"RCPT": "451 4.7.1 greylisted"},
            False,
            "takes no mail for the recipient yet (451 4.7.1 greylisted).",
            "If it goes on",
        ),
        (
            {"RCPT": "552 5.2.2 quota"},
            True,
            "says that the recipient's mailbox is full (552 5.2.2 quota).",
            "room",
        ),
        (
            {"MAIL": "553 5.7.1 not yours"},
            True,
            "refused the sender (553 5.7.1 not yours).",
            "mail.from",
        ),
        (
            {"MAIL": "552 5.3.4 too big"},
            True,
            "finds the mail too big (552 5.3.4 too big).",
            "1 MB",
        ),
        ({"DATA": "552 too much"}, True, "finds the mail too big (552 too much).", "1 MB"),
        ({"DATA": "554 5.7.1 spam"}, True, "refused the mail (554 5.7.1 spam).", "SPF"),
        (
            {"DATA": "554 5.6.0 odd"},
            True,
            "refused the mail (554 5.6.0 odd).",
            "administrator",
        ),
        (
            {"DATA": "452 4.3.1 disk full"},
            False,
            "refused the mail (452 4.3.1 disk full).",
            "If it goes on",
        ),
        (
            {"MAIL": "421 4.3.2 too many"},
            False,
            "takes no mail for now (421 4.3.2 too many).",
            "If it goes on",
        ),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
async def test_a_4xx_is_temporary_and_a_5xx_permanent_and_both_are_explained(
    answers: dict[str, str], permanent: bool, told: str, fix: str
) -> None:
    async with serving(Inbox(answers)) as server:
        error = await refusal(server)
    assert (error.permanent, what(error, server)) == (permanent, told)
    assert fix in (error.fix or "")


async def test_a_mail_over_the_limit_that_a_server_names_is_too_big() -> None:
    async with serving(Inbox(), data_size_limit=50) as server:
        told = await refusal(server)
    assert told.permanent
    assert what(told, server).startswith("finds the mail too big (552")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_line_that_breaks_in_the_middle_is_tried_again(command: str) -> None:
    inbox = Inbox({command: "cut"})
    async with serving(inbox) as server:
        told = await refusal(server)
    assert (told.permanent, what(told, server), inbox.envelopes) == (False, "hung up.", [])


# The way to the server


async def test_no_answer_after_the_mail_is_temporary() -> None:
    async with serving(Inbox({"DATA": "hang"})) as server:
        told = await refusal(replace(server, timeout_seconds=0.3))
    assert (told.permanent, what(told, server)) == (False, "did not answer in time.")


@pytest.mark.parametrize("security", ["none", "tls"])
async def test_a_server_that_never_speaks_is_given_up_for_now(security: Any) -> None:
    async with plain_server(lambda _: None, hold=True) as server:
        told = await refusal(replace(server, security=security, timeout_seconds=0.3))
    assert (told.permanent, "did not answer in time" in told.what) == (False, True)


@pytest.mark.parametrize(
    ("greeting", "permanent", "told"),
    [
        (b"", False, "hung up."),
        (b"421 4.3.2 closing\r\n", False, "takes no mail for now (421 4.3.2 closing)."),
        (b"554 5.7.1 go away\r\n", True, "refuses this machine (554 5.7.1 go away)."),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "does not talk like a mail server."),
    ],
    ids=["hangs up", "closing", "go away", "not a mail server"],
)
async def test_a_strange_greeting_is_explained(greeting: bytes, permanent: bool, told: str) -> None:
    async with plain_server(lambda writer: writer.write(greeting)) as server:
        error = await refusal(server)
    assert (error.permanent, what(error, server)) == (permanent, told)


async def test_a_refused_connection_is_temporary() -> None:
    async with serving(Inbox()) as server:
        pass
    told = await refusal(server)
    assert (told.permanent, what(told, server), told.fix) == (
        False,
        "refuses connections.",
        "If it goes on, check mail.host, mail.port and the firewall.",
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "bad\r\nhost"])
async def test_a_host_that_does_not_exist_is_explained(host: str) -> None:
    told = await refusal(MailServer(host, 25, "none", timeout_seconds=5))
    assert "mail.host" in (told.fix or "")
