"""What happens in the fortnight: who buys what and when, and what breaks. The same in every run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from salesdaemon.domain.period import resolve
from salesdaemon.domain.sale import Kind, Sale
from tests.factories import BERLIN, item, sale

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WATCHED_SINCE = datetime(2026, 10, 18, 10, tzinfo=UTC)
HISTORY_DAYS, HISTORY_SALES = 70, 940
SOLD, FREE = 2000, 60
# How much is bought in each hour of the day, and on each weekday.
HOURS = (1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 8, 7, 5, 3)
WEEKDAYS = (1, 1, 0.9, 1, 1, 1.2, 1.3)
COUNTRIES = ("DE", "DE", "DE", "US", "US", "GB", "FR", "AT", "NL", None)
FAR = ("NZ", "IS", "JP")


def local(day: int, clock: str) -> datetime:
    """Return an instant of the fortnight: day 1 is Monday, 19 October 2026."""
    on = (datetime(2026, 10, 18, tzinfo=UTC) + day * DAY).date()
    return resolve(on, time.fromisoformat(clock), BERLIN)


START, END = local(1, "00:00"), local(15, "00:00")
LOGIN_DIES, LOGIN_BACK = local(2, "11:20"), local(2, "19:40")
DESK_DIES, DESK_BACK = local(3, "10:00"), local(4, "16:00")
LAUNCH = local(4, "14:00")
UPGRADE = local(4, "12:00")
LEAVES, RETURNS = local(5, "09:00"), local(8, "09:00")
SERVER_OFF, SERVER_ON = local(8, "13:00"), local(8, "17:30")
PARTNER_BLOCKS, PARTNER_BACK = local(9, "08:00"), local(10, "18:00")
NIGHTLY_POWER_CUT = local(10, "02:00")
REFUND_WAVE = local(10, "10:30")
KILLED = local(11, "19:00")
QUIET_FROM, QUIET_UNTIL = local(12, "18:00"), local(14, "18:00")
DISPUTED, DISPUTE_WON = local(5, "15:00"), local(12, "11:00")
PAYOUTS = {
    local(4, "09:30"): ("prints", 184_250, "EUR"),
    local(11, "09:30"): ("prints", 402_115, "EUR"),
}

RUSHES = (  # from when, for how long, how many, of what
    (local(4, "20:00"), 10 * MINUTE, 300, "Calendar 2027"),
    (local(6, "11:00"), 30 * MINUTE, 450, "Weekly planner"),
    (local(11, "15:03"), 8 * MINUTE, 350, "Habit tracker"),
)


@dataclass(frozen=True)
class Product:
    """What a shop sells, for how much, how often compared with the others."""

    shop: str
    title: str
    gross_minor: int
    weight: int
    passive: bool = True


PRODUCTS = (
    Product("prints", "Weekly planner", 1200, 8),
    Product("prints", "Habit tracker", 650, 8),
    Product("prints", "Sticker sheet", 300, 4),
    Product("prints", "Wedding invitation, personalised", 4800, 2, passive=False),
    Product("templates", "Budget spreadsheet", 1900, 8),
    Product("templates", "Notion study hub", 2900, 4),
    Product("templates", "Logo commission", 9000, 1, passive=False),
)
CALENDAR = Product("prints", "Calendar 2027", 1500, 6)
CURRENCIES = {"prints": "EUR", "templates": "USD"}


@dataclass(frozen=True)
class Bought:
    """A sale at its shop, before anybody read it."""

    shop: str
    sale: Sale

    @property
    def read_at(self) -> datetime:
        """The next poll; one begins with each minute."""
        paid = self.sale.paid_at
        return paid.replace(second=0, microsecond=0) + MINUTE


class Story:
    """All that is bought, in the order of time."""

    def __init__(self) -> None:
        self._random = Random(19)
        self._count = 0
        first = WATCHED_SINCE - HISTORY_DAYS * DAY
        self.history = list(self._trade(first, WATCHED_SINCE, HISTORY_SALES, "h"))
        rushes = [each for rush in RUSHES for each in self._rush(*rush)]
        regular = self._trade(START, END, SOLD - len(rushes), "s")
        free = self._trade(START, END, FREE, "f")
        self.bought = sorted([*rushes, *regular, *free], key=lambda each: each.sale.paid_at)

    def _trade(self, first: datetime, last: datetime, count: int, name: str) -> Iterator[Bought]:
        for moment in self._moments(first, last, count):
            if name == "f":
                template = Product("templates", "Mini planner (free)", 0, 1)
                yield self._buy(template, moment, name, kind=Kind.FREE)
            else:
                yield self._buy(self._choose(moment), moment, name)

    def _moments(self, first: datetime, last: datetime, count: int) -> Sequence[datetime]:
        hours = []
        moment = first
        while moment < last:
            at = moment.astimezone(BERLIN)
            hours.append((moment, HOURS[at.hour] * WEEKDAYS[at.weekday()]))
            moment += HOUR
        chosen = self._random.choices([at for at, _ in hours], [w for _, w in hours], k=count)
        return sorted(
            at + int(self._random.random() * 3600) * timedelta(seconds=1) for at in chosen
        )

    def _choose(self, moment: datetime) -> Product:
        on_sale = [*PRODUCTS, *([CALENDAR] if moment >= LAUNCH else [])]
        if QUIET_FROM <= moment < QUIET_UNTIL:
            on_sale = [each for each in on_sale if each.shop == "prints"]
        return self._random.choices(on_sale, [each.weight for each in on_sale])[0]

    def _rush(self, start: datetime, length: timedelta, count: int, title: str) -> Iterator[Bought]:
        product = next(each for each in (*PRODUCTS, CALENDAR) if each.title == title)
        for place in range(count):
            yield self._buy(product, start + place * length / count, "r")

    def _buy(self, product: Product, at: datetime, name: str, kind: Kind = Kind.SALE) -> Bought:
        self._count += 1
        chance = self._random.random()
        country = FAR[self._count % 3] if chance < 0.003 else COUNTRIES[int(chance * 10)]
        line = item(
            product.gross_minor,
            product=product.title,
            product_id=product.title,
            passive=product.passive,
        )
        sold = sale(
            f"{name}{self._count}",
            kind=kind,
            paid_at=at.replace(microsecond=0),
            currency=CURRENCIES[product.shop],
            gross_minor=product.gross_minor,
            fees_minor=product.gross_minor // 10,
            country=country,
            items=(line,),
        )
        return Bought(product.shop, sold)


def noted() -> dict[datetime, str]:
    """Say what happened to the seller's world, for the diary."""
    return {
        START: "A fortnight begins. Quiet from 22:30 to 07:00, at weekends to 09:00.",
        LOGIN_DIES: "The login of prints dies.",
        LOGIN_BACK: "The seller signs in to prints again.",
        DESK_DIES: "The desk's Gotify server breaks down.",
        DESK_BACK: "The desk's Gotify server works again.",
        UPGRADE: "salesdaemon is upgraded and started again.",
        LAUNCH: "Calendar 2027 is put up for sale.",
        RUSHES[0][0]: "A newsletter brings 300 buyers of the calendar in ten minutes.",
        LEAVES: "The seller leaves: `salesdaemon away --until 2026-10-26T09:00`.",
        DISPUTED: "A buyer's bank takes the money of a sale back.",
        RUSHES[1][0]: "A big account shows the planner: 450 buyers in half an hour.",
        SERVER_OFF: "The server is switched off.",
        SERVER_ON: "The server is switched on.",
        PARTNER_BLOCKS: "The partner blocks the Telegram bot by mistake.",
        NIGHTLY_POWER_CUT: "The power fails for a moment.",
        REFUND_WAVE: "The seller refunds 14 orders of a product with a fault.",
        PARTNER_BACK: "The partner lets the bot in: `salesdaemon alerts --failed --retry`.",
        RUSHES[2][0]: "Another newsletter: 350 habit trackers in eight minutes.",
        KILLED: "salesdaemon is killed after a push, before it noted it.",
        DISPUTE_WON: "The dispute is won.",
        QUIET_FROM: "Nobody buys at templates any more.",
        QUIET_UNTIL: "templates sells again.",
        END: "The fortnight is over.",
    }
