"""What a service answers decides whether the outbox tries again, and never tells a secret."""

import asyncio
import logging
import socket
import sys
import threading
import time
from typing import Any

import pytest

from salesdaemon.errors import DeliveryError
from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone
from tests.notify.listener import Listener, Reply

RING = Message("Ka-ching! €12.00", "Planner", Tone.RING)
SECRET = "s3cr3tt0k3n"


def channel(listener: Listener, scheme: str = "gotify") -> Channel:
    return Channel("phone", f"{scheme}://{listener.host}/{SECRET}", None)


async def refused(subject: Channel) -> tuple[str, bool, float | None]:
    with pytest.raises(DeliveryError) as caught:
        await subject.deliver(RING)
    error = caught.value
    assert SECRET not in f"{error!r} {error.__cause__!r} {error.__context__!r}"
    assert "Planner" not in str(error)
    return str(error), error.permanent, error.retry_after_seconds


async def deliveries_to_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "channel-phone":
            await asyncio.to_thread(thread.join, 10)


async def test_an_accepted_message_says_what_was_answered(listener: Listener) -> None:
    assert await channel(listener).deliver(RING) == "Gotify answered 200 OK."


@pytest.mark.parametrize(
    ("status", "permanent", "told"),
    [
        (400, True, "400 Bad Request. Check the url of channel 'phone': address, token"),
        (401, True, "401 Unauthorized. Make an application in Gotify (Apps) and put its token"),
        (402, True, "402 Payment Required. Check the url of channel 'phone': address, token"),
        (404, True, "404 Not Found. Check the url of channel 'phone': address, token"),
        (301, True, "301 Moved Permanently. The address has moved: put the new one into"),
        (408, False, "408 Request Timeout."),
        (429, False, "429 Too Many Requests."),
        (500, False, "500 Internal Server Error."),
        (503, False, "503 Service Unavailable."),
        (599, False, "599."),
    ],
)
async def test_the_status_decides_whether_trying_again_can_help(
    listener: Listener, status: int, permanent: bool, told: str
) -> None:
    listener.replies[0] = Reply(status, "", {"Location": f"http://{listener.host}/else"})

    what, is_permanent, retry_after = await refused(channel(listener))

    assert what.startswith(f"Gotify answered {told}")
    assert (is_permanent, retry_after) == (permanent, None)
    assert len(listener.received) == 1


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"Retry-After": "30"}, "", 30.0),
        (503, {"Retry-After": "86400"}, "", 86400.0),
        (403, {"Retry-After": "60"}, "", 60.0),
        (
            429,
            {
                "Retry-After": "Fri, 20 Nov 2026 09:02:00 GMT",
                "Date": "Fri, 20 Nov 2026 09:00:30 GMT",
            },
            "",
            90.0,
        ),
        (429, {}, '{"ok": false, "parameters": {"retry_after": 7}}', 7.0),
        (429, {}, '{"retry_after": 0.5, "global": false}', 0.5),
        (429, {}, '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2000}', 2.0),
        (429, {"Retry-After": "soon"}, "[" * 5000, None),
        (429, {"Retry-After": "nan"}, '{"retry_after": true}', None),
        (429, {"Retry-After": "-5"}, "", None),
        (429, {"Retry-After": "2678400"}, "", 2_678_400.0),
        (429, {"Retry-After": "1e14"}, "", None),
        (429, {"Retry-After": "Fri, 20 Nov 9026 09:02:00 GMT"}, "", None),
        (429, {}, '{"retry_after": 1e300}', None),
        (429, {}, f'{{"retry_after": {10**400}}}', None),
    ],
    ids=[
        "seconds",
        "a day",
        "403 for now",
        "date by the service's clock",
        "telegram",
        "discord",
        "matrix",
        "nonsense",
        "not a number",
        "negative",
        "a month",
        "for ages",
        "a date in ages",
        "for ages, in the body",
        "an endless number",
    ],
)
async def test_the_wait_that_a_service_asks_for_is_passed_on(
    listener: Listener, status: int, headers: dict[str, str], body: str, seconds: float | None
) -> None:
    listener.replies[0] = Reply(status, body, headers)

    _, permanent, retry_after = await refused(channel(listener))

    assert (permanent, retry_after) == (False, seconds)


@pytest.mark.parametrize(
    "url",
    ["discord://1234567890/abcdefghijkl_token", "matrix://user:token@HOST/!r:h?discovery=no"],
    ids=["discord", "matrix"],
)
async def test_a_plugin_neither_sleeps_nor_tries_again_by_itself_after_429(
    world: Listener, url: str
) -> None:
    world.replies[0] = Reply(429, '{"retry_after": 60, "retry_after_ms": 60000}')

    _, permanent, retry_after = await refused(
        Channel("phone", url.replace("HOST", world.host), None)
    )

    assert (permanent, retry_after, len(world.received)) == (False, 60.0, 1)


async def test_discord_is_left_alone_when_its_allowance_is_used_up(world: Listener) -> None:
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3600)}
    world.replies[0] = Reply(204, "", reset)
    subject = Channel("phone", "discord://1234567890/abcdefghijkl_token", None)
    await subject.deliver(RING)

    what, permanent, retry_after = await refused(subject)

    assert what.startswith("Discord asks to wait ")
    assert what.endswith(" min.")
    assert not permanent
    assert retry_after is not None
    assert 3500 < retry_after < 3700
    assert len(world.received) == 1


async def test_the_services_own_words_are_shown(listener: Listener) -> None:
    listener.replies[0] = Reply(400, '{"errors": ["user identifier is invalid"], "status": 0}')

    what, _, _ = await refused(channel(listener))

    assert what == (
        "Gotify answered 400 Bad Request: user identifier is invalid. "
        "Check the url of channel 'phone': address, token and recipient."
    )


