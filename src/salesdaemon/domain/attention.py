"""What needs its owner: values that a digest tells. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Concern(StrEnum):
    """What kind of thing needs attention."""

    LOGIN = "login"
    CHANNEL = "channel"
    SET_ASIDE = "set_aside"
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that its owner should look at.

    `subject` is the shop, the channel, or the title of a product; `count` how many there are
    (orders set aside, messages that wait), `since` when it began, `what` the reason in a sentence.
    """

    concern: Concern
    subject: str
    count: int = 0
    since: datetime | None = None
    what: str | None = None
