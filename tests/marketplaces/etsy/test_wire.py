import json

import pytest

from salesdaemon.errors import PayloadError, UnavailableError
from salesdaemon.marketplaces.etsy.adapter import to_sale
from salesdaemon.marketplaces.etsy.wire import (
    Failure,
    Payment,
    Rows,
    Self,
    parse_object,
    parse_page,
    parse_receipt,
    parse_rows,
)
from tests.marketplaces.etsy.lines import payment
from tests.marketplaces.etsy.receipts import CANARY, CREATED, money, page, receipt, transaction

GOOD = receipt(receipt_id=2)


def test_a_page_keeps_the_order_sent_and_the_count() -> None:
    read = parse_page(page([receipt(receipt_id=9), GOOD], count=40))
    assert (read.count, [row.receipt_id for row in read.receipts], read.failures) == (
        40,
        [9, 2],
        (),
    )


def test_a_receipt_of_which_nothing_was_sent_is_still_read() -> None:
    (row,) = parse_page(b'{"results":[{}]}').receipts
    assert (row.receipt_id, row.created, row.transactions) == (None, None, None)


@pytest.mark.parametrize("spelling", ["created_timestamp", "create_timestamp"])
def test_both_spellings_of_the_creation_are_read(spelling: str) -> None:
    (row,) = parse_page(page([{"receipt_id": 1, spelling: CREATED}])).receipts
    assert row.created == CREATED


@pytest.mark.parametrize(
    ("bad", "failure"),
    [
        pytest.param(
            receipt(is_paid=f"{CANARY}"),
            Failure("3400000001", "Expected bool, got str. (at is_paid)", CREATED),
            id="text for a flag",
        ),
        pytest.param(
            receipt(grandtotal=[CANARY]),
            Failure("3400000001", "Expected object, got array. (at grandtotal)", CREATED),
            id="a list for an amount",
        ),
        pytest.param(
            receipt(transactions=[transaction(quantity=1.5)]),
            Failure(
                "3400000001", "Expected int, got float. (at transactions[0].quantity)", CREATED
            ),
            id="half a product",
        ),
        pytest.param(
            receipt(transactions={"a": CANARY}),
            Failure("3400000001", "Expected array, got object. (at transactions)", CREATED),
            id="an object for a list",
        ),
        pytest.param(
            receipt(transactions=[None]),
            Failure("3400000001", "Expected object, got null. (at transactions[0])", CREATED),
            id="null for a transaction",
        ),
        pytest.param(
            receipt(grandtotal=money(1) | {"amount": float("nan")}),
            Failure("3400000001", "Expected int, got float. (at grandtotal.amount)", CREATED),
            id="not a number",
        ),
        pytest.param(
            receipt(receipt_id=[CANARY]),
            Failure(f"created {CREATED}", "Expected int, got array. (at receipt_id)", CREATED),
            id="no readable id",
        ),
        pytest.param(
            receipt(created_timestamp=CANARY, create_timestamp=None),
            Failure("3400000001", "Expected int, got str. (at created_timestamp)"),
            id="no readable creation",
        ),
        pytest.param(None, Failure("results[0]", "Expected object, got null."), id="null"),
        pytest.param(CANARY, Failure("results[0]", "Expected object, got str."), id="text"),
    ],
)
def test_a_bad_order_is_named_without_its_value_and_blocks_no_other(
    bad: object, failure: Failure
) -> None:
    read = parse_page(page([bad, GOOD]))
    assert (read.failures, [row.receipt_id for row in read.receipts]) == ([failure], [2])
    assert CANARY not in repr(read)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(receipt(receipt_id="3400000001"), id="a numeric text for an id"),
        pytest.param(receipt(receipt_id=3400000001.0), id="a whole float for an id"),
        pytest.param(receipt(created_timestamp=str(CREATED)), id="a numeric text for a time"),
        pytest.param(receipt(grandtotal=money(1200) | {"amount": 1200.0}), id="a whole amount"),
        pytest.param(receipt(is_paid=1), id="1 for true"),
        pytest.param(receipt(gift_message=None, name=7, city=[]), id="unused fields of any type"),
        pytest.param(receipt(gift_message=float("nan")), id="NaN in an unused field"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_read(row: object) -> None:
    read = parse_page(page([row]))
    assert [to_sale(found) for found in read.receipts] == [
        to_sale(found) for found in parse_page(page([receipt()])).receipts
    ]
    assert read.failures in ([], ())


def test_a_number_too_long_to_keep_is_refused_where_it_counts() -> None:
    body = page([receipt(is_paid=1, receipt_id="LONG")]).replace(b'"LONG"', b"9" * 5000)
    assert parse_page(body).failures == [
        Failure(f"created {CREATED}", "Expected int, got float. (at receipt_id)", CREATED)
    ]


def test_a_number_too_long_to_convert_costs_nothing() -> None:
    body = page([receipt(is_paid=1, buyer_user_id="LONG")]).replace(b'"LONG"', b"9" * 5000)
    assert [row.receipt_id for row in parse_page(body).receipts] == [3_400_000_001]


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        pytest.param(rb"a \ud800 b", "a � b", id="a lone surrogate"),
        pytest.param(rb"a \udc00\ud800 b", "a �� b", id="a pair the wrong way round"),
        pytest.param(rb"\ud83d\ude00", "😀", id="a proper pair"),
        pytest.param(b"a \xff b", "a � b", id="a byte that is no UTF-8"),
        pytest.param(rb"a\u0000b", "ab", id="an escaped NUL"),
        pytest.param(b"a\x00b", "ab", id="a bare NUL"),
        pytest.param(b"a\nb", "a\nb", id="a bare line break"),
    ],
)
def test_a_title_becomes_text_that_any_database_takes(sent: bytes, title: str) -> None:
    body = page([receipt(transactions=[transaction(title="TITLE")])])
    (row,) = parse_page(body.replace(b"TITLE", sent)).receipts
    assert to_sale(row).items[0].product == title


