"""Judge from figures whether what the daemon stands on is in trouble, and say so in words. Pure.

Each function returns None where all is well. `known` says that the owner was told already or soon
will be: what hovers about a limit would otherwise come and go.
"""

from datetime import datetime, timedelta

from salesdaemon.domain.trouble import Trouble, span

MEGABYTE = 1_000_000
LEAST_FREE_BYTES = 200 * MEGABYTE
LEAST_FREE_SHARE = 0.05
CLOCK_TOLERANCE = timedelta(minutes=2)
LOGIN_WARNING = timedelta(days=14)
KEY_WARNING = timedelta(days=30)
LIMIT_NEARLY_USED = 0.2
LONG_WAIT = timedelta(minutes=15)
_CALM = timedelta(minutes=10)
_SPARE = 1.25


def disk_trouble(place: str, total: int, free: int, *, known: bool) -> Trouble | None:
    """Judge a disk by its bytes: less than 5 % and less than 200 MB free is nearly full."""
    least = min(LEAST_FREE_BYTES, total * LEAST_FREE_SHARE)
    if free >= least * (_SPARE if known else 1):
        return None
    return Trouble(
        title="The disk is nearly full",
        what=f"{free // MEGABYTE} MB are left where {place} is kept.",
        fix="Free some space: on a full disk no sale can be recorded, and none rings.",
        over="The disk has space again",
    )


def allowance_trouble(channel: str, used_up: str | None) -> Trouble | None:
    """Word that most of the messages a service takes are sent; `used_up` says of which time."""
    if used_up is None:
        return None
    return Trouble(
        title=f"Channel {channel} has few messages left",
        what=used_up,
        fix="Let fewer kinds of news be told there, or more sales in one message (`burst`).",
        over=f"Channel {channel} has messages again",
    )


def clock_trouble(behind: timedelta, *, known: bool) -> Trouble | None:
    """Judge our clock by how much it is behind those of others, negative where it is ahead."""
    if abs(behind) <= (CLOCK_TOLERANCE / _SPARE if known else CLOCK_TOLERANCE):
        return None
    side = "behind" if behind > timedelta(0) else "ahead"
    return Trouble(
        title="The clock of this computer is wrong",
        what=f"It is {span(abs(behind))} {side}, say the marketplaces.",
        fix="Let it be set by itself: `timedatectl set-ntp true`, or look at `chronyc tracking`. "
        "In a container, the clock is that of its host.",
        over="The clock of this computer is right again",
        patience=_CALM,
    )


def schema_trouble(what: str) -> Trouble:
    """Word that the database was made by another version than the one that runs."""
    return Trouble(
        title="The database and the program are of different versions",
        what=what,
        fix="Restart salesdaemon, so that the version that was installed last runs; on PostgreSQL "
        "run `salesdaemon db upgrade` with it first.",
        over="The database and the program fit together again",
        patience=_CALM,
    )


def login_trouble(
    shop: str, label: str, lasts: timedelta, renewed_at: datetime, now: datetime
) -> Trouble | None:
    """Judge a login that ends when it is not renewed for `lasts`: two weeks before, it is told."""
    left = renewed_at + lasts - now
    if left > LOGIN_WARNING:
        return None
    when = f"ends in {span(left)}" if left > timedelta(0) else "has ended"
    return Trouble(
        title=f"The login of {shop} {when}",
        what=f"It was last renewed {span(now - renewed_at)} ago, and {label} ends a login that is "
        f"not renewed for {span(lasts)}.",
        fix=f"It is renewed when {shop} is polled: `salesdaemon status` says what is in the way. "
        f"`salesdaemon auth {shop}` makes a new one.",
        over=f"The login of {shop} was renewed",
        patience=_CALM,
    )


def key_trouble(
    shop: str, label: str, dormant_after: timedelta, last_used_at: datetime, now: datetime
) -> Trouble | None:
    """Judge a key that is put to sleep when it is not used: a month before, it is told."""
    if now - last_used_at < dormant_after - KEY_WARNING:
        return None
    return Trouble(
        title=f"The key of {shop} is about to be put to sleep",
        what=f"{label} does that after {span(dormant_after)} without a request, and {shop} was "
        f"last polled {span(now - last_used_at)} ago.",
        fix=f"Let it be polled again: `salesdaemon status` says what keeps {shop} from it.",
        over=f"The key of {shop} is in use again",
        patience=_CALM,
    )


def limit_trouble(
    shop: str, label: str, per_day: int, remaining: int, interval: timedelta, *, known: bool
) -> Trouble | None:
    """Judge the requests that a marketplace still grants for the day."""
    share = LIMIT_NEARLY_USED * (_SPARE if known else 1)
    if remaining > per_day * share:
        return None
    return _limited(
        shop,
        title=f"The requests of {shop} are nearly used up",
        what=f"{label} grants {per_day} a day, and {remaining} are left. {shop} is polled every "
        f"{span(max(interval, timedelta(minutes=1)))} until there are more.",
    )


def wait_trouble(
    shop: str, why: str | None, until: datetime, last_good_poll: datetime | None, now: datetime
) -> Trouble | None:
    """Judge a wait that a marketplace asked for: one of a quarter of an hour or more is told."""
    if until <= now or until - (last_good_poll or now) < LONG_WAIT:
        return None
    return _limited(
        shop,
        title=f"{shop} has to wait",
        what=f"{why or 'The marketplace asked for a pause.'} {shop} is polled again in "
        f"{span(until - now)}.",
    )


def _limited(shop: str, *, title: str, what: str) -> Trouble:
    return Trouble(
        title=title,
        what=what,
        fix="No sale is lost, but rings come later. If it happens again, raise `poll_every` in "
        f"[shops.{shop}], and look what else uses the same key.",
        over=f"{shop} is polled as usual again",
    )
