"""Turn Gumroad's payouts into payouts and entries of ours: pure, no network, no clock.

Gumroad keeps no ledger that could be asked for: a payout tells the rows that it is made of. What
an affiliate got is in no row of a sale but in sums by day, so the sale's own cut stays as listed.

Source: app/services/exports/payouts/base.rb, app/models/payment.rb and
app/modules/user/payout_schedule.rb of antiwork/gumroad (read 2026-11).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from salesdaemon.domain.ledger import UPCOMING, About, Entry, EntryKind, Payout
from salesdaemon.domain.money import exponent
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.gumroad.adapter import read_time
from salesdaemon.marketplaces.gumroad.wire import looks_like_id
from salesdaemon.marketplaces.gumroad.wire_payouts import WirePayout, WireRow

SALE: Final = "Sale"
REFUNDS: Final = frozenset(
    {"Full Refund", "Partial Refund", "PayPal Refund", "Stripe Connect Refund"}
)
AFFILIATE_CREDIT: Final = "Affiliate Credit"
KINDS: Final[Mapping[str, EntryKind]] = {
    # Until it is decided nobody knows whose money it is: the sale's status says what counts.
    "Chargeback": EntryKind.DISPUTE,
    # The cuts of the seller's own affiliates, by day. The sales themselves tell theirs.
    "Affiliate Fees": EntryKind.AFFILIATE,
    "PayPal Connect Affiliate Fees": EntryKind.AFFILIATE,
    "Stripe Connect Affiliate Fees": EntryKind.AFFILIATE,
    # What came through the seller's own account at a processor, and was paid out by that.
    "PayPal Payouts": EntryKind.TRANSFER,
    "Stripe Connect Payouts": EntryKind.TRANSFER,
    "Payout Fee": EntryKind.COST,
    "Credit": EntryKind.OTHER,
    "Technical Adjustment": EntryKind.OTHER,
}
"""What a row is by its type, but for sales and refunds; any other type is OTHER."""

CAME_BACK: Final = frozenset({"failed", "cancelled", "returned", "reversed"})
"""Statuses of a payout whose money is paid out again by a later one, with the same rows."""
_ON_ITS_WAY = frozenset({"creating", "processing"})
_DONE = "completed"
_PAUSED = "paused"
_RETURNED = "Payout returned"
_PAYOUT = "Payout"

_SUM = re.compile(r"totals|subtotal\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_ .:-]{1,32}")
_STATUS = re.compile(r"[a-z_]{1,32}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNREADABLE = "unreadable"
_FRIDAY = 4
_NOON = 12
_RANKS = {EntryKind.PAYMENT: 0, EntryKind.PROCESSING_FEE: 1, EntryKind.PAYOUT: 9}


def to_payout(wire: WirePayout, today: date) -> Payout | None:
    """Turn a payout into ours; None where its amount or id cannot be read.

    A payout arrives when Gumroad says: a completed one did, one to come names its day. Else the
    day is an estimate: every payout of a week is on its way by its Friday.
    """
    currency = wire.currency.upper() if _CURRENCY.fullmatch(wire.currency.upper()) else "USD"
    if wire.amount is None or (wire.id is not None and not looks_like_id(wire.id)):
        return None
    made_on = _day_of(wire.created_at)
    arrives_on, estimated = _arrival(wire, made_on, today)
    return Payout(
        payout_id=wire.id or UPCOMING,
        amount_minor=_payout_minor(wire.amount, currency),
        currency=currency,
        status=wire.status if _STATUS.fullmatch(wire.status) else "unknown",
        made_on=made_on if wire.id else None,
        arrives_on=arrives_on,
        estimated=estimated,
    )


def find_upcoming(payouts: Iterable[WirePayout], today: date) -> Payout | None:
    """Return the next payout of those that are not made yet; None where there is none."""
    ahead = [to_payout(wire, today) for wire in payouts if wire.id is None]
    return min(
        (payout for payout in ahead if payout is not None),
        key=lambda payout: payout.arrives_on or date.max,
        default=None,
    )


def to_entries(wire: WirePayout, otherwise: datetime) -> tuple[Entry, ...]:
    """Turn the rows of a payout into entries that add up to each row's net, and to zero.

    Amounts are US cents. `otherwise` is the time of what has no readable date. Ids are made of
    what a row says and not of its place: Gumroad may send the rows in another order each time,
    and those of a payout that came back belong to a later one too.
    """
    if wire.rows is None or not wire.id:
        return ()
    made_at = _moment(wire.created_at) or otherwise
    rows = [row for row in wire.rows if not _SUM.match(row.type)]
    lines = [line for row in _in_order(rows) for line in _lines(row)]
    payout = _Source(wire.id, made_at, _reversal_days(rows))
    paid = _paid_out(wire, payout, -sum(line.amount for line in lines))
    if wire.status in CAME_BACK:
        return paid
    return (*_number(lines, payout), *paid)


@dataclass(frozen=True, slots=True)
class _Line:
    """One entry of a row to be: `part` tells apart what a row is split into."""

    row: WireRow
    part: str
    kind: EntryKind
    amount: int


@dataclass(frozen=True, slots=True)
class _Source:
    """The payout that rows were read from."""

    payout_id: str
    made_at: datetime
    reversal_days: frozenset[str]


def _lines(row: WireRow) -> Iterable[_Line]:
    price, fees, net = _cents(row.sale_price), _cents(row.gumroad_fees), _cents(row.net_total)
    if row.type == SALE and looks_like_id(row.purchase_id):
        yield from _sale_lines(row, price, fees, net)
    elif row.type in REFUNDS and looks_like_id(row.purchase_id):
        yield from _refund_lines(row, price, fees, net)
    elif net is not None or price is not None:
        yield _Line(row, "net", _kind_of(row), (net if net is not None else price) or 0)


def _sale_lines(
    row: WireRow, price: int | None, fees: int | None, net: int | None
) -> Iterable[_Line]:
    if price is None:
        if net is None:
            return
        price = net + (fees or 0)
    taken = fees if fees is not None else price - (price if net is None else net)
    yield _Line(row, "price", EntryKind.PAYMENT, price)
    yield _Line(row, "fee", EntryKind.PROCESSING_FEE, -taken)
    if net is not None and net != price - taken:
        yield _Line(row, "rest", EntryKind.FEE, net - price + taken)


def _refund_lines(
    row: WireRow, price: int | None, fees: int | None, net: int | None
) -> Iterable[_Line]:
    """Split a refund; what exceeds the fee given back is an affiliate's part of it.

    On the seller's own processor the fee comes with the other sign, and nobody else is in it.
    """
    if price is None:
        if net is None:
            return
        price = net + (fees or 0)
    returned = -(fees or 0)
    if net is not None and (fees is None or row.type in {"PayPal Refund", "Stripe Connect Refund"}):
        returned = net - price
    yield _Line(row, "price", EntryKind.REFUND, price)
    yield _Line(row, "fee", EntryKind.FEE, returned)
    if net is not None and net != price + returned:
        yield _Line(row, "affiliate", EntryKind.AFFILIATE, net - price - returned)


def _kind_of(row: WireRow) -> EntryKind:
    if row.type == "Credit" and looks_like_id(row.purchase_id):
        return EntryKind.DISPUTE  # taken back: a dispute was won
    return KINDS.get(row.type, EntryKind.OTHER)


def _reversal_days(rows: Iterable[WireRow]) -> frozenset[str]:
    """Return the days on which own affiliates may have given back what they got."""
    return frozenset(row.date for row in rows if row.type in REFUNDS or row.type == "Chargeback")


def _affiliate_kind(line: _Line, payout: _Source) -> EntryKind:
    """Tell what a day's sum of affiliates' money is: income of one, less the cuts of others.

    The cuts of own affiliates, and what came back of them, are told by the sales already. So only
    a sum above zero on a day without refund is taken for income from selling what others made.
    """
    earned = line.amount > 0 and line.row.date not in payout.reversal_days
    return EntryKind.OTHER if earned else EntryKind.AFFILIATE


def _number(lines: Iterable[_Line], payout: _Source) -> Iterable[Entry]:
    """Make entries of lines: equal rows of a day get numbers, in the order of their amounts."""
    seen: Counter[str] = Counter()
    for line in lines:
        row = line.row
        sale_id = row.purchase_id if looks_like_id(row.purchase_id) else None
        key = f"{sale_id or payout.payout_id}:{row.date[:10]}:{_slug(_name(row))}:{line.part}"
        seen[key] += 1
        affiliates = row.type == AFFILIATE_CREDIT
        kind = _affiliate_kind(line, payout) if affiliates else line.kind
        # What affiliates got is told by the sale itself, of which this may be but a part.
        told = kind is EntryKind.AFFILIATE or sale_id is None
        posted_at = _posted_at(row) or payout.made_at
        yield Entry(
            entry_id=f"{key}:{seen[key]}",
            sequence=_sequence(posted_at, kind),
            posted_at=posted_at,
            kind=kind,
            name=_name(row),
            amount=line.amount,
            currency="USD",
            about=About.SHOP if told else About.SALE,
            about_id=None if told else sale_id,
        )


def _paid_out(wire: WirePayout, payout: _Source, amount: int) -> tuple[Entry, ...]:
    """Return what left the balance; a payout that came back left it and returned."""
    words = ((_PAYOUT, amount), (_RETURNED, -amount))
    return tuple(
        Entry(
            entry_id=f"{payout.payout_id}:{_slug(word)}",
            sequence=_sequence(payout.made_at, EntryKind.PAYOUT),
            posted_at=payout.made_at,
            kind=EntryKind.PAYOUT,
            name=word,
            amount=cents,
            currency="USD",
            about=About.SHOP,
        )
        for word, cents in (words if wire.status in CAME_BACK else words[:1])
    )


def _in_order(rows: Iterable[WireRow]) -> list[WireRow]:
    def key(row: WireRow) -> tuple[str, str, str, int, int]:
        amounts = (_cents(row.sale_price) or 0, _cents(row.net_total) or 0)
        return (row.date, row.type, row.purchase_id, *amounts)

    return sorted(rows, key=key)


def _sequence(posted_at: datetime, kind: EntryKind) -> int:
    return posted_at.date().toordinal() * 10 + _RANKS.get(kind, 5)


def _name(row: WireRow) -> str:
    return row.type if _NAME.fullmatch(row.type) else _UNREADABLE


def _slug(name: str) -> str:
    return name.replace(" ", "-").lower()


def _posted_at(row: WireRow) -> datetime | None:
    """Read a row's day, at its noon: a day later or earlier only at the edges of the world."""
    try:
        day = date.fromisoformat(row.date[:10])
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, _NOON, tzinfo=UTC)


