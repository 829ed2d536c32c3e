"""Compare what is stored with what the marketplace says now. Pure.

What may move by itself is no difference: titles of products that were renamed, and estimates
that are made otherwise by now. Where the figures were read from the very same answer, estimates
too have to agree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from salesdaemon.domain.ledger import Contradiction, Entry
from salesdaemon.domain.money import proportion, to_text
from salesdaemon.domain.sale import LineItem, Sale

MISSING: Final = "missing"
EXTRA: Final = "extra"
ENTRY: Final = "entry"
MISSING_ENTRY: Final = "entry missing"
EXTRA_ENTRY: Final = "entry extra"
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Facts:
    """A sale with its figures as they stand, and what its row says beside them.

    `fingerprint` sums up the answer it was read from. `imported` tells that it came from a file.
    """

    sale: Sale
    sold_on: date
    net_minor: int
    fingerprint: int
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: what it is about, and what either side says; None says nothing.

    `sale_id` is None for a line of the books that belongs to no sale. `at` is when the sale was
    created or the line posted.
    """

    at: datetime
    sale_id: str | None
    what: str
    stored: str | None
    source: str | None


def compare_sale(stored: Facts | None, source: Facts | None) -> list[Difference]:
    """List where a stored sale differs from the source's; either side may lack it."""
    if source is None:
        return [] if stored is None else [_whole(stored, EXTRA)]
    if stored is None:
        return [_whole(source, MISSING)]
    sale = source.sale
    found = [(what, of(stored), of(source)) for what, of in _figures(stored, source).items()]
    if not _same_items(stored, source):
        found.append(("items", _items(stored.sale), _items(sale)))
    return [
        Difference(sale.created_at, sale.external_id, what, here, there)
        for what, here, there in found
        if here != there or what == "items"
    ]


def _whole(facts: Facts, what: str) -> Difference:
    sale = facts.sale
    text = f"{sale.status.value} {to_text(sale.gross_minor, sale.currency)} {sale.currency}"
    if facts.imported:
        text += " (imported)"
    stored, source = (text, None) if what == EXTRA else (None, text)
    return Difference(sale.created_at, sale.external_id, what, stored, source)


_Text = Callable[[Facts], str | None]


def _amount(name: str) -> _Text:
    def of(facts: Facts) -> str | None:
        minor = getattr(facts.sale, f"{name}_minor")
        return None if minor is None else to_text(minor, facts.sale.currency)

    return of


def _field(name: str) -> _Text:
    def of(facts: Facts) -> str | None:
        value = getattr(facts.sale, name)
        return None if value is None else str(value)

    return of


def _yes_or_no(name: str) -> _Text:
    return lambda facts: "true" if getattr(facts.sale, name) else "false"


def _net(facts: Facts) -> str:
    return to_text(facts.net_minor, facts.sale.currency)


def _settled(facts: Facts) -> str | None:
    currency, net = facts.sale.settled_currency, facts.sale.settled_net_minor
    return None if currency is None or net is None else f"{to_text(net, currency)} {currency}"


_ALWAYS: Final[Mapping[str, _Text]] = {
    "kind": _field("kind"),
    "status": _field("status"),
    "paid": _yes_or_no("paid"),
    "currency": _field("currency"),
    "gross": _amount("gross"),
    "refunded": _amount("refunded"),
    "refunded_exact": _yes_or_no("refunded_exact"),
    "affiliate": _amount("affiliate"),
    "fees_exact": _yes_or_no("fees_exact"),
    "settled": _settled,
}
_FEES: Final[Mapping[str, _Text]] = {
    "fees": _amount("fees"),
    "fees_refunded": _amount("fees_refunded"),
}
_READ_ONLY: Final[Mapping[str, _Text]] = {
    # What a file knows less of.
    "created_at": lambda facts: f"{facts.sale.created_at:%Y-%m-%dT%H:%M:%SZ}",
    "paid_at": lambda facts: f"{facts.sale.paid_at:%Y-%m-%dT%H:%M:%SZ}",
    "sold_on": lambda facts: facts.sold_on.isoformat(),
    "shipping": _amount("shipping"),
    "country": _field("country"),
}


def _charged(facts: Facts) -> str:
    sale = facts.sale
    charged = sale.gross_minor if sale.charged_minor is None else sale.charged_minor
    return to_text(charged, sale.currency)


