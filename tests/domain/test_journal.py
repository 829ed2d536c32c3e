"""What is written is read by the programs themselves, whatever a marketplace calls its lines."""

import csv
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from beancount import loader
from beancount.core import data
from hypothesis import given, settings
from hypothesis import strategies as st

from salesdaemon.domain.bookkeeping import Posting, Transaction
from salesdaemon.domain.exchange import Rate, RateBook
from salesdaemon.domain.journal import CSV_COLUMNS, Price, Program, prices_used, render
from salesdaemon.domain.money import to_decimal
from tests.factories import FRIDAY

ASSET = ("assets", "marketplaces", "my_old_shop")
COST = ("expenses", "marketplaces", "my_old_shop")

HOSTILE = (
    'The "best" planner',
    "a\nb\r\n2026-11-20 open Assets:Stolen",
    "x ; y | z",
    'back\\slash\\"',
    "=1+1",
    "",
    "  :: (virtual) [balanced]  ",
    "费用",
    "Gebühr für Übersetzung",
    "\x00\x1b[31m\u202e\u2028",
    "\ud800",
    "* ! @ @@ { } ~ # ^ %",
    "9" * 64,
)


def moved(
    what: str = "prolist", amount: int = -250, currency: str = "EUR", **facts: Any
) -> Transaction:
    """Make a transaction between a shop's money and an account that is named by what it is."""
    return Transaction(
        facts.pop("day", FRIDAY),
        "my_old_shop",
        what,
        (Posting(ASSET, amount, currency), Posting((*COST, what), -amount, currency)),
        **facts,
    )


def sums_of(transactions: Iterable[Transaction]) -> list[tuple[str, Decimal]]:
    """Add the shop's money up by currency, and all the rest, in the way of neither program."""
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in transactions:
        for posting in one.postings:
            sums[posting.account[0], posting.currency] += posting.amount_minor
    found = [
        (f"{account} {currency}", to_decimal(amount, currency))
        for (account, currency), amount in sorted(sums.items())
    ]
    return [(name, amount) for name, amount in found if amount]


def by_beancount(text: str) -> list[data.Directive]:
    """Load books as Beancount does."""
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    return list(entries)


def beancount_sums(text: str) -> list[tuple[str, Decimal]]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in by_beancount(text):
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            root = posting.account.split(":")[0].lower()
            assert posting.units is not None
            assert posting.units.number is not None
            sums[f"{root} {posting.units.currency}"] += posting.units.number
    return sorted((name, amount) for name, amount in sums.items() if amount)


_HLEDGER_LINE = re.compile(
    r"commodity 1000\.0* [A-Z]{3}"
    r"|account (?P<declared>[a-z0-9-]+(:[a-z0-9-]+)+)"
    r"|P \d{4}-\d\d-\d\d [A-Z]{3} [\d.]+ [A-Z]{3}(  ; [^;]+)?"
    r"|(?P<head>\d{4}-\d\d-\d\d [*!] [a-z0-9_]+ \| [^;|\x00-\x1f]*)"
    r"|    ; [^;]+"
    r"|    (?P<account>[a-z0-9-]+(:[a-z0-9-]+)+) {2,}"
    r"(?P<amount>-?\d+(\.\d+)?) (?P<currency>[A-Z]{3})"
    r"|"
)


def hledger_sums(text: str) -> list[tuple[str, Decimal]]:
    """Read a journal strictly: known kinds of lines alone, accounts declared, balanced."""
    declared: set[str] = set()
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    open_sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in [*text.split("\n"), ""]:
        match = _HLEDGER_LINE.fullmatch(line)
        assert match, line
        if match["declared"]:
            declared.add(match["declared"])
        if match["account"]:
            assert match["account"] in declared
            root = match["account"].split(":")[0]
            sums[f"{root} {match['currency']}"] += Decimal(match["amount"])
            open_sums[match["currency"]] += Decimal(match["amount"])
        if not line or match["head"]:
            assert not any(open_sums.values())
    return sorted((name, amount) for name, amount in sums.items() if amount)