def _cents(dollars: Decimal | None) -> int | None:
    if dollars is None:
        return None
    return int((dollars * 100).to_integral_value(ROUND_HALF_EVEN))


def _payout_minor(amount: Decimal, currency: str) -> int:
    """Turn Gumroad's hundredths into minor units: for it only yen has none (inferred)."""
    hundredths = (amount * 100).to_integral_value(ROUND_HALF_EVEN)
    if currency == "JPY":
        return int(hundredths)
    return int(hundredths.scaleb(exponent(currency) - 2).to_integral_value(ROUND_HALF_EVEN))


def _arrival(wire: WirePayout, made_on: date | None, today: date) -> tuple[date | None, bool]:
    if wire.id is None:
        if wire.status == _PAUSED:
            return None, False
        if made_on is not None and made_on >= today:
            return made_on, False
        return _friday(today), True
    if wire.status == _DONE:
        return _day_of(wire.processed_at) or made_on, wire.processed_at is None
    if wire.status in _ON_ITS_WAY and made_on is not None:
        return _friday(made_on), True
    return None, False


def _friday(day: date) -> date:
    return day + timedelta(days=(_FRIDAY - day.weekday()) % 7)


def _day_of(text: str | None) -> date | None:
    moment = _moment(text)
    return moment.date() if moment else None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_time(f"{text}T00:00:00Z" if len(text) == len("2026-01-02") else text)
    except PayloadError:
        return None
