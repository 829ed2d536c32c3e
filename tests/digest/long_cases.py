"""Days that hold a lot, and weeks, months and years; the golden files are named after them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.attention import Attention, Concern
from salesdaemon.domain.digests import DigestKind, Gap
from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.goals import Goal, GoalProgress
from salesdaemon.domain.history import Record, Streak
from salesdaemon.domain.ledger import UPCOMING, EntryKind, Payout, ShopLine
from salesdaemon.domain.money import Money
from salesdaemon.domain.period import Period
from salesdaemon.domain.put_aside import Share
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.sale import Kind
from salesdaemon.domain.summary import StaleShop, StoredSale
from salesdaemon.domain.trends import (
    Concentration,
    HourlyRate,
    Movement,
    Movements,
    ProductKey,
    Trend,
)
from tests.digest.facts import FRIDAY, content, looking_back, news, sale, two_years

SUNDAY = FRIDAY + timedelta(days=2)
END_OF_MONTH = date(2026, 11, 30)
END_OF_YEAR = date(2026, 12, 31)
RENT = Goal("rent", "Rent covered", Money(160000, "EUR"), "net")
CAMERA = Goal("camera", "New camera", Money(150000, "EUR"), "passive_net")
SHARES = (
    Share("tax", "Tax", Decimal(25)),
    Share("fund", "Emergency fund", Decimal("7.5"), "passive_net"),
)
RATES = {
    "USD": Fraction(10000, 10823),
    "GBP": Fraction(1, 1) / Fraction("0.8391"),
    "JPY": Fraction(1, 163),
}


def rate(currency: str, day: date) -> Conversion | None:
    """Know a rate for three currencies."""
    return Conversion(RATES[currency], day, "ECB") if currency in RATES else None


def _key(title: str, shop: str = "templates") -> ProductKey:
    return ProductKey(shop, title)


def _before(last: date) -> tuple[StoredSale, ...]:
    return two_years(last)


def ordinary_week() -> DigestContent:
    sales = _before(SUNDAY)
    made = content(sales, kind=DigestKind.WEEKLY, day=SUNDAY)
    return looking_back(made, sales, goals=(RENT,), shares=SHARES[:1])


def moving_week() -> DigestContent:
    """Hold everything that only a week and longer periods tell."""
    sales = _before(SUNDAY)
    made = looking_back(
        content(sales, kind=DigestKind.WEEKLY, day=SUNDAY), sales, goals=(RENT,), shares=SHARES
    )
    return replace(
        made,
        movements=Movements(
            rising=(
                Movement(_key("p"), "Weekly planner 2027", 31, Fraction(29, 2)),
                Movement(_key("b"), "Budget spreadsheet", 9, Fraction(11, 3)),
            ),
            fading=(Movement(_key("s"), "Sticker sheet: cats", 0, Fraction(17, 4)),),
            evergreen=(Movement(_key("i"), "Icon pack for makers", 7, Fraction(7)),),
            fresh=(Movement(_key("w"), "Advent calendar to colour in", 4, Fraction(0)),),
        ),
        concentration=Concentration(_key("p"), "Weekly planner 2027", Fraction(712, 1000)),
        hourly=(
            HourlyRate(_key("p"), "Weekly planner 2027", 870, {"EUR": 339000}, {"EUR": 23379}),
            HourlyRate(
                _key("i"),
                "Icon pack for makers",
                2400,
                {"EUR": 51200, "USD": 9650},
                {"EUR": 1280, "USD": 241},
            ),
            HourlyRate(_key("n"), "Half-finished course", 45, {}, {}),
        ),
        streak=Streak(27, SUNDAY - timedelta(days=26)),
        record=Record(Period(date(2025, 12, 8), date(2025, 12, 14)), 61234),
    )


def quiet_week() -> DigestContent:
    sales = [sale(4010, day=SUNDAY - timedelta(days=9))]
    return content(sales, kind=DigestKind.WEEKLY, day=SUNDAY)


def news_week() -> DigestContent:
    told = (news("refund", "Sticker sheet: cats", refunded=1200, net=-965),)
    return replace(quiet_week(), news=told, stale=(StaleShop("prints", None),))


def ordinary_month() -> DigestContent:
    sales = _before(END_OF_MONTH)
    made = content(sales, kind=DigestKind.MONTHLY, day=END_OF_MONTH)
    return looking_back(made, sales, goals=(RENT, CAMERA), shares=SHARES)


def quiet_month() -> DigestContent:
    missed = replace(RENT, label="Rent covered")
    november = Period(date(2026, 11, 1), END_OF_MONTH)
    return content(
        [sale(0, kind=Kind.FREE, quantity=3)],
        kind=DigestKind.MONTHLY,
        day=END_OF_MONTH,
        goals=(GoalProgress(missed, november, END_OF_MONTH, 0, None, None),),
    )


def ordinary_year() -> DigestContent:
    sales = _before(END_OF_YEAR)
    lines = [ShopLine("prints", FRIDAY, EntryKind.COST, "prolist", "EUR", -15020)]
    payouts = [
        ("prints", Payout(f"p{month}", 9000 + 100 * month, "EUR", "sent", date(2026, month, 2)))
        for month in range(1, 13)
    ]
    made = content(
        sales, kind=DigestKind.YEARLY, day=END_OF_YEAR, books=BooksOfPeriod(lines, payouts)
    )
    return looking_back(made, sales, goals=(RENT, CAMERA), shares=SHARES)


def goals_day() -> DigestContent:
    """Follow goals that are reached, on pace, behind, and too young to say."""
    november = Period(date(2026, 11, 1), END_OF_MONTH)

    def progress(
        label: str, reached: int, projected: int | None, on: date | None = None
    ) -> GoalProgress:
        goal = replace(RENT, name=label, label=label)
        return GoalProgress(goal, november, FRIDAY, reached, projected, on)

    return content(
        [sale()],
        goals=(
            progress("Rent covered", 162250, 243375, FRIDAY - timedelta(days=1)),
            progress("On the way", 108000, 162000),
            progress("Behind", 12000, 18000),
            progress("Just begun", 500, None),
            progress("In the red", -500, None),
        ),
    )


def attention_day() -> DigestContent:
    since = datetime(2026, 11, 20, 4, 12, tzinfo=UTC)
    return content(
        [sale(), sale(450, product="Mystery box", passive=None)],
        stale=(StaleShop("prints", since - timedelta(hours=9)),),
        attention=(
            Attention(Concern.LOGIN, "prints", since=since),
            Attention(Concern.CHANNEL, "phone", 4, since, "The service refused it: wrong token."),
            Attention(Concern.CHANNEL, "tablet", 1),
            Attention(Concern.SET_ASIDE, "templates", 2),
            *(
                Attention(Concern.UNCLASSIFIED, title)
                for title in ("Mystery box", "A call with me", "Logo", "Letter", "Course")
            ),
        ),
    )


def record_day() -> DigestContent:
    return content(
        [sale(9910), sale(10210)],
        streak=Streak(12, FRIDAY - timedelta(days=11)),
        record=Record(None, 18045),
    )


def renewals() -> DigestContent:
    return content(
        [
            sale(900, product="Membership", kind=Kind.RENEWAL),
            sale(900, product="Membership", kind=Kind.RENEWAL, currency="USD"),
            sale(880, gross=1600, fees=320, affiliate=400, product="Course"),
            sale(0, product="Sampler", kind=Kind.FREE, quantity=2),
            sale(0, product="Membership", kind=Kind.TRIAL),
            sale(965),
        ]
    )


def countries() -> DigestContent:
    codes = ("US", "US", "GB", "CI", "AX", "BA", "XK", None, "ZZ", "JP")
    sales = [
        sale(900 + 10 * place, country=code, currency="USD" if code == "US" else "EUR")
        for place, code in enumerate(codes)
    ]
    return content(sales, find_rate=rate)


def _four_currencies() -> list[StoredSale]:
    return [
        sale(7120),
        sale(1520, shop="prints", marketplace="etsy", product="Framed print", passive=False),
        sale(130000, currency="JPY", product="Origami poster", country="JP"),
        sale(1965, currency="USD", country="US"),
        sale(1450, currency="GBP", product="Tea towel", passive=False, country="GB"),
    ]


def four_currencies() -> DigestContent:
    earlier = [sale(4010, currency="USD", day=FRIDAY - timedelta(days=1))]
    return content([*_four_currencies(), *earlier], find_rate=rate)


def four_currencies_without_rates() -> DigestContent:
    return content(
        _four_currencies(),
        find_rate=lambda currency, day: rate(currency, day) if currency == "USD" else None,
    )


def first_day() -> DigestContent:
    sales = [sale()]
    return looking_back(content(sales), sales)


def viral_day() -> DigestContent:
    usual = _before(FRIDAY - timedelta(days=1))
    sales = [
        *(sale(1530, product="Weekly planner 2027", country="US") for _ in range(412)),
        *(sale(1205, product="Icon pack for makers", country="GB") for _ in range(23)),
        *usual,
    ]
    return looking_back(content(sales), sales, goals=(RENT,))


def yen() -> DigestContent:
    sales = [
        sale(129800, currency="JPY", product="折り紙ポスター", country="JP"),
        sale(45000, currency="JPY", passive=False, country="JP"),
        sale(88000, currency="JPY", day=FRIDAY - timedelta(days=1)),
        sale(68000, currency="JPY", day=FRIDAY - timedelta(days=3)),
    ]
    return looking_back(content(sales, home="JPY", timezone="Asia/Tokyo"), sales)


def long_day() -> DigestContent:
    """The clocks go back in Berlin: 25 hours."""
    day = date(2026, 10, 25)
    return content([sale(day=day)], day=day)


def payouts() -> DigestContent:
    found = [
        ("prints", Payout("p1", 21240, "EUR", "sent", FRIDAY, FRIDAY + timedelta(days=3))),
        ("templates", Payout("p2", 4400, "USD", "completed", FRIDAY)),
        (
            "templates",
            Payout(UPCOMING, 14369, "USD", "payable", None, FRIDAY + timedelta(days=7), True),
        ),
        ("prints", Payout(UPCOMING, 1000, "EUR", "payable")),
    ]
    return content([sale()], books=BooksOfPeriod((), found), gap=Gap(Period(FRIDAY, FRIDAY), 1))


def trends() -> DigestContent:
    counts = {"Up": (12, 8), "Down": (3, 9), "Same": (4, 4), "Again": (2, 0), "Once": (1, 0)}
    made = content([sale(product=title) for title in counts])
    return replace(
        made,
        trends={_key(title): Trend(*units) for title, units in counts.items()},
        behind=True,
    )


LONG_CASES: dict[str, Callable[[], DigestContent]] = {
    case.__name__: case
    for case in (
        ordinary_week,
        moving_week,
        quiet_week,
        news_week,
        ordinary_month,
        quiet_month,
        ordinary_year,
        goals_day,
        attention_day,
        record_day,
        renewals,
        countries,
        four_currencies,
        four_currencies_without_rates,
        first_day,
        viral_day,
        yen,
        long_day,
        payouts,
        trends,
    )
}
