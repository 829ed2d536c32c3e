"""`poll` and `sync`: ask the marketplaces now."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption, ShopNames, day_option
from salesdaemon.cli.output import Column, print_listing
from salesdaemon.cli.relaying import deliver_what_waits
from salesdaemon.cli.sales import SALE_COLUMNS, SALE_CSV_COLUMNS, sale_records
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.period import resolve
from salesdaemon.domain.report import instant_json
from salesdaemon.errors import MarketplaceError, RateLimitError, StoreError
from salesdaemon.poller.watched import Polled
from salesdaemon.store.sales import find_sales
from salesdaemon.waiting import keep_wait, respect_wait

Record = Mapping[str, Any]
_CHANGE = Column("change")
_SYNC_COLUMNS = (
    Column("shop"),
    Column("new", number=True),
    Column("read", number=True),
    Column("back_to"),
)


def poll(
    context: typer.Context, shops: ShopNames = None, *, form: FormatOption = Format.TABLE
) -> None:
    """Poll once, now, and print what came in."""

    async def work(app: Application) -> tuple[list[Record], bool]:
        return await poll_shops(app, app.select_shops(shops))

    records, complete = in_application(context, work)
    columns = [_CHANGE, *SALE_COLUMNS]
    print_listing(records, columns, form, csv_columns=[_CHANGE, *SALE_CSV_COLUMNS])
    if not complete:
        raise typer.Exit(1)


async def poll_shops(app: Application, names: list[str]) -> tuple[list[Record], bool]:
    """Poll each shop, then deliver what waits; returns what came in, and whether all answered.

    One shop that fails, or was told to wait, does not stop the others.
    """
    records: list[Record] = []
    complete = True
    for name in names:
        try:
            records += await _poll(app, name)
        except (MarketplaceError, StoreError) as error:
            say(f"{name}: {error}")
            complete = False
    try:
        await deliver_what_waits(app)
    except StoreError as error:  # what came in is stored, and printed all the same
        say(str(error))
        complete = False
    return records, complete


async def _poll(app: Application, name: str) -> list[Record]:
    poller = app.poller(name)
    respect_wait(app, poller)
    polled = await poller.attempt()
    say(f"{name}: {len(polled.new)} new, {len(polled.changed)} changed.")
    return await asyncio.to_thread(_records, app, poller.account.id, polled)


def _records(app: Application, account_id: int, polled: Polled) -> list[Record]:
    changes = {sale.external_id: "changed" for sale in polled.changed}
    changes |= {sale.external_id: "new" for sale in polled.new}
    keys = [(account_id, external_id) for external_id in changes]
    with app.store.read() as connection:
        sales = find_sales(connection, keys, app.overrides)
        found = [
            (changes[key], sales[account, key]) for account, key in keys if (account, key) in sales
        ]
        records = sale_records(app, connection, (sale for _, sale in found))
        return [
            {"change": change, **record} for (change, _), record in zip(found, records, strict=True)
        ]


def sync(
    context: typer.Context,
    shops: ShopNames = None,
    *,
    since: Annotated[
        date | None, day_option("--since", "The first day to read; everything by default.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Read the history of shops, without ringing for it."""

    async def work(app: Application) -> tuple[list[Record], bool]:
        return await sync_shops(app, app.select_shops(shops), since)

    records, complete = in_application(context, work)
    print_listing(records, _SYNC_COLUMNS, form)
    if not complete:
        raise typer.Exit(1)


async def sync_shops(
    app: Application, names: list[str], since: date | None
) -> tuple[list[Record], bool]:
    """Read the history of each shop; a second call goes on where the first was stopped."""
    first = resolve(since, time.min, app.settings.zone) if since is not None else None
    records: list[Record] = []
    complete = True
    for name in names:
        try:
            records.append(await _sync(app, name, first))
        except (MarketplaceError, StoreError) as error:
            again = "" if error.fix else f" Run `salesdaemon sync {name}` again to go on."
            say(f"{name}: {error}{again}")
            complete = False
    return records, complete


async def _sync(app: Application, name: str, since: datetime | None) -> Record:
    poller = app.poller(name)
    respect_wait(app, poller)
    with _progress(name) as progress:
        try:
            stored = await poller.sync(since, progress.note)
        except RateLimitError as error:
            await asyncio.to_thread(keep_wait, app, name, error)
            raise
    return {
        "shop": name,
        "new": stored,
        "read": progress.orders,
        "back_to": instant_json(progress.back_to),
    }


class _Tally:
    """How far the reading of a shop has come."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self.orders = 0
        self.back_to: datetime | None = None
        self._show = show

    def note(self, orders: int, back_to: datetime | None) -> None:
        """Take in what the poller tells after each batch."""
        self.orders = orders
        self.back_to = back_to or self.back_to
        reached = f", back to {self.back_to:%Y-%m-%d}" if self.back_to is not None else ""
        self._show(f"{orders:,} orders{reached}")


@contextmanager
def _progress(shop: str) -> Iterator[_Tally]:
    """Show a moving bar on a terminal; nothing anywhere else. How much there is nobody tells."""
    if not sys.stderr.isatty():
        yield _Tally(lambda _text: None)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(shop, total=None)
        yield _Tally(lambda text: bar.update(task, description=f"{shop}: {text}"))
