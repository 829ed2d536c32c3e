"""Say in one word how a shop fares, for `status`, the readiness check and the digest. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(minutes=1)
"""The time of the last good poll is written at most once a minute, so it may be this much older."""
INTERVALS_UNTIL_STALE = 3
START_THE_DAEMON = "Start the daemon: `salesdaemon run`."


class StateName(StrEnum):
    """How a shop fares; the first that fits is the one that is shown."""

    LOGIN_NEEDED = "login_needed"
    WAITING = "waiting"
    SYNCING = "syncing"
    STALE = "stale"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What is stored of a shop, and whether a daemon runs that could poll it.

    `syncing` says that its history is still being read, `behind` how late its sweeps are.
    """

    login_needed: bool = False
    not_before: datetime | None = None
    syncing: bool = False
    last_good_poll: datetime | None = None
    interval: timedelta = timedelta(seconds=60)
    behind: timedelta = timedelta(0)
    action: str | None = None
    daemon_runs: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """How a shop fares, and what its owner should do; `action` is None for nothing.

    `stale` is also true of a shop that waits, needs a login or is syncing and was not polled
    lately. `behind_seconds` is None where the sweeps keep up.
    """

    name: StateName
    stale: bool
    action: str | None
    behind_seconds: int | None


def state_of(facts: ShopFacts, now: datetime) -> State:
    """Judge how a shop fares at a moment."""
    stale = is_stale(facts.last_good_poll, facts.interval, now)
    late = facts.behind > facts.interval + GRACE
    return State(
        name=_name(facts, now, stale=stale),
        stale=stale,
        action=facts.action or (START_THE_DAEMON if stale and not facts.daemon_runs else None),
        behind_seconds=int(facts.behind.total_seconds()) if late else None,
    )


def is_stale(last_good_poll: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Tell whether a shop was not polled within three of its effective intervals."""
    if last_good_poll is None:
        return True
    return now - last_good_poll > INTERVALS_UNTIL_STALE * interval + GRACE


def waits(not_before: datetime | None, now: datetime) -> bool:
    """Tell whether the marketplace asked us to come back later."""
    return not_before is not None and now < not_before


def _name(facts: ShopFacts, now: datetime, *, stale: bool) -> StateName:
    signs = (
        (facts.login_needed, StateName.LOGIN_NEEDED),
        (waits(facts.not_before, now), StateName.WAITING),
        (facts.syncing, StateName.SYNCING),
        (stale, StateName.STALE),
    )
    return next((name for holds, name in signs if holds), StateName.OK)
