"""The page on imports shows what an import of the files kept for tests really says."""

import re
from pathlib import Path
from shutil import copy

import pytest

from tests.cli.commands import GUMROAD, Installation

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
EXPORTS = ROOT / "tests" / "data" / "exports"
ETSY = '[shops.prints]\nmarketplace = "etsy"\nkeystring = "key"\nshared_secret = "secret"\n'
FILES = {
    "EtsySoldOrderItems2026-9.csv": "etsy_sold_order_items.csv",
    "EtsySoldOrders2026-9.csv": "etsy_sold_orders.csv",
    "etsy_statement_2026_9.csv": "etsy_statement.csv",
}


@pytest.fixture
def shop(cli: Installation) -> Installation:
    cli.configure(ETSY, GUMROAD)
    for name, kept in FILES.items():
        copy(EXPORTS / kept, cli.folder / name)
    return cli


def test_the_table_is_what_an_import_prints(shop: Installation) -> None:
    table = PAGE.partition("## What it says")[2].partition("```text\n")[2].partition("```")[0]
    head, _rule, *lines = [re.split(r"\s{2,}", line) for line in table.splitlines()]
    ran = shop.run("import", "prints", *FILES)
    printed = [line.split("\t") for line in ran.lines]
    assert [[name.replace(" ", "_") for name in head], *lines] == printed
    assert f"{net_of_first_sale(shop)} net, exact" in PAGE


def net_of_first_sale(shop: Installation) -> str:
    return str(shop.run("sales", "--format", "jsonl").out).partition('"net": "')[2].split('"')[0]


def test_a_second_import_knows_everything(shop: Installation) -> None:
    shop.run("import", "prints", *FILES)
    again = shop.run("import", "prints", *reversed(FILES), "--format", "json").json
    assert [(each["stored"], each["merged"]) for each in again] == [(0, 0)] * 3


def test_the_complaints_are_those_of_a_broken_row(shop: Installation) -> None:
    name = next(iter(FILES))
    path = shop.folder / name
    path.write_text(path.read_text(encoding="utf-8").replace(",2,12.00", ",2,twelve", 1), "utf-8")
    ran = shop.run("import", "prints", name)
    complaints = [line for line in ran.err.splitlines() if line.startswith(name)]
    assert ran.code == 0
    assert len(complaints) > 1
    assert "\n".join(complaints) in PAGE


def test_the_refusal_is_that_of_a_foreign_file(shop: Installation) -> None:
    (shop.folder / "bad.csv").write_text("nothing here\n1\n", encoding="utf-8")
    ran = shop.run("import", "prints", "bad.csv")
    assert ran.code == 1
    assert ran.err.strip() in PAGE.replace("\n", " ")
