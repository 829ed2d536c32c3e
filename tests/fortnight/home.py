"""What the seller has: the configuration, six phones and desks, a disk; and how they break."""

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message
from tests.notify.listener import Reply
from tests.notify.speaking import SPOKEN

PHONES = {
    "phone": "pushover",
    "desk": "gotify",
    "partner": "telegram",
    "team": "discord",
    "tablet": "ntfy",
    "kitchen": "bark",
}
CONFIG = """
timezone = "Europe/Berlin"
currency = "EUR"
locale = "en_GB"
[shops.prints]
marketplace = "etsy"
keystring = "keystring"
shared_secret = "secret"
[shops.templates]
marketplace = "gumroad"
access_token = "token"
[alerts]
channels = ["phone"]
quiet_hours = ["22:30-07:00", "sat,sun 07:00-09:00"]
[[alerts.rules]]
name = "small things"
product = "*sticker*"
level = "off"
[[alerts.rules]]
name = "big sales"
kind = ["sale", "renewal"]
min_amount = "45 EUR"
channels = ["phone", "partner"]
[[alerts.rules]]
name = "a new country"
first_sale_in_country = true
channels = ["phone", "tablet"]
[[alerts.rules]]
name = "the books"
kind = ["refund", "dispute", "dispute_won", "cancelled"]
channels = ["team"]
[[alerts.rules]]
name = "good news"
kind = ["milestone", "payout"]
channels = ["phone", "kitchen"]
[[alerts.rules]]
name = "what needs me"
kind = ["trouble", "silence"]
channels = ["phone", "tablet"]
[[alerts.rules]]
name = "at work"
kind = ["sale", "renewal"]
shop = "templates"
weekdays = "mon-fri"
hours = "09:00-17:00"
channels = ["phone", "desk"]
[goals.press]
amount = "12000 EUR"
label = "The new press is paid"
"""

GIGABYTE = 10**9
UNREACHABLE = Reply(502, "Bad Gateway")


class Killed(BaseException):
    """The process was killed here."""


class Down(deque[Reply]):
    """Faults without end."""

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Reply:
        return replace(UNREACHABLE, headers={})


class Disk:
    """A disk with room enough."""

    total, free = 1000 * GIGABYTE, 500 * GIGABYTE


@dataclass
class Way:
    """A channel and what its service took; its process is killed once, right after a push."""

    channel: Channel
    taken: list[Message]
    deadly: bool = False

    async def deliver(self, message: Message) -> str:
        answer = await self.channel.deliver(message)
        if self.deadly:
            self.deadly = False
            raise Killed
        self.taken.append(message)
        return answer


def configuration(folder: Path, url: str) -> str:
    """Write the whole configuration."""
    text = f'{CONFIG}\n[database]\nurl = "{url}"\n'
    text += f'[secrets]\nkey_file = "{folder}/secret.key"\n'
    for name, service in PHONES.items():
        spoken = SPOKEN[service]
        sound = f'sound = "{spoken.sound}"\n' if spoken.sound else ""
        text += f'[channels.{name}]\nurl = "{spoken.url}"\n{sound}'
    return text
