"""`away` and `back`: a holiday from rings."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import read_day
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.period import resolve
from salesdaemon.errors import UsageError
from salesdaemon.store.away import come_back, leave


def read_end(text: str) -> date:
    """Read a day, or a moment such as 2026-12-24T18:00.

    Raises:
        BadParameter: it is neither.
    """
    try:
        return read_day(text)
    except typer.BadParameter:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("write 2026-12-24 or 2026-12-24T18:00.") from error


def away(
    context: typer.Context,
    *,
    until: Annotated[
        date,
        typer.Option(
            "--until",
            parser=read_end,
            metavar="DATE|DATETIME",
            help="The last day away, or the moment of return.",
        ),
    ],
) -> None:
    """Hold rings back until a day or moment."""

    async def work(app: Application) -> str:
        end = end_of(app, until)
        if end <= app.clock():
            raise UsageError(f"{until.isoformat()} is over.", fix="Give a later --until.")
        with app.store.write() as connection:
            leave(connection, app.clock(), end)
        return f"{end:%Y-%m-%d %H:%M}"

    end = in_application(context, work)
    say(f"Rings are held back until {end} by your clock; then one recap tells what was sold.")


def end_of(app: Application, until: date) -> datetime:
    """Return the moment at which rings begin again, by the seller's clock: for a day, its end.

    Raises:
        UsageError: no clock will ever show it.
    """
    zone = app.settings.zone
    try:
        return _end_of(zone, until).astimezone(UTC).astimezone(zone)
    except OverflowError as error:
        what = f"{until.isoformat()} is out of range."
        raise UsageError(what, fix="Give another --until.") from error


def _end_of(zone: ZoneInfo, until: date) -> datetime:
    if not isinstance(until, datetime):
        return resolve(until + timedelta(days=1), time.min, zone)
    if until.tzinfo is None:
        return resolve(until.date(), until.time(), zone)
    return until


def back(context: typer.Context) -> None:
    """End the holiday: ring again."""

    async def work(app: Application) -> bool:
        with app.store.write() as connection:
            return come_back(connection, app.clock())

    was_away = in_application(context, work)
    say("Welcome back: it rings again." if was_away else "It rings already.")
