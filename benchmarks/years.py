"""A database with years of sales, written straight into its tables: no shop could send them soon.

Two shops of a hundred products each sell every day of three years, one in the home currency and
one mostly in another. A few products bring most of it, and 15 % of the sales are refunded.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from hashlib import blake2b
from itertools import accumulate, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import upgrade
from salesdaemon.store.sums import Basis, adopt_basis, refresh

LAST: Final = date(2026, 6, 30)
DAYS: Final = 3 * 365
FIRST: Final = LAST - timedelta(days=DAYS - 1)
BASIS: Final = Basis("EUR", "UTC")
SHOPS: Final = (("etsy", "prints", "EUR"), ("gumroad", "templates", "USD"))
PRODUCTS: Final = 100
DAYS_AT_ONCE: Final = 2  # as the daemon does it

_EPOCH: Final = date(1970, 1, 1)
_SATURDAY: Final = 5
_DAY_MILLISECONDS: Final = 86_400_000
_AT_ONCE: Final = 20_000
_COUNTRIES: Final = (
    *("DE", "US", "GB", "FR", "NL", "AT", "CH", "ES", "IT", "SE", "NO", "DK", "FI", "BE", "PL"),
    *("CA", "AU", "IE", "JP", "NZ"),
)
_CURRENCIES: Final = (
    *("USD", "JPY", "CZK", "DKK", "GBP", "HUF", "PLN", "RON", "SEK", "CHF", "ISK", "NOK", "TRY"),
    *("AUD", "BRL", "CAD", "CNY", "HKD", "IDR", "ILS", "INR", "KRW", "MXN", "MYR", "NZD", "PHP"),
    *("SGD", "THB", "ZAR"),
)
_REFUNDED, _PARTLY = 0.1, 0.15  # or in part
_AT_HOME = 0.1  # sales of the shop abroad in the home currency
_THROUGH_AFFILIATES = 0.05

Row = tuple[Any, ...]


@contextmanager
def years(count: int) -> Iterator[Store]:
    """Make a database with so many sales, which goes at the end; nothing is summed up yet."""
    with TemporaryDirectory(prefix="salesdaemon-bench-") as folder:
        path = Path(folder) / "sales.db"
        store = Store(f"sqlite:///{path}")
        try:
            upgrade(store)
            _fill(path, count)
            with store.write() as connection:
                adopt_basis(connection, BASIS)
            yield store
        finally:
            store.close()


def sum_up(store: Store) -> int:
    """Sum all marked days up as the daemon does; returns how many there were."""
    days = 0
    while True:
        with store.write() as connection:
            found = refresh(connection, BASIS, days=DAYS_AT_ONCE)
        days += found
        if found < DAYS_AT_ONCE:
            return days


def _fill(path: Path, count: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        _insert(connection, "accounts", ("id", "marketplace", "external_id", "shop"), _accounts())
        _insert(connection, "rates", ("day", "currency", "rate", "source"), _rates())
        made = _orders(count)
        while batch := list(islice(made, _AT_ONCE)):
            _insert(connection, "sales", _SALE_COLUMNS, (row for row, _ in batch))
            _insert(
                connection, "items", _ITEM_COLUMNS, (line for _, lines in batch for line in lines)
            )
        connection.execute("COMMIT")


def _insert(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


def _accounts() -> Iterator[Row]:
    for account_id, (marketplace, shop, _) in enumerate(SHOPS, 1):
        yield account_id, marketplace, f"account-{account_id}", shop


def _rates() -> Iterator[Row]:
    """Yield rates of every working day, for as many currencies as are published."""
    drawn = random.Random(2)
    for number in range(-7, DAYS):
        day = FIRST + timedelta(days=number)
        if day.weekday() < _SATURDAY:
            for currency in _CURRENCIES:
                yield day.isoformat(), currency, f"{drawn.uniform(0.9, 1.2):.4f}", "ECB"


_SALE_COLUMNS = (
    *("account_id", "external_id", "kind", "status", "paid", "created_at", "paid_at", "sold_on"),
    *("currency", "gross_minor", "refunded_minor", "refunded_exact", "fees_minor"),
    *("fees_refunded_minor", "affiliate_minor", "net_minor", "fees_exact", "country"),
    *("shipping_minor", "source", "fingerprint"),
)
_ITEM_COLUMNS = (
    *("account_id", "external_id", "position", "product_id", "product", "quantity"),
    *("gross_minor", "passive"),
)


def _orders(count: int) -> Iterator[tuple[Row, list[Row]]]:
    """Yield the rows of each sale and of its items, in the columns above, oldest first."""
    drawn = random.Random(1)
    popular = list(accumulate(1 / (place + 1) for place in range(PRODUCTS)))
    gap = DAYS * _DAY_MILLISECONDS / count
    begin = (FIRST - _EPOCH).days * _DAY_MILLISECONDS
    for number in range(count):
        moment = begin + int(number * gap)
        account_id = 1 + (drawn.random() < 1 / 2)
        sale_id = _sale_id(account_id, number)
        wanted = 1 if account_id == 2 else drawn.choices((1, 2, 3), (80, 15, 5))[0]  # noqa: PLR2004 - the second sells one at a time
        products = drawn.choices(range(PRODUCTS), cum_weights=popular, k=wanted)
        lines: list[Row] = [
            (
                *(account_id, sale_id, place, f"{account_id}-{product}", f"Planner no. {product}"),
                *(1, 300 + 25 * product, product % 10 != 0),
            )
            for place, product in enumerate(products)
        ]
        yield _order(drawn, account_id, sale_id, moment, lines), lines


def _sale_id(account_id: int, number: int) -> str:
    """Name sales as the marketplaces do: in order, or at random."""
    if account_id == 1:
        return str(3_000_000_000 + number)
    return blake2b(str(number).encode(), digest_size=12).hexdigest()


def _order(
    drawn: random.Random, account_id: int, sale_id: str, moment: int, lines: list[Row]
) -> Row:
    gross = sum(line[6] for line in lines)
    fees = 50 + gross // 10
    fate = drawn.random()
    refunded = gross if fate < _REFUNDED else gross // 3 if fate < _PARTLY else 0
    status = "paid" if not refunded else "refunded" if refunded == gross else "partially_refunded"
    affiliate = gross // 5 if drawn.random() < _THROUGH_AFFILIATES and not refunded else 0
    currency = SHOPS[account_id - 1][2]
    if account_id == 2 and drawn.random() < _AT_HOME:  # noqa: PLR2004 - the shop abroad
        currency = BASIS.home
    sold_on = (_EPOCH + timedelta(days=moment // _DAY_MILLISECONDS)).isoformat()
    return (
        *(account_id, sale_id, "sale", status, 1, moment, moment, sold_on, currency),
        *(gross, refunded, 1, fees, 0, affiliate, gross - refunded - fees - affiliate, 1),
        *(drawn.choice(_COUNTRIES), 0, "api", drawn.getrandbits(62)),
    )
