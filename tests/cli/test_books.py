"""`export` and `effort`: what a seller takes elsewhere, and brings along."""

import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from salesdaemon.domain.sale import Status
from tests.cli.commands import Installation
from tests.factories import SOLD_AT, sale

_POSTING = re.compile(r"    ([A-Za-z:-]+) +(-?[\d.]+) ([A-Z]{3})")

BEANCOUNT = """\
2026-11-20 open Assets:Marketplaces:Templates
2026-11-20 open Expenses:Affiliates:Templates
2026-11-20 open Expenses:Fees:Templates
2026-11-20 open Income:Refunds:Templates
2026-11-20 open Income:Sales:Templates

2026-11-20 * "templates" "2 sales"
    ; fees estimated for 1 of them
    Assets:Marketplaces:Templates                        13.30 EUR
    Income:Sales:Templates                              -24.00 EUR
    Income:Refunds:Templates                              6.00 EUR
    Expenses:Fees:Templates                               4.70 EUR
    Expenses:Fees:Templates                              -1.00 EUR
    Expenses:Affiliates:Templates                         1.00 EUR

2026-11-20 * "templates" "1 sale"
    Assets:Marketplaces:Templates                         1500 JPY
    Income:Sales:Templates                               -1500 JPY
"""


def test_beancount_gets_a_transaction_for_each_day_and_currency(cli: Installation) -> None:
    cli.configure()
    cli.keep(
        sale("s1", refunded_minor=600, fees_refunded_minor=100, fees_exact=False),
        sale("s2", affiliate_minor=100),
        sale("s3", currency="JPY", gross_minor=1500, fees_minor=0),
        sale("s4", status=Status.UNPAID),
    )
    ran = cli.run("export", "beancount")
    assert (ran.code, ran.out, ran.err) == (0, BEANCOUNT, "")


def test_hledger_gets_the_same_in_its_own_words(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    assert cli.run("export", "hledger").out == (
        "2026-11-20 * templates | 1 sale\n"
        "    assets:marketplaces:templates                         9.65 EUR\n"
        "    income:sales:templates                              -12.00 EUR\n"
        "    expenses:fees:templates                               2.35 EUR\n"
    )


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("ledger", ["beancount", "hledger"])
def test_every_transaction_adds_up_to_zero(cli: Installation, status: Status, ledger: str) -> None:
    cli.configure()
    cli.keep(sale(status=status, refunded_minor=500, affiliate_minor=77, fees_refunded_minor=3))
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for _, amount, currency in _POSTING.findall(cli.run("export", ledger).out):
        sums[currency] += Decimal(amount)
    assert set(sums.values()) <= {Decimal(0)}


def test_an_account_is_named_after_its_shop(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(), shop="my_old_shop")
    assert "Assets:Marketplaces:My-old-shop" in cli.run("export", "beancount").out


def test_books_may_be_written_to_a_file_and_for_some_days(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"), sale("s2", paid_at=SOLD_AT + timedelta(days=1)))
    target = cli.folder / "books.csv"
    ran = cli.run(
        "export", "csv", "--from", "2026-11-21", "--to", "2026-11-21", "--out", str(target)
    )
    assert (ran.code, ran.out, ran.err) == (0, "", f"{target} is written.\n")
    printed = cli.run("sales", "--since", "2026-11-21", "--format", "csv").out
    assert target.read_text(encoding="utf-8") == printed
    assert [path.name for path in cli.folder.iterdir() if "books" in path.name] == ["books.csv"]


def test_a_file_that_cannot_be_written_is_one_line(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("export", "hledger", "--out", "/nowhere/at/all.journal")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "/nowhere/at/all.journal cannot be written: no such file or directory.\n"


def test_an_unknown_program_ends_with_2(cli: Installation) -> None:
    cli.configure()
    assert cli.run("export", "ledger").code == 2


def test_hours_that_were_put_in_are_kept(cli: Installation) -> None:
    cli.configure()
    first = cli.run("effort", "add", "Planner", "6h", "--on", "2026-11-20", "--note", "Layout")
    second = cli.run("effort", "add", "Icons", "45m", "--on", "2026-11-19")
    assert (first.code, first.err) == (0, "6 h on 2026-11-20 for Planner.\n")
    assert (second.code, second.err) == (0, "45 min on 2026-11-19 for Icons.\n")
    assert cli.run("effort", "list", "--format", "json").json == [
        {"spent_on": "2026-11-19", "product": "Icons", "minutes": 45, "note": None},
        {"spent_on": "2026-11-20", "product": "Planner", "minutes": 360, "note": "Layout"},
    ]


@pytest.mark.parametrize("time", ["six hours", "10s", "-1h", ""])
def test_a_time_that_cannot_be_read_ends_with_2(cli: Installation, time: str) -> None:
    cli.configure()
    ran = cli.run("effort", "add", "Planner", time)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