def _figures(stored: Facts, source: Facts) -> Mapping[str, _Text]:
    figures = dict(_ALWAYS)
    if not stored.imported:
        figures |= _READ_ONLY
        if {stored.sale.charged_minor, source.sale.charged_minor} != {None}:
            figures["charged"] = _charged
    elif stored.sale.country is not None:
        figures["country"] = _field("country")
    if stored.imported and not stored.sale.fees_exact:
        del figures["fees_exact"]
    if _comparable_fees(stored, source):
        figures |= _FEES
        figures["net"] = _net
    elif stored.net_minor != stored.sale.net_minor:
        figures["net"] = _net  # it contradicts the figures beside it
    return figures


def _same_answer(stored: Facts, source: Facts) -> bool:
    return stored.fingerprint == source.fingerprint


def _comparable_fees(stored: Facts, source: Facts) -> bool:
    if stored.imported and not stored.sale.fees_exact:
        return False
    estimates = not stored.sale.fees_exact and not source.sale.fees_exact
    return not estimates or _same_answer(stored, source)


# Items


def _same_items(stored: Facts, source: Facts) -> bool:
    mine, theirs = stored.sale.items, source.sale.items
    if stored.imported:
        # A file may not know the items, and may list them in another order.
        return not mine or sorted(map(_bare, mine)) == sorted(map(_bare, theirs))
    same_answer = _same_answer(stored, source)
    return len(mine) == len(theirs) and all(
        _same_line(here, there, same_answer=same_answer)
        for here, there in zip(mine, theirs, strict=True)
    )


def _bare(line: LineItem) -> tuple[int, int]:
    return line.quantity, line.gross_minor


def _same_line(here: LineItem, there: LineItem, *, same_answer: bool) -> bool:
    """Compare two lines; a product that was deleted has lost its id, and older rows lack some."""
    if _bare(here) != _bare(there) or (same_answer and here.passive is not there.passive):
        return False
    ids = ((here.product_id, there.product_id), (here.line_id, there.line_id))
    return all(mine == theirs for mine, theirs in ids if mine is not None and theirs is not None)


def _items(sale: Sale) -> str | None:
    return ", ".join(_line(sale, line) for line in sale.items) or None


def _line(sale: Sale, line: LineItem) -> str:
    passive = {True: "passive", False: "active", None: "unclassified"}[line.passive]
    amount = to_text(line.gross_minor, sale.currency)
    return f"{line.quantity} x {line.product_id or '?'} {amount} {passive}"


# The books


def compare_entry(
    stored: Entry | None, source: Entry | None, scales: Mapping[str, int]
) -> list[Difference]:
    """List how a line of the books differs; either side may lack it.

    `scales` says by currency how many of the books' units make one minor unit.
    """
    entry = source if source is not None else stored
    if entry is None or (stored and source and _compared(stored) == _compared(source)):
        return []
    what = ENTRY if stored and source else MISSING_ENTRY if source else EXTRA_ENTRY
    owners = [each.of_sale for each in (stored, source) if each is not None and each.of_sale]
    return [
        Difference(
            entry.posted_at,
            owners[0] if owners else None,
            what,
            _entry(stored, scales) if stored is not None else None,
            _entry(source, scales) if source is not None else None,
        )
    ]


def _compared(entry: Entry) -> Entry:
    return replace(entry, sequence=0, name=entry.name[:_LONGEST_NAME], imported=False)


def _entry(entry: Entry, scales: Mapping[str, int]) -> str:
    minor = proportion(entry.amount, 1, scales.get(entry.currency, 1))
    about = f"{entry.about.value} {entry.about_id}" if entry.about_id else entry.about.value
    of_sale = f", of {entry.of_sale}" if entry.of_sale else ""
    return (
        f"{entry.entry_id}: {entry.kind.value} ({entry.name}) of "
        f"{to_text(minor, entry.currency)} {entry.currency} at "
        f"{entry.posted_at:%Y-%m-%dT%H:%M:%SZ}, about {about}{of_sale}"
    )


def contradictions_of(sale: Sale, found: Iterable[Contradiction]) -> list[Difference]:
    """Word where the books contradict the order itself; no reading can mend that."""
    return [
        Difference(
            sale.created_at,
            sale.external_id,
            f"{each.figure} in the books",
            to_text(each.listed_minor, sale.currency),
            to_text(each.booked_minor, sale.currency),
        )
        for each in found
    ]
