"""`export`: what a seller takes to an accounting program."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from beancount import loader
from beancount.core import data

from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.ledger import About, Entry, EntryKind, Payout
from salesdaemon.domain.money import to_decimal
from salesdaemon.domain.sale import Kind, Sale, Status
from salesdaemon.store.ledger import BooksContext, record_entries
from salesdaemon.store.rates import save_rates
from salesdaemon.store.shop_lines import save_payouts
from tests.cli.commands import Installation
from tests.factories import BERLIN, FRIDAY, SEEN_AT, SOLD_AT, item, sale

_POSTING = re.compile(r"    ([A-Za-z:-]+) +(-?[\d.]+) ([A-Z]{3})")

BEANCOUNT = """\
2026-11-20 open Assets:Marketplaces:Templates
2026-11-20 open Expenses:Affiliates:Templates
2026-11-20 open Expenses:Fees:Templates
2026-11-20 open Income:Refunds:Templates
2026-11-20 open Income:Sales:Templates

2026-11-20 ! "templates" "2 sales"
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


def entry(number: int, kind: EntryKind, amount: int, **facts: object) -> Entry:
    """Make an entry of the shop itself."""
    plain = Entry(
        entry_id=f"e{number}",
        sequence=number,
        posted_at=SOLD_AT,
        kind=kind,
        name=kind.value,
        amount=amount,
        currency="EUR",
        about=About.SHOP,
    )
    return replace(plain, **facts)  # type: ignore[arg-type]  # checked by replace


def book(cli: Installation, entries: Sequence[Entry], payouts: Sequence[Payout] = ()) -> None:
    """Keep what the marketplace's books tell of the shop."""
    store = cli.open_store()
    try:
        with store.write() as connection:
            record_entries(connection, 1, entries, BooksContext(SEEN_AT, BERLIN))
            save_payouts(connection, 1, payouts, SEEN_AT)
    finally:
        store.close()


def balances(text: str) -> dict[str, Decimal]:
    """Add up each account by currency, as Beancount reads the books."""
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in entries:
        for posting in one.postings if isinstance(one, data.Transaction) else ():
            assert posting.units is not None
            assert posting.units.number is not None
            found[f"{posting.account} {posting.units.currency}"] += posting.units.number
    return {name: amount for name, amount in found.items() if amount}


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
        "commodity 1000.00 EUR\n"
        "account assets:marketplaces:templates\n"
        "account expenses:fees:templates\n"
        "account income:sales:templates\n"
        "\n"
        "2026-11-20 * templates | 1 sale\n"
        "    assets:marketplaces:templates                         9.65 EUR\n"
        "    income:sales:templates                              -12.00 EUR\n"
        "    expenses:fees:templates                               2.35 EUR\n"
    )


