"""`products` and `effort`: what things bring, what class they are, and what was put into them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from salesdaemon.domain.effort import CatalogueWord
from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.store.products import save_catalogue
from salesdaemon.store.rates import save_rates
from tests.cli.commands import GUMROAD, Installation
from tests.factories import FRIDAY, SEEN_AT, SOLD_AT, item, sale

DAY = timedelta(days=1)
PLANNER = {
    "shop": "templates",
    "product_id": "p1",
    "product": "Weekly planner",
    "class": "passive",
    "reason": "digital and not personalised",
    "units": 1,
    "net": {"EUR": "9.65"},
    "through_affiliates": {},
    "first_sale": "2026-11-20",
    "last_sale": "2026-11-20",
    "hours": None,
    "net_per_hour": None,
    "paid_back_on": None,
    "last_effort": None,
    "earned_since": None,
}


def test_products_come_with_their_class_and_its_reason(cli: Installation) -> None:
    cli.configure(GUMROAD, '[products."Logo*"]\neffort = "active"\n')
    later = SOLD_AT + 3 * DAY
    cli.keep(
        sale("s1"),
        sale("s2", paid_at=later, currency="USD"),
        sale("s3", items=(item(product="Logo commission", product_id="p2"),)),
        sale("s4", items=(item(product="Mug", product_id="p3", passive=False),)),
        sale("s5", items=(item(product="Riddle", product_id=None, passive=None),)),
        sale("s6", status=Status.UNPAID),
        sale("s7", kind=Kind.FREE, gross_minor=0, fees_minor=0),
    )
    found = cli.run("products", "--format", "json").json
    assert [(one["product"], one["class"], one["reason"]) for one in found] == [
        ("Logo commission", "active", "your configuration: Logo*"),
        ("Mug", "active", "physical or personalised"),
        ("Riddle", None, "the marketplace does not say"),
        ("Weekly planner", "passive", "digital and not personalised"),
    ]
    net = {"EUR": "9.65", "USD": "9.65"}
    assert found[-1] == {**PLANNER, "units": 3, "net": net, "last_sale": "2026-11-23"}


def test_the_catalogue_classes_what_orders_cannot(cli: Installation) -> None:
    cli.configure()
    cli.keep(
        sale("s1"),
        sale("s2", items=(item(product="Bowl", product_id="p2", passive=None),)),
        sale("s3", items=(item(product="Lamp", product_id="p3", passive=None),)),
    )
    store = cli.open_store()
    with store.write() as connection:
        said = {
            "p1": CatalogueWord(False, "made to order"),
            "p2": CatalogueWord(True, "a download"),
            "p3": CatalogueWord(None, "both"),
        }
        save_catalogue(connection, 1, said, SEEN_AT)
    store.close()
    found = cli.run("products", "--format", "json").json
    assert [(one["product"], one["class"], one["reason"]) for one in found] == [
        ("Bowl", "passive", "the catalogue: a download"),
        ("Lamp", None, "the marketplace does not say: both"),
        ("Weekly planner", "active", "the catalogue: made to order"),
    ]


def test_income_through_affiliates_is_told_apart(cli: Installation) -> None:
    cli.configure()
    cli.keep(
        sale("s1"),
        sale("s2", affiliate_minor=100),
        sale("s3", items=(item(product="Mug", product_id="p2", passive=False),)),
        sale("s4", currency="JPY", gross_minor=1500, fees_minor=0, items=(item(passive=None),)),
    )
    found = cli.run("products", "--format", "json").json
    assert [one["through_affiliates"] for one in found] == [{}, {"EUR": "8.65"}]
    assert cli.run("products").err.splitlines() == [
        "27.95 EUR net, 8.65 of it through affiliates.",
        "1500 JPY net, 0 of it through affiliates.",
    ]


def test_no_products_are_said_to_be_none(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("products")
    assert (ran.code, ran.out, ran.err) == (0, "", "No products yet.\n")


def test_hours_show_what_they_brought(cli: Installation) -> None:
    cli.configure(GUMROAD, '[effort]\nhour = "10 EUR"\n')
    cli.keep(*(sale(f"s{days}", paid_at=SOLD_AT + days * DAY) for days in range(4)))
    cli.run("effort", "add", "Weekly planner", "90m", "--on", "2026-11-01")
    cli.run("effort", "add", "templates:Weekly*", "20m", "--on", "2026-11-21")
    (found,) = cli.run("products", "--format", "json").json
    assert found == {
        **PLANNER,
        "units": 4,
        "net": {"EUR": "38.60"},
        "last_sale": "2026-11-23",
        "hours": 1.83,
        "net_per_hour": {"EUR": "21.05"},
        "paid_back_on": "2026-11-21",
        "last_effort": "2026-11-21",
        "earned_since": {"EUR": "19.30"},
    }
    (line,) = cli.run("products").lines[1:]
    assert line.split("\t")[-5:] == [
        *("1.83", "21.05 EUR", "2026-11-21", "2026-11-21", "19.30 EUR")
    ]


def test_without_a_price_of_an_hour_nothing_pays_back(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    cli.run("effort", "add", "p1", "1m", "--on", "2026-11-20")
    (found,) = cli.run("products", "--format", "json").json
    assert (found["hours"], found["paid_back_on"]) == (0.02, None)
    assert found["net_per_hour"] == {"EUR": "579.00"}
    assert found["earned_since"] == {"EUR": "0.00"}


@pytest.mark.parametrize(("rate", "paid_back"), [("1.25", "2026-11-20"), ("1.5", None)])
def test_other_currencies_pay_back_at_the_rate_of_their_day(
    cli: Installation, rate: str, paid_back: str | None
) -> None:
    # 9.65 USD are 7.72 EUR at 1.25; VND have no rate here and do not count.
    cli.configure(GUMROAD, '[effort]\nhour = "7.72 EUR"\n')
    cli.keep(sale("s1", currency="USD"), sale("s2", currency="VND"))
    store = cli.open_store()
    with store.write() as connection:
        save_rates(connection, [Rate(FRIDAY, "USD", Decimal(rate), "ECB")])
    store.close()
    cli.run("effort", "add", "p1", "1h", "--on", "2026-11-19")
    (found,) = cli.run("products", "--format", "json").json
    assert found["paid_back_on"] == paid_back


def test_hours_that_were_put_in_are_kept(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    note = ("--note", "Layout")
    first = cli.run("effort", "add", "Weekly planner", "6h", "--on", "2026-11-20", *note)
    second = cli.run("effort", "add", "p1", "45m", "--on", "2026-11-19")
    assert (first.code, first.err) == (0, "6 h on 2026-11-20 for Weekly planner.\n")
    assert (second.code, second.err) == (0, "45 min on 2026-11-19 for p1.\n")
    assert cli.run("effort", "list", "--format", "json").json == [
        {"id": 2, "spent_on": "2026-11-19", "product": "p1", "minutes": 45, "note": None},
        {
            "id": 1,
            "spent_on": "2026-11-20",
            "product": "Weekly planner",
            "minutes": 360,
            "note": "Layout",
        },
    ]


def test_time_for_what_was_never_sold_is_kept_with_a_word_of_warning(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    ran = cli.run("effort", "add", "Icons", "2h", "--on", "2026-11-20")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "2 h on 2026-11-20 for Icons.",
        "Nothing of that name was sold yet; it counts once something is.",
    ]
    shown = cli.run("products", "--format", "json")
    assert shown.json == [PLANNER]
    assert shown.err == "Time was put into Icons, and nothing of that name was sold yet.\n"


def test_time_that_was_written_down_by_mistake_is_removed(cli: Installation) -> None:
    cli.configure()
    cli.run("effort", "add", "Icons", "2h", "--on", "2026-11-20")
    ran = cli.run("effort", "remove", "1")
    assert (ran.code, ran.err) == (0, "Removed: 2 h on 2026-11-20 for Icons.\n")
    assert cli.run("effort", "list", "--format", "json").json == []
    again = cli.run("effort", "remove", "1")
    assert (again.code, again.out) == (2, "")
    assert again.err == "There is no entry 1. `salesdaemon effort list` shows all.\n"


@pytest.mark.parametrize("time", ["six hours", "10s", "-1h", ""])
def test_a_time_that_cannot_be_read_ends_with_2(cli: Installation, time: str) -> None:
    cli.configure()
    ran = cli.run("effort", "add", "Planner", time)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
