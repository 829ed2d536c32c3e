"""What the rows of a payout mean."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from salesdaemon.domain.ledger import UPCOMING, About, Entry, EntryKind, Payout, settle
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.marketplaces.gumroad.ledger import find_upcoming, to_payout
from salesdaemon.marketplaces.gumroad.wire_payouts import parse_payout, parse_payouts
from tests.marketplaces.gumroad.payouts import (
    COLUMNS,
    PAYOUT_ID,
    SALE_ID,
    entries_of,
    list_body,
    payout_body,
    raw_payout,
    raw_row,
    shop_row,
)
from tests.marketplaces.gumroad.replies import CANARY, DISPUTED, WON, adapt

TODAY = date(2026, 11, 22)
Told = tuple[EntryKind, str, int, str | None]


def told(entries: tuple[Entry, ...]) -> list[Told]:
    """Tell entries by kind, name, cents and sale, but for the payout's own."""
    return [
        (entry.kind, entry.name, entry.amount, entry.about_id)
        for entry in entries
        if entry.kind is not EntryKind.PAYOUT
    ]


def settled(sale: Sale, *rows: object) -> Sale:
    return settle(sale, entries_of(*rows), {})


def test_a_sale_is_its_price_and_its_fee() -> None:
    posted_at = datetime(2026, 11, 6, 12, tzinfo=UTC)
    payment = Entry(
        entry_id=f"{SALE_ID}:2026-11-06:sale:price:1",
        sequence=posted_at.date().toordinal() * 10,
        posted_at=posted_at,
        kind=EntryKind.PAYMENT,
        name="Sale",
        amount=1200,
        currency="USD",
        about=About.SALE,
        about_id=SALE_ID,
    )
    made_at = datetime(2026, 11, 13, 10, tzinfo=UTC)
    assert entries_of(raw_row()) == (
        payment,
        replace(
            payment,
            entry_id=f"{SALE_ID}:2026-11-06:sale:fee:1",
            sequence=payment.sequence + 1,
            kind=EntryKind.PROCESSING_FEE,
            amount=-235,
        ),
        Entry(
            entry_id=f"{PAYOUT_ID}:payout",
            sequence=made_at.date().toordinal() * 10 + 9,
            posted_at=made_at,
            kind=EntryKind.PAYOUT,
            name="Payout",
            amount=-965,
            currency="USD",
            about=About.SHOP,
        ),
    )


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        pytest.param(
            raw_row("Sale", 10.0, 0.0, 10.0),
            [("payment", 1000), ("processing_fee", 0)],
            id="without a fee",
        ),
        pytest.param(
            raw_row("Sale", 10.0, "", 8.0),
            [("payment", 1000), ("processing_fee", -200)],
            id="a fee that only the net shows",
        ),
        pytest.param(
            raw_row("Sale", "", 2.0, 8.0),
            [("payment", 1000), ("processing_fee", -200)],
            id="a price that only the net shows",
        ),
        pytest.param(
            raw_row("Sale", 10.0, 2.0, 7.5),
            [("payment", 1000), ("processing_fee", -200), ("fee", -50)],
            id="something else was taken",
        ),
        pytest.param(
            raw_row("Full Refund", -10.0, -1.5, -8.5),
            [("refund", -1000), ("fee", 150)],
            id="refund",
        ),
        pytest.param(
            raw_row("Partial Refund", -3.5, -0.52, -2.98),
            [("refund", -350), ("fee", 52)],
            id="partial refund",
        ),
        pytest.param(
            raw_row("Partial Refund", -4.0, -0.56, -3.1),
            [("refund", -400), ("fee", 56), ("affiliate", 34)],
            id="partial refund to which an affiliate gives its part",
        ),
        pytest.param(
            raw_row("Full Refund", -1.0, 0.04, -1.04),
            [("refund", -100), ("fee", -4)],
            id="more is retained than there was",
        ),
        pytest.param(
            raw_row("PayPal Refund", -10.0, 1.5, -8.5),
            [("refund", -1000), ("fee", 150)],
            id="refund on the seller's own processor, whose fee has the other sign",
        ),
        pytest.param(raw_row("Chargeback", -10.0, -2.09, -7.91), [("dispute", -791)], id="dispute"),
        pytest.param(raw_row("Credit", 7.91, "", 7.91), [("dispute", 791)], id="dispute won"),
        pytest.param(shop_row("Credit", 10.0, "", 10.0), [("other", 1000)], id="credit"),
        pytest.param(shop_row("Affiliate Credit", 0.23, "", 0.23), [("other", 23)], id="affiliate"),
        pytest.param(
            shop_row("Affiliate Credit", -2.5, "", -2.5), [("affiliate", -250)], id="affiliates"
        ),
        pytest.param(
            shop_row("Stripe Connect Affiliate Fees", -4.03, "", -4.03),
            [("affiliate", -403)],
            id="affiliates on the seller's own processor",
        ),
        pytest.param(
            shop_row("PayPal Payouts", -6.5, "", -6.5), [("transfer", -650)], id="paid by PayPal"
        ),
        pytest.param(shop_row("Payout Fee", "", 0.92, -0.92), [("cost", -92)], id="payout fee"),
        pytest.param(
            shop_row("Technical Adjustment", "", "", 1.0), [("other", 100)], id="adjustment"
        ),
        pytest.param(raw_row("Moon tax", 1.0, "", -1.0), [("other", -100)], id="unheard of"),
        pytest.param(raw_row("Sale", purchase_id="a b"), [("other", 965)], id="sale of no name"),
        pytest.param(raw_row("Sale", "", "", ""), [], id="no amounts"),
        pytest.param(shop_row("Totals", 46.14, 9.16, 36.98), [], id="a sum"),
        pytest.param("Sale", [], id="no row"),
        pytest.param(["Sale"], [], id="a short row"),
    ],
)
def test_a_row_becomes_lines_that_add_up_to_its_net(row: Any, lines: list[tuple[str, int]]) -> None:
    entries = entries_of(row)
    assert [(kind.value, amount) for kind, _, amount, _ in told(entries)] == lines
    assert sum(entry.amount for entry in entries) == 0


