"""What marketplaces' catalogues say about products, and which products to ask them about.

A product waits in the table from its first sale on, so that nobody has to look for it among all
the sales of years.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import Insert

from salesdaemon.domain.effort import CatalogueWord
from salesdaemon.domain.sale import Sale
from salesdaemon.store.accounts import find_setting, set_setting, upsert_for
from salesdaemon.store.tables import catalogue, items

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING_SAID = ""
_GONE = "not in the catalogue"
_LONGEST_REASON = 64
_CHUNK = 500


class Word(Protocol):
    """What a catalogue says of a product; `passive` is None where it does not tell."""

    @property
    def passive(self) -> bool | None: ...  # noqa: D102 - see the class

    @property
    def reason(self) -> str: ...  # noqa: D102 - see the class


def note_products(connection: Connection, account_id: int, sold: Iterable[Sale]) -> None:
    """Let the products of these sales wait to be looked up, but for those that surely make work.

    Call it in the transaction that records the sales.
    """
    found = {
        item.product_id
        for sale in sold
        for item in sale.items
        if item.product_id is not None and item.passive is not False
    }
    _let_wait(connection, account_id, found)


def products_to_check(
    connection: Connection, account_id: int, limit: int, older_than: datetime
) -> list[str]:
    """List products that were never looked up, or not since `older_than`, the longest ago first.

    The first call for an account reads its whole history once, for the sales recorded before
    products were noted, so it needs a connection that may write.
    """
    mark = f"catalogue_noted:{account_id}"
    if find_setting(connection, mark) is None:
        _let_wait(connection, account_id, _products_ever_sold(connection, account_id))
        set_setting(connection, mark, "1")
    query = (
        select(catalogue.c.product_id)
        .where(catalogue.c.account_id == account_id, catalogue.c.checked_at < older_than)
        .order_by(catalogue.c.checked_at, catalogue.c.product_id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def save_catalogue(
    connection: Connection,
    account_id: int,
    mapping: Mapping[str, Word],
    checked_at: datetime,
    *,
    asked: Collection[str] = (),
) -> set[str]:
    """Keep what the catalogue answered; returns the products of which it now says something else.

    `asked` are the products that were asked about. One without an answer is gone, and what was
    known of it stays.
    """
    answers = {key: _word(answer.passive, answer.reason) for key, answer in mapping.items()}
    known = _find(connection, account_id, {*answers, *asked})
    gone = {key: known.get(key) or _word(None, _GONE) for key in asked if key not in answers}
    told = {**answers, **gone}
    if told:
        connection.execute(
            _upsert(connection),
            [
                {
                    "account_id": account_id,
                    "product_id": key,
                    "passive": word.passive,
                    "reason": word.reason,
                    "checked_at": checked_at,
                }
                for key, word in told.items()
            ],
        )
    return {key for key, word in told.items() if _verdict(word) != _verdict(known.get(key))}


def load_catalogue(connection: Connection) -> dict[tuple[int, str], CatalogueWord]:
    """Load all that catalogues said, by account and product."""
    rows = connection.execute(
        select(
            catalogue.c.account_id,
            catalogue.c.product_id,
            catalogue.c.passive,
            catalogue.c.reason,
        ).where(catalogue.c.reason != _NOTHING_SAID)
    )
    return {
        (row.account_id, row.product_id): CatalogueWord(row.passive, row.reason) for row in rows
    }


def _upsert(connection: Connection) -> Insert:
    statement = upsert_for(connection)(catalogue)
    return statement.on_conflict_do_update(
        index_elements=["account_id", "product_id"],
        set_={name: statement.excluded[name] for name in ("passive", "reason", "checked_at")},
    )


def _word(passive: bool | None, reason: str) -> CatalogueWord:  # noqa: FBT001 - a value, no option
    return CatalogueWord(passive, reason[:_LONGEST_REASON] or _GONE)


def _verdict(word: CatalogueWord | None) -> tuple[bool | None, bool]:
    """Reduce a word to what makes a difference to the class of an item."""
    return (word.passive, word.beats_the_order) if word is not None else (None, False)


def _let_wait(connection: Connection, account_id: int, product_ids: Collection[str]) -> None:
    if product_ids:
        connection.execute(
            upsert_for(connection)(catalogue).on_conflict_do_nothing(),
            [
                {
                    "account_id": account_id,
                    "product_id": product_id,
                    "passive": None,
                    "reason": _NOTHING_SAID,
                    "checked_at": _NEVER,
                }
                for product_id in sorted(product_ids)
            ],
        )


def _products_ever_sold(connection: Connection, account_id: int) -> set[str]:
    query = (
        select(items.c.product_id)
        .where(
            items.c.account_id == account_id,
            items.c.product_id.is_not(None),
            items.c.passive.is_not(False),
        )
        .distinct()
    )
    return set(connection.scalars(query))


def _find(
    connection: Connection, account_id: int, product_ids: Collection[str]
) -> dict[str, CatalogueWord]:
    found: dict[str, CatalogueWord] = {}
    ordered = sorted(product_ids)
    for start in range(0, len(ordered), _CHUNK):
        query = select(catalogue.c.product_id, catalogue.c.passive, catalogue.c.reason).where(
            catalogue.c.account_id == account_id,
            catalogue.c.reason != _NOTHING_SAID,
            catalogue.c.product_id.in_(ordered[start : start + _CHUNK]),
        )
        for row in connection.execute(query):
            found[row.product_id] = CatalogueWord(row.passive, row.reason)
    return found
