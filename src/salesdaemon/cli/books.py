"""`export`: sales, costs and payouts for an accounting program or a spreadsheet."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.files import write_text
from salesdaemon.cli.options import day_option
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.bookkeeping import Transaction, to_transactions
from salesdaemon.domain.journal import Program, prices_used, render
from salesdaemon.errors import UsageError
from salesdaemon.store.bookkeeping import list_sales_days, list_settlements
from salesdaemon.store.engine import Connection
from salesdaemon.store.rates import load_book
from salesdaemon.store.shop_lines import list_payouts, list_shop_lines


def export(
    context: typer.Context,
    books: Annotated[Program, typer.Argument(help="For which program.")],
    *,
    first: Annotated[date | None, day_option("--from", "The first day.")] = None,
    last: Annotated[date | None, day_option("--to", "The last day.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")
    ] = None,
) -> None:
    """Write the books for accounting programs."""
    if first is not None and last is not None and first > last:
        raise UsageError(f"{first} is after {last}.", fix="Give an earlier --from.")

    async def work(app: Application) -> str:
        with app.store.read() as connection:
            return _write(app, connection, first, last, books)

    text = in_application(context, work)
    if out is None:
        sys.stdout.write(text)
    else:
        write_text(out, text)
        say(f"{out} is written.")


def _write(
    app: Application,
    connection: Connection,
    first: date | None,
    last: date | None,
    program: Program,
) -> str:
    transactions = _gather(app, connection, first, last)
    if program is Program.CSV or not transactions:
        return render(transactions, program)
    home = app.settings.currency
    currencies = {posting.currency for one in transactions for posting in one.postings}
    if currencies == {home}:
        return render(transactions, program)
    book = load_book(
        connection, transactions[0].day, transactions[-1].day, currencies={*currencies, home}
    )
    return render(transactions, program, prices_used(transactions, book, home))


def _gather(
    app: Application, connection: Connection, first: date | None, last: date | None
) -> list[Transaction]:
    zone = app.settings.zone
    begin, end = first or date.min, last or date.max
    return to_transactions(
        list_sales_days(connection, first, last),
        list_settlements(connection, first, last),
        list_shop_lines(connection, first, last, zone),
        [
            (shop, payout)
            for shop, payout in list_payouts(connection, zone)
            if payout.made_on is not None and begin <= payout.made_on <= end
        ],
    )
