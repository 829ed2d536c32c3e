"""Read what products brought, sale by sale, in a stream that keeps memory flat."""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, and_, func, select, tuple_, type_coerce

from salesdaemon.domain.money import split
from salesdaemon.domain.product_facts import ProductSale
from salesdaemon.store.tables import accounts, items, sales

_AT_ONCE = 2000
_MOST_KEYS = 500
_KEY = func.coalesce(items.c.product_id, items.c.product)
# In the order of `ProductSale`, then what its share of the net is made from.
_COLUMNS = (
    sales.c.account_id,
    accounts.c.shop,
    items.c.product_id,
    items.c.product,
    items.c.passive,
    sales.c.sold_on,
    # As a number, which the database holds anyway: only the order matters.
    type_coerce(func.coalesce(sales.c.paid_at, sales.c.created_at), BigInteger),
    sales.c.currency,
    sales.c.affiliate_minor != 0,
    items.c.quantity,
    items.c.gross_minor,
    sales.c.net_minor,
    sales.c.external_id,
)
_GROSS, _NET, _SALE = 10, 11, 12


def iterate_product_sales(
    connection: Connection, keys: Collection[str] | None = None
) -> Iterator[ProductSale]:
    """Yield each product of each paid sale with its share of the net, in no order that matters.

    `keys` are ids, or titles of products without one: then sales without any of these may be
    left out.
    """
    query = _query()
    if keys is not None and len(keys) <= _MOST_KEYS:
        wanted = select(items.c.account_id, items.c.external_id).where(_KEY.in_(sorted(keys)))
        query = query.where(tuple_(sales.c.account_id, sales.c.external_id).in_(wanted))
    rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    for _, of_sale in groupby(rows, key=itemgetter(0, _SALE)):
        yield from _shares(list(of_sale))


def iterate_names(connection: Connection) -> Iterator[tuple[str, str | None, str | None]]:
    """Return shop, id and title of all that was ever ordered, each once."""
    query = select(accounts.c.shop, items.c.product_id, items.c.product).join_from(
        items, accounts, accounts.c.id == items.c.account_id
    )
    return ((row[0], row[1], row[2]) for row in connection.execute(query.distinct()))


def _query() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .join_from(
            sales,
            items,
            and_(
                items.c.account_id == sales.c.account_id,
                items.c.external_id == sales.c.external_id,
            ),
        )
        .join(accounts, accounts.c.id == sales.c.account_id)
        .where(sales.c.paid)
        .order_by(sales.c.account_id, sales.c.external_id, items.c.position)
    )


def _shares(rows: list[Any]) -> Iterable[ProductSale]:
    """Split the net of one sale among its items, in the share of their gross."""
    if len(rows) == 1:
        shares = [rows[0][_NET]]
    else:
        shares = split(rows[0][_NET], [max(row[_GROSS], 0) for row in rows])
    return (
        ProductSale._make((*row[:_GROSS], share)) for row, share in zip(rows, shares, strict=True)
    )
