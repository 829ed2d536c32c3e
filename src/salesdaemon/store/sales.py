"""Read sales back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Tuple,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from salesdaemon.domain.effort import CatalogueWord, classify
from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import News, StoredSale, put_fees_together
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.products import load_catalogue
from salesdaemon.store.tables import accounts, changes, items, sales

_AT_ONCE = 1000
ZONE_SETTING = "timezone"


@dataclass(frozen=True, slots=True)
class SaleFilter:
    """Which sales are wanted: the seller's days, both ends included, shops, and ids."""

    first: date | None = None
    last: date | None = None
    shops: tuple[str, ...] | None = None
    external_id: str | None = None


def iterate_sales(
    connection: Connection, wanted: SaleFilter, overrides: Mapping[str, bool]
) -> Iterator[StoredSale]:
    """Yield sales oldest first, a thousand at a time, so that memory stays flat."""
    after: tuple[Any, ...] | None = None
    words = load_catalogue(connection)
    while True:
        query = _query(wanted).order_by(*_ORDER_KEYS).limit(_AT_ONCE)
        if after is not None:
            query = query.where(tuple_(*_ORDER_KEYS) > _bound(after))
        rows = connection.execute(query).all()
        yield from _with_items(connection, rows, overrides, words)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]
        after = (last.sold_on, last.order_time, last.account_id, last.external_id)


_ORDER_TIME = func.coalesce(sales.c.paid_at, sales.c.created_at)
_ORDER_KEYS = (sales.c.sold_on, _ORDER_TIME, sales.c.account_id, sales.c.external_id)


def _bound(values: Sequence[Any]) -> Tuple:
    """Bind each value as its column would; an instant is a number in the database."""
    return tuple_(
        *(literal(value, key.type) for value, key in zip(values, _ORDER_KEYS, strict=True))
    )


def list_sales(
    connection: Connection, wanted: SaleFilter, overrides: Mapping[str, bool]
) -> list[StoredSale]:
    """List sales, oldest first."""
    return list(iterate_sales(connection, wanted, overrides))


def find_sales(
    connection: Connection, keys: Sequence[tuple[int, str]], overrides: Mapping[str, bool]
) -> dict[tuple[int, str], StoredSale]:
    """Look sales up by account and id; one that is not stored is left out."""
    found: dict[tuple[int, str], StoredSale] = {}
    words = load_catalogue(connection)
    for start in range(0, len(keys), 200):
        chunk = keys[start : start + 200]
        query = _query(SaleFilter()).where(_among(sales, chunk))
        rows = connection.execute(query).all()
        records = _with_items(connection, rows, overrides, words)
        found.update(
            ((row.account_id, row.external_id), record)
            for row, record in zip(rows, records, strict=True)
        )
    return found


def _query(wanted: SaleFilter) -> Select[Any]:
    query = select(
        sales,
        accounts.c.shop,
        accounts.c.marketplace,
        _ORDER_TIME.label("order_time"),
    ).join_from(sales, accounts, accounts.c.id == sales.c.account_id)
    if wanted.first is not None:
        query = query.where(sales.c.sold_on >= wanted.first)
    if wanted.last is not None:
        query = query.where(sales.c.sold_on <= wanted.last)
    if wanted.shops is not None:
        query = query.where(accounts.c.shop.in_(wanted.shops))
    if wanted.external_id is not None:
        query = query.where(sales.c.external_id == wanted.external_id)
    return query


def _among(table: Table, keys: Iterable[tuple[int, str]]) -> ColumnElement[bool]:
    """Pick rows by account and id; SQLite would look for pairs in all of the table."""
    ids: dict[int, list[str]] = {}
    for account_id, external_id in keys:
        ids.setdefault(account_id, []).append(external_id)
    return or_(
        *(
            and_(table.c.account_id == account_id, table.c.external_id.in_(of_account))
            for account_id, of_account in ids.items()
        )
    )


def _with_items(
    connection: Connection,
    rows: Sequence[Row[Any]],
    overrides: Mapping[str, bool],
    words: Mapping[tuple[int, str], CatalogueWord],
) -> Iterator[StoredSale]:
    lines: dict[tuple[int, str], list[Row[Any]]] = {}
    for start in range(0, len(rows), 200):
        keys = [(row.account_id, row.external_id) for row in rows[start : start + 200]]
        query = (
            select(items)
            .where(_among(items, keys))
            .order_by(items.c.account_id, items.c.external_id, items.c.position)
        )
        for line in connection.execute(query):
            lines.setdefault((line.account_id, line.external_id), []).append(line)
    for row in rows:
        yield _stored(row, lines.get((row.account_id, row.external_id), ()), overrides, words)


