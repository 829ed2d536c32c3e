"""A shop at Gumroad: what it sells when, and every odd thing that can happen to a sale."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.years.gumroad_orders import Product, Raw, disputed, minor, refunded, sale

DAY = 86_400
ARABIC = "\u062f\u0641\u062a\u0631 \u0627\u0644\u0645\u064a\u0632\u0627\u0646\u064a\u0629"
TEMPLATE = Product("prodTemplate==", "Notion template <b>Pro</b>", 1900, 1900)
BRUSHES = Product("prodBrushes==", "Brush set", 935, 800, "gbp")
ICONS = Product("prodIcons==", "Icon pack & more", 1200, 1200)
COURSE = Product("prodCourse==", ARABIC, 4317, 3999, "eur")
FONT = Product("prodFont==", "Font \u30d5\u30a9\u30f3\u30c8", 1003, 1500, "jpy")
PRINT = Product("prodPrint==", "Signed print", 3500, 3500, physical=True)
CLUB = Product("prodClub==", "Pattern club", 700, 700, monthly=True)
CENT = Product("prodCent==", "Wallpaper", 99, 99)
FREE = Product("prodFree==", "Sample page", 0, 0)
COMMISSION = Product("prodLogo==", "Logo commission", 15000, 15000)
BUNDLE = Product("prodBundle==", "Everything bundle", 5900, 5900)
COUNTRIES = ("US", "DE", "GB", "IN", "CA", "JP", None)
WEIGHTS = (40, 15, 12, 8, 8, 5, 12)
Versions = tuple[tuple[int, Raw], ...]


class Shop:
    """Draws sales; one purchase may be several rows: a bundle's parts, a membership's renewals."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._number = 700_000

    def sell(self, moment: datetime) -> list[Versions]:
        at = int(moment.timestamp())
        product = self._choose(moment.date())
        if product is BUNDLE:
            return self._bundle(at)
        if product is CLUB:
            return self._membership(at)
        return [self._plain(product, at)]

    def go_viral(self, moment: datetime) -> Versions:
        """Sell the one thing that everybody wants that day."""
        return self._plain(TEMPLATE, int(moment.timestamp()))

    def _choose(self, day: date) -> Product:
        months = (day.year - 2024) * 12 + day.month
        shares = {
            TEMPLATE: 2.0 + 0.1 * months,
            BRUSHES: max(0.0, 3.0 - 0.2 * months),
            ICONS: 2.5,
            COURSE: 3.0 if day.month in {1, 9} else 0.6,
            FONT: 1.0,
            PRINT: 0.8,
            CLUB: 0.5,
            CENT: 0.6,
            FREE: 1.2,
            COMMISSION: 0.15,
            BUNDLE: 0.3 if day >= date(2025, 3, 1) else 0.0,
        }
        return self._draw.choices(list(shares), list(shares.values()))[0]

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _plain(self, product: Product, at: int) -> Versions:
        draw = self._draw
        luck = draw.random()
        cents = product.cents
        body = sale(
            product,
            self._next(),
            at,
            quantity=2 if cents and draw.random() < 0.04 else 1,
            country=draw.choices(COUNTRIES, WEIGHTS)[0],
            discover=luck < 0.1,
            own_processor=luck > 0.94 and cents > 0,
            cut=cents * draw.choice((20, 30)) // 100 if 0.1 < luck < 0.18 and cents > 500 else None,
        )
        if luck > 0.99:
            body = {key: value for key, value in body.items() if key != "currency"}
            return ((at, body),)
        # A bank's debit takes days, and the sale is listed then, under its old time.
        listed_at = at + draw.randrange(DAY, 5 * DAY) if draw.random() < 0.01 else at
        return ((listed_at, body), *self._later(body, listed_at))

    def _later(self, body: Raw, at: int) -> Versions:
        draw = self._draw
        luck = draw.random()
        after = at + draw.randrange(DAY // 3, 30 * DAY)
        if not body["price"] or luck > 0.075:
            return ()
        if luck < 0.03:
            return ((after, refunded(body)),)
        if luck < 0.05:
            whole = minor(body["formatted_total_price"], body["currency"])
            part = max(1, whole * draw.randrange(10, 80) // 100)
            if part < whole:
                return ((after, refunded(body, part=part)),)
        if luck < 0.065:
            return ((after, disputed(body)),)
        if luck < 0.07:
            return ((after, disputed(body)), (after + 20 * DAY, disputed(body, won=True)))
        # It was refunded in part, the processor is gone, and nobody can tell how much.
        dead = {**refunded(body, part=1), "amount_refundable_in_currency": "0"}
        return ((after, dead),)

    def _bundle(self, at: int) -> list[Versions]:
        whole = sale(BUNDLE, self._next(), at)
        rows: list[Versions] = [((at, {**whole, "is_bundle_purchase": True}),)]
        for product in (TEMPLATE, ICONS):
            part = sale(replace(product, cents=0), self._next(), at)
            rows.append(((at, {**part, "is_bundle_product_purchase": True}),))
        return rows

    def _membership(self, at: int) -> list[Versions]:
        """Begin one, half of them with a free trial, and charge it month by month."""
        draw = self._draw
        subscription = f"sub{self._next()}=="
        trial = draw.random() < 0.5
        began = datetime.fromtimestamp(at, UTC)
        ends = began + timedelta(days=7)
        rows: list[Versions] = []
        for month in range(draw.randrange(1, 9)):
            then = at + month * 30 * DAY + (7 * DAY if trial and month else 0)
            body = sale(CLUB, self._next(), then, country="US")
            body |= {
                "subscription_id": subscription,
                "recurring_charge": month > 0,
                "free_trial_ends_on": f"{ends:%b} {ends.day}, {ends.year}" if trial else None,
                "cancelled": False,
            }
            if trial and not month:
                del body["refunded"]  # never charged
            later = self._later(body, then) if not trial or month else ()
            rows.append(((then, body), *later))
        return rows
