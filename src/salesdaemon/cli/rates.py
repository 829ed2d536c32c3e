"""`rates`: the exchange rates that are known, and how they come in."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.period import day_of
from salesdaemon.errors import SalesDaemonError, UsageError
from salesdaemon.exchange import Refreshed, fetch_rates, find_attempts
from salesdaemon.exchange_files import MOST_BYTES, read_rates
from salesdaemon.store.rates import list_sources, mark_days_dirty, newest_day, save_rates

group = typer.Typer(
    help="Show, fetch or import exchange rates.",
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
)


@group.callback()
def show(context: typer.Context, *, form: FormatOption = Format.TABLE) -> None:
    """Show which rates are known and how old they are, by source."""
    if context.invoked_subcommand is not None:
        return

    async def work(app: Application) -> tuple[list[Record], str | None]:
        today = day_of(app.clock(), app.settings.zone)
        return list(_sources(app, today)), find_attempts(app.store).problem

    columns = (
        Column("source", title=True),
        Column("oldest"),
        Column("newest"),
        Column("age_days", number=True),
        Column("days", number=True),
        Column("currencies", number=True),
    )
    records, problem = in_application(context, work)
    if print_listing(records, columns, form) == 0:
        say("There are no rates yet. Run `salesdaemon rates fetch`, or import a file.")
    if problem is not None:
        say(f"The last attempt failed: {problem}")


def _sources(app: Application, today: date) -> Iterator[Record]:
    with app.store.read() as connection:
        for source in list_sources(connection):
            yield {
                "source": source.source,
                "oldest": source.oldest.isoformat(),
                "newest": source.newest.isoformat(),
                "age_days": max((today - source.newest).days, 0),
                "days": source.days,
                "currencies": source.currencies,
            }


@group.command()
def fetch(context: typer.Context) -> None:
    """Fetch the rates that are missing, now."""

    async def work(app: Application) -> tuple[Refreshed, date | None]:
        if app.settings.exchange.source == "off":
            raise UsageError(
                "Rates are not fetched: `source` in [exchange] is off.",
                fix="Set it to ecb, or import a file: `salesdaemon rates import FILE`.",
            )
        refreshed = await fetch_rates(app.store, app.http, app.settings, app.clock())
        with app.store.read() as connection:
            return refreshed, newest_day(connection)

    refreshed, newest = in_application(context, work)
    say(f"{refreshed.file}: {_count(len(refreshed.days))}; the newest is {newest}.")


@group.command("import")
def import_files(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="The ECB's (csv, zip or xml), or a CSV of date,currency,rate in units for a euro.",
        ),
    ],
) -> None:
    """Import files of historic rates, each of them whole or not at all."""

    async def work(app: Application) -> None:
        for file in files:
            say(_import(app, file))

    in_application(context, work)


def _import(app: Application, file: Path) -> str:
    # Rates are of the day in Frankfurt, which may begin before the machine's.
    until = (app.clock() + timedelta(days=1)).date()
    rates = read_rates(_read(file), file.name, until=until)
    with app.store.write() as connection:
        days = save_rates(connection, rates)
        mark_days_dirty(connection, days, app.settings.currency)
    if not rates:
        return f"{file.name}: no other currency than the euro is in it."
    span = f"{rates[0].day} to {rates[-1].day}"
    return f"{file.name}: {len(rates)} rates, {span}; {_count(len(days))}."


def _read(file: Path) -> bytes:
    """Read a file, but of one that is too large no more than shows that.

    Raises:
        SalesDaemonError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(f"{file} cannot be read: {reason}.") from error


def _count(days: int) -> str:
    return f"{days} day{'s' if days != 1 else ''} new or changed"
