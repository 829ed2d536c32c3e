"""Put together what several files say of one sale. Pure.

Files of different kinds know different parts: "order" (its amounts), "items", "paid" (the day of
payment), "refund" (where it stands) and "country". In whichever order files come, and however
often, the same sale results.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from salesdaemon.domain.money import split
from salesdaemon.domain.sale import LineItem, Sale, Status

_WHOLE = frozenset({"order", "items", "refund"})
_AMOUNTS = ("kind", "currency", "gross_minor", "charged_minor", "shipping_minor")
_PAID = ("sold_on", "paid_at")
_REFUND = ("status", "paid", "refunded_minor", "refunded_exact", "fees_refunded_minor")


def merge(before: Sale, seen: Sale, parts: Collection[str]) -> Sale:
    """Complete a sale with the parts that another file knows of it; no parts means all.

    An unknown country or title takes nothing away, and items add up to the gross whoever knew it.
    """
    if not parts or set(parts) >= _WHOLE:
        both = replace(seen, created_at=before.created_at)
    else:
        both = _take(before, seen, _fields(before, seen, parts))
    lines = _with_titles(both.items or before.items, before.items)
    return replace(
        both,
        items=_adding_up(lines, both.gross_minor),
        country=both.country or before.country,
    )


def _fields(before: Sale, seen: Sale, parts: Collection[str]) -> list[str]:
    names: list[str] = []
    if "order" in parts and _size(seen) > _size(before):
        names += _AMOUNTS
    if "items" in parts:
        names.append("items")
    if "paid" in parts:
        names += _PAID
    if _knows_state(before, seen, parts):
        names += _REFUND
    if "country" in parts:
        names.append("country")
    return names


def _take(before: Sale, seen: Sale, names: Sequence[str]) -> Sale:
    both = replace(before, **{name: getattr(seen, name) for name in names})
    # An estimate: whichever file counted more of what is charged for.
    fees = max(before.fees_minor, seen.fees_minor) if both.paid else 0
    return replace(both, fees_minor=fees)


def _size(sale: Sale) -> tuple[int, int, int]:
    """Order two views of the amounts: the one that says less lacks a column, such as gift wrap."""
    return (sale.gross_minor, sale.charged_minor or sale.gross_minor, sale.shipping_minor)


def _knows_state(before: Sale, seen: Sale, parts: Collection[str]) -> bool:
    """Tell whether the other file knows better where a sale stands.

    A file of payments, which is one of items, tells paid from unpaid; one of refunds tells what
    came after that.
    """
    plain = {before.status, seen.status} <= {Status.UNPAID, Status.PAID}
    if "refund" not in parts:
        return "paid" in parts and plain
    return not plain or "paid" in parts or not before.items


def _with_titles(lines: Sequence[LineItem], before: Sequence[LineItem]) -> tuple[LineItem, ...]:
    titles = {line.line_id: line.product for line in before}
    return tuple(
        replace(line, product=titles.get(line.line_id)) if line.product is None else line
        for line in lines
    )


def _adding_up(lines: tuple[LineItem, ...], gross_minor: int) -> tuple[LineItem, ...]:
    if not lines or sum(line.gross_minor for line in lines) == gross_minor:
        return lines
    shares = split(gross_minor, [max(line.gross_minor, 0) for line in lines])
    return tuple(
        replace(line, gross_minor=share) for line, share in zip(lines, shares, strict=True)
    )
