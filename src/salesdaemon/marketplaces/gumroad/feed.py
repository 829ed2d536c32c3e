"""One Gumroad account as the poller sees it: pages of sales, newest first.

Gumroad gives ten sales a page, finds them by whole UTC days only and leads on with a `page_key`,
which is our cursor as it is: it names the last sale shown, so new sales do not shift what follows.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from salesdaemon.domain.sale import Sale
from salesdaemon.errors import PayloadError, UnavailableError
from salesdaemon.marketplaces.base import (
    ODD_ORDER_ERRORS,
    Account,
    CatalogueEntry,
    Connection,
    LedgerPage,
    Limits,
    Page,
    SetAside,
    Window,
)
from salesdaemon.marketplaces.gumroad.adapter import read_time, to_account, to_sale
from salesdaemon.marketplaces.gumroad.books import GumroadBooks
from salesdaemon.marketplaces.gumroad.client import PAGE_KEY, GumroadClient
from salesdaemon.marketplaces.gumroad.days import days_of
from salesdaemon.marketplaces.gumroad.wire import Failure, WirePage, WireSale, looks_like_id

_PAGES_REMEMBERED = 64
_SUMMARY_DAYS = 30
_SWEPT_ANYWAY = timedelta(days=3)
_ASK_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page showed: the time of its newest sale, and the ids of all."""

    newest: datetime
    ids: frozenset[str]


class GumroadFeed:
    """Reads one account; every method may raise a `MarketplaceError`."""

    def __init__(self, connection: Connection) -> None:
        self._client = GumroadClient(connection)
        self._clock = connection.clock
        self._books = GumroadBooks(self._client, connection.clock)
        self._shown: OrderedDict[str, _Shown] = OrderedDict()
        self._no_summary_until: datetime | None = None

    async def identify(self) -> Account:
        """Ask whose sales this token shows."""
        return to_account(await self._client.fetch_user())

    async def fetch_newest(self, window: Window, cursor: str | None) -> Page:
        """Fetch the ten newest sales, or those that the cursor leads to."""
        return await self._fetch(window, cursor)

    async def fetch_window(self, window: Window, cursor: str | None) -> Page:
        """Fetch ten sales of the UTC days that a window touches; Gumroad has no larger page."""
        return await self._fetch(window, cursor)

    async def fetch_unpaid(self, known: Mapping[str, datetime]) -> Page:  # noqa: ARG002 - the protocol's
        """Return nothing: Gumroad lists a sale only once it is paid."""
        return Page((), self._clock())

    async def fetch_tripwire(self, today: date) -> Mapping[str, str]:
        """Ask for the totals of the last 30 days, by the seller's own days.

        The last days are left out: they are read again anyway, and the summary lags behind them.
        Empty where the answer is no help, which means nothing.
        """
        now = self._clock()
        if self._no_summary_until and now < self._no_summary_until:
            return {}
        first = today - timedelta(days=_SUMMARY_DAYS)
        days = await self._client.find_summary(first, today)
        if days is None:
            self._no_summary_until = now + _ASK_AGAIN_AFTER
            return {}
        settled = (today - _SWEPT_ANYWAY).isoformat()
        return {day: repr(totals) for day, totals in days.items() if day <= settled}

    async def fetch_ledger(self, window: Window, cursor: str | None) -> LedgerPage | None:
        """Fetch the payouts of a window, or the rows of one; None where the token may not."""
        return await self._books.fetch(window, cursor)

    async def fetch_catalogue(self, product_ids: Sequence[str]) -> Mapping[str, CatalogueEntry]:  # noqa: ARG002 - the protocol's
        """Return nothing: the catalogue does not name what a product is.

        All that it tells for certain, that something has to be sent, every sale says itself.
        """
        return {}

    def limits(self) -> Limits:
        """Return nothing: Gumroad names no number of requests."""
        return Limits()

    async def _fetch(self, window: Window, cursor: str | None) -> Page:
        params = days_of(window)
        if cursor is not None:
            params[PAGE_KEY] = cursor
        answer = await self._client.fetch_sales(params)
        page = _to_page(answer.page, answer.vendor_time)
        self._expect_progress(page, cursor)
        return page

    def _expect_progress(self, page: Page, cursor: str | None) -> None:
        """Refuse a list that does not advance, which would be read for ever.

        Rows are compared with the page before, if this feed has read that itself.
        """
        empty = not page.sales and not page.set_aside
        if page.cursor is not None and (empty or page.cursor == cursor):
            raise UnavailableError("Gumroad's list of sales is stuck: it does not lead on.")
        before = self._shown.get(cursor) if cursor is not None else None
        if before and page.sales and _is_repeated(page.sales, before):
            raise UnavailableError("Gumroad's list of sales showed a repeated page.")
        if page.cursor is not None and page.sales:
            self._remember(page.cursor, page.sales)

    def _remember(self, cursor: str, sales: tuple[Sale, ...]) -> None:
        ids = frozenset(sale.external_id for sale in sales)
        self._shown[cursor] = _Shown(max(sale.created_at for sale in sales), ids)
        self._shown.move_to_end(cursor)
        if len(self._shown) > _PAGES_REMEMBERED:
            self._shown.popitem(last=False)


def _to_page(wire: WirePage, vendor_time: datetime) -> Page:
    sales: list[Sale] = []
    set_aside = [_set_aside(failure) for failure in wire.failures]
    for place, row in enumerate(wire.sales):
        try:
            sales.append(to_sale(row))
        except PayloadError as error:
            set_aside.append(_set_aside(_fail(row, place, error)))
        except ODD_ORDER_ERRORS as error:
            odd = PayloadError(f"The sale makes no sense ({type(error).__name__}).")
            set_aside.append(_set_aside(_fail(row, place, odd)))
    times = [sale.created_at for sale in sales]
    times += [entry.created_at for entry in set_aside if entry.created_at]
    return Page(
        sales=tuple(sales),
        vendor_time=vendor_time,
        cursor=wire.next_page_key,
        oldest=min(times, default=None),
        set_aside=tuple(set_aside),
    )


def _fail(row: WireSale, place: int, error: PayloadError) -> Failure:
    if row.id and looks_like_id(row.id):
        name = row.id
    else:
        name = f"order {row.order_id}" if row.order_id else f"sales[{place}]"
    return Failure(name, str(error), row.created_at)


def _set_aside(failure: Failure) -> SetAside:
    try:
        created_at = read_time(failure.created_at)
    except PayloadError:
        created_at = None
    # A place on a page is no name: the next sale would move it, and it would be told again.
    external_id = "no id" if failure.external_id.startswith("sales[") else failure.external_id
    return SetAside(external_id, failure.reason, created_at)


def _is_repeated(sales: tuple[Sale, ...], before: _Shown) -> bool:
    """Tell whether a page is the one before it again, or one from further up.

    No single sale decides: one with an odd time must not stop the list.
    """
    return all(sale.external_id in before.ids for sale in sales) or all(
        sale.created_at > before.newest for sale in sales
    )
