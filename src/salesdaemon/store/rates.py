"""Keep exchange rates, and say which days' sums they change."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

from sqlalchemy import Connection, distinct, func, select

from salesdaemon.domain.exchange import EURO, LONGEST_GAP, Rate, RateBook
from salesdaemon.domain.period import shift
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.tables import dirty_days, rates, sales

ALWAYS_PUBLISHED = "USD"
"""A book of few currencies holds it too: it shows on which days rates were published at all."""

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class RateSource:
    """What one source has told: the days it covers, both ends included, and how much of them."""

    source: str
    oldest: date
    newest: date
    days: int
    currencies: int


def save_rates(connection: Connection, known: Iterable[Rate]) -> set[date]:
    """Keep rates and return the days of which any is new or another than before.

    What comes later replaces what was there, also from another source.
    """
    remaining = iter(known)
    days: set[date] = set()
    while portion := list(islice(remaining, _AT_ONCE)):
        fresh = list(_fresh(connection, portion))
        if fresh:
            _upsert(connection, fresh)
        days.update(rate.day for rate in fresh)
    return days


def _fresh(connection: Connection, portion: Sequence[Rate]) -> Iterator[Rate]:
    """Yield the rates that differ from what is stored; of two for the same day the last."""
    wanted = {(rate.day, rate.currency): rate for rate in portion}
    stored = _stored(connection, min(wanted)[0], max(wanted)[0])
    return (rate for key, rate in wanted.items() if stored.get(key) != rate.rate)


def _stored(connection: Connection, first: date, last: date) -> Mapping[tuple[date, str], Decimal]:
    rows = connection.execute(
        select(rates.c.day, rates.c.currency, rates.c.rate).where(rates.c.day.between(first, last))
    )
    return {(row.day, row.currency): Decimal(row.rate) for row in rows}


def _upsert(connection: Connection, fresh: Sequence[Rate]) -> None:
    statement = upsert_for(connection)(rates)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["day", "currency"],
            set_={name: statement.excluded[name] for name in ("rate", "source")},
        ),
        [
            {
                "day": rate.day,
                "currency": rate.currency,
                "rate": f"{rate.rate:f}",
                "source": rate.source,
            }
            for rate in fresh
        ],
    )


def mark_days_dirty(connection: Connection, days: Collection[date], home: str) -> None:
    """Have the sums made again that rates of these days may change.

    A rate is used until the next one comes, and no longer than `LONGEST_GAP` once others did.
    """
    if not days:
        return
    foreign = select(sales.c.sold_on, sales.c.account_id).where(
        sales.c.currency != home, sales.c.sold_on >= min(days)
    )
    end = _end_of_use(connection, min(days), max(days))
    if end is not None:
        foreign = foreign.where(sales.c.sold_on < end)
    statement = upsert_for(connection)(dirty_days).from_select(
        ["day", "account_id"], foreign.distinct()
    )
    connection.execute(statement.on_conflict_do_nothing())


def _end_of_use(connection: Connection, first: date, last: date) -> date | None:
    """Return the day from which no rate of these days is used; None if there is none yet."""
    sources = select(rates.c.source).where(rates.c.day.between(first, last)).distinct()
    ends = [
        connection.scalar(
            select(func.min(rates.c.day)).where(
                rates.c.day > shift(last, LONGEST_GAP), rates.c.source == source
            )
        )
        for source in connection.scalars(sources)
    ]
    return max(ends) if ends and None not in ends else None


def load_book(
    connection: Connection,
    first: date | None = None,
    last: date | None = None,
    *,
    currencies: Collection[str] | None = None,
) -> RateBook:
    """Load what conversions from the first to the last day need; all of it by default.

    `currencies` are those that are converted, the home one among them.
    """
    query = select(rates.c.day, rates.c.currency, rates.c.rate, rates.c.source)
    if first is not None:
        # The euro has no rates, and would be looked for in all of them.
        wanted = {*(currencies or ()), ALWAYS_PUBLISHED} - {EURO}
        known = _last_known(connection, first, wanted)
        query = query.where(rates.c.day >= shift(known, -LONGEST_GAP))
    if last is not None:
        # Later days tell whether conversions are final.
        query = query.where(rates.c.day <= shift(last, LONGEST_GAP))
    if currencies is not None:
        query = query.where(rates.c.currency.in_({*currencies, ALWAYS_PUBLISHED}))
    return RateBook(
        Rate(row.day, row.currency, Decimal(row.rate), row.source)
        for row in connection.execute(query)
    )


def _last_known(connection: Connection, day: date, currencies: Collection[str]) -> date:
    """Return the last day on or before this one by which each of the currencies had its last rate.

    Currencies without any rate do not count.
    """
    query = select(rates.c.day).where(rates.c.day <= day).order_by(rates.c.day.desc()).limit(1)
    found = (
        connection.scalar(query.where(rates.c.currency == currency)) for currency in currencies
    )
    return min((known for known in found if known is not None), default=day)


def newest_day(connection: Connection) -> date | None:
    """Return the last day of which any rate is known."""
    day: date | None = connection.scalar(select(func.max(rates.c.day)))
    return day


def oldest_foreign_sale(connection: Connection, home: str) -> date | None:
    """Return the day of the first sale in another currency than the home one."""
    foreign = select(sales.c.sold_on).where(sales.c.currency != home)
    day: date | None = connection.scalar(foreign.order_by(sales.c.sold_on).limit(1))
    return day


def list_sources(connection: Connection) -> Sequence[RateSource]:
    """List where rates came from, the newest first."""
    newest = func.max(rates.c.day)
    rows = connection.execute(
        select(
            rates.c.source,
            func.min(rates.c.day).label("oldest"),
            newest.label("newest"),
            func.count(distinct(rates.c.day)).label("days"),
            func.count(distinct(rates.c.currency)).label("currencies"),
        )
        .group_by(rates.c.source)
        .order_by(newest.desc(), rates.c.source)
    )
    return [RateSource(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy
