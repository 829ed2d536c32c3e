"""`run`: the daemon."""

import typer

from salesdaemon import log
from salesdaemon.cli.session import call_of, settings_of
from salesdaemon.daemon import run as run_daemon


def run(context: typer.Context) -> None:
    """Run the daemon."""
    settings = settings_of(context)
    log.configure(verbose=call_of(context).verbose)
    raise typer.Exit(run_daemon(settings))
