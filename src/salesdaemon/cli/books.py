"""`export`: sales for a spreadsheet or an accounting program."""

import contextlib
import sys
from datetime import date
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.files import write_text
from salesdaemon.cli.options import Format, day_option
from salesdaemon.cli.sales import print_sales
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.books import Ledger, render, to_entries
from salesdaemon.store.sales import SaleFilter, iterate_sales


class Books(StrEnum):
    """What books may be written as."""

    CSV = "csv"
    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


def export(
    context: typer.Context,
    books: Annotated[Books, typer.Argument(help="For which program.")],
    *,
    first: Annotated[date | None, day_option("--from", "The first day.")] = None,
    last: Annotated[date | None, day_option("--to", "The last day.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")
    ] = None,
) -> None:
    """Write the books for accounting programs."""
    wanted = SaleFilter(first=first, last=last)

    async def work(app: Application) -> str | None:
        if books is Books.CSV and out is None:
            print_sales(app, wanted, Format.CSV)
            return None
        return _write(app, wanted, books)

    text = in_application(context, work)
    if text is not None and out is None:
        sys.stdout.write(text)
    elif text is not None and out is not None:
        write_text(out, text)
        say(f"{out} is written.")


def _write(app: Application, wanted: SaleFilter, books: Books) -> str:
    if books is Books.CSV:
        text = StringIO()
        with contextlib.redirect_stdout(text):
            print_sales(app, wanted, Format.CSV)
        return text.getvalue()
    with app.store.read() as connection:
        entries = to_entries(iterate_sales(connection, wanted, app.overrides))
    return render(entries, Ledger(books.value))
