"""What most commands begin with: the configuration, the log, and the application itself."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from salesdaemon import log
from salesdaemon.application import Application
from salesdaemon.cli.call import Call
from salesdaemon.errors import StoreError
from salesdaemon.settings import Settings, find_config, load_settings

Result = TypeVar("Result")


def call_of(context: typer.Context) -> Call:
    """Return the options that were given before the command's name."""
    call: Call = context.obj
    return call


def settings_of(context: typer.Context) -> Settings:
    """Read the configuration.

    Raises:
        ConfigError: something is wrong or missing.
    """
    return load_settings(find_config(os.environ, call_of(context).config), os.environ)


def configure_log(context: typer.Context) -> None:
    """Log to stderr: warnings, or everything where that was asked for."""
    verbose = call_of(context).verbose
    log.configure(verbose=verbose)
    if not verbose:
        logging.getLogger("salesdaemon").setLevel(logging.WARNING)
        # A poll's failure is what the command itself says, in one line.
        logging.getLogger("salesdaemon.poller").setLevel(logging.CRITICAL)


def prepare_store(app: Application) -> None:
    """Make the store ready for a command; an SQLite file is made, or brought up to date.

    Raises:
        StoreError: the database cannot be used as it is.
    """
    make_folder(app)
    app.prepare_store(migrate=True)


def make_folder(app: Application) -> None:
    """Make the folder of an SQLite file.

    Raises:
        StoreError: it cannot be made.
    """
    path = app.store.path
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise StoreError(
            f"The folder {path.parent} of the database cannot be made: {reason}.",
            fix="Set database.url to a place that can be written.",
        ) from error


def in_application(
    context: typer.Context,
    work: Callable[[Application], Awaitable[Result]],
    *,
    with_store: bool = True,
) -> Result:
    """Do a command's work in an application that is closed afterwards.

    The store is made ready first; `with_store=False` leaves that out, and the store untouched.

    Raises:
        ConfigError: something in the configuration is wrong or missing.
        StoreError: the database cannot be used.
    """
    settings = settings_of(context)
    configure_log(context)

    async def run() -> Result:
        async with Application(settings) as app:
            if with_store:
                prepare_store(app)
            return await work(app)

    return asyncio.run(run())
