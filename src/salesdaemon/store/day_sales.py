"""Read the paid sales of some days for their sums, in a stream that keeps memory flat."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select

from salesdaemon.domain.effort import classify
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.products import load_catalogue
from salesdaemon.store.tables import accounts, items, sales

_AT_ONCE = 2000
# In the order of `StoredSale`; its items come between these and the settled figures.
_SALE = (
    *(accounts.c.marketplace, accounts.c.shop, sales.c.external_id, sales.c.kind, sales.c.status),
    *(sales.c.paid, sales.c.paid_at, sales.c.sold_on, sales.c.currency, sales.c.gross_minor),
    *(sales.c.refunded_minor, sales.c.refunded_exact, sales.c.fees_minor),
    *(sales.c.fees_refunded_minor, sales.c.affiliate_minor, sales.c.net_minor),
    *(sales.c.fees_exact, sales.c.country),
)
_SETTLED = (sales.c.settled_currency, sales.c.settled_net_minor)
# In the order of `LineItem`.
_LINE = (
    *(items.c.product_id, items.c.product, items.c.quantity, items.c.gross_minor),
    *(items.c.passive, items.c.line_id),
)
_SHOP, _ID, _KIND, _STATUS = 1, 2, 3, 4
_SALE_END = len(_SALE)
_LINES = slice(_SALE_END + len(_SETTLED), _SALE_END + len(_SETTLED) + len(_LINE))
_POSITION = _LINES.stop

ClassOf = Callable[[str, str | None, str | None, bool | None], bool | None]


def iterate_paid(
    connection: Connection,
    account_id: int,
    first: date,
    last: date,
    overrides: Mapping[str, bool],
) -> Iterator[StoredSale]:
    """Yield the paid sales of an account from the first to the last day, day by day."""
    words = load_catalogue(connection)

    @cache  # products come again and again
    def class_of(
        shop: str,
        product_id: str | None,
        product: str | None,
        passive: bool | None,  # noqa: FBT001 - a value that is looked at, not an option
    ) -> bool | None:
        word = words.get((account_id, product_id)) if product_id is not None else None
        return classify(passive, shop=shop, product=product, overrides=overrides, catalogue=word)[0]

    rows = connection.execute(_query(account_id, first, last).execution_options(yield_per=_AT_ONCE))
    for _, of_sale in groupby(rows, key=itemgetter(_ID)):
        yield _stored(list(of_sale), class_of)


def currencies_of(connection: Connection, account_id: int, first: date, last: date) -> set[str]:
    """Return the currencies that an account sold in from the first to the last day."""
    query = select(sales.c.currency).where(*_of_days(account_id, first, last)).distinct()
    return set(connection.scalars(query))


def _of_days(account_id: int, first: date, last: date) -> Sequence[ColumnElement[bool]]:
    # Not the bare column: SQLite would read all sales of the account by their key, though the
    # index of days leads to few.
    return sales.c.account_id + 0 == account_id, sales.c.sold_on.between(first, last), sales.c.paid


def _query(account_id: int, first: date, last: date) -> Select[Any]:
    its_items = and_(
        items.c.account_id == sales.c.account_id, items.c.external_id == sales.c.external_id
    )
    return (
        select(*_SALE, *_SETTLED, *_LINE, items.c.position)
        .select_from(sales)
        .join(accounts, accounts.c.id == sales.c.account_id)
        .outerjoin(items, its_items)
        .where(*_of_days(account_id, first, last))
        .order_by(sales.c.sold_on, sales.c.external_id, items.c.position)
    )


def _stored(rows: Sequence[Row[Any]], class_of: ClassOf) -> StoredSale:
    values = tuple(rows[0])
    shop = values[_SHOP]
    has_items = values[_POSITION] is not None
    lines = tuple(_line(shop, tuple(row[_LINES]), class_of) for row in rows) if has_items else ()
    sale: Sequence[Any] = (
        *values[:_KIND],
        Kind(values[_KIND]),
        Status(values[_STATUS]),
        *values[_STATUS + 1 : _SALE_END],
        lines,
        *values[_SALE_END : _LINES.start],
    )
    return StoredSale(*sale)


def _line(shop: str, values: Sequence[Any], class_of: ClassOf) -> LineItem:
    product_id, product, quantity, gross_minor, passive, line_id = values
    passive = class_of(shop, product_id, product, passive)
    return LineItem(product_id, product, quantity, gross_minor, passive, line_id)
