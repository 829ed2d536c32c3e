"""`reconcile`: what the store and the marketplaces disagree about."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.differences import Difference
from salesdaemon.errors import MarketplaceError, StoreError
from salesdaemon.reconciling import Reconciled, reconcile_shop

Record = Mapping[str, Any]
_COLUMNS = (
    Column("shop"),
    Column("sale_id"),
    Column("what"),
    Column("stored", prose=True),
    Column("source", prose=True),
)
_SHOWN_ORDERS = 5


def reconcile(
    context: typer.Context,
    shop: Annotated[
        str | None, typer.Argument(metavar="SHOP", help="A shop; all of them by default.")
    ] = None,
    *,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, help="How many days to read again.")
    ] = 30,
    fix: Annotated[
        bool, typer.Option("--fix", help="Bring the store to the truth, without ringing.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compare the store with the marketplaces."""

    async def work(app: Application) -> tuple[list[Record], bool]:
        names = app.select_shops([shop] if shop is not None else None)
        return await _reconcile_shops(app, names, days, fix=fix)

    records, complete = in_application(context, work)
    print_listing(records, _COLUMNS, form)
    if records or not complete:
        raise typer.Exit(1)


async def _reconcile_shops(
    app: Application, names: list[str], days: int, *, fix: bool
) -> tuple[list[Record], bool]:
    """Compare shop by shop; one that cannot be read does not stop the others."""
    records: list[Record] = []
    complete = True
    for name in names:
        try:
            result = await reconcile_shop(app, name, days, fix=fix)
        except (MarketplaceError, StoreError) as error:
            say(f"{name}: {error}")
            complete = False
            continue
        records += [_record(name, each) for each in result.differences]
        complete = complete and result.complete
        _tell(result)
    return records, complete


def _tell(result: Reconciled) -> None:
    found = len(result.differences)
    say(
        f"{result.shop}: {_count(found, 'difference')} in {_count(result.orders, 'order')} and "
        f"{_count(result.entries, 'line')} of the books since {result.first}."
    )
    if result.unreadable:
        say(f"{result.shop}: {_unreadable([order.external_id for order in result.unreadable])}")
    if result.repaired is not None:
        say(f"{result.shop}: {result.repaired} repaired.")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' if number != 1 else ''}"


def _unreadable(orders: list[str]) -> str:
    one = len(orders) == 1
    shown = ", ".join(orders[:_SHOWN_ORDERS]) + (", …" if len(orders) > _SHOWN_ORDERS else "")
    return (
        f"{len(orders)} order{'' if one else 's'} could not be read and {'was' if one else 'were'} "
        f"not compared, so nothing was looked for that is stored in excess: {shown}."
    )


def _record(shop: str, found: Difference) -> Record:
    return {
        "shop": shop,
        "sale_id": found.sale_id,
        "what": found.what,
        "stored": found.stored,
        "source": found.source,
    }
