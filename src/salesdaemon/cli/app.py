"""Which commands there are, and how each of them ends: an exit code, and one line for people."""

import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import main as typer_main
from typer._click import Command, Context, HelpFormatter  # what TyperGroup's methods are typed with
from typer.core import TyperGroup

from salesdaemon.cli.call import Call
from salesdaemon.cli.streams import make_streams_safe, say
from salesdaemon.errors import ConfigError, SalesDaemonError, UsageError

NAME = "salesdaemon"
FAILED, WRONG_USAGE, WRONG_CONFIG, INTERRUPTED = 1, 2, 78, 130


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name, its line in `--help`, and its place as `module:object`.

    The object is a function or, for a command with commands of its own, a `typer.Typer`.
    """

    name: str
    summary: str
    place: str


ENTRIES = (
    Entry("init", "Ask a few questions and write a first configuration.", "setup:init"),
    Entry("auth", "Sign in to a shop, or check its token.", "signin:auth"),
    Entry("check", "Try the configuration, database, shops, channels and mail.", "checking:check"),
    Entry("run", "Run the daemon.", "service:run"),
    Entry("demo", "Watch it work with two pretend shops.", "demo:demo"),
    Entry("status", "Say how every shop and channel fares.", "status:status"),
    Entry("poll", "Poll once, now, and print what came in.", "shops:poll"),
    Entry("sync", "Read the history of shops, without ringing for it.", "shops:sync"),
    Entry(
        "import", "Read a marketplace's own CSV export, without ringing.", "imports:import_exports"
    ),
    Entry("reconcile", "Compare the store with the marketplaces.", "reconcile:reconcile"),
    Entry("sales", "List stored sales, oldest first.", "sales:sales"),
    Entry("report", "Add up a period.", "report:report"),
    Entry("products", "List products, what they brought and what they took.", "products:products"),
    Entry("effort", "Keep the hours that went into products.", "effort:group"),
    Entry("rates", "Show, fetch or import exchange rates.", "rates:group"),
    Entry("export", "Write the books for accounting programs.", "books:export"),
    Entry("digest", "Print or send the digest of a period.", "digests:digest"),
    Entry("test-alert", "Send a real ka-ching through each channel.", "alerts:try_channels"),
    Entry("alerts", "List what was sent, what waits and what failed.", "alerts:alerts"),
    Entry("rules", "Say which rule matched a sale.", "rules:group"),
    Entry("away", "Hold rings back until a day or moment.", "away:away"),
    Entry("back", "End the holiday: ring again.", "away:back"),
    Entry("config", "Show or check the configuration.", "setup:group"),
    Entry("db", "Upgrade, back up or check the database.", "database:group"),
)
_BY_NAME = {entry.name: entry for entry in ENTRIES}


class LazyGroup(TyperGroup):
    """The commands of `ENTRIES`, each imported when it is called."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Name the commands in the order of the help."""
        del ctx
        return list(_BY_NAME)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import a command."""
        del ctx
        entry = _BY_NAME.get(cmd_name)
        return load(entry) if entry is not None else None

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Find the command that was named, or suggest the nearest one."""
        if args[0] not in _BY_NAME and not args[0].startswith("-"):
            near = get_close_matches(args[0], _BY_NAME, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in ENTRIES])


def load(entry: Entry) -> Command:
    """Import a command and make it ready to be called."""
    module, _, name = entry.place.partition(":")
    found: Any = getattr(import_module(f"salesdaemon.cli.{module}"), name)
    group = found if isinstance(found, typer.Typer) else _single(entry, found)
    command = typer_main.get_command(group)
    command.name = entry.name
    return command


def _single(entry: Entry, function: Any) -> typer.Typer:  # noqa: ANN401 - any command's signature
    group = typer.Typer(add_completion=False, rich_markup_mode=None)
    group.command(entry.name)(function)
    return group


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,  # plain help: Rich alone takes longer than the rest together
    help="Ring the phone for every sale and mail what was earned.",
    epilog="The configuration is looked for in $SALESDAEMON_CONFIG, ./config.toml, "
    "$XDG_CONFIG_HOME/salesdaemon/config.toml and /etc/salesdaemon/config.toml.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer hands the option's value over
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - half of what `--help` would cost

        sys.stdout.write(f"{NAME} {version(NAME)}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The configuration file to use.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what happens to stderr.")] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Keep what every command needs."""
    context.obj = Call(config, verbose)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; what is expected to go wrong is told in a line."""
    make_streams_safe()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has what it wanted.
        _forget_output()
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _forget_output()
        say(f"What was printed could not be written: {os.strerror(errno.ENOSPC).lower()}.")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _forget_output() -> None:
    """Let Python find nothing left to write when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str]) -> int:
    command = typer_main.get_command(app)
    try:
        with command.make_context(NAME, list(arguments)) as context:
            if not arguments:
                sys.stderr.write(context.get_help() + "\n")
                return WRONG_USAGE
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    except typer.TyperException as error:
        say(_usage(error))
        return error.exit_code
    except ConfigError as error:
        _tell_problems(error)
        return WRONG_CONFIG
    except SalesDaemonError as error:
        say(str(error))
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    return 0


def _usage(error: typer.TyperException) -> str:
    context: Context | None = getattr(error, "ctx", None)
    path = context.command_path if context is not None else NAME
    what = error.format_message().rstrip(".?!")
    mark = "?" if error.format_message().endswith("?") else "."
    return f"{what}{mark} Try `{path} --help`."


def _tell_problems(error: ConfigError) -> None:
    if any(problem.key for problem in error.problems):
        say(str(error))
    for problem in error.problems:
        say(str(problem))
