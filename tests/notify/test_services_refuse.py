"""What six services say when they refuse: who waits and how long, and what the owner is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.errors import DeliveryError
from salesdaemon.notify.channels import Channel
from tests.fakes.services.bark import Bark
from tests.fakes.services.base import LoopbackService, says
from tests.fakes.services.discord import Discord
from tests.fakes.services.gotify import Gotify
from tests.fakes.services.ntfy import Ntfy
from tests.fakes.services.pushover import Pushover
from tests.fakes.services.telegram import Telegram, failed
from tests.fakes.services.world import online
from tests.notify.speaking import RING, SPOKEN, TELEGRAM_TOKEN

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def stopped_clock() -> datetime:
    return NOW


async def refused(channel: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.deliver(RING)
    return caught.value


def another_user() -> Pushover:
    return Pushover(user="x" * 30)


def another_token() -> Pushover:
    return Pushover(token="x" * 30)


def without_the_sound() -> Pushover:
    service = Pushover()
    service.sounds.remove("cashregister")
    return service


def blocking() -> Telegram:
    service = Telegram()
    service.blocked_by.add(12315544)
    return service


def grown_group() -> Telegram:
    service = Telegram()
    service.moved[12315544] = -1001234567890
    return service


def revoked() -> Telegram:
    return Telegram(token=f"{TELEGRAM_TOKEN[:-1]}9")


def deleted() -> Discord:
    service = Discord()
    service.deleted = True
    return service


def reserved() -> Ntfy:
    service = Ntfy()
    service.protected.add("sales-k7w2p9xq4m")
    return service


NEW_WEBHOOK = (
    "Make a new webhook in the settings of the Discord channel (Integrations) and put its address "
    "into the url of channel 'phone'."
)
# A service, what is wrong there, what it says, and what the owner is told to do.
PERMANENT: list[tuple[str, Callable[[], LoopbackService], str, str]] = [
    (
        "pushover",
        another_user,
        "400 Bad Request: user key is invalid.",
        (
            "Copy the user key from the first page of pushover.net to before the @ in the url of "
            "channel 'phone'."
        ),
    ),
    (
        "pushover",
        another_token,
        "400 Bad Request: application token is invalid.",
        (
            "Copy the token from your application's page at pushover.net to behind the @ in the "
            "url of channel 'phone'."
        ),
    ),
    (
        "pushover",
        without_the_sound,
        "400 Bad Request: sound is invalid.",
        (
            "Upload the sound on your application's page at pushover.net, or choose another for "
            "channel 'phone'."
        ),
    ),
    (
        "telegram",
        blocking,
        "403 Forbidden: bot was blocked by the user.",
        "Open the chat with your bot in Telegram and unblock it.",
    ),
    (
        "telegram",
        lambda: Telegram(chats=()),
        "400 Bad Request: chat not found.",
        (
            "Open the chat with your bot and press Start; then compare the chat's number with "
            "the url of channel 'phone'."
        ),
    ),
    (
        "telegram",
        grown_group,
        "400 Bad Request: group chat was upgraded to a supergroup chat.",
        (
            "The group has a new number now: look it up as for a new group and put it into the "
            "url of channel 'phone'."
        ),
    ),
    (
        "telegram",
        revoked,
        "401 Unauthorized.",
        "Ask @BotFather for the bot's token (/mybots) and put it into the url of channel 'phone'.",
    ),
    ("discord", deleted, "404 Not Found: Unknown Webhook.", NEW_WEBHOOK),
    (
        "discord",
        lambda: Discord(token="x" * 68),
        "401 Unauthorized: Invalid Webhook Token.",
        NEW_WEBHOOK,
    ),
    (
        "gotify",
        lambda: Gotify(token="another"),
        (
            "401 Unauthorized: you need to provide a valid access token or user credentials to "
            "access this api."
        ),
        "Make an application in Gotify (Apps) and put its token into the url of channel 'phone'.",
    ),
    (
        "ntfy",
        reserved,
        "403 Forbidden.",
        (
            "Put a login that may write to the topic into the url of channel 'phone', or take "
            "another topic."
        ),
    ),
    (
        "bark",
        lambda: Bark(device_key="another"),
        "400 Bad Request.",  # it repeats the key, so its own words are not shown
        (
            "Open the Bark app, copy the key from the address that it shows and put it into the "
            "url of channel 'phone'."
        ),
    ),
]


@pytest.mark.parametrize(
    ("name", "make", "said", "fix"), PERMANENT, ids=[f"{case[0]} {case[2]}" for case in PERMANENT]
)
async def test_a_refusal_that_stays_ends_at_once_and_says_what_to_do(
    name: str, make: Callable[[], LoopbackService], said: str, fix: str
) -> None:
    service = make()
    with online(service):
        error = await refused(SPOKEN[name].channel())

    assert error.what.partition(" answered ")[2] == said
    assert (error.fix, error.permanent, error.retry_after_seconds) == (fix, True, None)
    assert len(service.received) == 1


async def test_a_wrong_ntfy_login_is_told() -> None:
    service = Ntfy()
    service.allow("me", "right")
    with online(service):
        await Channel("phone", "ntfys://me:right@ntfy.sh/sales", None).deliver(RING)
        error = await refused(Channel("phone", "ntfys://me:wrong@ntfy.sh/sales", None))

    assert str(error) == (
        "ntfy answered 401 Unauthorized. Check the login in the url of channel 'phone'."
    )


def used_up_month() -> Pushover:
    service = Pushover(clock=stopped_clock)
    service.limit = 0
    return service


def used_up_day() -> Ntfy:
    return Ntfy(clock=stopped_clock, daily_limit=0)


def empty_bucket() -> Ntfy:
    service = Ntfy(clock=stopped_clock)
    service.bucket.left = 0
    return service


def busy_group() -> Telegram:
    service = Telegram(clock=stopped_clock)
    service.faults.append(failed(429, "Too Many Requests: retry after 37", retry_after=37).reply)
    return service


def busy_webhook() -> Discord:
    service = Discord(clock=stopped_clock)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.5"}
    service.faults.append(
        says({"message": "You are being rate limited.", "retry_after": 1.337}, 429, headers)
    )
    return service


# Pushover's months begin at midnight in Chicago.
NEXT_MONTH = datetime(2026, 12, 1, 6, tzinfo=UTC)
WAITS: list[tuple[str, Callable[[], LoopbackService], float, str]] = [
    (
        "pushover",
        used_up_month,
        (NEXT_MONTH - NOW).total_seconds(),
        "account has exceeded its monthly message limit. It asks to wait 11 days.",
    ),
    (
        "ntfy",
        used_up_day,
        15 * 3600.0,
        "limit reached: daily message quota reached. It asks to wait 15 hours.",
    ),
    ("ntfy", empty_bucket, 5.0, "limit reached: too many requests. It asks to wait 5 s."),
    ("telegram", busy_group, 37.0, "retry after 37. It asks to wait 37 s."),
    ("discord", busy_webhook, 1.5, "You are being rate limited. It asks to wait 2 s."),
]


@pytest.mark.parametrize(
    ("name", "make", "seconds", "told"), WAITS, ids=[f"{case[0]}-{case[2]:.0f}" for case in WAITS]
)
async def test_a_refusal_for_now_waits_as_told(
    name: str, make: Callable[[], LoopbackService], seconds: float, told: str
) -> None:
    service = make()
    with online(service):
        error = await refused(SPOKEN[name].channel())

    assert str(error).partition("429 Too Many Requests: ")[2] == told
    assert not error.permanent
    assert error.retry_after_seconds == pytest.approx(seconds, abs=0.01)
    assert len(service.received) == 1


@pytest.mark.parametrize(("name", "in_a_row"), [("telegram", 5), ("discord", 5)])
async def test_who_sends_too_fast_is_told_to_wait_and_taken_afterwards(
    name: str, in_a_row: int
) -> None:
    service = SPOKEN[name].make()
    now = NOW
    service.clock = lambda: now
    channel = SPOKEN[name].channel()
    with online(service):
        for _ in range(in_a_row):
            await channel.deliver(RING)
        error = await refused(channel)
        assert error.retry_after_seconds is not None
        now += timedelta(seconds=error.retry_after_seconds)
        await channel.deliver(RING)

    assert (error.permanent, len(service.taken)) == (False, in_a_row + 1)
