"""Write transactions in the plain text that accounting programs read: pure."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from io import StringIO

from salesdaemon.domain.bookkeeping import Posting, Transaction
from salesdaemon.domain.exchange import RateBook
from salesdaemon.domain.money import exponent, to_text

CSV_COLUMNS = ("date", "shop", "description", "account", "amount", "currency", "remark")

_NOT_IN_ACCOUNTS = re.compile(r"[^a-z0-9]+")
_FORMULA = tuple("=+-@\t\r")


class Program(StrEnum):
    """What books are written for."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of a currency was worth in the home currency, by the rates of a day."""

    day: date
    currency: str
    rate: Decimal
    home: str
    source: str


def prices_used(transactions: Iterable[Transaction], book: RateBook, home: str) -> list[Price]:
    """List the rates at which these transactions are converted, each once, oldest first."""
    wanted = {
        (one.day, posting.currency)
        for one in transactions
        for posting in one.postings
        if posting.currency != home
    }
    found = {}
    for day, currency in wanted:
        conversion = book.find(currency, home, day)
        if conversion is not None:
            price = Price(conversion.day, currency, conversion.rate, home, conversion.source)
            found[price.day, currency] = price
    return [found[key] for key in sorted(found)]


def render(
    transactions: Sequence[Transaction], program: Program, prices: Sequence[Price] = ()
) -> str:
    """Write transactions, which come oldest first; what is estimated is flagged and says so."""
    if program is Program.CSV:
        return _render_csv(transactions)
    blocks = [
        "\n".join(_declarations(transactions, prices, program)),
        "\n".join(_price(price, program) for price in prices),
        *("\n".join(_lines(one, program)) for one in transactions),
    ]
    return "\n".join(f"{block}\n" for block in blocks if block)


def _declarations(
    transactions: Sequence[Transaction], prices: Sequence[Price], program: Program
) -> Iterator[str]:
    """Declare accounts and currencies, for programs that take an unknown one for a slip."""
    postings = [posting for one in transactions for posting in one.postings]
    accounts = sorted({_account(posting.account, program) for posting in postings})
    if program is Program.BEANCOUNT:
        yield from (f"{transactions[0].day} open {account}" for account in accounts)
        return
    currencies = {posting.currency for posting in postings} | {price.home for price in prices}
    for currency in sorted(currencies):
        yield f"commodity 1000.{'0' * exponent(currency)} {currency}"
    yield from (f"account {account}" for account in accounts)


def _price(price: Price, program: Program) -> str:
    if program is Program.BEANCOUNT:
        text = f"{price.day} price {price.currency} {price.rate:f} {price.home}"
    else:
        text = f"P {price.day} {price.currency} {price.rate:f} {price.home}"
    source = _plain(price.source)
    return f"{text}  ; {source}" if source else text


def _lines(one: Transaction, program: Program) -> Iterator[str]:
    flag = "!" if one.remarks else "*"
    shop, what = _plain(one.shop), _plain(one.what)
    if program is Program.BEANCOUNT:
        yield f'{one.day} {flag} "{shop}" "{what}"'
    else:
        yield f"{one.day} {flag} {shop} | {what}"
    yield from (f"    ; {_plain(remark)}" for remark in one.remarks)
    for posting in one.postings:
        yield f"    {_account(posting.account, program):<44}  {_amount(posting):>16}"


def _amount(posting: Posting) -> str:
    return f"{to_text(posting.amount_minor, posting.currency)} {posting.currency}"


def _account(parts: tuple[str, ...], program: Program) -> str:
    names = map(_part, parts)
    if program is Program.HLEDGER:
        return ":".join(names)
    return ":".join(name.capitalize() for name in names)


def _part(name: str) -> str:
    """Name a part of an account in small letters, digits and hyphens, as every program takes it.

    Names that have nothing of these stay apart by a code.
    """
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    part = _NOT_IN_ACCOUNTS.sub("-", text).strip("-")
    return part or f"x{blake2b(name.encode(errors='replace'), digest_size=4).hexdigest()}"


def _plain(text: str) -> str:
    """Take out of a text what means something to a program: ends of lines, quotes, comments."""
    kept = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    replaced = "".join(kept).replace('"', "'").replace("\\", "/").replace(";", ",")
    return " ".join(replaced.replace("|", "/").split())


def _render_csv(transactions: Iterable[Transaction]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for one in transactions:
        for posting in one.postings:
            writer.writerow(
                (
                    one.day.isoformat(),
                    _cell(one.shop),
                    _cell(one.what),
                    _account(posting.account, Program.HLEDGER),
                    to_text(posting.amount_minor, posting.currency),
                    posting.currency,
                    _cell("; ".join(one.remarks)),
                )
            )
    return text.getvalue()


def _cell(text: str) -> str:
    """Guard a text that a spreadsheet would run as a formula."""
    plain = _plain(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
