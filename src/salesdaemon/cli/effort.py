"""`effort`: the hours that went into products."""

from datetime import date, timedelta
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.groups import make_group
from salesdaemon.cli.options import Format, FormatOption, day_option
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.duration import format_duration, parse_duration
from salesdaemon.domain.period import day_of
from salesdaemon.domain.product_facts import is_known
from salesdaemon.errors import DomainError, UsageError
from salesdaemon.store.effort import EffortEntry, add_effort, list_effort, remove_effort
from salesdaemon.store.product_sales import iterate_names

group = make_group("Keep the hours that went into products.")


def read_minutes(text: str) -> int:
    """Read a length of time in whole minutes.

    Raises:
        BadParameter: it is no length of time, or shorter than a minute.
    """
    try:
        minutes = round(parse_duration(text) / timedelta(minutes=1))
    except DomainError as error:
        raise typer.BadParameter(str(error)) from error
    if not minutes:
        raise typer.BadParameter("write at least a minute.")
    return minutes


@group.command()
def add(
    context: typer.Context,
    product: Annotated[
        str, typer.Argument(help="The product's title or id, or a pattern such as shop:title*.")
    ],
    minutes: Annotated[
        int, typer.Argument(parser=read_minutes, metavar="TIME", help='Such as "6h" or "45m".')
    ],
    *,
    day: Annotated[date | None, day_option("--on", "The day; by default today.")] = None,
    note: Annotated[str | None, typer.Option(help="What was done.")] = None,
) -> None:
    """Add time spent on a product."""

    async def work(app: Application) -> tuple[EffortEntry, bool]:
        spent_on = day or day_of(app.clock(), app.settings.zone)
        entry = EffortEntry(product, minutes, spent_on, note)
        with app.store.write() as connection:
            add_effort(connection, entry)
        with app.store.read() as connection:
            return entry, is_known(product, iterate_names(connection))

    entry, known = in_application(context, work)
    say(_told(entry))
    if not known:
        say("Nothing of that name was sold yet; it counts once something is.")


@group.command()
def remove(
    context: typer.Context,
    entry_id: Annotated[int, typer.Argument(metavar="ID", help="Its number in `effort list`.")],
) -> None:
    """Remove time that was written down by mistake."""

    async def work(app: Application) -> EffortEntry:
        with app.store.write() as connection:
            found = remove_effort(connection, entry_id)
        if found is None:
            raise UsageError(
                f"There is no entry {entry_id}.", fix="`salesdaemon effort list` shows all."
            )
        return found

    say(f"Removed: {_told(in_application(context, work))}")


def _told(entry: EffortEntry) -> str:
    spent = format_duration(timedelta(minutes=entry.minutes))
    return f"{spent} on {entry.spent_on} for {entry.product}."


@group.command("list")
def list_entries(context: typer.Context, *, form: FormatOption = Format.TABLE) -> None:
    """List time spent, oldest first."""

    async def work(app: Application) -> list[Record]:
        with app.store.read() as connection:
            return [_json(entry) for entry in list_effort(connection)]

    columns = (
        Column("id", number=True),
        Column("spent_on"),
        Column("product", title=True),
        Column("minutes", number=True),
        Column("note", title=True),
    )
    if print_listing(in_application(context, work), columns, form) == 0:
        say("No time has been written down.")


def _json(entry: EffortEntry) -> Record:
    return {
        "id": entry.id,
        "spent_on": entry.spent_on.isoformat(),
        "product": entry.product,
        "minutes": entry.minutes,
        "note": entry.note,
    }
