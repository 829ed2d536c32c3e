"""One Etsy shop as the rest of the program sees it: joins the client and the adapter."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from salesdaemon.domain.sale import Sale
from salesdaemon.errors import AuthError, PayloadError, UnavailableError
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
from salesdaemon.marketplaces.etsy.adapter import to_sale
from salesdaemon.marketplaces.etsy.books import Books
from salesdaemon.marketplaces.etsy.catalogue import to_catalogue
from salesdaemon.marketplaces.etsy.client import MOST_IDS, Answer, EtsyClient, no_shop_error
from salesdaemon.marketplaces.etsy.fees import Tariff
from salesdaemon.marketplaces.etsy.oauth import Tokens
from salesdaemon.marketplaces.etsy.paging import Place, Stretch, creations, identities
from salesdaemon.marketplaces.etsy.wire import (
    EARLIEST_TIMESTAMP,
    Failure,
    Receipt,
    WirePage,
    name_place,
    to_moment,
)

SMALL_PAGE = 25
FULL_PAGE = 100
_PAGES_REMEMBERED = 8
_UNPAID_PAGES = 3
_SINGLE_LOOKS = 20
_FAILED_LOOKS = 2
_CALLS_BETWEEN_LOOKS = 10
_LONGEST_ID = 18


def connect(connection: Connection) -> "EtsyFeed":
    """Make the feed of a shop; touches nothing yet."""
    return EtsyFeed(connection, EtsyClient(connection, Tokens(connection)))


class EtsyFeed:
    """One connected Etsy shop; implements `Feed`."""

    def __init__(self, connection: Connection, client: EtsyClient) -> None:
        self._shop = connection.shop
        self._configured: int | None = connection.settings.shop_id
        self._shop_id: int | None = self._configured
        self._clock = connection.clock
        self._client = client
        self._books = Books(connection.shop, client)
        self._tariff: Tariff = connection.settings.tariff()
        self._pages: dict[str, frozenset[str]] = {}
        self._unpaid_calls = 0
        self._next_look: dict[str, int] = {}

    async def identify(self) -> Account:
        """Ask whose orders these credentials show.

        Raises:
            AuthError: the account has no shop, or another one than the configuration says.
        """
        found = (await self._client.fetch_self()).shop_id
        self._shop_id = require_shop(self._shop, found, self._configured)
        return Account(external_id=str(self._shop_id))

    async def fetch_newest(self, window: Window, cursor: str | None) -> Page:
        """Fetch a small page of the newest orders, or the full page a cursor leads to."""
        return await self._fetch(window, cursor, SMALL_PAGE if cursor is None else FULL_PAGE)

    async def fetch_window(self, window: Window, cursor: str | None) -> Page:
        """Fetch a full page of the orders created in a window, or the one a cursor leads to."""
        return await self._fetch(window, cursor, FULL_PAGE)

    async def fetch_unpaid(self, known: Mapping[str, datetime]) -> Page:
        """Look again at orders known to be unpaid.

        One list usually holds all that are still unpaid; those missing from it are asked for
        one by one, the longest unasked first, so that a wrong list costs few requests.
        """
        if not known:
            return Page(sales=(), vendor_time=self._clock())
        answers = await self._list_unpaid(min(known.values()))
        listed = frozenset[str]().union(*(identities(answer.page) for answer in answers))
        singles = await self._look_at(self._choose(known, listed))
        pages = [answer.page for answer in answers] + singles
        sales, set_aside = _adapt(pages, self._tariff)
        return Page(sales, answers[0].vendor_time, set_aside=set_aside, oldest=_oldest(pages))

    async def fetch_tripwire(self, today: date) -> Mapping[str, str]:  # noqa: ARG002 - part of `Feed`
        """Return nothing: what goes back stands in the books, which are read anyway."""
        return {}

    async def fetch_ledger(self, window: Window, cursor: str | None) -> LedgerPage | None:
        """Fetch a page of the payment account; None where the login may not read it."""
        return await self._books.fetch(await self._find_shop(), window, cursor)

    async def fetch_catalogue(self, product_ids: Sequence[str]) -> Mapping[str, CatalogueEntry]:
        """Ask about listings by their ids; deleted ones are left out."""
        wanted = list(dict.fromkeys(filter(_is_listing_id, product_ids)))
        found: dict[str, CatalogueEntry] = {}
        for start in range(0, len(wanted), MOST_IDS):
            batch = wanted[start : start + MOST_IDS]
            found.update(to_catalogue(await self._client.fetch_listings(batch)))
        return {key: found[key] for key in wanted if key in found}

    def limits(self) -> Limits:
        """Tell what the last answers said about the requests still granted."""
        return self._client.limits()

    async def _find_shop(self) -> int:
        if self._shop_id is None:
            return int((await self.identify()).external_id)
        return self._shop_id

    async def _fetch(self, window: Window, cursor: str | None, limit: int) -> Page:
        stretch = _stretch(window, cursor, limit)
        answer = await self._client.fetch_receipts(await self._find_shop(), stretch.query())
        before = self._pages.pop(cursor, frozenset()) if cursor is not None else frozenset()
        if stretch.repeats(answer.page, before):
            raise UnavailableError("Etsy's list of orders is stuck: the same page came again.")
        following = stretch.following(answer.page)
        if following is not None:
            self._remember(str(following), answer.page)
        sales, set_aside = _adapt([answer.page], self._tariff)
        return Page(
            sales=sales,
            vendor_time=answer.vendor_time,
            cursor=None if following is None else str(following),
            oldest=_oldest([answer.page]),
            set_aside=set_aside,
        )

    def _remember(self, cursor: str, page: WirePage) -> None:
        """Keep what a page held for the check of the next one; a restart may lose it."""
        self._pages[cursor] = identities(page)
        while len(self._pages) > _PAGES_REMEMBERED:
            del self._pages[next(iter(self._pages))]

    async def _list_unpaid(self, oldest: datetime) -> list[Answer]:
        shop_id = await self._find_shop()
        place: Place | None = Place()
        answers: list[Answer] = []
        while place is not None and len(answers) < _UNPAID_PAGES:
            stretch = Stretch(place, FULL_PAGE, _just_before(oldest))
            query = {**stretch.query(), "was_paid": "false"}
            answers.append(await self._client.fetch_receipts(shop_id, query))
            place = stretch.following(answers[-1].page)
        return answers

    def _choose(self, known: Mapping[str, datetime], listed: frozenset[str]) -> list[str]:
        self._unpaid_calls += 1
        self._next_look = {key: due for key, due in self._next_look.items() if key in known}
        due = [
            key
            for key in known
            if key not in listed
            and key.isdecimal()
            and self._next_look.get(key, 0) <= self._unpaid_calls
        ]
        due.sort(key=lambda key: (self._next_look.get(key, 0), known[key]))
        return due[:_SINGLE_LOOKS]

    async def _look_at(self, chosen: Sequence[str]) -> list[WirePage]:
        """Ask for single orders; one that cannot be had must not keep the others from us."""
        shop_id = await self._find_shop()
        pages: list[WirePage] = []
        failed = 0
        for key in chosen:
            if failed >= _FAILED_LOOKS:
                break
            self._next_look[key] = self._unpaid_calls + _CALLS_BETWEEN_LOOKS
            try:
                page = await self._client.find_receipt(shop_id, int(key))
            except (PayloadError, UnavailableError):
                failed += 1
                continue
            if page is not None:
                pages.append(page)
        return pages


def require_shop(shop: str, found: int | None, configured: int | None) -> int:
    """Check the shop that a login opens against the configuration.

    Raises:
        AuthError: there is none, or it is another.
    """
    if not found:
        raise no_shop_error(shop)
    if configured is not None and found != configured:
        raise AuthError(
            f"The login of '{shop}' opens shop {found}, but `shop_id` says {configured}.",
            fix=f"Correct `shop_id` in [shops.{shop}], or run `salesdaemon auth {shop}` as the "
            "owner of that shop.",
        )
    return found


def _is_listing_id(text: str) -> bool:
    number = text.isascii() and text.isdecimal() and not text.startswith("0")
    return number and len(text) <= _LONGEST_ID


def _stretch(window: Window, cursor: str | None, limit: int) -> Stretch:
    # A cursor that is none of ours starts the walk again: reading an order twice does no harm.
    place = Place.parse(cursor) if cursor is not None else None
    if place is None:
        place = Place()
        if window.end is not None:
            place = Place(max(EARLIEST_TIMESTAMP, math.ceil(window.end.timestamp())))
    first = None if window.first is None else _just_before(window.first)
    return Stretch(place, limit, first)


def _just_before(moment: datetime) -> int:
    second = timedelta(seconds=1)  # whether the bound itself belongs to the window is unknown
    return max(EARLIEST_TIMESTAMP, math.floor((moment - second).timestamp()))


def _oldest(pages: Iterable[WirePage]) -> datetime | None:
    return to_moment(min((each for page in pages for each in creations(page)), default=None))


def _adapt(
    pages: Iterable[WirePage], tariff: Tariff
) -> tuple[tuple[Sale, ...], tuple[SetAside, ...]]:
    """Turn pages into sales, each once, and set aside what cannot be read."""
    sales: dict[str, Sale] = {}
    set_aside: list[SetAside] = []
    for page in pages:
        set_aside.extend(_aside(failure) for failure in page.failures)
        for place, receipt in enumerate(page.receipts):
            try:
                sale = to_sale(receipt, tariff)
            except PayloadError as error:
                set_aside.append(_aside(_refused(receipt, place, error)))
            except ODD_ORDER_ERRORS as error:
                odd = PayloadError(f"The order makes no sense ({type(error).__name__}).")
                set_aside.append(_aside(_refused(receipt, place, odd)))
            else:
                sales.setdefault(sale.external_id, sale)
    return tuple(sales.values()), tuple(set_aside)


def _refused(receipt: Receipt, place: int, error: PayloadError) -> Failure:
    name = name_place(receipt.receipt_id, receipt.created, place)
    return Failure(name, str(error), receipt.created)


def _aside(failure: Failure) -> SetAside:
    # A place on a page is no name: the next order would move it, and it would be told again.
    external_id = "no id" if failure.external_id.startswith("results[") else failure.external_id
    return SetAside(external_id, failure.reason, to_moment(failure.created))
