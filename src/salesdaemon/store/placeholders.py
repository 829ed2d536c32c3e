"""The history of shops whose account is not known yet: what was imported before a first poll."""

from sqlalchemy import Connection, Table, delete, exists, insert, literal, select, update
from sqlalchemy.sql import ColumnElement

from salesdaemon.store.tables import (
    accounts,
    as_listed,
    catalogue,
    daily_sums,
    dirty_days,
    entries,
    items,
    sales,
)

_MOVABLE = ((entries, "entry_id"), (catalogue, "product_id"))
_WITH_A_SALE = (as_listed, items, sales)  # what refers to sales comes before them


def placeholder_id(shop: str) -> str:
    """Return the id of the account that stands in for a shop's own."""
    return f"unbound:{shop}"


def move_history(connection: Connection, placeholder: int, account_id: int) -> None:
    """Give what was imported to its real account and forget the placeholder.

    What the account knows already stays as it is.
    """
    for table in _WITH_A_SALE:
        _drop(connection, table, placeholder, _known(table, sales, "external_id", account_id))
    for table, key in _MOVABLE:
        _drop(connection, table, placeholder, _known(table, table, key, account_id))
    days = select(sales.c.sold_on).where(sales.c.account_id == placeholder).distinct()
    dirty = set(connection.scalars(days))
    for table in reversed(_WITH_A_SALE):
        _copy(connection, table, placeholder, account_id)
    for table in _WITH_A_SALE:
        connection.execute(delete(table).where(table.c.account_id == placeholder))
    for table, _ in _MOVABLE:
        connection.execute(
            update(table).where(table.c.account_id == placeholder).values(account_id=account_id)
        )
    _mark_dirty(connection, account_id, dirty)
    for table in (daily_sums, dirty_days):
        connection.execute(delete(table).where(table.c.account_id == placeholder))
    connection.execute(delete(accounts).where(accounts.c.id == placeholder))


def _known(table: Table, by: Table, key: str, account_id: int) -> ColumnElement[bool]:
    known = by.alias("known")
    same: ColumnElement[bool] = known.c[key] == table.c[key]
    return exists().where(known.c.account_id == account_id, same)


def _drop(
    connection: Connection, table: Table, placeholder: int, known: ColumnElement[bool]
) -> None:
    connection.execute(delete(table).where(table.c.account_id == placeholder, known))


def _copy(connection: Connection, table: Table, placeholder: int, account_id: int) -> None:
    others = [column for column in table.c if column.name != "account_id"]
    rows = select(literal(account_id), *others).where(table.c.account_id == placeholder)
    names = ["account_id", *(column.name for column in others)]
    connection.execute(insert(table).from_select(names, rows))


def _mark_dirty(connection: Connection, account_id: int, days: set[object]) -> None:
    known = set(
        connection.scalars(select(dirty_days.c.day).where(dirty_days.c.account_id == account_id))
    )
    rows = [{"account_id": account_id, "day": day} for day in days - known]
    if rows:
        connection.execute(insert(dirty_days), rows)
