"""A market stall: a marketplace of the tests' own, whose files are as plain as files can be.

Three kinds: items (order, day, line, title, pence), orders (order, day, pence, refunded,
country) and books (entry, day, order, kind, amount). What its till shows is a list.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from salesdaemon import marketplaces
from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.base import (
    BadRow,
    Connection,
    ExportFile,
    ExportRows,
    Feed,
    Marketplace,
    ShopSettings,
)

STALL = '[shops.saturday]\nmarketplace = "stall"\n'
HEADS: dict[str, tuple[str, ...]] = {
    "items": ("order", "day", "line", "title", "pence"),
    "orders": ("order", "day", "pence", "refunded", "country"),
    "books": ("entry", "day", "order", "kind", "amount"),
}
Row = dict[str, str]


def write(kind: str, *rows: tuple[object, ...]) -> str:
    """Write a file as the stall does."""
    lines = [HEADS[kind], *rows]
    return "".join(",".join(str(value) for value in line) + "\n" for line in lines)


def read_export(file: ExportFile, _settings: Any) -> ExportRows:
    """Read a file that the stall wrote."""
    reader = csv.DictReader(file.text.splitlines(), strict=True)
    kinds = [kind for kind, head in HEADS.items() if head == tuple(reader.fieldnames or ())]
    if not kinds:
        raise PayloadError(f"Expected order, day, …; found {', '.join(reader.fieldnames or ())}.")
    return _READERS[kinds[0]](list(reader))


def _items(rows: Sequence[Row]) -> ExportRows:
    bad = [
        BadRow(number, "pence", "not a number")
        for number, row in enumerate(rows, 2)
        if not row["pence"].isdecimal()
    ]
    by_order: dict[str, list[Row]] = {}
    for number, row in enumerate(rows, 2):
        if number not in {each.number for each in bad}:
            by_order.setdefault(row["order"], []).append(row)
    sales = [_sale(lines[0], items=_lines(lines)) for lines in by_order.values()]
    parts = frozenset({"order", "items", "paid"})
    return ExportRows("items", len(rows), tuple(sales), bad=tuple(bad), parts=parts)


def _lines(rows: Sequence[Row]) -> tuple[LineItem, ...]:
    return tuple(
        LineItem(row["title"], row["title"], 1, int(row["pence"]), False, row["line"])
        for row in rows
    )


def _orders(rows: Sequence[Row]) -> ExportRows:
    sales = [
        _sale(
            row,
            gross_minor=int(row["pence"]),
            refunded_minor=int(row["refunded"]),
            status=_status(row),
            country=row["country"] or None,
        )
        for row in rows
    ]
    parts = frozenset({"order", "refund", "country"})
    return ExportRows("orders", len(rows), tuple(sales), parts=parts)


def _status(row: Row) -> Status:
    if row["refunded"] == "0":
        return Status.PAID
    return Status.REFUNDED if row["refunded"] == row["pence"] else Status.PARTIALLY_REFUNDED


def _sale(row: Row, items: tuple[LineItem, ...] = (), **facts: Any) -> Sale:
    noon = datetime.combine(date.fromisoformat(row["day"]), time(12), UTC)
    facts.setdefault("gross_minor", sum(line.gross_minor for line in items))
    facts.setdefault("status", Status.PAID)
    return Sale(
        external_id=row["order"],
        kind=Kind.SALE,
        paid=True,
        created_at=noon,
        paid_at=noon,
        sold_on=noon.date(),
        currency="GBP",
        items=items,
        fees_minor=20,
        **facts,
    )


def _books(rows: Sequence[Row]) -> ExportRows:
    entries = tuple(
        Entry(
            entry_id=row["entry"],
            sequence=number,
            posted_at=datetime.combine(date.fromisoformat(row["day"]), time(12), UTC),
            kind=EntryKind(row["kind"]),
            name=row["kind"],
            amount=int(row["amount"]),
            currency="GBP",
            about=About.SALE if row["order"] else About.SHOP,
            about_id=row["order"] or None,
            imported=True,
        )
        for number, row in enumerate(rows)
    )
    return ExportRows("books", len(rows), entries=entries)


_READERS: dict[str, Callable[[Sequence[Row]], ExportRows]] = {
    "items": _items,
    "orders": _orders,
    "books": _books,
}


async def _nothing(*_: Any) -> Any:
    raise NotImplementedError


def _connect(_connection: Connection) -> Feed:
    raise NotImplementedError


MARKETPLACE = Marketplace(
    slug="stall",
    label="Market stall",
    settings=ShopSettings,
    connect=_connect,
    authorise=_nothing,
    check=_nothing,
    earliest=datetime(2020, 1, 1, tzinfo=UTC),
    read_export=read_export,
)


@contextmanager
def dropped_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the registry find the stall, and take it away again."""
    package = folder / "dropped" / "stall"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from tests.stall import MARKETPLACE\n")
    (package / "settings.py").write_text(
        "from salesdaemon.marketplaces.base import ShopSettings as SETTINGS\nEXAMPLE = {}\n"
    )
    paths = [*marketplaces.__path__, str(package.parent)]
    monkeypatch.setattr(marketplaces, "__path__", paths)
    yield
    name = "salesdaemon.marketplaces.stall"
    for module in [each for each in sys.modules if each.startswith(name)]:
        del sys.modules[module]
    if hasattr(marketplaces, "stall"):
        del marketplaces.stall
