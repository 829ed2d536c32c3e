"""Who waits as `free_at` says is never refused: the limits on loopback are the services' own."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.domain.limits import free_at
from salesdaemon.notify.channels import Channel
from tests.fakes.services.base import LoopbackService
from tests.fakes.services.discord import Discord
from tests.fakes.services.ntfy import Ntfy
from tests.fakes.services.pushover import Pushover
from tests.fakes.services.telegram import Telegram
from tests.fakes.services.world import online
from tests.notify.listener import Received
from tests.notify.speaking import RING, SPOKEN, TELEGRAM_TOKEN

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
GROUP = -1001234567890

# A service, the URL, how many messages want to leave at once, and by when they are all gone.
RUSHES: dict[str, tuple[Callable[[], LoopbackService], str, int, timedelta]] = {
    "telegram": (Telegram, SPOKEN["telegram"].url, 600, timedelta(minutes=10)),
    "telegram group": (
        lambda: Telegram(chats=(GROUP,)),
        f"tgram://{TELEGRAM_TOKEN}/{GROUP}",
        600,
        timedelta(minutes=30),
    ),
    "discord": (Discord, SPOKEN["discord"].url, 600, timedelta(minutes=20)),
    "ntfy.sh": (lambda: Ntfy(daily_limit=250), SPOKEN["ntfy"].url, 600, timedelta(days=3)),
    "pushover": (Pushover, SPOKEN["pushover"].url, 5_000, timedelta(days=4)),
}


@pytest.fixture(params=RUSHES)
def rush(request: pytest.FixtureRequest) -> tuple[LoopbackService, Channel, int, timedelta]:
    make, url, count, within = RUSHES[request.param]
    return make(), Channel("phone", url, None), count, within


async def request_of(service: LoopbackService, channel: Channel) -> Received:
    """Return what the service gets for one ring, to repeat it without the network."""
    with online(service):
        await channel.deliver(RING)
    return service.received[0]


async def test_a_rush_of_messages_is_never_refused_and_soon_over(
    rush: tuple[LoopbackService, Channel, int, timedelta],
) -> None:
    service, channel, count, within = rush
    now = MORNING
    service.clock = lambda: now
    request = await request_of(service, channel)
    sent = [now]
    days, months = Counter([now.date()]), Counter([now.month])

    def free() -> datetime | None:
        return free_at(
            channel.limits, sent[-60:], months[now.month], now, sent_today=days[now.date()]
        )

    for _ in range(count - 1):
        while (moment := free()) is not None:
            now = moment
        service.answer(request)
        sent.append(now)
        days[now.date()] += 1
        months[now.month] += 1

    assert service.refused == []
    assert len(service.taken) == count
    assert now - MORNING <= within