def test_what_affiliates_give_back_on_a_day_of_refunds_is_no_income() -> None:
    entries = entries_of(
        raw_row("Full Refund", -12.0, -1.7, -10.3),
        shop_row("Affiliate Credit", 2.5, "", 2.5),
        shop_row("Affiliate Credit", 0.23, "", 0.23, date="2026-11-05"),
    )
    assert told(entries)[0] == (EntryKind.OTHER, "Affiliate Credit", 23, None)
    assert told(entries)[1] == (EntryKind.AFFILIATE, "Affiliate Credit", 250, None)


def test_rows_may_come_as_lists_with_or_without_the_buyer() -> None:
    rows = [raw_row(), raw_row("Full Refund", -12.0, -1.7, -10.3)]
    as_lists = [[row[column] for column in COLUMNS] for row in rows]
    without = [[*cells[:4], *cells[6:]] for cells in as_lists]
    assert entries_of(*as_lists) == entries_of(*without) == entries_of(*rows)


def test_amounts_are_read_as_written_and_never_as_floats() -> None:
    body = payout_body([raw_row()]).replace(b"12.0", b"90071992547.41")
    payout = parse_payout(body)
    assert payout is not None
    assert payout.rows is not None
    assert str(payout.rows[0].sale_price) == "90071992547.41"


def test_the_order_of_rows_makes_no_difference() -> None:
    rows = [
        raw_row(),
        raw_row("Partial Refund", -3.0, -0.4, -2.6),
        raw_row("Partial Refund", -4.0, -0.5, -3.5),
        raw_row("Partial Refund", -4.0, -0.5, -3.5),
        shop_row("Credit", 1.0, "", 1.0),
        shop_row("Credit", 2.0, "", 2.0),
    ]
    entries = entries_of(*rows)
    assert set(entries_of(*rows[::-1])) == set(entries)
    assert len({entry.entry_id for entry in entries}) == len(entries)


