"""The pretend shop's payouts: made of what the sales moved, one for each week.

A payout is made on a Friday of all that moved up to the Friday before, if that is ten dollars at
least. What it held stays as it was, whatever becomes of the sales.

Source: Gumroad's public source (`base.rb`, `payout_schedule.rb`, `payment.rb`), read 2026-11.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from salesdaemon.marketplaces.gumroad.pretend_ledger import Ledger
from salesdaemon.marketplaces.gumroad.pretend_movements import (
    Key,
    Movement,
    day_of,
    movements_of,
)

MINIMUM = 1000
_FRIDAY = 4
_WEEK = timedelta(days=7)
_ARRIVES_AFTER = timedelta(days=3)
_OFFSETS = {"PayPal": "PayPal Payouts", "Stripe Connect": "Stripe Connect Payouts"}
AFFILIATE_CREDIT = "Affiliate Credit"
_AFFILIATES = {
    None: AFFILIATE_CREDIT,
    "PayPal": "PayPal Connect Affiliate Fees",
    "Stripe Connect": "Stripe Connect Affiliate Fees",
}


@dataclass(slots=True)
class Payout:
    """Money sent to the seller: the rows that it shows, and the movements that are paid by it."""

    id: str
    number: int
    made_at: datetime
    rows: tuple[Movement, ...]
    movements: tuple[Movement, ...]
    failure: str | None = None

    @property
    def amount(self) -> int:
        """What was sent, in US cents."""
        return sum(row.net for row in self.rows)

    def status(self, now: datetime) -> str:
        """Tell how far it has come."""
        if self.failure:
            return self.failure
        return "completed" if now >= self.made_at + _ARRIVES_AFTER else "processing"

    def processed_at(self, now: datetime) -> datetime | None:
        """Tell when it arrived, once it has."""
        return self.made_at + _ARRIVES_AFTER if self.status(now) == "completed" else None


@dataclass(slots=True)
class PayoutBook:
    """Makes payouts and remembers what was paid out. Take the ledger's lock around its use."""

    ledger: Ledger
    now: Callable[[], datetime]
    payouts: list[Payout] = field(default_factory=list)
    paid: dict[Key, Movement] = field(default_factory=dict)
    beside: list[Movement] = field(default_factory=list)

    def move(self, kind: str, cents: int) -> None:
        """Move something that belongs to no sale: a credit, or income as someone's affiliate."""
        key = ("shop", f"{kind} {len(self.beside)}")
        affiliates = kind == AFFILIATE_CREDIT
        self.beside.append(
            Movement(
                key=key,
                day=day_of(self.ledger.time()),
                type=kind,
                net=0 if affiliates else cents,
                price=None if affiliates else cents,
                affiliates=cents if affiliates else 0,
            )
        )

    def make_due(self) -> list[Payout]:
        """Make the payouts of every Friday so far."""
        left: Sequence[Movement] = sorted(self._open(), key=lambda movement: movement.day)
        made: list[Payout] = []
        if not left:
            return made
        friday = friday_on_or_after(left[0].day)
        while left and friday <= self.now().astimezone(UTC).date():
            due, later = _part(left, friday - _WEEK)
            made_at = datetime(friday.year, friday.month, friday.day, 10, tzinfo=UTC)
            payout = self._make(due, made_at, fee=0, minimum=MINIMUM)
            if payout:
                made.append(payout)
                left = later
            friday += _WEEK
        return made

    def make_now(self, *, fee: int) -> Payout:
        """Pay out everything, this moment.

        Raises:
            ValueError: there is nothing to pay out.
        """
        made = self._make(list(self._open()), self.now().astimezone(UTC), fee=fee, minimum=1)
        if made is None:
            raise ValueError("There is nothing to pay out.")
        return made

    def fail(self, payout_id: str, status: str) -> None:
        """Let a payout come back; its rows will be in a later one again.

        Raises:
            LookupError: there is no such payout.
        """
        payout = next((each for each in self.payouts if each.id == payout_id), None)
        if payout is None:
            raise LookupError(payout_id)
        came_back = payout.failure is not None
        payout.failure = status
        if came_back:
            return  # a later payout may have paid its rows since
        for movement in payout.movements:
            self.paid.pop(movement.key, None)

    def upcoming(self) -> list[Payout]:
        """Tell the payouts to come, the next one first."""
        found: list[Payout] = []
        left: Sequence[Movement] = sorted(self._open(), key=lambda movement: movement.day)
        friday = friday_on_or_after(self.now().astimezone(UTC).date())
        while left:
            due, left = _part(left, friday - _WEEK)
            made_at = datetime(friday.year, friday.month, friday.day, tzinfo=UTC)
            payout = Payout("", 0, made_at, tuple(_rows(due)), tuple(due))
            if payout.amount < MINIMUM:
                break
            found.append(payout)
            friday += _WEEK
        return found

    def _make(
        self, due: Sequence[Movement], made_at: datetime, *, fee: int, minimum: int
    ) -> Payout | None:
        rows = _rows(due)
        if fee:
            rows.append(Movement(("fee", ""), made_at.date(), "Payout Fee", -fee, fees=fee))
        number = len(self.payouts) + 1
        payout_id = self.ledger.opaque_id("payout", number)
        payout = Payout(payout_id, number, made_at, tuple(rows), tuple(due))
        if payout.amount < minimum:
            return None
        self.payouts.append(payout)
        self.paid |= {movement.key: movement for movement in due}
        return payout

    def _open(self) -> Iterator[Movement]:
        """Tell what moved and was not paid out; what is paid out and undone since comes back."""
        known: set[Key] = set()
        for sale in self.ledger.listed():
            for movement in movements_of(sale):
                known.add(movement.key)
                if movement.key not in self.paid:
                    yield movement
        yield from (each for each in self.beside if each.key not in self.paid)
        known.update(each.key for each in self.beside)
        yield from self._undone(known)

    def _undone(self, known: set[Key]) -> Iterator[Movement]:
        today = self.now().astimezone(UTC).date()
        for key, row in self.paid.items():
            undo = ("undone", "/".join(key))
            if key not in known and key[0] != "undone" and undo not in self.paid:
                yield Movement(undo, today, "Technical Adjustment", -row.net - row.affiliates)


