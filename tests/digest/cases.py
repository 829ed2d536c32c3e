"""Days worth a digest, each with what makes it special; the golden files are named after them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.digests import Gap
from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.ledger import UPCOMING, EntryKind, Payout, ShopLine
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StaleShop, StoredSale
from tests.digest.facts import FRIDAY, content, looking_back, news, sale, two_years
from tests.digest.long_cases import LONG_CASES

HOSTILE = (
    "</td></table><script>alert(1)</script><img src=https://evil.example/x.png> "
    "{{ 7 * 7 }} {% raw %} & \u202egnp.exe\u2066 \x00\x1b[31m\r\nBcc: x@evil.example\u2028"
    "\ud800 Z\u0335\u0336\u0337\u0338\u0321\u0322\u0327\u0328algo "
)
ARABIC = "مخطط أسبوعي قابل للطباعة 2027 (A4)"
HEBREW = "מתכנן שבועי"


LATE_SALE = news("sale", gross=1900, net=1534)
LATE_REFUND = news("refund", "Sticker sheet: cats", refunded=1200, net=-965)
WON = news("dispute_won", "Icon pack", refunded=-2500, net=2100)
YESTERDAY = sale(4010, day=FRIDAY - timedelta(days=1))
LAST_FRIDAY = [sale(6000, day=FRIDAY - timedelta(days=7)) for _ in range(2)]
NEXT_FRIDAY = FRIDAY + timedelta(days=7)
EARLIER = [YESTERDAY, *LAST_FRIDAY]


def _ordinary() -> list[StoredSale]:
    return [
        sale(1530, product="Weekly planner 2027"),
        sale(1530, product="Weekly planner 2027", country="US"),
        sale(1205, product="Icon pack for makers", country="US"),
        sale(1205, product="Icon pack for makers", country="GB"),
        sale(730, product="Sticker sheet: cats", quantity=2),
        sale(920, product="Watercolour brushes", country="AT"),
        sale(
            1520,
            shop="prints",
            marketplace="etsy",
            product="Hand-lettered name print, A3, framed",
            passive=False,
        ),
    ]


def empty_day() -> DigestContent:
    return content(EARLIER)


def one_sale() -> DigestContent:
    return content([sale(), *EARLIER])


def ordinary_day() -> DigestContent:
    sales = [*_ordinary(), *two_years(FRIDAY - timedelta(days=1))]
    return looking_back(content(sales, news=(LATE_SALE, LATE_REFUND)), sales)


def many_currencies() -> DigestContent:
    return content(
        [
            sale(7120),
            sale(1520, shop="prints", marketplace="etsy", product="Framed print", passive=False),
            sale(1300, currency="JPY", product="Origami poster"),
            sale(965, currency="USD"),
            sale(450, currency="USD", product="Mystery box", passive=None),
            *EARLIER,
            sale(2000, currency="GBP", day=FRIDAY - timedelta(days=1)),
        ]
    )


def refund_day() -> DigestContent:
    return content(
        [
            sale(965),
            sale(-30, gross=1200, refunded=1200, fees=235, fees_refunded=205),
            sale(
                0, gross=2500, refunded=2500, fees=310, product="Icon pack", status=Status.DISPUTED
            ),
            sale(880, gross=1600, fees=320, affiliate=400, product="Course"),
            *EARLIER,
        ]
    )


def news_only() -> DigestContent:
    return content(EARLIER, news=(LATE_SALE, LATE_REFUND, WON, news("settled", net=-12)))


def books() -> DigestContent:
    """Tell costs, payouts and an entry that nobody knows, convert, and correct fees."""
    lines = [
        ShopLine("prints", FRIDAY, EntryKind.COST, "prolist", "EUR", -150),
        ShopLine("prints", FRIDAY, EntryKind.COST, "shipping_labels", "EUR", -395),
        ShopLine("prints", FRIDAY, EntryKind.OTHER, "etsy_plus_credit", "EUR", 250),
    ]
    payouts = [
        ("prints", Payout("p1", 21240, "EUR", "sent", FRIDAY)),
        (
            "templates",
            Payout(UPCOMING, 14369, "USD", "payable", None, NEXT_FRIDAY),
        ),
    ]
    made = content(
        [sale(965, currency="USD"), sale(1530, shop="prints"), *EARLIER],
        news=(replace(news("fees", None, net=-35), shop="prints", sale_id=""),),
        find_rate=lambda _currency, day: Conversion(Fraction(10000, 10823), day, "ECB"),
    )
    return replace(made, books=BooksOfPeriod(lines, payouts))


def hostile_titles() -> DigestContent:
    titles: list[str | None] = [
        HOSTILE,
        "A" * 6000,
        "wörter " * 900,
        "",
        None,
        "\u202e\u200b\x07",
        "漢字" * 300,
        "👩🏽‍🚀" * 200,
        "'\"><a href=javascript:1>`${x}`",
    ]
    return content(
        [*(sale(965 + n, product=title) for n, title in enumerate(titles)), *EARLIER],
        news=(news("refund", HOSTILE * 40, refunded=100, net=-90), news("sale", None, net=5)),
        stale=(StaleShop(HOSTILE, None),),
    )


def right_to_left() -> DigestContent:
    return content(
        [
            sale(1530, product=ARABIC, quantity=3),
            sale(965, product=HEBREW),
            sale(965, product="Planner (עברית edition) 12"),
            *EARLIER,
        ],
        news=(news("refund", ARABIC, refunded=1200, net=-965),),
    )


def arabic() -> DigestContent:
    """Write its numbers as readers of Arabic do."""
    return right_to_left()


def sixty_products() -> DigestContent:
    sold = [
        sale(500 + 37 * number, product=f"Printable number {number}", quantity=number % 12 + 1)
        for number in range(60)
    ]
    return content([*sold, *EARLIER], news=tuple([LATE_REFUND] * 23))


def short_day() -> DigestContent:
    """The clocks go forward in Berlin: 23 hours."""
    return content([sale(day=date(2026, 3, 29))], day=date(2026, 3, 29))


def stale_shop() -> DigestContent:
    seen = datetime(2026, 11, 19, 22, 40, tzinfo=UTC)
    return content([sale(), *EARLIER], stale=(StaleShop("prints", seen), StaleShop("mugs", None)))


def gap() -> DigestContent:
    missed = Period(FRIDAY - timedelta(days=4), FRIDAY - timedelta(days=1))
    return content([sale(), *EARLIER], gap=Gap(missed, 4))


def estimated_fees() -> DigestContent:
    return content(
        [
            sale(1034, shop="prints", marketplace="etsy", exact=False, product="Digital print"),
            sale(2210, shop="prints", marketplace="etsy", exact=False, passive=False),
            *EARLIER,
        ]
    )


def negative_net() -> DigestContent:
    return content(
        [
            sale(-420, gross=8000, refunded=8000, fees=420, product="Framed print", passive=False),
            sale(110),
            *EARLIER,
        ]
    )


def preview() -> DigestContent:
    return content([sale(), *EARLIER], preview=True)


def free_day() -> DigestContent:
    return content([sale(0, kind=Kind.FREE, quantity=3), *EARLIER])


CASES: dict[str, Callable[[], DigestContent]] = {
    case.__name__: case
    for case in (
        empty_day,
        one_sale,
        ordinary_day,
        many_currencies,
        refund_day,
        news_only,
        hostile_titles,
        books,
        right_to_left,
        arabic,
        sixty_products,
        short_day,
        stale_shop,
        gap,
        estimated_fees,
        negative_net,
        preview,
        free_day,
    )
} | LONG_CASES

LOCALES = {"arabic": "ar_EG", "yen": "ja_JP", "ordinary_year": "de_DE"}
"""The locales of cases that are not British."""
