"""`demo`: the daemon against two pretend shops."""

from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.demo import main


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the HTML digest there.")
    ] = None,
) -> None:
    """Watch it work with two pretend shops."""
    raise typer.Exit(main(seconds, out))