def _part(
    movements: Sequence[Movement], through: date
) -> tuple[Sequence[Movement], Sequence[Movement]]:
    """Part what moved up to a day from what moved later; they come by day."""
    place = bisect_right(movements, through, key=lambda movement: movement.day)
    return movements[:place], movements[place:]


def _rows(due: Iterable[Movement]) -> list[Movement]:
    """Tell the rows of a payout: affiliates by day, and what another paid out taken off again."""
    rows: list[Movement] = []
    sums: dict[tuple[date, str | None], int] = defaultdict(int)
    elsewhere: dict[str, list[Movement]] = defaultdict(list)
    for each in due:
        if each.type != AFFILIATE_CREDIT:
            rows.append(each)
        sums[each.day, each.processor] += each.affiliates
        if each.processor:
            elsewhere[each.processor].append(each)
    for (day, processor), cents in sums.items():
        if cents:
            name = _AFFILIATES[processor]
            rows.append(Movement(("sum", name), day, name, cents, price=cents))
    for processor, group in elsewhere.items():
        cents = -sum(each.net + each.affiliates for each in group)
        name, day = _OFFSETS[processor], max(each.day for each in group)
        rows.append(Movement(("sum", name), day, name, cents, price=cents))
    return rows


def friday_on_or_after(day: date) -> date:
    """Tell the payday of a week."""
    return day + timedelta(days=(_FRIDAY - day.weekday()) % 7)


def told(payout: Payout) -> dict[str, object]:
    """Tell a payout in US cents: what was sent, and what the rows of each type come to."""
    sums: dict[str, int] = defaultdict(int)
    for row in payout.rows:
        sums[row.type] += row.net
    return {"id": payout.id, "amount": payout.amount, "by_type": dict(sums)}
