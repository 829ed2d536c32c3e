"""Three shops at Etsy: what they sell when, and every odd thing that can happen to an order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from tests.years.etsy_orders import Line, Raw, Till, Writer

DAY = 86_400
HEBREW = (
    "\u05de\u05d7\u05d1\u05e8\u05ea \u05d4\u05d3\u05e4\u05e1\u05d4 A5 "
    "(\u05de\u05d4\u05d3\u05d5\u05e8\u05d4 2)"
)
LONG = (
    "Printable wall calendar &amp; meal planner, " + "very detailed, " * 12 + "PDF &quot;A4&quot;"
)
COUNTRIES = ("DE", "US", "GB", "FR", "AT", "JP", "AU", "BR", None)
WEIGHTS = (30, 25, 15, 8, 6, 5, 4, 2, 5)
STATUSES = ("Completed", "completed", "Paid", "paid", "COMPLETED")


@dataclass(frozen=True)
class Good:
    """A listing; `share` says by month how likely it is to be bought, 0 when it is not there."""

    line: Line
    shape: str = "steady"

    def share(self, day: date) -> float:
        months = (day.year - 2024) * 12 + day.month
        match self.shape:
            case "advent":
                return 6.0 if day.month in {11, 12} else 0.0
            case "fading":
                return max(0.0, 4.0 - 0.3 * months)
            case "rising":
                return max(0.0, 0.35 * (months - 12))
            case "late":
                return 2.0 if day >= date(2025, 10, 5) else 0.0
            case "rare":
                return 0.25
            case _:
                return 2.0


def renamed(line: Line, day: date) -> Line:
    """Give the planner its new name in 2025: the listing stays the same."""
    if line.title == "Weekly planner" and day.year > 2024:
        return replace(line, title="Weekly planner, undated")
    return line


def catalogue() -> list[Raw]:
    """Return what Etsy tells of listings; deleted ones are missing."""
    told = (
        (1011, "download", "i_did", False),
        (1012, "download", "i_did", True),
        (1013, "physical", "i_did", False),
        (1014, "download", "2020_2024", False),
        (1015, "physical", "i_did", False),
        (1016, "download", "i_did", False),
        (1017, "both", "i_did", False),
        (1018, "download", "made_to_order", False),
        (1020, "download", "i_did", False),
        (2011, "download", "i_did", False),
        (2012, "physical", "made_to_order", False),
        (3011, "download", "i_did", False),
        (3012, "physical", "i_did", False),
    )
    return [
        {
            "listing_id": number,
            "listing_type": kind,
            "when_made": made,
            "is_personalizable": personal,
        }
        for number, kind, made, personal in told
    ]


GOODS: dict[str, tuple[Good, ...]] = {
    "prints": (
        Good(Line(1011, "Weekly planner", 1200)),
        Good(Line(1012, "Wedding set", 2900, personalised="question"), "rare"),
        Good(Line(1013, "Art print, signed", 2400, digital=False)),
        Good(Line(1014, "Advent calendar to print", 850), "advent"),
        Good(Line(1015, "Sticker sheet", 350, digital=False), "fading"),
        Good(Line(1016, "Budget sheet", 1499), "rising"),
        Good(Line(1017, HEBREW, 990, digital=None), "rare"),
        Good(Line(1018, "Logo, drawn for you", 8900), "rare"),
        Good(Line(None, "Bookmark of a deleted listing", 199), "rare"),
        Good(Line(1020, LONG, 1650), "late"),
        Good(Line(1019, "Postcard without a mark", 150, digital=None), "rare"),
    ),
    "london": (
        Good(Line(2011, "Recipe cards", 675)),
        Good(Line(2012, "Tea towel", 1850, digital=False)),
        Good(Line(2013, "Name sign", 3100, personalised="property"), "rare"),
    ),
    "tokyo": (
        Good(Line(3011, "\u6708\u9593\u30d7\u30e9\u30f3\u30ca\u30fc", 1500)),
        Good(
            Line(
                3012, "\u6d6e\u4e16\u7d75\u30dd\u30b9\u30c8\u30ab\u30fc\u30c9", 480, digital=False
            ),
            "rising",
        ),
        Good(Line(3013, "Seal, carved", 6200, personalised="name"), "fading"),
    ),
}
Versions = tuple[tuple[int, Raw], ...]


class Shop:
    """Draws orders of one shop; `sell` returns an order with all that becomes of it."""

    def __init__(self, name: str, shop_id: int, currency: str, draw: random.Random) -> None:
        self.name = name
        self.shop_id = shop_id
        self.currency = currency
        self._draw = draw
        self._writers = [Writer(shop_id, currency)]
        if currency == "JPY":  # what divisor yen has is not known
            self._writers.append(Writer(shop_id * 7, currency, divisor=100))
        self._numbers = shop_id * 10**7

    def sell(self, moment: datetime) -> Versions:
        draw = self._draw
        created = int(moment.timestamp())
        self._numbers += 1
        lines = self._choose(moment.date())
        till = self._till(lines)
        write = draw.choice(self._writers)
        country = draw.choices(COUNTRIES, WEIGHTS)[0]
        late = draw.random() < 0.02
        paid = created + draw.randrange(3600, 3 * DAY) if late else created
        receipt = write.receipt(
            self._numbers,
            created,
            lines,
            till,
            country=country,
            paid=paid,
            status=draw.choice(STATUSES),
        )
        if not late:
            return self._later(write, created, receipt)
        waiting = write.receipt(
            self._numbers, created, lines, till, country=country, paid=None, status="open"
        )
        if draw.random() < 0.3:  # it never is
            return ((created, waiting),)
        return ((created, waiting), *self._later(write, paid, receipt))

    def _choose(self, day: date) -> list[Line]:
        goods = GOODS[self.name]
        shares = [good.share(day) for good in goods]
        count = self._draw.choices((1, 2, 3), (80, 15, 5))[0]
        lines = []
        for good in self._draw.choices(goods, shares, k=count):
            quantity = self._draw.choices((1, 2, 5), (88, 9, 3))[0]
            lines.append(renamed(replace(good.line, quantity=quantity), day))
        return lines

    def _till(self, lines: Sequence[Line]) -> Till:
        draw = self._draw
        total = sum(line.price * line.quantity for line in lines)
        posted = any(line.digital is False for line in lines)
        luck = draw.random()
        discount = total * draw.choice((10, 25, 33)) // 100 if luck < 0.12 else 0
        if luck > 0.992:
            discount = total  # a coupon for everything
        shipping = draw.choice((0, 390, 490)) if posted else 0
        wrap = 300 if posted and draw.random() < 0.05 else 0
        taxed = draw.random()
        base = total - discount + shipping
        return Till(
            discount=discount,
            shipping=shipping,
            tax=base * 8 // 100 if taxed < 0.12 else 0,
            vat=base * 19 // 100 if taxed > 0.75 else 0,
            wrap=wrap,
            vat_in_total=taxed < 0.97,
        )

    def _later(self, write: Writer, paid: int, receipt: Raw) -> Versions:
        """Let some be refunded, in part or whole, or cancelled."""
        draw = self._draw
        luck = draw.random()
        charged = receipt["grandtotal"]["amount"] * 1
        scale = receipt["grandtotal"]["divisor"]
        if luck > 0.07 or not charged:
            return ((paid, receipt),)
        minor = charged if self.currency != "JPY" else charged // scale
        at = paid + draw.randrange(DAY // 2, 40 * DAY)
        if luck < 0.01:
            return ((paid, receipt), (at, {**receipt, "status": "Canceled"}))
        if luck < 0.03:
            whole = {**receipt, "status": "fully refunded", "refunds": [write.refund(minor, at)]}
            return ((paid, receipt), (at, whole))
        first = write.refund(max(1, minor * draw.randrange(5, 60) // 100), at)
        once = {**receipt, "status": "Partially Refunded", "refunds": [first]}
        if luck < 0.06:
            return ((paid, receipt), (at, once))
        second = write.refund(max(1, minor * draw.randrange(5, 40) // 100), at + DAY)
        twice = {**once, "refunds": [first, second]}
        return ((paid, receipt), (at, once), (at + DAY, twice))
