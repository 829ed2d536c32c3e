"""What the books tell of a shop beside its sales: costs, other entries, payouts."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from salesdaemon.domain.ledger import UPCOMING, EntryKind, Payout, ShopLine
from salesdaemon.domain.money import proportion
from salesdaemon.domain.period import day_of, resolve, shift
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.settling import load_scales
from salesdaemon.store.tables import accounts, entries, payouts

# What affiliates got in sums that name no sale is in the sales' own figures already.
_TOLD = frozenset(EntryKind) - {EntryKind.AFFILIATE}


def list_shop_lines(
    connection: Connection,
    first: date | None,
    last: date | None,
    zone: ZoneInfo,
    kinds: Collection[EntryKind] = _TOLD,
) -> list[ShopLine]:
    """Add up the entries that belong to no sale, by shop, day and kind, oldest first.

    An entry of a sale that is not stored is among them. Imported ones count only for days before
    the marketplace's own answers begin.
    """
    query = (
        select(entries, accounts.c.shop)
        .join_from(entries, accounts, accounts.c.id == entries.c.account_id)
        .where(
            entries.c.of_sale.is_(None), entries.c.kind.in_(sorted(each.value for each in kinds))
        )
    )
    one_day = timedelta(days=1)
    if first is not None:
        query = query.where(entries.c.posted_at >= _midnight(shift(first, -one_day), zone))
    if last is not None:
        query = query.where(entries.c.posted_at < _midnight(shift(last, 2 * one_day), zone))
    answered_from = _answered_from(connection)
    sums: dict[tuple[int, str, date, str, str, str], int] = {}
    for row in connection.execute(query):
        day = day_of(row.posted_at, zone)
        if (first is not None and day < first) or (last is not None and day > last):
            continue
        begins = answered_from.get(row.account_id)
        if row.source == "import" and begins is not None and row.posted_at >= begins:
            continue
        key = (row.account_id, row.shop, day, row.kind, row.name, row.currency)
        sums[key] = sums.get(key, 0) + row.amount
    accounts_met = {key[0] for key in sums}
    scales = {each: load_scales(connection, each) for each in accounts_met}
    ordered = sorted(sums.items(), key=lambda item: (item[0][2], item[0][1:]))
    return [
        ShopLine(
            shop,
            day,
            EntryKind(kind),
            name,
            currency,
            # The books of some currencies are finer than these: rounded once, half to even.
            proportion(amount, 1, scales[account_id].get(currency, 1)),
        )
        for (account_id, shop, day, kind, name, currency), amount in ordered
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return resolve(day, time(), zone)


def _answered_from(connection: Connection) -> dict[int, datetime]:
    begins: dict[int, datetime] = {}
    for account_id in connection.scalars(select(accounts.c.id)):
        first = connection.scalar(
            select(entries.c.posted_at)
            .where(entries.c.account_id == account_id, entries.c.source == "api")
            .order_by(entries.c.posted_at)
            .limit(1)
        )
        if first is not None:
            begins[account_id] = first
    return begins


def list_unknown_names(connection: Connection, account_id: int) -> list[str]:
    """Name the kinds of entries that nobody knows yet, in the marketplace's own words."""
    return list(
        connection.scalars(
            select(entries.c.name)
            .where(
                entries.c.account_id == account_id,
                entries.c.of_sale.is_(None),
                entries.c.kind == EntryKind.OTHER.value,
            )
            .group_by(entries.c.name)
            .order_by(entries.c.name)
        )
    )


def save_payouts(
    connection: Connection, account_id: int, listed: Sequence[Payout], seen_at: datetime
) -> list[Payout]:
    """Keep payouts; returns those that were not known as they are now."""
    before = {
        row.payout_id: to_payout(row)
        for row in connection.execute(select(payouts).where(payouts.c.account_id == account_id))
    }
    changed = [payout for payout in listed if before.get(payout.payout_id) != payout]
    if changed:
        statement = upsert_for(connection)(payouts)
        names = (*Payout.__dataclass_fields__, "seen_at")
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "payout_id"],
                set_={name: statement.excluded[name] for name in names if name != "payout_id"},
            ),
            [
                {
                    "account_id": account_id,
                    "seen_at": seen_at,
                    **{name: getattr(payout, name) for name in Payout.__dataclass_fields__},
                }
                for payout in changed
            ],
        )
    return changed


def list_payouts(connection: Connection, zone: ZoneInfo) -> list[tuple[str, Payout]]:
    """List payouts with their shop, oldest first: as listed, and as the books tell them.

    One to come of nothing is none.
    """
    listed = connection.execute(
        select(payouts, accounts.c.shop).join_from(
            payouts, accounts, accounts.c.id == payouts.c.account_id
        )
    )
    known = [(row.shop, to_payout(row)) for row in listed]
    found = [pair for pair in known if pair[1].payout_id != UPCOMING or pair[1].amount_minor]
    shops = {shop for shop, payout in found if payout.payout_id != UPCOMING}
    for line in list_shop_lines(connection, None, None, zone, {EntryKind.PAYOUT}):
        if line.shop not in shops:
            payout = Payout(
                f"{line.name} {line.day}", -line.amount_minor, line.currency, "sent", line.day
            )
            found.append((line.shop, payout))
    return sorted(found, key=lambda pair: (pair[1].made_on or date.max, pair[0]))


def to_payout(row: Any) -> Payout:  # noqa: ANN401 - a row of any query over the table
    """Make a payout of its row."""
    return Payout(**{name: getattr(row, name) for name in Payout.__dataclass_fields__})
