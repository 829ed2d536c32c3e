"""Options that several commands share."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class ObjectFormat(StrEnum):
    """How something is printed that is no list."""

    TABLE = "table"
    JSON = "json"


def read_day(text: str) -> date:
    """Read one of the seller's days.

    Raises:
        BadParameter: it is no day, or written in another way.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise typer.BadParameter("write a day as 2026-11-20.")
    return day


def day_option(name: str, text: str) -> typer.models.OptionInfo:
    """Make an option that takes a day."""
    option: typer.models.OptionInfo = typer.Option(
        name, parser=read_day, metavar="YYYY-MM-DD", help=text
    )
    return option


FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]
ObjectFormatOption = Annotated[ObjectFormat, typer.Option("--format", help="How to print it.")]
ShopNames = Annotated[
    list[str] | None, typer.Argument(metavar="SHOP", help="Shops; all of them by default.")
]
