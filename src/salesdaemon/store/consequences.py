"""What a decision about a sale comes to: a change to be told in a digest, and events to be told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from salesdaemon.domain.changes import Decision, EventKind, Known
from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import SALE_KINDS, FindRate, News, RuleBook, Verdict
from salesdaemon.domain.sale import COUNTED_KINDS, Sale
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.events import Judged, enter
from salesdaemon.store.rates import load_book
from salesdaemon.store.sales import find_sales
from salesdaemon.store.tables import items, sales


def no_rate(_currency: str, _home: str, _day: date) -> Conversion | None:
    """Know no rate."""
    return None


@dataclass(frozen=True, slots=True)
class Telling:
    """How events are judged: the owner's rules, and the owner's word on passive products."""

    book: RuleBook
    overrides: Mapping[str, bool] = field(default_factory=dict)


def change_row(
    account_id: int, seen_at: datetime, sale: Sale, known: Known | None, kind: str | None
) -> dict[str, Any]:
    """Return the row that says by how much a sale's figures moved, and when that was seen."""
    counted = known is not None and known.paid
    gross, refunded, net = (
        (known.gross_minor, known.refunded_minor, known.net_minor)
        if known is not None and counted
        else (0, 0, 0)
    )
    return {
        "account_id": account_id,
        "external_id": sale.external_id,
        "seen_at": seen_at,
        "kind": kind or ("changed" if counted else "sale"),
        "gross_delta": sale.gross_minor - gross,
        "refunded_delta": sale.refunded_minor - refunded,
        "net_delta": sale.net_minor - net,
    }


