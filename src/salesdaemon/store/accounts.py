"""Accounts, how their shops fare, and the few values of the installation itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from salesdaemon.errors import StoreError, WrongAccountError
from salesdaemon.store.placeholders import move_history, placeholder_id
from salesdaemon.store.tables import accounts, sales, set_aside, settings, shops


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as stored; `plan` is the poller's own JSON."""

    id: int
    marketplace: str
    external_id: str
    shop: str
    watch_since: datetime | None
    plan: str | None


@dataclass(frozen=True, slots=True)
class ShopRecord:
    """How a shop of the configuration fares. `told_at` is when its problem was told."""

    shop: str
    marketplace: str
    account_id: int | None = None
    interval_seconds: int = 60
    last_good_poll: datetime | None = None
    not_before: datetime | None = None
    login_needed: bool = False
    problem: str | None = None
    action: str | None = None
    problem_since: datetime | None = None
    told_at: datetime | None = None


def upsert_for(connection: Connection) -> Callable[[Table], Insert]:
    """Return the dialect's INSERT that knows ON CONFLICT; both dialects have the same methods."""
    if connection.dialect.name == "sqlite":
        return sqlite_insert
    from sqlalchemy.dialects.postgresql import (  # noqa: PLC0415 - costs memory that only this needs
        insert as postgresql_insert,
    )

    return cast("Callable[[Table], Insert]", postgresql_insert)


def find_setting(connection: Connection, name: str) -> str | None:
    """Return a value of the installation."""
    return connection.scalar(select(settings.c.value).where(settings.c.name == name))


def set_setting(connection: Connection, name: str, value: str | None) -> None:
    """Keep a value of the installation, or forget it."""
    connection.execute(delete(settings).where(settings.c.name == name))
    if value is not None:
        connection.execute(insert(settings).values(name=name, value=value))


def find_account(
    connection: Connection, *, marketplace: str, external_id: str
) -> AccountRecord | None:
    """Look an account up by the marketplace's own id."""
    row = connection.execute(
        select(accounts).where(
            accounts.c.marketplace == marketplace, accounts.c.external_id == external_id
        )
    ).first()
    return _account(row)


def find_account_of_shop(connection: Connection, shop: str) -> AccountRecord | None:
    """Return the account that a shop's name is bound to."""
    row = connection.execute(select(accounts).where(accounts.c.shop == shop)).first()
    return _account(row)


def _account(row: Row[tuple[object, ...]] | None) -> AccountRecord | None:
    return AccountRecord(**row._mapping) if row is not None else None  # noqa: SLF001 - public API


def bind(
    connection: Connection,
    *,
    shop: str,
    marketplace: str,
    external_id: str,
    configured: Mapping[str, str],
) -> AccountRecord:
    """Bind a shop's name to an account; a renamed table takes its history along.

    `configured` are the shops of the configuration with their marketplaces. What was imported
    before the account was known becomes the account's own.

    Raises:
        WrongAccountError: the name belongs to another account, or the account to another
            shop that is still configured.
    """
    account = find_bindable(
        connection,
        shop=shop,
        marketplace=marketplace,
        external_id=external_id,
        configured=configured,
    )
    named = find_account_of_shop(connection, shop)
    if account is None:
        connection.execute(
            insert(accounts).values(marketplace=marketplace, external_id=external_id, shop=shop)
        )
    elif named is not None and named.id != account.id:
        move_history(connection, named.id, account.id)
    if account is not None and (account.shop, account.external_id) != (shop, external_id):
        connection.execute(
            update(accounts)
            .where(accounts.c.id == account.id)
            .values(shop=shop, external_id=external_id)
        )
    bound = find_account_of_shop(connection, shop)
    if bound is None:
        raise StoreError(f"The account of shop {shop!r} was not stored.")
    connection.execute(delete(shops).where(shops.c.account_id == bound.id, shops.c.shop != shop))
    connection.execute(update(shops).where(shops.c.shop == shop).values(account_id=bound.id))
    return bound


def find_bindable(
    connection: Connection,
    *,
    shop: str,
    marketplace: str,
    external_id: str,
    configured: Mapping[str, str],
) -> AccountRecord | None:
    """Return the account that `bind` would bind a shop's name to; None for a new one.

    A shop whose files were imported before its account was known has a placeholder.

    Raises:
        WrongAccountError: as in `bind`.
    """
    account = find_account(connection, marketplace=marketplace, external_id=external_id)
    named = find_account_of_shop(connection, shop)
    if named is not None and named.external_id == placeholder_id(shop):
        named = named if named.marketplace != marketplace else None
        account = account or find_account(
            connection, marketplace=marketplace, external_id=placeholder_id(shop)
        )
    if named is not None and (account is None or named.id != account.id):
        raise WrongAccountError(
            f"Shop {shop!r} belongs to account {named.external_id}, but these credentials open "
            f"account {external_id}.",
            fix=f"Put the new account under a name of its own, such as [shops.{shop}_2].",
        )
    if account is not None and account.shop != shop and account.shop in configured:
        raise WrongAccountError(
            f"Shops {account.shop!r} and {shop!r} open the same account {external_id}.",
            fix=f"Remove [shops.{shop}] from the configuration.",
        )
    return account


def find_shop(connection: Connection, shop: str) -> ShopRecord | None:
    """Return how a shop fares."""
    row = connection.execute(select(shops).where(shops.c.shop == shop)).first()
    return ShopRecord(**row._mapping) if row is not None else None  # noqa: SLF001 - public API


def save_shop(connection: Connection, record: ShopRecord) -> None:
    """Keep how a shop fares."""
    values = {name: getattr(record, name) for name in ShopRecord.__dataclass_fields__}
    statement = upsert_for(connection)(shops).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["shop"],
            set_={name: statement.excluded[name] for name in values if name != "shop"},
        )
    )


def change_shop(connection: Connection, shop: str, marketplace: str, **changes: object) -> None:
    """Change some of what is kept of a shop, which may be new."""
    record = find_shop(connection, shop) or ShopRecord(shop=shop, marketplace=marketplace)
    save_shop(connection, replace(record, **changes))  # type: ignore[arg-type]  # checked by replace


def save_plan(connection: Connection, account_id: int, plan: str) -> None:
    """Keep what the poller must remember."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(plan=plan))


def begin_watch(connection: Connection, account_id: int, since: datetime) -> None:
    """Note when the watch of an account began; a later call changes nothing."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.watch_since.is_(None))
        .values(watch_since=since)
    )


def last_sale(connection: Connection, account_id: int) -> datetime | None:
    """Return when the newest paid sale of an account was paid."""
    return connection.scalar(
        select(sales.c.paid_at)
        # Not the bare column: SQLite would read and sort all sales of the account.
        .where(sales.c.account_id + 0 == account_id, sales.c.paid)
        .order_by(sales.c.sold_on.desc(), sales.c.paid_at.desc())
        .limit(1)
    )


def list_set_aside(connection: Connection, account_id: int) -> list[tuple[str, str]]:
    """List orders that could not be read, as pairs of id and reason, oldest first."""
    rows = connection.execute(
        select(set_aside.c.external_id, set_aside.c.reason)
        .where(set_aside.c.account_id == account_id)
        .order_by(set_aside.c.first_seen_at, set_aside.c.external_id)
    )
    return [(row.external_id, row.reason) for row in rows]


def count_set_aside(connection: Connection) -> dict[int, int]:
    """Count the orders that could not be read, by account."""
    rows = connection.execute(
        select(set_aside.c.account_id, func.count().label("orders")).group_by(
            set_aside.c.account_id
        )
    )
    return {row.account_id: row.orders for row in rows}