def test_costs_transfers_and_payouts_have_their_own_accounts(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    book(
        cli,
        [
            entry(1, EntryKind.COST, -250, name="prolist"),
            entry(2, EntryKind.COST, -20, name="listing"),
            entry(3, EntryKind.TRANSFER, -100, name="RESERVE"),
            entry(4, EntryKind.OTHER, 42, name="shiny_new_type"),
            entry(5, EntryKind.PAYOUT, -500, name="DISBURSE2"),
        ],
    )
    assert balances(cli.run("export", "beancount").out) == {
        "Assets:Marketplaces:Templates EUR": Decimal("1.37"),
        "Assets:Bank:Templates EUR": Decimal("5.00"),
        "Assets:Transfers:Templates:Reserve EUR": Decimal("1.00"),
        "Equity:Uncategorised:Templates:Shiny-new-type EUR": Decimal("-0.42"),
        "Expenses:Fees:Templates EUR": Decimal("2.35"),
        "Expenses:Marketplaces:Templates:Listing EUR": Decimal("0.20"),
        "Expenses:Marketplaces:Templates:Prolist EUR": Decimal("2.50"),
        "Income:Sales:Templates EUR": Decimal("-12.00"),
    }


def test_a_payout_belongs_to_the_day_it_was_made(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    later = FRIDAY + timedelta(days=5)
    book(
        cli,
        [],
        [
            Payout("po1", 965, "EUR", "completed", later, later),
            Payout("upcoming", 100, "EUR", "payable", None, later),
        ],
    )
    day = ("--from", "2026-11-25", "--to", "2026-11-25")
    assert balances(cli.run("export", "beancount", *day).out) == {
        "Assets:Marketplaces:Templates EUR": Decimal("-9.65"),
        "Assets:Bank:Templates EUR": Decimal("9.65"),
    }
    assert cli.run("export", "beancount", "--from", "2026-11-26").out == ""


def many_sales() -> list[Sale]:
    """Make sales of every status and kind in three currencies, over three days."""
    found = []
    for number, status in enumerate(list(Status) * 12):
        facts: dict[str, object] = {
            "status": status,
            "currency": ("EUR", "JPY", "KWD")[number // 6 % 3],
            "kind": (Kind.SALE, Kind.RENEWAL)[number % 2],
            "paid_at": SOLD_AT + timedelta(days=number % 5),
            "gross_minor": 1000 + 7 * number,
            "fees_minor": 100 + number,
            "fees_refunded_minor": number % 4,
            "affiliate_minor": 13 * (number % 2),
            "fees_exact": number % 3 > 0,
        }
        if status in {Status.REFUNDED, Status.CANCELLED, Status.DISPUTED}:
            facts["refunded_minor"] = facts["gross_minor"]
        elif status is Status.PARTIALLY_REFUNDED:
            facts["refunded_minor"] = 321
        found.append(sale(f"s{number}", **facts))
    return found


def test_the_balances_that_beancount_finds_are_those_of_the_sales(cli: Installation) -> None:
    cli.configure()
    sold = many_sales()
    cli.keep(*sold)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in sold:
        if one.paid:
            figures = {
                "Assets:Marketplaces": one.net_minor,
                "Income:Sales": -one.gross_minor,
                "Income:Refunds": one.refunded_minor,
                "Expenses:Fees": one.fees_minor - one.fees_refunded_minor,
                "Expenses:Affiliates": one.affiliate_minor,
            }
            figures["Expenses:Disputes"] = -sum(figures.values())
            for account, minor in figures.items():
                name = f"{account}:Templates {one.currency}"
                sums[name] += to_decimal(minor, one.currency)
    expected = {name: amount for name, amount in sums.items() if amount}
    assert len(expected) == 18
    assert balances(cli.run("export", "beancount").out) == expected


def test_sales_that_are_paid_out_in_another_currency_end_there(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(fees_exact=False, settled_currency="USD", settled_net_minor=1041))
    assert balances(cli.run("export", "beancount").out) == {
        "Assets:Marketplaces:Templates USD": Decimal("10.41"),
        "Equity:Conversions:Templates EUR": Decimal("9.65"),
        "Equity:Conversions:Templates USD": Decimal("-10.41"),
        "Expenses:Fees:Templates EUR": Decimal("2.35"),
        "Income:Sales:Templates EUR": Decimal("-12.00"),
    }


def test_rates_that_convert_sales_are_told(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(currency="USD"))
    store = cli.open_store()
    with store.write() as connection:
        save_rates(connection, [Rate(FRIDAY, "USD", Decimal("1.25"), "ECB")])
    store.close()
    text = cli.run("export", "beancount").out
    assert "\n2026-11-20 price USD 0.8 EUR  ; ECB\n" in text
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    assert sum(isinstance(one, data.Price) for one in entries) == 1
    assert "\nP 2026-11-20 USD 0.8 EUR  ; ECB\n" in cli.run("export", "hledger").out


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


def test_a_title_never_stands_in_the_books(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(items=(item(product='"\n2026-01-01 open Assets:X'),)))
    assert balances(cli.run("export", "beancount").out).keys() == {
        "Assets:Marketplaces:Templates EUR",
        "Expenses:Fees:Templates EUR",
        "Income:Sales:Templates EUR",
    }


def test_a_spreadsheet_gets_the_same_postings(cli: Installation) -> None:
    cli.configure()
    cli.keep(*many_sales())
    rows = csv.DictReader(StringIO(cli.run("export", "csv").out))
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[f"{row['account']} {row['currency']}".lower()] += Decimal(row["amount"])
    found = {name: amount for name, amount in sums.items() if amount}
    by_beancount = balances(cli.run("export", "beancount").out)
    assert found == {name.lower(): amount for name, amount in by_beancount.items()}


def test_books_may_be_written_to_a_file_and_for_some_days(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"), sale("s2", paid_at=SOLD_AT + timedelta(days=1)))
    target = cli.folder / "books.csv"
    days = ("--from", "2026-11-21", "--to", "2026-11-21")
    ran = cli.run("export", "csv", *days, "--out", str(target))
    assert (ran.code, ran.out, ran.err) == (0, "", f"{target} is written.\n")
    printed = cli.run("export", "csv", *days).out
    assert target.read_text(encoding="utf-8") == printed
    assert printed == (
        "date,shop,description,account,amount,currency,remark\n"
        "2026-11-21,templates,1 sale,assets:marketplaces:templates,9.65,EUR,\n"
        "2026-11-21,templates,1 sale,income:sales:templates,-12.00,EUR,\n"
        "2026-11-21,templates,1 sale,expenses:fees:templates,2.35,EUR,\n"
    )
    assert [path.name for path in cli.folder.iterdir() if "books" in path.name] == ["books.csv"]


def test_a_period_that_ends_before_it_begins_ends_with_2(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("export", "csv", "--from", "2026-11-21", "--to", "2026-11-20")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "2026-11-21 is after 2026-11-20. Give an earlier --from.\n"


def test_a_file_that_cannot_be_written_is_one_line(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("export", "hledger", "--out", "/nowhere/at/all.journal")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "/nowhere/at/all.journal cannot be written: no such file or directory.\n"


def test_an_unknown_program_ends_with_2(cli: Installation) -> None:
    cli.configure()
    assert cli.run("export", "ledger").code == 2
