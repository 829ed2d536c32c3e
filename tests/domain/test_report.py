import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from salesdaemon.domain.period import Period
from salesdaemon.domain.report import instant_json, report_json, sale_json
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import StaleShop, StoredSale
from salesdaemon.domain.sums import summarise

DAY = date(2026, 11, 20)
PLANNER = StoredSale(
    marketplace="gumroad",
    shop="templates",
    sale_id="RRKk==",
    kind=Kind.SALE,
    status=Status.PAID,
    paid=True,
    paid_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    sold_on=DAY,
    currency="USD",
    gross_minor=1200,
    refunded_minor=0,
    refunded_exact=True,
    fees_minor=235,
    fees_refunded_minor=0,
    affiliate_minor=0,
    net_minor=965,
    fees_exact=True,
    country="DE",
    items=(LineItem("p1", "Planner", 1, 1200, passive=True),),
)
YEN = replace(
    PLANNER,
    shop="prints",
    currency="JPY",
    gross_minor=1500,
    fees_minor=200,
    net_minor=1300,
    fees_exact=False,
    items=(
        LineItem("p2", "Poster", 2, 1000, passive=False),
        LineItem(None, None, 1, 500, passive=None),
    ),
)


def test_a_sale_prints_the_line_that_scripts_rely_on() -> None:
    assert json.dumps(sale_json(PLANNER, "USD"), separators=(",", ":")) == (
        '{"marketplace":"gumroad","shop":"templates","sale_id":"RRKk==","kind":"sale",'
        '"status":"paid","paid_at":"2026-11-20T09:00:00Z","sold_on":"2026-11-20",'
        '"currency":"USD","gross":"12.00","refunded":"0.00","refunded_exact":true,'
        '"fees":"2.35","fees_refunded":"0.00","affiliate":"0.00","net":"9.65",'
        '"fees_exact":true,"settled":null,"home":{"currency":"USD","gross":"12.00","net":"9.65"},'
        '"country":"DE","items":[{"product_id":"p1","product":"Planner","quantity":1,'
        '"gross":"12.00","passive":true}]}'
    )


def test_home_is_null_for_another_currency() -> None:
    assert sale_json(PLANNER, "EUR")["home"] is None


def test_what_is_unknown_is_null() -> None:
    unknown = replace(
        YEN, paid_at=None, country=None, items=(LineItem(None, None, 1, 1500, passive=None),)
    )
    line = sale_json(unknown, "EUR")
    assert (line["paid_at"], line["country"], line["items"]) == (
        None,
        None,
        [{"product_id": None, "product": None, "quantity": 1, "gross": "1500", "passive": None}],
    )


def test_an_instant_is_told_in_utc_and_whole_seconds() -> None:
    berlin = timezone(timedelta(hours=1))
    assert instant_json(datetime(2026, 11, 20, 10, 0, 0, 999, tzinfo=berlin)) == (
        "2026-11-20T09:00:00Z"
    )


def test_a_report_holds_every_figure_by_currency_shop_and_product() -> None:
    summary = summarise([PLANNER, YEN], Period(DAY, DAY + timedelta(days=6)), "USD")
    stale = [
        StaleShop("prints", datetime(2026, 11, 20, 4, 12, tzinfo=UTC)),
        StaleShop("mugs", None),
    ]
    yen = {
        "sales": 1,
        "gross": "1500",
        "refunded": "0",
        "fees": "200",
        "fees_refunded": "0",
        "affiliate": "0",
        "net": "1300",
        "passive_net": "0",
        "active_net": "867",
        "unclassified_net": "433",
    }
    dollars = {
        "sales": 1,
        "gross": "12.00",
        "refunded": "0.00",
        "fees": "2.35",
        "fees_refunded": "0.00",
        "affiliate": "0.00",
        "net": "9.65",
        "passive_net": "9.65",
        "active_net": "0.00",
        "unclassified_net": "0.00",
    }
    assert report_json(summary, stale, "Europe/Berlin") == {
        "from": "2026-11-20",
        "to": "2026-11-26",
        "timezone": "Europe/Berlin",
        "totals": {"JPY": yen, "USD": dollars},
        "home": {"currency": "USD", **dollars, "unconverted": ["JPY"]},
        "shops": [
            {"shop": "prints", "marketplace": "gumroad", "totals": {"JPY": yen}},
            {"shop": "templates", "marketplace": "gumroad", "totals": {"USD": dollars}},
        ],
        "products": [
            {
                "product": "Planner",
                "shop": "templates",
                "units": 1,
                "totals": {"USD": {"sales": 1, "gross": "12.00", "net": "9.65"}},
            },
            {
                "product": "Poster",
                "shop": "prints",
                "units": 2,
                "totals": {"JPY": {"sales": 1, "gross": "1000", "net": "867"}},
            },
            {
                "product": None,
                "shop": "prints",
                "units": 1,
                "totals": {"JPY": {"sales": 1, "gross": "500", "net": "433"}},
            },
        ],
        "stale": [
            {"shop": "prints", "last_good_poll": "2026-11-20T04:12:00Z"},
            {"shop": "mugs", "last_good_poll": None},
        ],
        "provisional": False,
        "through_affiliates": {},
        "costs": [],
        "other": [],
        "payouts": [],
    }


def test_an_empty_period_reports_zeros_at_home_and_nothing_else() -> None:
    report = report_json(summarise([], Period.one_day(DAY), "EUR"), [], "UTC")
    assert (report["totals"], report["shops"], report["products"], report["stale"]) == (
        {},
        [],
        [],
        [],
    )
    assert report["home"] == {
        "currency": "EUR",
        "sales": 0,
        **dict.fromkeys(
            (
                "gross",
                "refunded",
                "fees",
                "fees_refunded",
                "affiliate",
                "net",
                "passive_net",
                "active_net",
                "unclassified_net",
            ),
            "0.00",
        ),
        "unconverted": [],
    }
