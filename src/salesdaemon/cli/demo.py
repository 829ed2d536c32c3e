"""`demo`: the daemon against two pretend shops."""

from typing import Annotated

import typer

from salesdaemon.demo import main


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
) -> None:
    """Watch it work with two pretend shops."""
    raise typer.Exit(main(seconds))
