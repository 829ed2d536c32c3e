"""Enter what is worth telling and is no order's event: trouble, a milestone, a payout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from salesdaemon.domain.alerts import RECOVERY
from salesdaemon.domain.rules import News, Verdict
from salesdaemon.store.consequences import Telling, no_rate
from salesdaemon.store.events import LONGEST_NAME, Judged, enter


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something to tell: its kind, its words, and the shop that it is about.

    `event` names it for ever: what has been announced is not announced again. `over` says that
    trouble is: it goes where trouble goes, and warns of nothing.
    """

    kind: str
    event: str
    title: str
    body: str
    at: datetime
    shop: str | None = None
    marketplace: str | None = None
    over: bool = False


def announce(
    connection: Connection,
    telling: Telling,
    announcement: Announcement,
    *,
    only: Sequence[str] | None = None,
) -> bool:
    """Judge and enter an announcement; False if it was known.

    `only` are the channels that work: where the rules name none of these, all of these are told.
    """
    news = News(
        kind=announcement.kind,
        at=announcement.at,
        shop=announcement.shop,
        marketplace=announcement.marketplace,
    )
    verdict = telling.book.judge(news, no_rate)
    if only is not None:
        verdict = _restricted(verdict, only)
    judged = Judged(
        event=announcement.event[:LONGEST_NAME],
        kind=RECOVERY if announcement.over else announcement.kind,
        seen_at=announcement.at,
        verdict=verdict,
        title=announcement.title,
        body=announcement.body,
    )
    return enter(connection, [judged]) == 1


def _restricted(verdict: Verdict, only: Sequence[str]) -> Verdict:
    channels = tuple(channel for channel in verdict.channels if channel in only)
    return replace(verdict, channels=channels or tuple(only))
