"""What the pretend API accepts in a query, stricter than Etsy: an unknown name is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from salesdaemon.marketplaces.etsy.pretend_shelf import EVER, Window

Bounds = Literal["inclusive", "exclusive"]
EARLIEST = 946_684_800
MAX_LIMIT = 100
MAX_OFFSET = 12_000
MAX_LEDGER_SECONDS = 2_678_400
INTEGER = re.compile(r"-?\d{1,19}\Z")
ASCENDING = {"asc": True, "ascending": True, "up": True}
DESCENDING = {"desc": False, "descending": False, "down": False}
SORT_ORDERS = ASCENDING | DESCENDING
SORT_KEYS = ("created", "updated", "receipt_id")
TIMES = ("min_created", "max_created", "min_last_modified", "max_last_modified")
FLAGS = ("was_paid", "was_shipped", "was_delivered", "was_canceled")
PAGE = ("limit", "offset")
RECEIPTS = frozenset((*TIMES, *FLAGS, *PAGE, "sort_on", "sort_order", "legacy"))
RECEIPT = frozenset({"legacy"})
LEDGER = frozenset(("min_created", "max_created", *PAGE))
PAYMENTS = frozenset({"payment_ids"})
LEDGER_PAYMENTS = frozenset({"ledger_entry_ids"})
LISTINGS = frozenset({"listing_ids", "includes", "legacy", "currency", "buyer_country"})
MAX_IDS = 100
NOTHING: frozenset[str] = frozenset()


class BadRequest(Exception):  # noqa: N818 - the name of the answer
    """The query is wrong; the message is the `error` of a 400."""


@dataclass(frozen=True, slots=True)
class LedgerWindow:
    """Which ledger entries are asked for; bounds are epoch seconds, both ends included."""

    min_created: int
    max_created: int
    offset: int
    limit: int


def receipts_window(query: Mapping[str, str], bounds: Bounds) -> Window:
    """Read the query of the receipts list.

    Raises:
        BadRequest: a value is of the wrong type or outside its range.
    """
    _boolean(query, "legacy")
    min_created, max_created = _span(query, "min_created", "max_created", bounds)
    min_updated, max_updated = _span(query, "min_last_modified", "max_last_modified", bounds)
    return Window(
        min_created,
        max_created,
        min_updated,
        max_updated,
        **{name: _boolean(query, name) for name in FLAGS},
        sort_on=_choice(query, "sort_on", SORT_KEYS, "created"),
        ascending=SORT_ORDERS[_choice(query, "sort_order", tuple(SORT_ORDERS), "desc")],
        offset=_offset(query),
        limit=_limit(query),
    )


def ledger_window(query: Mapping[str, str], bounds: Bounds) -> LedgerWindow:
    """Read the query of the ledger.

    Raises:
        BadRequest: a bound is missing, a value is wrong, or the window is too wide.
    """
    for name in ("min_created", "max_created"):
        if name not in query:
            raise BadRequest(f"Missing required parameter '{name}'.")
    low, high = _span(query, "min_created", "max_created", "inclusive")
    if high - low > MAX_LEDGER_SECONDS:
        raise BadRequest(
            "Time window between min_created and max_created must be no more than "
            f"{MAX_LEDGER_SECONDS} seconds (31 days)."
        )
    low, high = _span(query, "min_created", "max_created", bounds)
    return LedgerWindow(low, high, _offset(query), _limit(query))


def ids(query: Mapping[str, str], name: str) -> list[int]:
    """Read a list of ids, separated by commas.

    Raises:
        BadRequest: it is missing, too long, or holds what is no id.
    """
    if name not in query:
        raise BadRequest(f"Missing required parameter '{name}'.")
    found = query[name].split(",")
    if len(found) > MAX_IDS:
        raise BadRequest(f"Invalid value for '{name}': at most {MAX_IDS} ids.")
    if not all(INTEGER.match(each) and int(each) > 0 for each in found):
        raise BadRequest(f"Invalid value for '{name}': expected ids.")
    return [int(each) for each in found]


def problems(query: list[tuple[str, str]], allowed: frozenset[str]) -> list[str]:
    """List what a careful client would not have sent; each makes the request a 400."""
    names = [name for name, _ in query]
    found = [f"Unknown parameter '{name}'." for name in names if name not in allowed]
    found += [f"Parameter '{name}' is repeated." for name in set(names) if names.count(name) > 1]
    return sorted(found)


def _span(query: Mapping[str, str], low: str, high: str, bounds: Bounds) -> tuple[int, int]:
    first = _integer(query, low, 0, at_least=EARLIEST)
    last = _integer(query, high, EVER, at_least=EARLIEST)
    if bounds == "exclusive":
        return first + 1, last - 1
    return first, last


def _offset(query: Mapping[str, str]) -> int:
    offset = _integer(query, "offset", 0, at_least=0)
    if offset > MAX_OFFSET:
        raise BadRequest("Offset provided is greater than the maximum offset allowed.")
    return offset


def _limit(query: Mapping[str, str]) -> int:
    return min(MAX_LIMIT, _integer(query, "limit", 25, at_least=1))


def _integer(query: Mapping[str, str], name: str, default: int, *, at_least: int) -> int:
    if name not in query:
        return default
    if not INTEGER.match(query[name]):
        raise BadRequest(f"Invalid value for '{name}': expected an integer.")
    if int(query[name]) < at_least:
        raise BadRequest(f"Invalid value for '{name}': it must be at least {at_least}.")
    return int(query[name])


def _boolean(query: Mapping[str, str], name: str) -> bool | None:
    if name not in query:
        return None
    if query[name] not in {"true", "false"}:
        raise BadRequest(f"Invalid value for '{name}': expected true or false.")
    return query[name] == "true"


def _choice(query: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = query.get(name, default)
    if value not in choices:
        raise BadRequest(f"Invalid value for '{name}': expected one of {', '.join(choices)}.")
    return value