def test_what_a_later_payout_pays_again_is_no_second_sale() -> None:
    first = entries_of(raw_row())
    again = entries_of(raw_row(), id="another", created_at="2026-11-20T10:00:00Z")
    assert told(first) == told(again)
    assert {entry.entry_id for entry in first[:2]} == {entry.entry_id for entry in again[:2]}


def test_a_payout_that_came_back_moves_nothing() -> None:
    entries = entries_of(raw_row(), status="returned")
    assert [(entry.kind, entry.name, entry.amount) for entry in entries] == [
        (EntryKind.PAYOUT, "Payout", -965),
        (EntryKind.PAYOUT, "Payout returned", 965),
    ]
    assert entries[0] == entries_of(raw_row())[-1]


def test_a_payout_without_rows_says_nothing() -> None:
    payout = parse_payout(payout_body())
    assert payout is not None
    assert payout.rows is None
    assert entries_of(status="completed") != ()


def test_a_row_without_a_readable_day_is_of_the_payouts_day() -> None:
    entries = entries_of(raw_row(date="yesterday"))
    assert {entry.posted_at for entry in entries} == {datetime(2026, 11, 13, 10, tzinfo=UTC)}


def test_nothing_of_a_buyer_is_read() -> None:
    rows = [raw_row(), [*raw_row().values()], raw_row(CANARY, 1.0, "", 1.0)]
    assert CANARY not in repr(parse_payout(payout_body(rows[:2])))
    assert CANARY not in repr(entries_of(*rows[:2], raw_row(f"{CANARY}@x.y", 1.0, "", 1.0)))


# What they make of a sale


def test_a_paid_out_refund_is_exact() -> None:
    sale = adapt(refunded=True, amount_refundable_in_currency="0")
    assert (sale.fees_exact, sale.net_minor) == (False, -65)
    after = settled(sale, raw_row(), raw_row("Full Refund", -12.0, -1.69, -10.31))
    assert (after.status, after.refunded_minor, after.refunded_exact) == (
        Status.REFUNDED,
        1200,
        True,
    )
    assert (after.fees_minor, after.fees_refunded_minor, after.fees_exact) == (235, 169, True)
    assert after.net_minor == 965 - 1031


def test_the_books_tell_a_partial_refund_in_another_currency_to_the_cent() -> None:
    sale = adapt(
        currency="eur",
        partially_refunded=True,
        formatted_total_price="€11.09",
        amount_refundable_in_currency="7.39",
    )
    assert sale.refunded_exact is False
    after = settled(sale, raw_row(), raw_row("Partial Refund", -4.01, -0.56, -3.45))
    assert (after.refunded_minor, after.refunded_exact) == (401, True)
    assert after.net_minor == 965 - 345


def test_a_dispute_leaves_nothing_until_it_is_won() -> None:
    rows = [raw_row(), raw_row("Chargeback", -12.0, -2.35, -9.65)]
    assert settled(adapt(**DISPUTED), *rows).net_minor == 0
    won = settled(adapt(**WON), *rows, raw_row("Credit", 9.65, "", 9.65))
    assert won == replace(adapt(**WON), fees_exact=True)
    assert won.net_minor == 965


def test_a_sale_on_the_sellers_own_processor_is_exact_once_it_is_in_a_payout() -> None:
    sale = adapt(payment_processor="paypal", gumroad_fee=170)
    assert sale.fees_exact is False
    row = raw_row("Sale", 12.0, 1.7, 10.3)
    assert settled(sale, row, shop_row("PayPal Payouts", -10.3, "", -10.3)) == replace(
        sale, fees_exact=True
    )


# Payouts


