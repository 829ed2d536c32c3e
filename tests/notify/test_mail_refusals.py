"""A mail server's refusal is told in its own words, and ends at once where it is for good."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from salesdaemon.errors import DeliveryError
from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone

RING = Message("Ka-ching! €12.00", "Planner", Tone.RING)
MAIL = "from=shop@example.com&to=me@example.com&mode=insecure"


class Office:
    """Answers the recipient and the message of a mail as it is told to."""

    def __init__(self, recipient: str = "250 OK", data: str = "250 OK") -> None:
        self.recipient = recipient
        self.data = data
        self.asked = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        self.asked += 1
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return self.data


@contextlib.asynccontextmanager
async def open_office(office: Office) -> AsyncIterator[int]:
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    def talk() -> SMTP:
        return SMTP(office, authenticator=refuse, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def refused(url: str) -> tuple[str, bool]:
    with pytest.raises(DeliveryError) as caught:
        await Channel("mail", url, None).deliver(RING)
    return str(caught.value), caught.value.permanent


@pytest.mark.parametrize(
    ("office", "told", "permanent"),
    [
        (
            Office(recipient="550 No such user here"),
            "550: No such user here. Check sender and recipient in the url of channel 'mail'.",
            True,
        ),
        (Office(recipient="450 Try again in an hour"), "450: Try again in an hour.", False),
        (Office(data="451 Greylisted"), "451: Greylisted.", False),
        (
            Office(data="552 Mailbox is full"),
            "552: Mailbox is full. The mailbox behind channel 'mail' is full: make room in it.",
            True,
        ),
        (
            Office(data="554 No thanks, example.com"),  # a name of the URL is not shown
            "554. Check sender and recipient in the url of channel 'mail'.",
            True,
        ),
    ],
    ids=lambda value: value.replace(" ", "_")[:12] if isinstance(value, str) else None,
)
async def test_a_mail_servers_refusal_is_told(office: Office, told: str, permanent: bool) -> None:
    async with open_office(office) as port:
        said = await refused(f"mailto://127.0.0.1:{port}/?{MAIL}")

    assert said == (f"The mail server answered {told}", permanent)


async def test_a_wrong_password_is_not_tried_again() -> None:
    async with open_office(Office()) as port:
        said = await refused(f"mailto://me:wrong@127.0.0.1:{port}/?{MAIL}")

    assert said == (
        (
            "The mail server answered 535: Authentication credentials invalid. Check user and "
            "password in the url of channel 'mail'."
        ),
        True,
    )


async def test_one_recipient_who_may_still_get_it_is_reason_to_try_again() -> None:
    office = Office(recipient="450 Later")
    async with open_office(office) as port:
        said = await refused(f"mailto://127.0.0.1:{port}/?{MAIL}&to=other@example.com")

    assert said == ("The mail server answered 450: Later.", False)


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening
        said = await refused(f"mailto://127.0.0.1:{unused.getsockname()[1]}/?{MAIL}")

    assert said == ("E-Mail refused the connection.", False)


async def test_a_mail_server_whose_name_leads_nowhere_is_told() -> None:
    said = await refused(f"mailto://mail.invalid/?{MAIL}")

    assert said == ("E-Mail has a host name that cannot be found.", False)
