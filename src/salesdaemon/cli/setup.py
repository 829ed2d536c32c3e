"""`init` and `config`: the configuration, before anything is opened."""

import os
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from salesdaemon.cli.groups import make_group
from salesdaemon.cli.output import print_json
from salesdaemon.cli.prompt import TerminalPrompt
from salesdaemon.cli.session import call_of, settings_of
from salesdaemon.cli.streams import print_line, say
from salesdaemon.errors import Problem
from salesdaemon.initialise import initialise
from salesdaemon.settings import find_config, load_settings
from salesdaemon.settings_channels import channel_problems
from salesdaemon.settings_digest import way_out_problems
from salesdaemon.settings_remarks import remarks_on
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
    settings = load_settings(path, os.environ, look_further=_look_further)
    shops = len(settings.shops)
    where = str(path) if path is not None else "The environment"
    print_line(f"{where}: fine, {shops} shop{'s' if shops != 1 else ''}.")
    for remark in remarks_on(settings):
        say(f"Remark: {remark}")


def _look_further(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what keeps no daemon from ringing, and is wrong all the same."""
    yield from channel_problems(values)
    yield from way_out_problems(values)