def check_by_hledger(text: str) -> None:
    """Let hledger itself check a journal, where it is installed."""
    program = shutil.which("hledger")
    if program is None:
        return
    ran = subprocess.run(
        [program, "-f", "-", "check", "--strict"],
        input=text.encode(),
        capture_output=True,
        check=False,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert (ran.returncode, ran.stderr.decode()) == (0, "")


def test_beancount_reads_what_is_written_for_it() -> None:
    books = [moved("prolist"), moved("3 sales", 1500, "JPY", remarks=("fees estimated",))]
    prices = [Price(FRIDAY, "JPY", Decimal("0.006123456"), "EUR", "ECB")]
    text = render(books, Program.BEANCOUNT, prices)
    assert text == (
        "2026-11-20 open Assets:Marketplaces:My-old-shop\n"
        "2026-11-20 open Expenses:Marketplaces:My-old-shop:3-sales\n"
        "2026-11-20 open Expenses:Marketplaces:My-old-shop:Prolist\n"
        "\n"
        "2026-11-20 price JPY 0.006123456 EUR  ; ECB\n"
        "\n"
        '2026-11-20 * "my_old_shop" "prolist"\n'
        "    Assets:Marketplaces:My-old-shop                      -2.50 EUR\n"
        "    Expenses:Marketplaces:My-old-shop:Prolist             2.50 EUR\n"
        "\n"
        '2026-11-20 ! "my_old_shop" "3 sales"\n'
        "    ; fees estimated\n"
        "    Assets:Marketplaces:My-old-shop                       1500 JPY\n"
        "    Expenses:Marketplaces:My-old-shop:3-sales            -1500 JPY\n"
    )
    entries = by_beancount(text)
    found = [entry for entry in entries if isinstance(entry, data.Transaction)]
    assert sorted((one.flag, one.payee, one.narration) for one in found) == [
        ("!", "my_old_shop", "3 sales"),
        ("*", "my_old_shop", "prolist"),
    ]
    (price,) = [entry for entry in entries if isinstance(entry, data.Price)]
    assert (price.date, price.currency, str(price.amount)) == (FRIDAY, "JPY", "0.006123456 EUR")
    assert beancount_sums(text) == sums_of(books)


def test_hledger_reads_what_is_written_for_it() -> None:
    books = [moved("prolist"), moved("3 sales", 1500, "JPY", remarks=("fees estimated",))]
    prices = [Price(FRIDAY, "JPY", Decimal("0.006123456"), "EUR", "ECB")]
    text = render(books, Program.HLEDGER, prices)
    assert text == (
        "commodity 1000.00 EUR\n"
        "commodity 1000. JPY\n"
        "account assets:marketplaces:my-old-shop\n"
        "account expenses:marketplaces:my-old-shop:3-sales\n"
        "account expenses:marketplaces:my-old-shop:prolist\n"
        "\n"
        "P 2026-11-20 JPY 0.006123456 EUR  ; ECB\n"
        "\n"
        "2026-11-20 * my_old_shop | prolist\n"
        "    assets:marketplaces:my-old-shop                      -2.50 EUR\n"
        "    expenses:marketplaces:my-old-shop:prolist             2.50 EUR\n"
        "\n"
        "2026-11-20 ! my_old_shop | 3 sales\n"
        "    ; fees estimated\n"
        "    assets:marketplaces:my-old-shop                       1500 JPY\n"
        "    expenses:marketplaces:my-old-shop:3-sales            -1500 JPY\n"
    )
    assert hledger_sums(text) == sums_of(books)
    check_by_hledger(text)


def test_a_spreadsheet_gets_a_row_for_each_posting() -> None:
    books = [moved("=SUM(A1)", remarks=("fees estimated", "refund estimated"))]
    rows = list(csv.reader(StringIO(render(books, Program.CSV))))
    remark = "fees estimated, refund estimated"
    assert rows == [
        list(CSV_COLUMNS),
        [
            *("2026-11-20", "my_old_shop", "'=SUM(A1)", "assets:marketplaces:my-old-shop"),
            *("-2.50", "EUR", remark),
        ],
        [
            *("2026-11-20", "my_old_shop", "'=SUM(A1)"),
            *("expenses:marketplaces:my-old-shop:sum-a1", "2.50", "EUR", remark),
        ],
    ]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_breaks_the_books(name: str) -> None:
    books = [moved(name, remarks=(f"about {name}",)), moved("prolist")]
    prices = [Price(FRIDAY, "USD", Decimal("0.9"), "EUR", name)]
    assert beancount_sums(render(books, Program.BEANCOUNT, prices)) == sums_of(books)
    journal = render(books, Program.HLEDGER, prices)
    assert hledger_sums(journal) == sums_of(books)
    check_by_hledger(journal)
    rows = list(csv.DictReader(StringIO(render(books, Program.CSV))))
    assert sum(Decimal(row["amount"]) for row in rows) == 0


def test_names_of_other_alphabets_stay_apart() -> None:
    text = render([moved("费用"), moved("广告"), moved("费用")], Program.HLEDGER)
    assert len(re.findall(r"^account expenses", text, re.MULTILINE)) == 2


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=12),
            st.integers(-(10**15), 10**15).filter(bool),
            st.sampled_from(["EUR", "JPY", "KWD", "USD"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_books_add_up_to_the_same_in_every_program(facts: list[tuple[str, int, str]]) -> None:
    books = [moved(*each) for each in facts]
    expected = sums_of(books)
    assert beancount_sums(render(books, Program.BEANCOUNT)) == expected
    assert hledger_sums(render(books, Program.HLEDGER)) == expected


def test_no_transactions_are_no_text_but_the_head_of_a_table() -> None:
    assert render([], Program.BEANCOUNT) == render([], Program.HLEDGER) == ""
    assert render([], Program.CSV) == ",".join(CSV_COLUMNS) + "\n"


def test_each_rate_that_converts_anything_is_told_once() -> None:
    thursday, saturday = date(2026, 11, 19), date(2026, 11, 21)
    book = RateBook(
        [
            Rate(thursday, "USD", Decimal("1.08"), "ECB"),
            Rate(FRIDAY, "USD", Decimal("1.25"), "ECB"),
            Rate(FRIDAY, "GBP", Decimal("0.8"), "ECB"),
        ]
    )
    books = [
        *(moved(currency="USD", day=day) for day in (FRIDAY, saturday)),
        moved(currency="EUR"),
        moved(currency="VND"),
    ]
    assert prices_used(books, book, "EUR") == [
        Price(FRIDAY, "USD", Decimal("0.8"), "EUR", "ECB"),
    ]
    assert prices_used(books[:1], book, "GBP") == [
        Price(FRIDAY, "USD", Decimal("0.64"), "GBP", "ECB"),
    ]