def _stored(
    row: Row[Any],
    lines: Iterable[Row[Any]],
    overrides: Mapping[str, bool],
    words: Mapping[tuple[int, str], CatalogueWord],
) -> StoredSale:
    return StoredSale(
        marketplace=row.marketplace,
        shop=row.shop,
        sale_id=row.external_id,
        kind=Kind(row.kind),
        status=Status(row.status),
        paid=row.paid,
        paid_at=row.paid_at,
        sold_on=row.sold_on,
        currency=row.currency,
        gross_minor=row.gross_minor,
        refunded_minor=row.refunded_minor,
        refunded_exact=row.refunded_exact,
        fees_minor=row.fees_minor,
        fees_refunded_minor=row.fees_refunded_minor,
        affiliate_minor=row.affiliate_minor,
        net_minor=row.net_minor,
        fees_exact=row.fees_exact,
        country=row.country,
        items=tuple(
            LineItem(
                product_id=line.product_id,
                product=line.product,
                quantity=line.quantity,
                gross_minor=line.gross_minor,
                passive=classify(
                    line.passive,
                    shop=row.shop,
                    product=line.product,
                    overrides=overrides,
                    catalogue=words.get((row.account_id, line.product_id)),
                )[0],
                line_id=line.line_id,
            )
            for line in lines
        ),
        settled_currency=row.settled_currency,
        settled_net_minor=row.settled_net_minor,
    )


def list_unpaid(connection: Connection, account_id: int) -> dict[str, datetime]:
    """List orders known to be unpaid with their creation, oldest first."""
    rows = connection.execute(
        select(sales.c.external_id, sales.c.created_at)
        .where(sales.c.account_id == account_id, sales.c.status == Status.UNPAID.value)
        .order_by(sales.c.created_at)
    )
    return {row.external_id: row.created_at for row in rows}


def list_news(
    connection: Connection, *, seen_after: datetime, seen_until: datetime, sold_before: date
) -> list[News]:
    """List what became known within a stretch of time about sales of earlier days, oldest first.

    That fees became exact is told once for a shop's day, without naming the sales.
    """
    product = (
        select(items.c.product)
        .where(
            items.c.account_id == changes.c.account_id,
            items.c.external_id == changes.c.external_id,
        )
        .order_by(items.c.position)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(changes, sales.c.sold_on, sales.c.currency, accounts.c.shop, product.label("name"))
        .select_from(changes)
        .join(
            sales,
            and_(
                sales.c.account_id == changes.c.account_id,
                sales.c.external_id == changes.c.external_id,
            ),
        )
        .join(accounts, accounts.c.id == changes.c.account_id)
        .where(
            changes.c.seen_at > seen_after,
            changes.c.seen_at <= seen_until,
            sales.c.sold_on < sold_before,
        )
        .order_by(changes.c.seen_at, changes.c.id)
    )
    told = [
        News(
            kind=row.kind,
            shop=row.shop,
            sale_id=row.external_id,
            product=row.name,
            sold_on=row.sold_on,
            seen_at=row.seen_at,
            currency=row.currency,
            gross_delta=row.gross_delta,
            refunded_delta=row.refunded_delta,
            net_delta=row.net_delta,
        )
        for row in rows
    ]
    return put_fees_together(told)


def first_day(connection: Connection) -> date | None:
    """Return the day of the oldest sale."""
    day: date | None = connection.scalar(select(func.min(sales.c.sold_on)))
    return day


def oldest_order(connection: Connection, account_id: int) -> datetime | None:
    """Return when the oldest order of an account was made, near enough: by its day."""
    found: datetime | None = connection.scalar(
        select(sales.c.created_at)
        .where(sales.c.account_id == account_id)
        .order_by(sales.c.sold_on)
        .limit(1)
    )
    return found


def recompute_days(connection: Connection, zone: ZoneInfo) -> bool:
    """Put every sale on its day in a time zone that differs from the last one; True if it did.

    Sales of which only the day is known keep it.
    """
    if find_setting(connection, ZONE_SETTING) == zone.key:
        return False
    rows = connection.execute(
        select(sales.c.account_id, sales.c.external_id, sales.c.paid_at, sales.c.sold_on).where(
            sales.c.paid_at.is_not(None)
        )
    )
    moved = [
        {"of_account": row.account_id, "of_sale": row.external_id, "day": day}
        for row in rows
        if (day := day_of(row.paid_at, zone)) != row.sold_on
    ]
    if moved:
        connection.execute(
            update(sales)
            .where(
                sales.c.account_id == bindparam("of_account"),
                sales.c.external_id == bindparam("of_sale"),
            )
            .values(sold_on=bindparam("day")),
            moved,
        )
    set_setting(connection, ZONE_SETTING, zone.key)
    return True
