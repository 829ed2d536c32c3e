"""When the owner is on holiday: kept also when it is over, so that a recap knows what it tells."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from salesdaemon.domain.alerts import Rest
from salesdaemon.store.accounts import find_setting, set_setting

SINCE = "away_since"
UNTIL = "away_until"


def leave(connection: Connection, now: datetime, until: datetime) -> None:
    """Begin a holiday, or give the one that lasts another end."""
    _, end = find_away(connection)
    if end is None or end <= now:
        set_setting(connection, SINCE, now.isoformat())
    set_setting(connection, UNTIL, until.isoformat())


def come_back(connection: Connection, now: datetime) -> bool:
    """End the holiday; False if there was none."""
    _, end = find_away(connection)
    if end is None or end <= now:
        return False
    set_setting(connection, UNTIL, now.isoformat())
    return True


def with_holiday(connection: Connection, rest: Rest) -> Rest:
    """Return the owner's rest with the last holiday in it."""
    since, until = find_away(connection)
    return replace(rest, away_since=since, away_until=until)


def find_away(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """Return when the last holiday began and ends; None for what was never said."""
    since, until = find_setting(connection, SINCE), find_setting(connection, UNTIL)
    return (
        datetime.fromisoformat(since) if since else None,
        datetime.fromisoformat(until) if until else None,
    )
