"""Commands with commands of their own."""

import typer


def make_group(summary: str) -> typer.Typer:
    """Make a group; it stays one even with a single command in it."""
    group = typer.Typer(help=summary, add_completion=False, rich_markup_mode=None)
    group.callback()(_nothing)
    return group


def _nothing() -> None:
    pass
