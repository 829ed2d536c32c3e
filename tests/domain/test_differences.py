"""What differs is named with both values; what may move by itself is left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from salesdaemon.domain.differences import (
    Difference,
    Facts,
    compare_entry,
    compare_sale,
    contradictions_of,
)
from salesdaemon.domain.ledger import About, Contradiction, Entry, EntryKind
from salesdaemon.domain.sale import Status
from tests.factories import FRIDAY, SOLD_AT, item, sale

LATER = timedelta(hours=1)


def facts(
    *, imported: bool = False, fingerprint: int = 1, net_minor: int | None = None, **of: Any
) -> Facts:
    sold = sale(**of)
    net = sold.net_minor if net_minor is None else net_minor
    return Facts(sold, FRIDAY, net, fingerprint, imported)


def whats(stored: Facts | None, source: Facts | None) -> dict[str, tuple[str | None, str | None]]:
    return {each.what: (each.stored, each.source) for each in compare_sale(stored, source)}


def test_the_same_sale_has_no_differences() -> None:
    assert compare_sale(facts(), facts()) == []
    assert compare_sale(None, None) == []


def test_a_sale_that_only_one_side_knows_is_told_whole() -> None:
    assert compare_sale(None, facts()) == [
        Difference(SOLD_AT, "s1", "missing", None, "paid 12.00 EUR")
    ]
    assert compare_sale(facts(), None) == [
        Difference(SOLD_AT, "s1", "extra", "paid 12.00 EUR", None)
    ]
    assert whats(facts(imported=True), None) == {"extra": ("paid 12.00 EUR (imported)", None)}


@pytest.mark.parametrize(
    ("stored", "what", "here", "there"),
    [
        ({"status": Status.UNPAID, "paid": True}, "status", "unpaid", "paid"),
        ({"fees_minor": 1, "net_minor": 965}, "fees", "0.01", "2.35"),
        ({"net_minor": 1}, "net", "0.01", "9.65"),
        ({"country": None}, "country", None, "DE"),
        ({"country": "FR"}, "country", "FR", "DE"),
        ({"shipping_minor": 5}, "shipping", "0.05", "0.00"),
        ({"charged_minor": 1300}, "charged", "13.00", "12.00"),
        ({"refunded_exact": False}, "refunded_exact", "false", "true"),
        (
            {"paid_at": SOLD_AT + LATER, "created_at": SOLD_AT},
            "paid_at",
            "2026-11-20T10:00:00Z",
            "2026-11-20T09:00:00Z",
        ),
        (
            {"settled_currency": "USD", "settled_net_minor": 1000},
            "settled",
            "10.00 USD",
            None,
        ),
    ],
)
def test_a_figure_that_differs_is_named_with_both_values(
    stored: dict[str, Any], what: str, here: str | None, there: str | None
) -> None:
    assert whats(facts(**stored), facts()) == {what: (here, there)}


def test_items_differ_by_number_quantity_gross_product_and_class() -> None:
    source = facts()
    for line in (
        item(1100),
        item(quantity=2),
        item(product_id="p2"),
        item(passive=None),
        item(line_id="l2"),
    ):
        wanted = facts(items=(replace(item(), line_id="l1"),))
        assert set(whats(facts(items=(line,)), wanted)) == ({"items"} if line != item() else set())
    assert whats(facts(items=()), source) == {"items": (None, "1 x p1 12.00 passive")}
    assert whats(facts(items=(item(600), item(600))), source) == {
        "items": ("1 x p1 6.00 passive, 1 x p1 6.00 passive", "1 x p1 12.00 passive")
    }


def test_titles_and_ids_that_got_lost_are_no_differences() -> None:
    renamed = facts(items=(item(product="As it was", line_id="l1"),))
    assert whats(renamed, facts(items=(item(product="As it is", product_id=None),))) == {}


def test_estimates_made_otherwise_by_now_are_no_differences() -> None:
    stored = facts(fees_exact=False, fees_minor=100, fingerprint=1)
    assert whats(stored, facts(fees_exact=False, fees_minor=120, fingerprint=2)) == {}


def test_estimates_of_the_same_answer_have_to_agree() -> None:
    stored = facts(fees_exact=False, fees_minor=100)
    assert set(whats(stored, facts(fees_exact=False, fees_minor=120))) == {"fees", "net"}


def test_an_estimate_that_became_exact_is_a_difference() -> None:
    stored = facts(fees_exact=False, fees_minor=100, fingerprint=2)
    assert set(whats(stored, facts())) == {"fees", "net", "fees_exact"}


def test_a_net_that_contradicts_the_figures_beside_it_is_found_among_estimates_too() -> None:
    stored = facts(fees_exact=False, fingerprint=2, net_minor=1)
    assert whats(stored, facts(fees_exact=False)) == {"net": ("0.01", "9.65")}


def test_an_imported_sale_is_compared_by_what_files_know() -> None:
    source = facts(items=(item(700, line_id="l1"), item(500, line_id="l2")))
    stored = facts(
        imported=True,
        fingerprint=2,
        paid_at=SOLD_AT + LATER,
        country=None,
        fees_minor=1,
        fees_exact=False,
        items=(item(500, product_id=None, passive=None), item(700, passive=None)),
    )
    assert whats(stored, source) == {}
    bare = replace(stored, sale=replace(stored.sale, items=()))
    assert whats(bare, source) == {}
    wrong = replace(stored.sale, country="FR", refunded_minor=1, items=(item(1200),))
    found = whats(Facts(wrong, FRIDAY, wrong.net_minor, 2, imported=True), source)
    assert set(found) == {"country", "refunded", "items"}


def entry(**of: Any) -> Entry:
    values: dict[str, Any] = {
        "entry_id": "e1",
        "sequence": 1,
        "posted_at": SOLD_AT,
        "kind": EntryKind.ITEM_FEE,
        "name": "transaction",
        "amount": -65,
        "currency": "EUR",
        "about": About.LINE,
        "about_id": "l1",
        "of_sale": "s1",
        **of,
    }
    return Entry(**values)


TEXT = "e1: item_fee (transaction) of -0.65 EUR at 2026-11-20T09:00:00Z, about line l1, of s1"


def test_a_line_of_the_books_is_told_whole() -> None:
    assert compare_entry(entry(), entry(sequence=2), {}) == []
    assert compare_entry(None, None, {}) == []
    assert compare_entry(entry(), None, {}) == [
        Difference(SOLD_AT, "s1", "entry extra", TEXT, None)
    ]
    assert compare_entry(None, entry(), {}) == [
        Difference(SOLD_AT, "s1", "entry missing", None, TEXT)
    ]
    assert compare_entry(entry(), entry(of_sale=None, amount=-66), {}) == [
        Difference(
            SOLD_AT,
            "s1",
            "entry",
            TEXT,
            "e1: item_fee (transaction) of -0.66 EUR at 2026-11-20T09:00:00Z, about line l1",
        )
    ]


def test_a_line_in_finer_units_is_told_in_minor_ones() -> None:
    (found,) = compare_entry(
        None, entry(amount=-120000, currency="JPY", about=About.SHOP, about_id=None), {"JPY": 100}
    )
    assert found.source == (
        "e1: item_fee (transaction) of -1200 JPY at 2026-11-20T09:00:00Z, about shop, of s1"
    )


def test_a_contradiction_within_the_source_shows_both_of_its_words() -> None:
    found = contradictions_of(sale(), [Contradiction("gross", 1200, 1100)])
    assert found == [Difference(SOLD_AT, "s1", "gross in the books", "12.00", "11.00")]
