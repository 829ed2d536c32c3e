"""What happened, as transactions that balance."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.bookkeeping import (
    Posting,
    SalesDay,
    Settlement,
    Transaction,
    to_transactions,
)
from salesdaemon.domain.ledger import EntryKind, Payout, ShopLine
from tests.factories import FRIDAY

AMOUNTS = st.integers(-(10**15), 10**15)


def line(kind: EntryKind, amount_minor: int) -> ShopLine:
    """Tell what some entries of a shop came to."""
    return ShopLine("prints", FRIDAY, kind, "prolist", "EUR", amount_minor)


def postings(*transactions: Transaction) -> list[tuple[str, int, str]]:
    return [
        (":".join(each.account), each.amount_minor, each.currency)
        for one in transactions
        for each in one.postings
    ]


def test_a_day_of_sales_is_what_came_in_and_where_it_went() -> None:
    day = SalesDay(
        *(FRIDAY, "prints", "EUR", 3),
        gross=3600,
        refunded=600,
        fees=470,
        fees_refunded=100,
        affiliate=130,
        net=2500,
        estimated=2,
        derived=1,
    )
    assert to_transactions([day]) == [
        Transaction(
            FRIDAY,
            "prints",
            "3 sales",
            (
                Posting(("assets", "marketplaces", "prints"), 2500, "EUR"),
                Posting(("income", "sales", "prints"), -3600, "EUR"),
                Posting(("income", "refunds", "prints"), 600, "EUR"),
                Posting(("expenses", "fees", "prints"), 470, "EUR"),
                Posting(("expenses", "fees", "prints"), -100, "EUR"),
                Posting(("expenses", "affiliates", "prints"), 130, "EUR"),
            ),
            ("fees estimated for 2 of them", "refund estimated for 1 of them"),
        )
    ]


def test_what_the_marketplace_holds_back_in_a_dispute_has_an_account_of_its_own() -> None:
    day = SalesDay(FRIDAY, "prints", "EUR", 1, 1200, 0, 235, 0, 0, 0)
    (one,) = to_transactions([day])
    assert postings(one)[-1] == ("expenses:disputes:prints", 965, "EUR")


def test_a_day_without_any_amount_is_left_out() -> None:
    assert to_transactions([SalesDay(FRIDAY, "prints", "EUR", 0, 0, 0, 0, 0, 0, 0)]) == []


def test_sales_paid_out_in_another_currency_pass_through_conversions() -> None:
    found = to_transactions([], [Settlement(FRIDAY, "prints", "EUR", 965, "USD", 1041)])
    assert postings(*found) == [
        ("equity:conversions:prints", 965, "EUR"),
        ("assets:marketplaces:prints", -965, "EUR"),
        ("assets:marketplaces:prints", 1041, "USD"),
        ("equity:conversions:prints", -1041, "USD"),
    ]


@pytest.mark.parametrize(
    ("kind", "account"),
    [
        (EntryKind.COST, "expenses:marketplaces:prints:prolist"),
        (EntryKind.FEE, "expenses:marketplaces:prints:prolist"),
        (EntryKind.TRANSFER, "assets:transfers:prints:prolist"),
        (EntryKind.OTHER, "equity:uncategorised:prints:prolist"),
        (EntryKind.PAYMENT, "equity:uncategorised:prints:prolist"),
    ],
)
def test_an_entry_of_the_shop_goes_where_its_kind_belongs(kind: EntryKind, account: str) -> None:
    (one,) = to_transactions([], [], [line(kind, -250)])
    assert one.what == "prolist"
    assert postings(one) == [
        ("assets:marketplaces:prints", -250, "EUR"),
        (account, 250, "EUR"),
    ]


def test_a_payout_moves_money_to_the_bank_once() -> None:
    payout = Payout("po1", 21_240, "EUR", "completed", FRIDAY)
    found = to_transactions([], [], [line(EntryKind.PAYOUT, -21_240)], [("prints", payout)])
    assert postings(*found) == [
        ("assets:bank:prints", 21_240, "EUR"),
        ("assets:marketplaces:prints", -21_240, "EUR"),
    ]


@pytest.mark.parametrize(
    "payout",
    [
        Payout("upcoming", 100, "EUR", "payable", FRIDAY),
        Payout("po1", 100, "EUR", "Failed", FRIDAY),
        Payout("po1", 100, "EUR", "returned", FRIDAY),
        Payout("po1", 100, "EUR", "completed", None, FRIDAY),
        Payout("po1", 0, "EUR", "completed", FRIDAY),
    ],
    ids=["upcoming", "failed", "came back", "without a day", "of nothing"],
)
def test_a_payout_that_moved_nothing_is_no_transaction(payout: Payout) -> None:
    assert to_transactions([], [], [], [("prints", payout)]) == []


def test_transactions_come_in_the_order_of_days_then_shops_and_sales_first() -> None:
    sold = [
        SalesDay(FRIDAY + timedelta(days=days), shop, "EUR", 1, 10, 0, 0, 0, 0, 10)
        for days in (1, 0)
        for shop in ("templates", "prints")
    ]
    found = to_transactions(sold, [], [line(EntryKind.COST, -1)])
    assert [(one.day.day, one.shop, one.what) for one in found] == [
        (20, "prints", "1 sale"),
        (20, "prints", "prolist"),
        (20, "templates", "1 sale"),
        (21, "prints", "1 sale"),
        (21, "templates", "1 sale"),
    ]


@given(
    figures=st.tuples(*(AMOUNTS for _ in range(6))),
    settled=st.tuples(AMOUNTS, AMOUNTS),
    lines=st.lists(st.tuples(st.sampled_from(EntryKind), AMOUNTS), max_size=5),
    paid_out=AMOUNTS,
)
def test_every_transaction_balances_in_each_currency(
    figures: tuple[int, ...],
    settled: tuple[int, int],
    lines: list[tuple[EntryKind, int]],
    paid_out: int,
) -> None:
    found = to_transactions(
        [SalesDay(FRIDAY, "prints", "EUR", 1, *figures)],
        [Settlement(FRIDAY, "prints", "EUR", settled[0], "USD", settled[1])],
        [line(*each) for each in lines],
        [("prints", Payout("po1", paid_out, "EUR", "completed", FRIDAY))],
    )
    for one in found:
        for currency in ("EUR", "USD"):
            of_it = [each for each in one.postings if each.currency == currency]
            assert sum(each.amount_minor for each in of_it) == 0
        assert all(each.amount_minor for each in one.postings)
