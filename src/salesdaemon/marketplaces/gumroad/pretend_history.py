"""Years of made-up sales, the same for the same seed, and the one that comes in next."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from salesdaemon.marketplaces.gumroad.pretend_json import COUNTRIES
from salesdaemon.marketplaces.gumroad.pretend_ledger import Ledger
from salesdaemon.marketplaces.gumroad.pretend_money import listed_of
from salesdaemon.marketplaces.gumroad.pretend_sale import Product, Sale, fee_of

_DAY = 86_400
_COUNTRIES = sorted(COUNTRIES)
_PRICES = (500, 900, 1200, 1500, 1900, 2400, 2900, 4900, 9900, 129_900)
_DIGITAL = (
    "Planner",
    "Icon pack",
    "Notion template",
    "Brush set",
    "Knitting pattern “Fjord”",
    "写真プリセット",
    "Field guide",
)
_PHYSICAL = ("Sticker sheet", "Enamel pin")
_MEMBERSHIP = ("Studio membership", "Newsletter club")
_FOREIGN = ("eur", "gbp", "jpy", "krw", "inr", "brl")
_Shape = Callable[["Storyteller", Sale], None]


@dataclass(slots=True)
class Storyteller:
    """Invents sales for one shop."""

    ledger: Ledger
    random: random.Random
    now: float = 0

    def past(self, count: int, *, days: int) -> list[Sale]:
        """Invent sales spread over the days before now."""
        self.now = self.ledger.time()
        end = int(self.now)
        moments = sorted(self.random.randrange(end - days * _DAY, end) for _ in range(count))
        sales: list[Sale] = []
        while len(sales) < count:
            sale = self.plain(moments[len(sales)])
            self.random.choices(_SHAPES, _WEIGHTS)[0](self, sale)
            sales += [sale, *sale.parts][: count - len(sales)]
        return sales

    def plain(self, created: int) -> Sale:
        """Invent an ordinary paid sale."""
        price = self.random.choice(_PRICES)
        name = self.random.choice(_DIGITAL)
        sale = self.row(created, self._product(name, price=price), price)
        sale.country = self.random.choice(_COUNTRIES)
        return sale

    def row(self, created: int, product: Product, price: int) -> Sale:
        """Make the barest row of the list."""
        order_id = self.ledger.next_order_id(created)
        return Sale(
            id=self.ledger.opaque_id("sale", order_id),
            order_id=order_id,
            created=created,
            listed=created,
            product=product,
            price=price,
            fee=fee_of(price),
            currency="usd",
            listed_total=price,
        )

    def _product(
        self, name: str, *, price: int, physical: bool = False, subscription: bool = False
    ) -> Product:
        return self.ledger.product(name, physical=physical, subscription=subscription, price=price)

    def member(self, sale: Sale) -> None:
        """Make a sale one of a membership."""
        name = self.random.choice(_MEMBERSHIP)
        sale.product = self._product(name, price=900, subscription=True)
        member = self.random.randrange(200)
        sale.subscription_id = self.ledger.opaque_id("subscription", member)

    def price(self, sale: Sale, price: int) -> None:
        """Give a sale another price."""
        sale.price = sale.listed_total = price
        sale.fee = fee_of(price)

    def ship(self, sale: Sale) -> None:
        """Make a sale one of something that is sent."""
        name = self.random.choice(_PHYSICAL)
        sale.product = self._product(name, price=sale.price, physical=True)

    def bundle(self, sale: Sale) -> None:
        """Add the parts of a bundle to a sale."""
        sale.bundle = True
        for name in self.random.sample(_DIGITAL, self.random.randint(2, 4)):
            part = self.row(sale.created, self._product(name, price=1200), 0)
            part.bundle_item = True
            part.country = sale.country
            sale.parts.append(part)

    def later(self, sale: Sale) -> float:
        """Pick a moment between a sale and now."""
        return self.random.uniform(sale.created, max(sale.created, self.now))


def _ordinary(_teller: Storyteller, _sale: Sale) -> None:
    pass


def _free(teller: Storyteller, sale: Sale) -> None:
    teller.price(sale, 0)


def _tipped(teller: Storyteller, sale: Sale) -> None:
    tip = teller.random.randrange(50, 1000)
    teller.price(sale, sale.price + tip)
    sale.tip = tip


def _several(teller: Storyteller, sale: Sale) -> None:
    sale.quantity = teller.random.randint(2, 9)
    teller.price(sale, sale.price * sale.quantity)


def _renewed(teller: Storyteller, sale: Sale) -> None:
    teller.member(sale)
    sale.recurring = True
    sale.trial = teller.random.random() < 0.3  # noqa: PLR2004 - a renewal after a trial tells of it too


def _joined(teller: Storyteller, sale: Sale) -> None:
    teller.member(sale)


def _tried(teller: Storyteller, sale: Sale) -> None:
    teller.member(sale)
    sale.trial = True


def _upgraded(teller: Storyteller, sale: Sale) -> None:
    teller.member(sale)
    sale.recurring = sale.upgrade = True


def _foreign(teller: Storyteller, sale: Sale) -> None:
    sale.currency = teller.random.choice(_FOREIGN)
    sale.listed_total = listed_of(sale.price, sale.currency)


def _discovered(_teller: Storyteller, sale: Sale) -> None:
    sale.discover = True
    sale.fee = fee_of(sale.price, discover=True)


def _own_processor(_teller: Storyteller, sale: Sale) -> None:
    sale.own_processor = True
    sale.fee = fee_of(sale.price, own_processor=True)


def _recommended(teller: Storyteller, sale: Sale) -> None:
    sale.affiliate = (sale.price - sale.fee) * teller.random.choice((10, 25, 50)) // 100


def _refunded(teller: Storyteller, sale: Sale) -> None:
    teller.random.choice((_ordinary, _foreign, _discovered, _own_processor, _recommended))(
        teller, sale
    )
    sale.refund(None, teller.later(sale))


def _partly_refunded(teller: Storyteller, sale: Sale) -> None:
    teller.random.choice((_ordinary, _several, _foreign, _discovered, _own_processor))(teller, sale)
    sale.refund(teller.random.randrange(100, sale.price - 100), teller.later(sale))


def _disputed(teller: Storyteller, sale: Sale) -> None:
    sale.dispute(min(teller.now, sale.created + 20 * _DAY))


def _won(teller: Storyteller, sale: Sale) -> None:
    _disputed(teller, sale)
    sale.win_dispute(min(teller.now, sale.created + 60 * _DAY))


_ODDS: dict[_Shape, int] = {
    _ordinary: 380,
    _free: 80,
    _tipped: 40,
    _several: 40,
    _renewed: 140,
    _joined: 30,
    _tried: 20,
    _upgraded: 10,
    _foreign: 70,
    _discovered: 50,
    _own_processor: 30,
    _recommended: 30,
    Storyteller.ship: 20,
    Storyteller.bundle: 15,
    _refunded: 25,
    _partly_refunded: 10,
    _disputed: 6,
    _won: 4,
}
_SHAPES = list(_ODDS)
_WEIGHTS = list(_ODDS.values())
