"""The shops' own books held against the store, to the cent."""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.end_to_end.phone import count_products
from tests.end_to_end.stage import Stage, rest_after

_SALES = """
    SELECT s.external_id, s.kind, s.status, s.currency, s.gross_minor, s.refunded_minor,
           s.fees_minor, s.fees_refunded_minor, s.affiliate_minor, s.net_minor, a.shop
    FROM sales AS s JOIN accounts AS a ON a.id = s.account_id
"""
_AMOUNTS = ("gross", "refunded", "fees", "fees_refunded", "affiliate", "net")
_WORDS = ("sale_id", "kind", "status", "currency")


def stored(stage: Stage) -> list[dict[str, Any]]:
    """List the sales of the store in the words of the books."""
    return [
        dict(zip(_WORDS, row[:4], strict=True))
        | {
            name: f"{Decimal(minor) / 100:.2f}"
            for name, minor in zip(_AMOUNTS, row[4:10], strict=True)
        }
        | {"shop": row[10]}
        for row in stage.rows(_SALES)
    ]


def differences(
    stage: Stage, lines: list[dict[str, Any]] | None = None
) -> list[tuple[object, object]]:
    """List every sale of which the shops' books and the store disagree.

    With `lines`, what `sales` printed is compared instead, in everything that the books say.
    """
    told = stored(stage) if lines is None else lines
    found = {(line["shop"], line["sale_id"]): line for line in told}
    expected = {
        (shop.name, book["sale_id"]): {
            name: value
            for name, value in book.items()
            if lines is not None or name in _WORDS + _AMOUNTS
        }
        for shop in stage.shops
        for book in shop.books()
    }
    return [
        (expected.get(key), found.get(key))
        for key in sorted(found.keys() | expected.keys())
        if not _agree(expected.get(key), found.get(key))
    ]


def _agree(book: Mapping[str, Any] | None, line: Mapping[str, Any] | None) -> bool:
    return book is not None and line is not None and {**line, **book} == line


def wait_for_truth(stage: Stage, *, within: float = 40.0) -> None:
    """Wait until the store equals what the shops say."""
    deadline = time.monotonic() + within
    began = time.monotonic()
    while wrong := differences(stage):
        assert time.monotonic() < deadline, wrong[:5]
        rest_after(began, at_least=0.2)
        began = time.monotonic()


def untold(stage: Stage, sale_ids: Mapping[str, str]) -> list[str]:
    """Name the products, of a map from sale id to product, that no message on the phone stands for.

    Every sale has its row in the outbox, delivered in a message that the phone has received to
    the letter; and where the message was short enough to list it, its product was told.
    """
    told = count_products(stage.phone.rings)
    received = {(push.title, push.body) for push in stage.phone.rings}
    short = {(push.title, push.body) for push in stage.phone.rings if push.sales <= 15}
    delivered = {
        row[0]: (row[1], row[2])
        for row in stage.rows(
            "SELECT o.external_id, m.title, m.body FROM outbox AS o"
            " JOIN messages AS m ON m.id = o.message_id"
            " WHERE o.delivered_at IS NOT NULL AND o.kind = 'sale' AND o.level = 'on'"
        )
    }
    return [
        product
        for sale_id, product in sale_ids.items()
        if delivered.get(sale_id) not in received
        or (delivered[sale_id] in short and not told[product])
    ]
