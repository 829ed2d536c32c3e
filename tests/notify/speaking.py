"""The six services that tests speak with, each with the URL of a channel to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone
from tests.fakes.services.bark import Bark
from tests.fakes.services.base import LoopbackService
from tests.fakes.services.discord import Discord
from tests.fakes.services.gotify import Gotify
from tests.fakes.services.ntfy import Ntfy
from tests.fakes.services.pushover import Pushover
from tests.fakes.services.telegram import Telegram

RING = Message(
    "Ka-ching! €12.00", "1 × Weekly planner\ntemplates\nToday: 3 sales, €48.00 gross", Tone.RING
)
SILENT = Message(
    "Refunded: €12.00",
    "1 × Weekly planner\ntemplates, sold on 20 Nov 2026",
    Tone.INFO,
    silent=True,
)


@dataclass(frozen=True)
class Spoken:
    """A service, and a channel as its page in docs/phones sets it up."""

    make: Callable[[], LoopbackService]
    url: str
    sound: str | None = None

    def channel(self) -> Channel:
        return Channel("phone", self.url, self.sound)


TELEGRAM_TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
SPOKEN: Mapping[str, Spoken] = {
    "pushover": Spoken(Pushover, f"pover://{'u' * 30}@{'a' * 30}", "cashregister"),
    "ntfy": Spoken(Ntfy, "ntfys://ntfy.sh/sales-k7w2p9xq4m?priority=high"),
    "telegram": Spoken(Telegram, f"tgram://{TELEGRAM_TOKEN}/12315544"),
    "discord": Spoken(Discord, f"discord://123456789012345678/{'w' * 68}"),
    "gotify": Spoken(Gotify, "gotifys://gotify.example.com/AbcdefghijklmnO"),
    "bark": Spoken(Bark, "barks://api.day.app/ynJ5Ft4atkMkWeo2PAvFhF", "paymentsuccess"),
}
