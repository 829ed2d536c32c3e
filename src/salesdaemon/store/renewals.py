"""Find the order that a renewal was made for: the books name only the product of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from salesdaemon.domain.ledger import SALE_KINDS, About, Entry, EntryKind
from salesdaemon.domain.sale import Sale
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.tables import entries, items, sales

# A renewal is posted when its product was sold, or a little later.
_RENEWAL_AFTER = timedelta(days=3)
_RENEWAL_BEFORE = timedelta(minutes=1)
_TOGETHER = timedelta(seconds=2)
_OF_A_SALE = sorted(kind.value for kind in SALE_KINDS)


@dataclass(slots=True)
class _Renewable:
    """A line of an order whose product may have been renewed for it, and how often it was."""

    external_id: str
    product_id: str
    sold_at: datetime
    pieces: int
    renewed: int = 0
    fees_at: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """A line of the books that names the product it renewed, and the order it is at now."""

    entry_id: str
    product_id: str
    posted_at: datetime
    of_sale: str | None


def find_renewed(
    connection: Connection, account_id: int, mine: Sequence[Entry]
) -> dict[str, str | None]:
    """Give the renewals among new entries to their orders; returns those that change hands.

    Entries are read in any order, so all renewals of a product around the new ones are shared out
    anew: to the order whose own fee was posted with it, or that was paid in its second; else one
    a line in the order of the sales, late ones included. Only when every line has one may those
    of several pieces get more.
    """
    fresh = [
        (entry.about_id, entry.posted_at)
        for entry in mine
        if entry.about is About.PRODUCT and entry.about_id and entry.amount <= 0
    ]
    fresh += _strayed(connection, account_id, mine)
    if not fresh:
        return {}
    products = sorted({product_id for product_id, _ in fresh})
    moments = [posted_at for _, posted_at in fresh]
    return _share_anew(connection, account_id, products, (min(moments), max(moments)), [])


def _strayed(
    connection: Connection, account_id: int, mine: Sequence[Entry]
) -> list[tuple[str, datetime]]:
    """Return renewals, as product and moment, that came before the fee they were posted with."""
    fees = {
        entry.about_id: entry.posted_at
        for entry in mine
        if entry.kind is EntryKind.ITEM_FEE and entry.about is About.LINE and entry.amount <= 0
    }
    charged: dict[str, list[tuple[str, datetime]]] = {}
    for chunk in chunks([line_id for line_id in fees if line_id]):
        rows = connection.execute(
            select(items.c.line_id, items.c.product_id, items.c.external_id).where(
                items.c.account_id == account_id,
                items.c.line_id.in_(chunk),
                items.c.product_id.is_not(None),
            )
        )
        for row in rows:
            charged.setdefault(row.product_id, []).append((row.external_id, fees[row.line_id]))
    if not charged:
        return []
    between = (min(fees.values()) - _TOGETHER, max(fees.values()) + _TOGETHER)
    return [
        (renewal.product_id, renewal.posted_at)
        for renewal in _renewals(connection, account_id, sorted(charged), between)
        if any(
            abs(renewal.posted_at - posted_at) <= _TOGETHER and renewal.of_sale != external_id
            for external_id, posted_at in charged[renewal.product_id]
        )
    ]


def find_renewed_by(
    connection: Connection, account_id: int, listed: Iterable[Sale]
) -> dict[str, str | None]:
    """Give orders that are about to be stored the renewals that came before them.

    What other orders have stays with them: those are not written now.
    """
    lines = [
        _Renewable(sale.external_id, item.product_id, sale.paid_at, item.quantity)
        for sale in listed
        if sale.paid and sale.sold_on is None
        for item in sale.items
        if item.product_id
    ]
    products = sorted({line.product_id for line in lines})
    if not _any_waits(connection, account_id, products):
        return {}
    moments = [line.sold_at for line in lines]
    return _share_anew(connection, account_id, products, (min(moments), max(moments)), lines)


def _any_waits(connection: Connection, account_id: int, products: Sequence[str]) -> bool:
    for chunk in chunks(products):
        waiting = select(entries.c.entry_id).where(
            entries.c.account_id == account_id,
            entries.c.of_sale.is_(None),
            entries.c.about == About.PRODUCT.value,
            entries.c.about_id.in_(chunk),
            entries.c.kind.in_(_OF_A_SALE),
            entries.c.amount <= 0,
        )
        if connection.scalar(waiting.limit(1)) is not None:
            return True
    return False


def _share_anew(
    connection: Connection,
    account_id: int,
    products: Sequence[str],
    between: tuple[datetime, datetime],
    listed: Sequence[_Renewable],
) -> dict[str, str | None]:
    first, last = between[0] - _RENEWAL_AFTER, between[1] + _RENEWAL_AFTER
    renewals = _renewals(connection, account_id, products, (first, last))
    lines = list(listed)
    if listed:
        own = {None, *(line.external_id for line in listed)}
        renewals = [renewal for renewal in renewals if renewal.of_sale in own]
    else:
        lines = _renewable(connection, account_id, products, (first - _RENEWAL_AFTER, last))
    lines.sort(key=lambda line: (line.sold_at, line.external_id))
    _count_others(connection, account_id, lines, renewals)
    _note_fees(connection, account_id, lines)
    found: dict[str, str | None] = {}
    for product in products:
        found |= _share_out(
            [renewal for renewal in renewals if renewal.product_id == product],
            [line for line in lines if line.product_id == product],
        )
    return found


def _count_others(
    connection: Connection,
    account_id: int,
    lines: Sequence[_Renewable],
    renewals: Iterable[_Renewal],
) -> None:
    """Count what lines got by renewals further away, which are not shared out anew."""
    used = dict(_renewed(connection, account_id, sorted({line.external_id for line in lines})))
    for renewal in renewals:
        if renewal.of_sale is not None:
            used[renewal.of_sale, renewal.product_id] -= 1
    for line in lines:
        key = (line.external_id, line.product_id)
        line.renewed, used[key] = used.get(key, 0), 0


def _note_fees(connection: Connection, account_id: int, lines: Sequence[_Renewable]) -> None:
    """Note when the fees for the lines of these orders were posted."""
    posted: dict[str, list[datetime]] = {}
    for chunk in chunks(sorted({line.external_id for line in lines})):
        rows = connection.execute(
            select(entries.c.of_sale, entries.c.posted_at).where(
                entries.c.account_id == account_id,
                entries.c.of_sale.in_(chunk),
                entries.c.kind == EntryKind.ITEM_FEE.value,
                entries.c.amount <= 0,
            )
        )
        for row in rows:
            posted.setdefault(row.of_sale, []).append(row.posted_at)
    for line in lines:
        line.fees_at = posted.get(line.external_id, [])


def _share_out(posted: Sequence[_Renewal], lines: Sequence[_Renewable]) -> dict[str, str | None]:
    chosen: dict[str, str] = {}
    for rule in (_with_its_fee, _of_its_second, _next_renewed):
        for renewal in posted:
            line = rule(renewal, lines) if renewal.entry_id not in chosen else None
            if line is not None:
                line.renewed += 1
                chosen[renewal.entry_id] = line.external_id
    before = {renewal.entry_id: renewal.of_sale for renewal in posted}
    # What had to make way and finds no other order belongs to none any more.
    return {key: chosen.get(key) for key in before if before[key] != chosen.get(key)}


def _with_its_fee(renewal: _Renewal, lines: Sequence[_Renewable]) -> _Renewable | None:
    fitting = (
        line
        for line in lines
        if not line.renewed
        and any(abs(renewal.posted_at - posted_at) <= _TOGETHER for posted_at in line.fees_at)
    )
    return next(fitting, None)


def _of_its_second(renewal: _Renewal, lines: Sequence[_Renewable]) -> _Renewable | None:
    fitting = (line for line in lines if line.sold_at == renewal.posted_at and not line.renewed)
    return next(fitting, None)


def _next_renewed(renewal: _Renewal, lines: Sequence[_Renewable]) -> _Renewable | None:
    earliest = renewal.posted_at - _RENEWAL_AFTER
    candidates = [
        line for line in lines if earliest <= line.sold_at <= renewal.posted_at + _RENEWAL_BEFORE
    ]
    first = next((line for line in candidates if not line.renewed), None)
    if first is not None:
        return first
    return next((line for line in reversed(candidates) if line.renewed < line.pieces), None)


def _renewals(
    connection: Connection,
    account_id: int,
    products: Sequence[str],
    between: tuple[datetime, datetime],
) -> list[_Renewal]:
    """Return the renewals posted in a stretch of time, in the order of the books."""
    found: list[tuple[int, _Renewal]] = []
    for chunk in chunks(products):
        rows = connection.execute(
            select(entries).where(
                entries.c.account_id == account_id,
                entries.c.posted_at.between(*between),
                entries.c.about == About.PRODUCT.value,
                entries.c.about_id.in_(chunk),
                entries.c.kind.in_(_OF_A_SALE),
                entries.c.amount <= 0,
            )
        )
        found += (
            (row.sequence, _Renewal(row.entry_id, row.about_id, row.posted_at, row.of_sale))
            for row in rows
        )
    return [each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].entry_id))]


def _renewable(
    connection: Connection,
    account_id: int,
    products: Sequence[str],
    between: tuple[datetime, datetime],
) -> list[_Renewable]:
    """Return the lines of stored orders that were paid in a stretch of time."""
    one_day = timedelta(days=1)
    lines: list[_Renewable] = []
    for chunk in chunks(products):
        rows = connection.execute(
            select(items.c.product_id, items.c.external_id, items.c.quantity, sales.c.paid_at)
            .join_from(
                sales,
                items,
                and_(
                    items.c.account_id == sales.c.account_id,
                    items.c.external_id == sales.c.external_id,
                ),
            )
            .where(
                sales.c.account_id == account_id,
                sales.c.paid,
                sales.c.paid_at.is_not(None),
                # The day of a sale is in the index; it may differ from UTC's by one.
                sales.c.sold_on >= (between[0] - one_day).date(),
                sales.c.sold_on <= (between[1] + one_day).date(),
                items.c.product_id.in_(chunk),
            )
        )
        lines += (
            _Renewable(row.external_id, row.product_id, row.paid_at, row.quantity) for row in rows
        )
    return lines


def _renewed(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> Mapping[tuple[str, str], int]:
    used: dict[tuple[str, str], int] = {}
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(entries.c.of_sale, entries.c.about_id, func.count().label("times"))
            .where(
                entries.c.account_id == account_id,
                entries.c.of_sale.in_(chunk),
                entries.c.about == About.PRODUCT.value,
                entries.c.amount <= 0,
            )
            .group_by(entries.c.of_sale, entries.c.about_id)
        )
        used.update(((row.of_sale, row.about_id), row.times) for row in rows)
    return used
