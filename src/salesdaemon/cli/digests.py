"""`digest`: the digest of a period, printed, written to a file, opened in a browser or sent."""

import os
import sys
import webbrowser
from datetime import date
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.files import write_text
from salesdaemon.cli.options import day_option
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import print_line, say
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digesting import send_now
from salesdaemon.dispatching import Written, write
from salesdaemon.domain.digests import DigestKind, period_before, period_of
from salesdaemon.domain.period import day_of
from salesdaemon.errors import UsageError


class DigestFormat(StrEnum):
    """What a digest is printed as."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


_SUFFIXES = {".html": DigestFormat.HTML, ".htm": DigestFormat.HTML, ".json": DigestFormat.JSON}


def digest(
    context: typer.Context,
    kind: Annotated[DigestKind, typer.Argument(help="Which digest.")],
    *,
    day: Annotated[
        date | None, day_option("--date", "A day of its period; by default the last finished one.")
    ] = None,
    form: Annotated[
        DigestFormat | None,
        typer.Option("--format", help="How to print it; by default text, or as FILE is named."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it instead of printing.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Print or send the digest of a period."""
    if sum((out is not None, send, open_it)) > 1:
        raise UsageError("--out, --send and --open exclude one another.", fix="Keep one of them.")

    async def work(app: Application) -> Written | list[str]:
        today = day_of(app.clock(), app.settings.zone)
        of = day or period_before(kind, period_of(kind, today)).last
        if of > today:
            raise UsageError(f"{of} is still to come.", fix="Give an earlier --date.")
        return await send_now(app, kind, of) if send else _write(app, kind, of, today)

    made = in_application(context, work)
    if isinstance(made, list):
        for line in made:
            print_line(line)
        return
    for problem in made.problems:
        say(f"{problem} The built-in template was used instead.")
    if open_it:
        _show(made.standalone)
        return
    text = _in_form(made, form or _SUFFIXES.get(out.suffix.lower() if out else ""))
    if out is None:
        sys.stdout.write(text)
    else:
        write_text(out, text)
        say(f"{out} is written.")


def _write(app: Application, kind: DigestKind, day: date, today: date) -> Written:
    period = period_of(kind, day)
    wanted = Wanted(kind, period, app.clock(), preview=period.last >= today)
    with app.store.read() as connection:
        content = collect(connection, app.settings, app.overrides, wanted)
    return write(app.settings, content)


def _in_form(made: Written, form: DigestFormat | None) -> str:
    if form is DigestFormat.JSON:
        return made.json
    if form is DigestFormat.HTML:
        return made.standalone
    return f"{made.subject}\n\n{made.text}"


def _show(page: str) -> None:
    """Open a page in the browser; where there is none, say where it lies."""
    with NamedTemporaryFile("w", encoding="utf-8", suffix=".html", delete=False) as file:
        file.write(page)
    address = Path(file.name).as_uri()
    # A browser in the terminal would take the terminal over, and has no images.
    has_screen = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not (has_screen and webbrowser.open(address)):
        say("There is no browser here; open this address in one:")
    print_line(address)