@pytest.mark.parametrize(
    "words",
    [f"bad token {SECRET.upper()}", "cannot read Planner", "token " + "x" * 24, "<html>no</html>"],
    ids=["our token", "our payload", "some token", "a page"],
)
async def test_words_that_give_something_away_are_not_shown(listener: Listener, words: str) -> None:
    listener.replies[0] = Reply(400, words)

    what, _, _ = await refused(channel(listener))

    assert what == (
        "Gotify answered 400 Bad Request. "
        "Check the url of channel 'phone': address, token and recipient."
    )


async def test_a_refusal_inside_a_200_is_tried_again(world: Listener) -> None:
    world.replies[0] = Reply(200, '{"status": 0, "error": "invalid key"}')

    what, permanent, _ = await refused(Channel("phone", f"psafers://{SECRET}", None))

    assert what.startswith("Pushsafer answered 200 OK but did not take it")
    assert not permanent


async def test_one_target_that_may_still_take_it_is_reason_to_try_again(world: Listener) -> None:
    world.replies = [Reply(503), Reply(403)]

    what, permanent, _ = await refused(Channel("phone", "tgram://123456789:abcdefg_hij/1/2", None))

    assert what == "Telegram answered 503 Service Unavailable."
    assert not permanent


async def test_an_optional_service_that_fails_is_a_failure(listener: Listener) -> None:
    listener.replies[0] = Reply(500)

    what, _, _ = await refused(
        Channel("phone", f"gotify://{listener.host}/{SECRET}?optional=yes&retry=3", None)
    )

    assert what == "Gotify answered 500 Internal Server Error."
    assert len(listener.received) == 1


async def test_a_refused_connection_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening
        port = unused.getsockname()[1]
        what = await refused(Channel("phone", f"gotify://127.0.0.1:{port}/{SECRET}", None))

    assert what == ("Gotify refused the connection.", False, None)


async def test_a_service_that_does_not_answer_may_have_taken_it(listener: Listener) -> None:
    listener.replies[0] = Reply(hold=(hold := threading.Event()))
    slow = Channel("phone", f"gotify://{listener.host}/{SECRET}?rto=0.2", None)

    what = await refused(slow)
    hold.set()

    assert what == (
        "Gotify did not answer in time; the message may have arrived.",
        False,
        None,
    )


async def test_a_hanging_service_blocks_neither_the_loop_nor_other_channels(
    listener: Listener,
) -> None:
    hold = threading.Event()
    listener.replies = [Reply(hold=hold), Reply()]
    hanging, other = channel(listener), channel(listener)
    hanging.deadline_seconds = 0.3
    first = asyncio.create_task(refused(hanging))
    await asyncio.to_thread(listener.arrived.wait, 10)

    assert await other.deliver(RING) == "Gotify answered 200 OK."
    assert await first == (
        "Gotify did not finish within 0.3 s (channel 'phone'); the message may have arrived.",
        False,
        None,
    )
    assert await refused(hanging) == (
        "Channel 'phone' still waits for the answer to an earlier message.",
        False,
        None,
    )
    hold.set()
    await deliveries_to_end()
    assert await hanging.deliver(RING) == "Gotify answered 200 OK."


async def test_a_cancelled_delivery_sends_nothing_more(listener: Listener) -> None:
    hold = threading.Event()
    listener.replies[0] = Reply(500, hold=hold)
    targets = Channel("phone", f"ntfy://{listener.host}/one/two/three", None)
    task = asyncio.create_task(targets.deliver(RING))
    await asyncio.to_thread(listener.arrived.wait, 10)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hold.set()
    await deliveries_to_end()

    assert len(listener.received) == 1


HANGING = """
import asyncio, sys
from salesdaemon.errors import DeliveryError
from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone

channel = Channel("phone", sys.argv[1], None)
channel.notes()  # reads the plugin, which may take longer than the deadline
channel.deadline_seconds = 0.5
try:
    asyncio.run(channel.deliver(Message("Ka-ching!", "Planner", Tone.RING)))
except DeliveryError as error:
    print(error)
"""


async def test_a_hanging_service_does_not_keep_the_program_from_ending(listener: Listener) -> None:
    listener.replies[0] = Reply(hold=(hold := threading.Event()))
    url = f"gotify://{listener.host}/{SECRET}?rto=3600"

    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGING, url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await program.communicate()
    ended_while_hanging = not hold.is_set()
    hold.set()

    assert ended_while_hanging
    assert program.returncode == 0
    assert output.decode().startswith("Gotify did not finish within 0.5 s")


async def test_messages_of_one_channel_leave_one_after_the_other(listener: Listener) -> None:
    subject = channel(listener)

    await asyncio.gather(*(subject.deliver(RING) for _ in range(5)))

    assert len(listener.received) == 5


async def test_an_unusable_url_is_refused_for_good() -> None:
    what, permanent, _ = await refused(Channel("phone", f"pover://{SECRET}", None))

    assert what == (
        "Pushover cannot use the url of channel 'phone'. "
        "It should look like pover://USER_KEY@TOKEN."
    )
    assert permanent


async def test_no_log_line_holds_a_token(listener: Listener, capfd: Any) -> None:
    root = logging.getLogger()
    handler = logging.StreamHandler()
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        await channel(listener).deliver(RING)
        Channel("phone", f"lauther://{SECRET}", None).problems()
    finally:
        root.setLevel(before)
        root.removeHandler(handler)

    output = "".join(capfd.readouterr())
    assert SECRET not in output
    assert "Planner" not in output
