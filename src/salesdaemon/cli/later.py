"""Commands that a later version brings."""

from typing import Annotated

import typer

from salesdaemon.errors import UsageError

NOT_YET = "not yet: this comes with a later version."


def import_exports(
    _shop: Annotated[str, typer.Argument(metavar="SHOP")],
    _files: Annotated[list[str], typer.Argument(metavar="FILE...")],
) -> None:
    """Read a marketplace's own CSV export (not yet)."""
    raise UsageError(NOT_YET)


def reconcile(
    _shop: Annotated[str | None, typer.Argument(metavar="SHOP")] = None,
    *,
    _days: Annotated[int | None, typer.Option("--days", metavar="N")] = None,
    _fix: Annotated[bool, typer.Option("--fix")] = False,
) -> None:
    """Compare the store with the marketplace (not yet)."""
    raise UsageError(NOT_YET)
