"""`sales`: what is stored, in every form."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from salesdaemon.domain.sale import Status
from tests.cli.commands import GUMROAD, Installation
from tests.factories import SOLD_AT, item, sale

HOSTILE = "=HYPERLINK(\x1b[31m\u202egp\x9b1mj.exe\x00\r\n\u2066"
LINE: dict[str, Any] = {
    "marketplace": "gumroad",
    "shop": "templates",
    "sale_id": "RRKk==",
    "kind": "sale",
    "status": "paid",
    "paid_at": "2026-11-20T09:00:00Z",
    "sold_on": "2026-11-20",
    "currency": "USD",
    "gross": "12.00",
    "refunded": "0.00",
    "refunded_exact": True,
    "fees": "2.35",
    "fees_refunded": "0.00",
    "affiliate": "0.00",
    "net": "9.65",
    "fees_exact": True,
    "settled": None,
    "home": None,
    "country": "DE",
    "items": [
        {
            "product_id": "p1",
            "product": "Planner – 2027",
            "quantity": 1,
            "gross": "12.00",
            "passive": True,
        }
    ],
}


def test_a_line_of_jsonl_is_exactly_what_scripts_rely_on(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("RRKk==", currency="USD", items=(item(product="Planner – 2027"),)))
    ran = cli.run("sales", "--format", "jsonl")
    assert (ran.code, ran.out, ran.err) == (0, json.dumps(LINE, ensure_ascii=False) + "\n", "")


def test_json_is_one_array(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"), sale("s2"))
    assert [one["sale_id"] for one in cli.run("sales", "--format", "json").json] == ["s1", "s2"]


@pytest.mark.parametrize(
    ("form", "out"),
    [("table", ""), ("json", "[]\n"), ("jsonl", "")],
)
def test_an_empty_store_prints_an_empty_list(cli: Installation, form: str, out: str) -> None:
    cli.configure()
    ran = cli.run("sales", "--format", form)
    assert (ran.code, ran.out, ran.err) == (0, out, "No sales.\n")


def test_a_sale_in_the_home_currency_says_so(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    (line,) = cli.run("sales", "--format", "json").json
    assert line["home"] == {"currency": "EUR", "gross": "12.00", "net": "9.65"}


def test_days_are_the_sellers_and_both_ends_count(cli: Installation) -> None:
    cli.configure()
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the 21st in Berlin
    cli.keep(sale("s1"), sale("s2", paid_at=late), sale("s3", paid_at=late + timedelta(days=1)))
    listed = [
        [line["sale_id"] for line in cli.run("sales", "--format", "json", *days).json]
        for days in (
            ("--since", "2026-11-21"),
            ("--until", "2026-11-21"),
            ("--since", "2026-11-21", "--until", "2026-11-21"),
        )
    ]
    assert listed == [["s2", "s3"], ["s1", "s2"], ["s2"]]


def test_a_changed_time_zone_moves_the_days(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(paid_at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC)))
    days = []
    for timezone in ("Europe/Berlin", "America/New_York"):
        cli.configure(timezone=timezone)
        days.append(cli.run("sales", "--format", "json").json[0]["sold_on"])
    assert days == ["2026-11-21", "2026-11-20"]


def test_one_shop_can_be_listed_also_after_it_left_the_configuration(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"))
    cli.keep(sale("s2"), shop="old", external_id="a2")
    for shop, sale_id in (("templates", "s1"), ("old", "s2")):
        listed = cli.run("sales", "--shop", shop, "--format", "json").json
        assert [line["sale_id"] for line in listed] == [sale_id]


def test_a_plain_table_has_tabs_and_cuts_nothing(cli: Installation) -> None:
    cli.configure()
    title = "A very long title " * 20
    cli.keep(
        sale("R" * 100, items=(item(product=title), item(0, product_id="p2")), fees_exact=False)
    )
    ran = cli.run("sales")
    assert ran.out == (
        "sold_on\tshop\tsale_id\tproduct\tstatus\tcurrency\tgross\tnet\tfigures\n"
        f"2026-11-20\ttemplates\t{'R' * 100}\t1 × {title}and 1 more\tpaid\tEUR\t12.00\t9.65"
        "\testimated\n"
    )


def test_csv_has_a_line_for_each_sale(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1", country=None), sale("s2", status=Status.REFUNDED, refunded_minor=1200))
    ran = cli.run("sales", "--format", "csv")
    rows = list(csv.DictReader(StringIO(ran.out)))
    assert [(row["sale_id"], row["status"], row["country"]) for row in rows] == [
        ("s1", "paid", ""),
        ("s2", "refunded", "DE"),
    ]
    assert rows[0] == {
        "marketplace": "gumroad",
        "shop": "templates",
        "sale_id": "s1",
        "kind": "sale",
        "status": "paid",
        "paid_at": "2026-11-20T09:00:00Z",
        "sold_on": "2026-11-20",
        "currency": "EUR",
        "gross": "12.00",
        "refunded": "0.00",
        "refunded_exact": "true",
        "fees": "2.35",
        "fees_refunded": "0.00",
        "affiliate": "0.00",
        "net": "9.65",
        "fees_exact": "true",
        "home_currency": "EUR",
        "home_gross": "12.00",
        "home_net": "9.65",
        "settled_currency": "",
        "settled_net": "",
        "country": "",
        "products": "Weekly planner",
        "quantity": "1",
        "passive": "true",
    }


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_no_form_lets_a_control_character_through(cli: Installation, form: str) -> None:
    cli.configure()
    cli.keep(sale(items=(item(product=HOSTILE.replace("\x00", "")),)))
    ran = cli.run("sales", "--format", form)
    raw = [letter for letter in ran.out if not letter.isprintable() and letter not in "\n\t"]
    assert (ran.code, raw) == (0, [])
    assert "HYPERLINK(" in ran.out


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_title_is_no_formula_in_a_spreadsheet(cli: Installation, title: str) -> None:
    cli.configure()
    cli.keep(sale(items=(item(product=title),), refunded_minor=1300, fees_exact=True))
    (row,) = csv.DictReader(StringIO(cli.run("sales", "--format", "csv").out))
    assert (row["products"], row["net"]) == (f"'{title}", "-3.35")


def test_the_owners_word_on_a_product_counts(cli: Installation) -> None:
    cli.configure(GUMROAD, '[products."templates:Weekly*"]\neffort = "active"\n')
    cli.keep(sale(paid_at=SOLD_AT))
    (line,) = cli.run("sales", "--format", "json").json
    assert [one["passive"] for one in line["items"]] == [False]
