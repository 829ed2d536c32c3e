"""`digest`: the digest of a period, printed or sent."""

import sys
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.files import write_text
from salesdaemon.cli.later import NOT_YET
from salesdaemon.cli.options import day_option
from salesdaemon.cli.output import dump
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import print_line, say
from salesdaemon.digest.content import DigestContent, to_json
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.digesting import collect, send_now
from salesdaemon.domain.period import day_of
from salesdaemon.errors import UsageError


class Kind(StrEnum):
    """How long the period of a digest is."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class DigestFormat(StrEnum):
    """What a digest is printed as."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


def digest(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="Which digest.")],
    *,
    day: Annotated[
        date | None, day_option("--date", "A day of its period; by default the last finished one.")
    ] = None,
    form: Annotated[
        DigestFormat, typer.Option("--format", help="How to print it.")
    ] = DigestFormat.TEXT,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Mail it instead of printing.")] = False,
) -> None:
    """Print or send the digest of a period."""
    if kind is not Kind.DAILY:
        raise UsageError(NOT_YET)

    async def work(app: Application) -> str | list[str]:
        today = day_of(app.clock(), app.settings.zone)
        of = day or today - timedelta(days=1)
        if of > today:
            raise UsageError(f"{of} is still to come.", fix="Give an earlier --date.")
        if send:
            return await send_now(app, of)
        return _render(_collect(app, of, preview=of == today), form, app.settings.locale)

    made = in_application(context, work)
    if isinstance(made, list):
        for line in made:
            print_line(line)
    elif out is None:
        sys.stdout.write(made)
    else:
        write_text(out, made)
        say(f"{out} is written.")


def _collect(app: Application, day: date, *, preview: bool) -> DigestContent:
    with app.store.read() as connection:
        return collect(connection, app.settings, app.overrides, day, app.clock(), preview=preview)


def _render(content: DigestContent, form: DigestFormat, locale: str) -> str:
    if form is DigestFormat.JSON:
        return dump(to_json(content), indent=2) + "\n"
    if form is DigestFormat.HTML:
        return render_html(content, locale)
    return f"{render_subject(content, locale)}\n\n{render_text(content, locale)}"