def paid(**changes: Any) -> Payout | None:
    payout = parse_payout(payout_body(**changes))
    assert payout is not None
    return to_payout(payout, TODAY)


def test_a_completed_payout_arrived_when_gumroad_says() -> None:
    assert paid() == Payout(
        payout_id=PAYOUT_ID,
        amount_minor=965,
        currency="USD",
        status="completed",
        made_on=date(2026, 11, 13),
        arrives_on=date(2026, 11, 17),
    )


@pytest.mark.parametrize(
    ("changes", "arrives_on", "estimated"),
    [
        pytest.param({"status": "processing"}, date(2026, 11, 13), True, id="Friday"),
        pytest.param(
            {"status": "processing", "created_at": "2026-11-10T10:00:00Z"},
            date(2026, 11, 13),
            True,
            id="by Friday",
        ),
        pytest.param({"status": "failed"}, None, False, id="failed"),
        pytest.param({"status": "unclaimed"}, None, False, id="unclaimed"),
        pytest.param({"processed_at": None}, date(2026, 11, 13), True, id="no day told"),
    ],
)
def test_the_day_of_arrival_is_told_or_named_an_estimate(
    changes: dict[str, object], arrives_on: date | None, estimated: bool
) -> None:
    payout = paid(**changes)
    assert payout is not None
    assert (payout.arrives_on, payout.estimated) == (arrives_on, estimated)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        pytest.param("1234.56", "usd", 123456, id="dollars"),
        pytest.param("-3.10", "eur", -310, id="below zero"),
        pytest.param("15.00", "jpy", 1500, id="yen has no hundredths at Gumroad"),
        pytest.param("1500.00", "krw", 1500, id="won has, but not elsewhere"),
        pytest.param("1,234.50", "", 123450, id="no currency"),
        pytest.param(12.5, "USD", 1250, id="a number"),
    ],
)
def test_an_amount_is_read_in_minor_units(amount: object, currency: str, minor: int) -> None:
    payout = paid(amount=amount, currency=currency)
    assert payout is not None
    assert payout.amount_minor == minor


@pytest.mark.parametrize("changes", [{"amount": None}, {"amount": "much"}, {"id": "a b"}])
def test_a_payout_that_cannot_be_read_is_left_out(changes: dict[str, object]) -> None:
    assert paid(**changes) is None


def ahead(day: str | None, amount: str = "150.00", **changes: object) -> dict[str, object]:
    upcoming = {"id": None, "created_at": day, "amount": amount, "status": "payable"}
    return raw_payout(**{**upcoming, "processed_at": None, **changes})


def test_the_next_of_several_payouts_to_come_is_told() -> None:
    listed = [ahead("2026-12-03T00:00:00Z", "200.00"), ahead("2026-11-26T00:00:00Z"), raw_payout()]
    assert find_upcoming(parse_payouts(list_body(*listed)).payouts, TODAY) == Payout(
        payout_id=UPCOMING,
        amount_minor=15000,
        currency="USD",
        status="payable",
        arrives_on=date(2026, 11, 26),
    )


@pytest.mark.parametrize("day", [None, "2026-11-20T10:00:00Z", "soon"])
def test_without_a_day_the_next_friday_is_the_estimate(day: str | None) -> None:
    payout = find_upcoming(parse_payouts(list_body(ahead(day))).payouts, TODAY)
    assert payout is not None
    assert (payout.arrives_on, payout.estimated) == (date(2026, 11, 27), True)


def test_a_paused_payout_has_no_day() -> None:
    listed = parse_payouts(list_body(ahead("2026-11-26T00:00:00Z", status="paused")))
    payout = find_upcoming(listed.payouts, TODAY)
    assert payout is not None
    assert (payout.status, payout.arrives_on, payout.estimated) == ("paused", None, False)


def test_one_payout_to_come_may_stand_alone() -> None:
    alone = parse_payouts(payout_body(id=None))
    assert alone == parse_payouts(list_body(raw_payout(id=None)))