@dataclass(frozen=True, slots=True)
class Occasion:
    """When something was seen of an account; what was paid before `missed_before` was missed."""

    account_id: int
    seen_at: datetime
    missed_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a sale."""

    kind: EventKind
    sale: Sale
    arrival: bool


def happenings(sale: Sale, decision: Decision) -> list[Happening]:
    """List what a decision says of a sale, its arrival first."""
    arrivals = [decision.arrival] if decision.arrival is not None else []
    return [
        *(Happening(kind, sale, arrival=True) for kind in arrivals),
        *(Happening(kind, sale, arrival=False) for kind in decision.events),
    ]


def tell(
    connection: Connection, occasion: Occasion, happened: Sequence[Happening], telling: Telling
) -> dict[str, str]:
    """Judge what happened and let it wait on its channels; returns the level of each arrival.

    Call it once the sales are written: they are judged as they are stored.
    """
    if not happened:
        return {}
    judge = _judge_for(connection, occasion, happened, telling)
    # Marketplaces list what is new first; it is told in the order in which it was paid.
    happened = sorted(happened, key=lambda each: each.sale.paid_at)
    judged = [_judged(occasion, each, judge(each)) for each in happened]
    enter(connection, judged)
    return {
        each.sale.external_id: verdict.verdict.level
        for each, verdict in zip(happened, judged, strict=True)
        if each.arrival
    }


def _judged(occasion: Occasion, each: Happening, verdict: Verdict) -> Judged:
    sale, seen_at = each.sale, occasion.seen_at
    # An arrival is told once for ever; a second refund of the same sale is another event.
    again = "" if each.arrival else f":{sale.refunded_minor}:{int(seen_at.timestamp())}"
    before = occasion.missed_before
    return Judged(
        event=f"{each.kind.value}:{occasion.account_id}:{sale.external_id}{again}",
        kind=each.kind.value,
        seen_at=seen_at,
        verdict=verdict,
        account_id=occasion.account_id,
        external_id=sale.external_id,
        missed=each.arrival and before is not None and sale.paid_at < before,
    )


def _judge_for(
    connection: Connection, occasion: Occasion, happened: Sequence[Happening], telling: Telling
) -> Callable[[Happening], Verdict]:
    book = telling.book
    if not book.rules:  # the kind alone decides
        return lambda each: book.judge(News(each.kind.value, occasion.seen_at), no_rate)
    ids = dict.fromkeys(each.sale.external_id for each in happened)
    keys = [(occasion.account_id, external_id) for external_id in ids]
    stored = find_sales(connection, keys, telling.overrides)
    find_rate = rates_for(connection, book, stored.values())

    def judge(each: Happening) -> Verdict:
        key = (occasion.account_id, each.sale.external_id)
        news = news_of(
            connection,
            key,
            stored[key],
            each.kind.value,
            occasion.seen_at,
            firsts=book.asks_for_firsts,
        )
        return book.judge(news, find_rate)

    return judge


def rates_for(connection: Connection, book: RuleBook, judged: Iterable[StoredSale]) -> FindRate:
    """Return how the rules convert amounts of these sales."""
    found = list(judged)
    if not book.asks_for_rates or not found:
        return no_rate
    days = [sale.sold_on for sale in found]
    wanted = {rule.min_amount.currency for rule in book.rules if rule.min_amount is not None}
    currencies = {sale.currency for sale in found} | wanted
    return load_book(connection, min(days), max(days), currencies=currencies).find


def news_of(
    connection: Connection,
    key: tuple[int, str],
    sale: StoredSale,
    kind: str,
    seen_at: datetime,
    *,
    firsts: bool,
) -> News:
    """Return what rules are asked about something that happened to a stored sale.

    A sale is judged by when it was paid, anything else by when it was seen.
    """
    arrived = kind in {*SALE_KINDS, EventKind.FREE}
    firsts = firsts and kind in SALE_KINDS  # of nothing else it matters, and it costs
    return News(
        kind=kind,
        at=(sale.paid_at if arrived else None) or seen_at,
        shop=sale.shop,
        marketplace=sale.marketplace,
        products=tuple(item.product or "" for item in sale.items),
        amount=Money(sale.gross_minor, sale.currency),
        day=sale.sold_on,
        passive=sale.passive,
        first_of_product=firsts and _is_first_of_product(connection, key, sale),
        first_in_country=firsts and _is_first_in_country(connection, key, sale),
    )


def _is_first_of_product(connection: Connection, key: tuple[int, str], sale: StoredSale) -> bool:
    """Tell whether any product of a sale was never sold before it."""
    products = {item.product_id for item in sale.items if item.product_id is not None}
    return any(_is_first_of(connection, key, sale, product) for product in products)


def _is_first_of(
    connection: Connection, key: tuple[int, str], sale: StoredSale, product_id: str
) -> bool:
    same = and_(
        items.c.account_id == sales.c.account_id, items.c.external_id == sales.c.external_id
    )
    query = (
        select(sales.c.external_id)
        .join(items, same)
        .where(items.c.account_id == key[0], items.c.product_id == product_id)
        .where(*_counted_before(key, sale))
    )
    return connection.execute(query.limit(1)).first() is None


def _is_first_in_country(connection: Connection, key: tuple[int, str], sale: StoredSale) -> bool:
    """Tell whether nobody of a sale's country, where it is known, bought before at any shop."""
    if sale.country is None:
        return False
    query = select(sales.c.external_id).where(
        sales.c.country == sale.country, *_counted_before(key, sale)
    )
    return connection.execute(query.limit(1)).first() is None


def _counted_before(key: tuple[int, str], sale: StoredSale) -> list[Any]:
    """Pick counted sales that came before one; of those of the same instant, the lesser ids."""
    account_id, external_id = key
    earlier = sales.c.sold_on < sale.sold_on
    if sale.paid_at is not None:
        same_instant = and_(sales.c.paid_at == sale.paid_at, sales.c.external_id < external_id)
        earlier = or_(earlier, sales.c.paid_at < sale.paid_at, same_instant)
    other = or_(sales.c.account_id != account_id, sales.c.external_id != external_id)
    counted = sales.c.kind.in_([kind.value for kind in COUNTED_KINDS])
    return [sales.c.paid, counted, earlier, other]
