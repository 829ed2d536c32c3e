"""`init` and `config`: the configuration, before anything is opened."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.cli.groups import make_group
from salesdaemon.cli.output import print_json
from salesdaemon.cli.prompt import TerminalPrompt
from salesdaemon.cli.session import call_of, settings_of
from salesdaemon.cli.streams import print_line
from salesdaemon.initialise import initialise
from salesdaemon.settings import find_config, load_settings
from salesdaemon.settings_channels import channel_problems
from salesdaemon.settings_text import mask, render_toml

group = make_group("Show or check the configuration.")


class ShowFormat(StrEnum):
    """How the configuration is shown."""

    TOML = "toml"
    JSON = "json"


def init(context: typer.Context) -> None:
    """Ask a few questions and write a first configuration."""
    path = find_config(os.environ, call_of(context).config) or Path("config.toml")
    for line in initialise(path, TerminalPrompt(), os.environ):
        print_line(line)


@group.command()
def show(
    context: typer.Context,
    *,
    form: Annotated[
        ShowFormat, typer.Option("--format", help="How to print it.")
    ] = ShowFormat.TOML,
) -> None:
    """Show the configuration as it is in force, secrets hidden."""
    values = mask(settings_of(context))
    if form is ShowFormat.JSON:
        print_json(values)
    else:
        sys.stdout.write(render_toml(values))


@group.command()
def check(context: typer.Context) -> None:
    """Read the configuration and list everything that is wrong with it."""
    path = find_config(os.environ, call_of(context).config)
    settings = load_settings(path, os.environ, look_further=channel_problems)
    shops = len(settings.shops)
    where = str(path) if path is not None else "The environment"
    print_line(f"{where}: fine, {shops} shop{'s' if shops != 1 else ''}.")
