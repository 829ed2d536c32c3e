"""What the lines of the books make of a sale: when they are complete, and what they then say."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.ledger import (
    About,
    Contradiction,
    Entry,
    EntryKind,
    contradictions,
    settle,
)
from salesdaemon.domain.sale import Sale, Status
from tests.factories import item, sale
from tests.posting import Ledger


def listed(**changes: Any) -> Sale:
    """Make an order of one item with estimated fees, as the list of orders has it."""
    facts: dict[str, Any] = {"fees_exact": False, "fees_minor": 99, **changes}
    facts.setdefault("items", (item(facts.get("gross_minor", 1200), line_id="l1"),))
    return sale(**facts)


def booked(order: Sale, ledger: Ledger, **scales: int) -> Sale:
    return settle(order, ledger.entries, scales)


# When the books are complete


def test_complete_books_make_the_fees_exact() -> None:
    ledger = Ledger().charge(1200, lines=("l1",))
    assert booked(listed(), ledger) == listed(fees_minor=70, fees_exact=True)


@pytest.mark.parametrize(
    "missing", [EntryKind.PAYMENT, EntryKind.PROCESSING_FEE, EntryKind.ITEM_FEE]
)
def test_without_payment_processing_fee_or_the_items_fee_figures_stay_estimated(
    missing: EntryKind,
) -> None:
    ledger = Ledger().charge(1200, lines=("l1",))
    ledger.entries = [each for each in ledger.entries if each.kind is not missing]
    assert booked(listed(), ledger) == listed()


def test_every_item_that_was_paid_for_needs_its_fee_and_a_free_one_needs_none() -> None:
    lines = (item(700, line_id="l1"), item(500, line_id="l2"), item(0, line_id="l3"))
    order = listed(items=lines)
    assert booked(order, Ledger().charge(1200, lines=("l1",))) == order
    assert booked(order, Ledger().charge(1200, lines=("l1", "l1"))) == order
    assert booked(order, Ledger().charge(1200, lines=("l1", "l2"))).fees_exact


def test_a_fee_that_names_no_item_stands_for_any_one() -> None:
    order = listed(items=(item(700, line_id="l1"), item(500, line_id="l2")))
    ledger = Ledger().charge(1200, lines=("l1",))
    assert not booked(order, ledger).fees_exact
    ledger.post(EntryKind.ITEM_FEE, -30)
    assert booked(order, ledger) == replace(order, fees_minor=100, fees_exact=True)


def test_the_fee_for_shipping_is_waited_for_only_where_there_was_any() -> None:
    order = listed(shipping_minor=300)
    ledger = Ledger().charge(1200, lines=("l1",))
    assert booked(order, ledger) == order
    ledger.post(EntryKind.SHIPPING_FEE, -19)
    assert booked(order, ledger) == replace(order, fees_minor=89, fees_exact=True)


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        (EntryKind.PROCESSING_FEE, About.SALE),
        (EntryKind.ITEM_FEE, About.LINE),
        (EntryKind.SHIPPING_FEE, About.SALE),
    ],
)
def test_a_fee_given_back_does_not_stand_for_the_fee_that_is_yet_to_come(
    kind: EntryKind, about: About
) -> None:
    order = listed(shipping_minor=300)
    ledger = Ledger().charge(1200, lines=("l1",))
    ledger.post(EntryKind.SHIPPING_FEE, -19)
    assert booked(order, ledger).fees_exact
    ledger.entries = [each for each in ledger.entries if each.kind is not kind]
    ledger.post(kind, 5, about=about, about_id="l1")
    assert not booked(order, ledger).fees_exact


# What they say


def test_tax_is_neither_income_nor_fee() -> None:
    order = listed(charged_minor=1428)
    settled = booked(order, Ledger().charge(1428, tax=228, lines=("l1",)))
    assert settled == replace(order, fees_minor=70, fees_exact=True)


def test_fees_of_every_kind_and_an_affiliates_share_are_kept_apart() -> None:
    ledger = Ledger().charge(1200, lines=("l1",))
    ledger.post(EntryKind.FEE, -15)
    ledger.post(EntryKind.AFFILIATE, -120)
    settled = booked(listed(), ledger)
    assert settled == listed(fees_minor=85, affiliate_minor=120, fees_exact=True)
    assert settled.net_minor == sum(each.amount for each in ledger.entries)


def test_costs_payouts_and_other_lines_of_the_shop_are_no_part_of_a_sale() -> None:
    ledger = Ledger().charge(1200, lines=("l1",))
    for kind in (EntryKind.COST, EntryKind.PAYOUT, EntryKind.TRANSFER, EntryKind.OTHER):
        ledger.post(kind, -5000)
    assert booked(listed(), ledger) == listed(fees_minor=70, fees_exact=True)


def test_a_whole_refund_comes_with_the_tax_that_is_given_back() -> None:
    order = listed(charged_minor=1428)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(1428, tax=228, fee=50)
    settled = booked(order, ledger)
    assert settled == replace(
        order,
        status=Status.REFUNDED,
        refunded_minor=1200,
        fees_minor=70,
        fees_refunded_minor=50,
        fees_exact=True,
    )
    assert settled.net_minor == -20 == sum(each.amount for each in ledger.entries)


def test_part_of_a_refund_is_the_share_without_its_tax() -> None:
    order = listed(charged_minor=1428)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(357, tax=57)
    settled = booked(order, ledger)
    assert (settled.status, settled.refunded_minor, settled.refunded_exact) == (
        Status.PARTIALLY_REFUNDED,
        300,
        True,
    )


def test_until_the_tax_of_a_refund_is_posted_its_share_is_taken_out() -> None:
    order = listed(charged_minor=1428)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(357)
    assert booked(order, ledger).refunded_minor == 300


def test_a_refund_that_is_not_in_the_books_yet_stays_as_listed_and_is_not_exact() -> None:
    order = listed(status=Status.PARTIALLY_REFUNDED, refunded_minor=300, refunded_exact=False)
    settled = booked(order, Ledger().charge(1200, lines=("l1",)))
    assert settled == replace(order, fees_minor=70, fees_refunded_minor=18, fees_exact=False)


def test_a_second_refund_that_is_not_in_the_books_yet_stays_as_listed_too() -> None:
    order = listed(status=Status.PARTIALLY_REFUNDED, refunded_minor=800)
    ledger = Ledger().charge(1200, lines=("l1",)).give_back(300, fee=12)
    settled = booked(order, ledger)
    assert (settled.refunded_minor, settled.fees_exact) == (800, False)
    assert booked(order, ledger.give_back(500)).refunded_minor == 800
    assert booked(order, ledger).fees_exact


@pytest.mark.parametrize("off", [-1, 1])
def test_what_rounding_leaves_between_list_and_books_is_no_refund_to_wait_for(off: int) -> None:
    order = listed(status=Status.PARTIALLY_REFUNDED, refunded_minor=300 + off)
    settled = booked(order, Ledger().charge(1200, lines=("l1",)).give_back(300))
    assert (settled.refunded_minor, settled.refunded_exact, settled.fees_exact) == (300, True, True)


def test_a_refund_that_failed_is_none() -> None:
    order = listed(charged_minor=1428)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(714, tax=114)
    ledger.give_back(-714, tax=-114)
    settled = booked(order, ledger)
    assert settled == replace(order, fees_minor=70, fees_exact=True)
    assert contradictions(order, ledger.entries, {}) == []


def test_a_refund_that_failed_takes_nothing_from_the_next() -> None:
    order = listed(charged_minor=1428)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(714, tax=114)
    ledger.give_back(-714, tax=-114).give_back(357, tax=57)
    settled = booked(order, ledger)
    assert settled.refunded_minor == 300
    assert settled.net_minor == sum(each.amount for each in ledger.entries)


def test_a_failed_refund_that_the_list_still_shows_is_none_either() -> None:
    order = listed(status=Status.PARTIALLY_REFUNDED, refunded_minor=300)
    ledger = Ledger().charge(1200, lines=("l1",)).give_back(300).give_back(-300)
    settled = booked(order, ledger)
    assert (settled.refunded_minor, settled.fees_exact) == (0, True)


@pytest.mark.parametrize("status", [Status.REFUNDED, Status.CANCELLED, Status.PARTIALLY_REFUNDED])
def test_the_books_leave_a_status_that_says_more_than_paid(status: Status) -> None:
    order = listed(status=status, refunded_minor=1200)
    settled = booked(order, Ledger().charge(1200, lines=("l1",)).give_back(1200))
    assert settled.status is status


def test_a_disputed_sale_is_left_alone() -> None:
    order = listed(status=Status.DISPUTED, refunded_minor=1200)
    assert booked(order, Ledger().charge(1200, lines=("l1",))) == order


def test_a_free_order_shows_what_its_books_hold_though_they_are_never_complete() -> None:
    order = listed(gross_minor=0, fees_minor=0, items=(item(0, line_id="l1"),))
    ledger = Ledger()
    ledger.post(EntryKind.FEE, -18)
    assert booked(order, ledger) == replace(order, fees_minor=18)
    ledger.post(EntryKind.FEE, 18)
    assert booked(order, ledger) == replace(order, fees_minor=18, fees_refunded_minor=18)
    ledger.post(EntryKind.FEE, -7, currency="USD")
    assert booked(order, ledger) == order


# Other currencies


def test_books_in_another_currency_settle_the_net_beside_the_sales_own_figures() -> None:
    ledger = Ledger("USD").charge(1300, tax=20, lines=("l1",))
    assert booked(listed(), ledger) == listed(settled_currency="USD", settled_net_minor=1210)


def test_incomplete_books_in_another_currency_settle_nothing() -> None:
    ledger = Ledger("USD").charge(1300)
    order = replace(listed(), settled_currency="USD", settled_net_minor=7)
    assert booked(order, ledger) == listed()


def test_books_that_mix_currencies_settle_nothing() -> None:
    ledger = Ledger("EUR").charge(1200, lines=("l1",))
    ledger.post(EntryKind.FEE, -5, currency="USD")
    assert booked(listed(), ledger) == listed()


@pytest.mark.parametrize("scale", [1, 100])
def test_yen_are_read_at_the_scale_that_their_payment_shows(scale: int) -> None:
    order = listed(currency="JPY", gross_minor=1500)
    ledger = Ledger("JPY").charge(1500 * scale, fee=-60 * scale)
    ledger.post(EntryKind.ITEM_FEE, -98 * scale)
    ledger.give_back(500 * scale)
    settled = booked(order, ledger)
    assert (settled.fees_minor, settled.refunded_minor, settled.net_minor) == (158, 500, 842)


def test_a_scale_learned_from_other_sales_helps_where_the_payment_does_not_fit() -> None:
    order = listed(currency="JPY", gross_minor=1500)
    ledger = Ledger("JPY").charge(140_000, fee=-6000)
    ledger.post(EntryKind.ITEM_FEE, -9800)
    assert booked(order, ledger, JPY=100).fees_minor == 158
    found = contradictions(order, ledger.entries, {"JPY": 100})
    assert found == [Contradiction("charged", 1500, 1400), Contradiction("gross", 1500, 1400)]


def test_a_net_settled_in_yen_is_rounded_half_to_even() -> None:
    ledger = Ledger("JPY").charge(100_050, fee=-0)
    ledger.post(EntryKind.ITEM_FEE, 0)
    assert booked(listed(), ledger, JPY=100).settled_net_minor == 1000


def test_dinars_have_three_decimals_in_the_books_as_well() -> None:
    order = listed(currency="KWD", gross_minor=12_345)
    ledger = Ledger("KWD").charge(12_345, lines=("l1",), fee=-617)
    assert booked(order, ledger) == replace(order, fees_minor=637, fees_exact=True)


# Where lines come from


def test_what_the_marketplace_answers_beats_what_was_imported() -> None:
    ledger = Ledger().charge(1200, lines=("l1",))
    imported = Ledger(number=100).charge(1200, lines=("l1",), fee=-55).entries
    both = [*ledger.entries, *(replace(each, imported=True) for each in imported)]
    assert settle(listed(), both, {}) == listed(fees_minor=70, fees_exact=True)


def test_imported_lines_are_used_where_the_marketplace_tells_no_payment() -> None:
    imported = [
        replace(each, imported=True) for each in Ledger().charge(1200, lines=("l1",)).entries
    ]
    late = Ledger(number=50).post(EntryKind.FEE, -5)
    assert settle(listed(), [*imported, late], {}) == listed(fees_minor=70, fees_exact=True)


# Contradictions


def test_books_that_fit_their_order_contradict_nothing() -> None:
    order = listed(charged_minor=1428, refunded_minor=299, status=Status.PARTIALLY_REFUNDED)
    ledger = Ledger().charge(1428, tax=228, lines=("l1",)).give_back(357, tax=57)
    assert contradictions(order, ledger.entries, {}) == []


@pytest.mark.parametrize(("off", "contradicts"), [(1, False), (2, False), (3, True)])
def test_each_refund_may_be_listed_a_cent_off_by_rounding(off: int, *, contradicts: bool) -> None:
    order = listed(refunded_minor=600 + off, status=Status.PARTIALLY_REFUNDED)
    ledger = Ledger().charge(1200, lines=("l1",)).give_back(300).give_back(300)
    assert bool(contradictions(order, ledger.entries, {})) is contradicts
    assert booked(order, ledger).fees_exact is not contradicts


def test_each_figure_that_differs_is_listed_with_both_values_and_the_books_are_shown() -> None:
    order = listed(refunded_minor=500, status=Status.PARTIALLY_REFUNDED)
    ledger = Ledger().charge(1100, lines=("l1",)).give_back(700)
    assert contradictions(order, ledger.entries, {}) == [
        Contradiction("charged", 1200, 1100),
        Contradiction("gross", 1200, 1100),
        Contradiction("refunded", 500, 700),
    ]
    settled = booked(order, ledger)
    assert (settled.gross_minor, settled.refunded_minor) == (1200, 700)


def test_incomplete_books_contradict_nothing() -> None:
    assert contradictions(listed(), Ledger().charge(7).entries, {}) == []


# Whatever the order of things


@st.composite
def _histories(draw: st.DrawFn) -> tuple[Sale, list[Entry]]:
    """Draw an order and books that fit it: fees, refunds, refunds that fail, later entries."""
    parts = draw(st.lists(st.integers(0, 5000), min_size=1, max_size=4))
    gross = sum(parts) or 1
    parts[0] += gross - sum(parts)
    tax = draw(st.integers(0, 900))
    charged = gross + tax
    lines = [item(part, line_id=f"l{place}") for place, part in enumerate(parts)]
    order = listed(gross_minor=gross, charged_minor=charged, items=tuple(lines))
    ledger = Ledger().charge(
        charged,
        tax=tax,
        lines=tuple(f"l{place}" for place, part in enumerate(parts) if part),
        fee=-draw(st.integers(0, 300)),
    )
    left, tax_left = charged, tax
    for fails in draw(st.lists(st.booleans(), max_size=4)):
        amount = draw(st.integers(0, left))
        # A refund's tax is rounded its own way each time, and never exceeds what it is of.
        back = min(tax_left, amount * tax // charged + draw(st.integers(0, 1)), amount)
        if left - amount < tax_left - back:
            back = tax_left - (left - amount)
        if not amount or (tax and not back) or amount - back < 0:
            continue
        fee = draw(st.integers(0, 20))
        ledger.give_back(amount, tax=back, fee=fee)
        if fails:
            ledger.give_back(-amount, tax=-back, fee=-fee)
        else:
            left, tax_left = left - amount, tax_left - back
    for amount in draw(st.lists(st.integers(-200, 200), max_size=3)):
        ledger.post(EntryKind.FEE, amount)
    return order, ledger.entries


@given(_histories())
def test_the_net_is_the_sum_of_the_entries_where_the_payment_fits(
    history: tuple[Sale, list[Entry]],
) -> None:
    order, entries = history
    settled = settle(order, entries, {})
    assert settled.fees_exact
    assert settled.net_minor == sum(each.amount for each in entries)
    assert contradictions(replace(order, refunded_minor=settled.refunded_minor), entries, {}) == []


@given(_histories(), st.randoms(use_true_random=False))
def test_order_repetition_and_parts_make_no_difference(
    history: tuple[Sale, list[Entry]], random: Any
) -> None:
    order, entries = history
    mixed = [*entries, *random.choices(entries, k=3)]
    random.shuffle(mixed)
    assert settle(order, mixed, {}) == settle(order, entries, {})


@given(_histories(), st.data())
def test_an_order_settled_after_any_part_of_its_books_ends_the_same(
    history: tuple[Sale, list[Entry]], data: st.DataObject
) -> None:
    order, entries = history
    place = data.draw(st.integers(0, len(entries)))
    early = settle(order, entries[:place], {})
    assert settle(order, entries, {}) == settle(
        replace(early, **_listed_figures(order)), entries, {}
    )


def _listed_figures(order: Sale) -> dict[str, Any]:
    names = ("status", "refunded_minor", "refunded_exact", "fees_minor", "fees_refunded_minor")
    return {name: getattr(order, name) for name in (*names, "affiliate_minor", "fees_exact")}
