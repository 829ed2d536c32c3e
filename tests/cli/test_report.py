"""`report`: totals."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest

from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.sale import Status
from salesdaemon.store.rates import save_rates
from tests.cli.commands import Installation
from tests.factories import FRIDAY, SOLD_AT, item, sale

RANGE = ("--from", "2026-11-19", "--to", "2026-11-21")
FIGURES = {
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
NOTHING = {name: 0 if name == "sales" else "0.00" for name in FIGURES}


def test_the_json_is_exactly_what_scripts_rely_on(cli: Installation) -> None:
    cli.configure()
    cli.keep(
        sale("s1", currency="USD"),
        sale("s2", status=Status.UNPAID),
        sale("s3", paid_at=SOLD_AT + timedelta(days=2)),
    )
    ran = cli.run("report", *RANGE, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "from": "2026-11-19",
        "to": "2026-11-21",
        "timezone": "Europe/Berlin",
        "totals": {"USD": FIGURES},
        "home": {"currency": "EUR", **NOTHING, "unconverted": ["USD"]},
        "shops": [{"shop": "templates", "marketplace": "gumroad", "totals": {"USD": FIGURES}}],
        "products": [
            {
                "product": "Weekly planner",
                "shop": "templates",
                "units": 1,
                "totals": {"USD": {"sales": 1, "gross": "12.00", "net": "9.65"}},
            }
        ],
        "stale": [{"shop": "templates", "last_good_poll": None}],
        "provisional": False,
        "through_affiliates": {},
        "costs": [],
        "other": [],
        "payouts": [],
    }


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("day", ["2026-11-20", "2026-12-31"]),
        ("week", ["2026-W47", "2026-W53"]),
        ("month", ["2026-11", "2026-12"]),
        ("shop", ["templates"]),
        ("country", ["DE", None]),
    ],
)
def test_it_is_broken_down_as_asked(cli: Installation, by: str, names: list[str | None]) -> None:
    cli.configure()
    later = SOLD_AT + timedelta(days=41)
    cli.keep(sale("s1"), sale("s2", paid_at=later, country=None))
    days = ("--from", "2026-11-20", "--to", "2026-12-31")
    value = cli.run("report", *days, "--by", by, "--format", "json").json
    assert value["by"] == by
    assert [group["name"] for group in value["groups"]] == names
    assert sum(group["totals"]["EUR"]["sales"] for group in value["groups"]) == 2
    assert value["groups"][0]["totals"]["EUR"].keys() == FIGURES.keys()


def test_by_product_only_figures_that_a_product_has_are_told(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(items=(item(800), item(400, product="Icons", product_id="p2"))))
    value = cli.run("report", *RANGE, "--by", "product", "--format", "json").json
    assert value["groups"] == [
        {
            "name": "Weekly planner",
            "shop": "templates",
            "units": 1,
            "totals": {"EUR": {"sales": 1, "gross": "8.00", "net": "6.44"}},
        },
        {
            "name": "Icons",
            "shop": "templates",
            "units": 1,
            "totals": {"EUR": {"sales": 1, "gross": "4.00", "net": "3.21"}},
        },
    ]


def test_csv_has_a_row_for_each_group_and_currency(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"), sale("s2", currency="USD", fees_exact=False))
    rows = list(csv.DictReader(StringIO(cli.run("report", *RANGE, "--format", "csv").out)))
    assert [(row["group"], row["name"], row["currency"], row["estimated"]) for row in rows] == [
        ("total", "", "EUR", "0"),
        ("total", "", "USD", "1"),
        ("shop", "templates", "EUR", "0"),
        ("shop", "templates", "USD", "1"),
    ]


def test_a_report_at_old_rates_says_of_which_day_they_are(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(currency="USD"))
    store = cli.open_store()
    with store.write() as connection:
        save_rates(connection, [Rate(FRIDAY - timedelta(days=7), "USD", Decimal("1.25"), "ECB")])
    store.close()
    ran = cli.run("report", "--to", FRIDAY.isoformat(), "--format", "json")
    assert (ran.json["home"]["net"], ran.json["provisional"]) == ("7.72", True)
    said = cli.run("report", "--to", FRIDAY.isoformat()).err
    assert "The last exchange rates are of 2026-11-13, " in said


def test_a_table_says_what_is_estimated_and_what_is_missing(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(fees_exact=False))
    ran = cli.run("report", *RANGE)
    assert ran.lines == [
        (
            "name\tcurrency\tsales\tgross\trefunded\tfees\tnet\tpassive_net\tactive_net"
            "\tunclassified_net\tfigures"
        ),
        "total\tEUR\t1\t12.00\t0.00\t2.35\t9.65\t9.65\t0.00\t0.00\testimated",
        "templates\tEUR\t1\t12.00\t0.00\t2.35\t9.65\t9.65\t0.00\t0.00\testimated",
    ]
    assert ran.err == "2026-11-19 to 2026-11-21.\ntemplates was never read.\n"


def test_by_default_it_reaches_from_the_oldest_sale(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(paid_at=SOLD_AT - timedelta(days=900)))
    value = cli.run("report", "--format", "json").json
    assert (value["from"], value["totals"]["EUR"]["sales"]) == ("2024-06-03", 1)


def test_a_period_that_ends_before_it_begins_ends_with_2(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("report", "--from", "2026-11-21", "--to", "2026-11-20")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "2026-11-21 is after 2026-11-20. Give an earlier --from.\n"
