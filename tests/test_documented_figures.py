"""The pages on figures explain all of them, and their worked examples are what the code makes."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from salesdaemon.domain.bookkeeping import SalesDay, Settlement, to_transactions
from salesdaemon.domain.journal import Program, render
from salesdaemon.domain.ledger import EntryKind, Payout, ShopLine, settle
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import report_json, sale_json
from salesdaemon.domain.sale import Kind, Sale, Status
from salesdaemon.domain.sums import summarise
from tests.factories import FRIDAY, item, sale, stored_sale
from tests.marketplaces.gumroad.replies import DISPUTED, adapt
from tests.posting import Ledger

DOCS = Path(__file__).parent.parent / "docs"
FIGURES = (DOCS / "figures.md").read_text(encoding="utf-8")
BOOKS = (DOCS / "books.md").read_text(encoding="utf-8")

NAMES = frozenset(
    {
        *("from", "to", "timezone", "shops", "products", "stale", "totals", "sales", "currency"),
        *("marketplace", "shop", "sale_id", "country", "items", "kind", "status"),
    }
)
"""What reports and sales hold beside figures; it means what it says."""
CALLED = {
    "passive_net": "passive",
    "active_net": "active",
    "unclassified_net": "not classified",
    "fees_exact": "exact",
    "refunded_exact": "refunded exactly or not",
}
KINDS_OF_LINES = {
    "payment": EntryKind.PAYMENT,
    "tax": EntryKind.TAX,
    "processing": EntryKind.PROCESSING_FEE,
    "transaction": EntryKind.ITEM_FEE,
}
GUMROAD_SALES = {
    "an icon pack": adapt(),
    "the same": adapt(partially_refunded=True, amount_refundable_in_currency="8"),
    "a spreadsheet": adapt(price=2000, gumroad_fee=338, affiliate={"amount": "$6"}),
    "a brush set": adapt(price=900, gumroad_fee=196, **DISPUTED),
}


def rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of a section's table, its head and rule left out."""
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def cents(cell: str) -> list[int]:
    """Return every amount of a cell in minor units; its minus sign is a printer's."""
    amounts = re.findall(r"-?\d+\.\d\d", cell.replace("\N{MINUS SIGN}", "-"))
    return [int(Decimal(each) * 100) for each in amounts]


def explained() -> set[str]:
    cells = re.findall(r"^\| (.*?) \|", FIGURES, re.MULTILINE)
    return {name.strip("`") for cell in cells for name in cell.split(", ")}


def test_every_figure_of_a_report_and_of_a_sale_is_explained() -> None:
    summary = summarise([stored_sale()], Period(FRIDAY, FRIDAY), "EUR")
    report = report_json(summary, [], "Europe/Berlin")
    told = {*report, *report["totals"]["EUR"], *report["home"], *sale_json(stored_sale(), "EUR")}
    names = {CALLED.get(each, each) for each in told - NAMES}
    known = explained()
    assert {each for each in names if not {each, each.replace("_", " ")} & known} == set()


@pytest.mark.parametrize("word", [*Kind, *Status])
def test_every_kind_and_status_is_explained(word: Kind | Status) -> None:
    assert word.value in explained()


def test_the_etsy_example_is_what_settling_its_lines_makes() -> None:
    ledger = Ledger()
    for name, amounts, _ in rows(FIGURES, "An Etsy sale, line by line"):
        kinds = [KINDS_OF_LINES.get(name.split()[0], EntryKind.FEE), EntryKind.FEE]
        for kind, amount in zip(kinds, cents(amounts), strict=False):
            ledger.post(kind, amount)
    lines = (replace(item(1200), line_id="l1"),)
    listed = sale(items=lines, fees_minor=166, fees_exact=False, charged_minor=1440)
    assert listed.net_minor == cents("which leaves €10.34")[0]
    settled = settle(listed, ledger.entries, {})
    assert settled == replace(listed, fees_minor=436, fees_exact=True)
    assert settled.net_minor == cents("net is **€7.64**")[0]
    for told in ("which leaves €10.34", "fees are 4.36, net is **€7.64**"):
        assert told in FIGURES


@pytest.mark.parametrize(
    "row", rows(FIGURES, "A Gumroad sale, line by line"), ids=lambda row: str(row[0])
)
def test_the_gumroad_examples_are_what_its_answers_make(row: list[str]) -> None:
    name, *amounts = row
    assert figures_of(GUMROAD_SALES[name.split(",")[0]]) == [cents(each)[0] for each in amounts]


def figures_of(sold: Sale) -> list[int]:
    fees = (sold.fees_minor, sold.fees_refunded_minor)
    return [sold.gross_minor, sold.refunded_minor, *fees, sold.affiliate_minor, sold.net_minor]


def test_every_account_of_the_books_is_explained() -> None:
    cells = " ".join(row[0] for row in rows(BOOKS, "Accounts"))
    told = set(re.findall(r"`(\w+:\w+):SHOP`", cells))
    assert told == accounts_of_everything()


def accounts_of_everything() -> set[str]:
    disputed = SalesDay(
        FRIDAY, "shop", "EUR", 1, 1200, 300, 235, 20, affiliate=50, net=0, estimated=1
    )
    lines = [
        ShopLine("shop", FRIDAY, kind, "name", "EUR", -100)
        for kind in (EntryKind.COST, EntryKind.TRANSFER, EntryKind.OTHER)
    ]
    settled = Settlement(FRIDAY, "shop", "USD", 1000, "EUR", 860)
    payout = Payout("1", 5000, "EUR", "sent", FRIDAY)
    text = render(
        to_transactions([disputed], [settled], lines, [("shop", payout)]), Program.BEANCOUNT
    )
    return set(re.findall(r"open (\w+:\w+):Shop", text))
