"""What is told to the owner: values only, no service's habits."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What kind of news a message brings; the values are Apprise's notification types."""

    RING = "success"
    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """One push: plain text, neither escaped nor cut; the channel does both.

    Only a message of tone RING that is not `silent` plays the channel's sound. A silent one
    leaves at the service's lowest urgency. `sound` is what a rule wants for this ring instead of
    the channel's own.
    """

    title: str
    body: str
    tone: Tone
    silent: bool = False
    sound: str | None = None