@pytest.mark.parametrize("sent", [rb"\ud800", b"\xff", b"\x01"])
def test_broken_text_in_a_field_we_do_not_read_costs_nothing(sent: bytes) -> None:
    body = page([receipt(name="NAME")]).replace(b"NAME", sent)
    assert [to_sale(row) for row in parse_page(body).receipts] == [
        to_sale(row) for row in parse_page(page([receipt()])).receipts
    ]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert [row.receipt_id for row in parse_page(b"\xef\xbb\xbf" + page([GOOD])).receipts] == [2]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Uh oh! A stitch has gone awry.</html>", id="HTML"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(page([GOOD])[:-30], id="cut off"),
        pytest.param(b'{"results":' + b"[" * 100_000, id="bottomless"),
    ],
)
def test_what_is_no_json_object_is_worth_another_try(body: bytes) -> None:
    with pytest.raises(UnavailableError) as raised:
        parse_page(body)
    assert str(raised.value) == "Etsy's answer is no JSON object."
    assert raised.value.__context__ is None  # the parser's error may hold what it read


@pytest.mark.parametrize("body", [b"{}", b'{"results":null}', b'{"results":{"a":1}}'])
def test_an_answer_without_a_list_of_orders_is_said_so(body: bytes) -> None:
    with pytest.raises(PayloadError) as raised:
        parse_page(body)
    assert str(raised.value) == "Etsy's answer holds no list of orders. (at results)"


def test_a_count_that_is_no_number_is_unknown() -> None:
    assert parse_page(page([GOOD], count="many")).count is None


def test_a_single_receipt_is_a_page_of_one() -> None:
    read = parse_receipt(json.dumps(GOOD).encode())
    assert [row.receipt_id for row in read.receipts] == [2]


def test_other_rows_keep_only_what_is_in_use_each_as_far_as_it_can_be_read() -> None:
    rows = [
        payment(77, 34) | {"receipt_id": "34"},
        {"payment_id": 78, "receipt_id": CANARY, "buyer_user_id": 99_990_001},
        None,
    ]
    body = json.dumps({"count": "3", "results": rows}).encode()
    assert parse_rows(body, Payment) == Rows(3, (Payment(77, 34), Payment(78), Payment()))


@pytest.mark.parametrize("body", [b"{}", b'{"results":null}', b'{"results":{"a":1}}'])
def test_other_rows_without_a_list_are_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parse_rows(body, Payment)


def test_a_field_of_the_wrong_type_is_told_by_its_place() -> None:
    with pytest.raises(PayloadError) as raised:
        parse_object(json.dumps({"shop_id": CANARY}).encode(), Self)
    assert str(raised.value) == (
        "Etsy's answer could not be read: Expected int, got str. (at shop_id)"
    )


def test_no_buyer_is_left_in_what_was_parsed_or_adapted() -> None:
    answers = {"formatted_value": f"{CANARY} for Ada", "question_id": 5, "property_id": 54}
    rows = [
        receipt(transactions=[transaction(variations=[answers])]),
        receipt(is_paid=1, refunds=[{"reason": CANARY, "note_from_issuer": CANARY}]),
        receipt(status=5),
    ]
    whole = parse_page(page(rows[:1]))
    by_row = parse_page(page(rows))
    seen = [whole, by_row, *(to_sale(row) for row in [*whole.receipts, *by_row.receipts])]
    assert (CANARY in repr(seen), "99990001" in repr(seen)) == (False, False)
