"""Walking through the payment account, and finding the order of each payment."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.domain.ledger import About, Entry
from salesdaemon.errors import MarketplaceError, RateLimitError, UnavailableError
from salesdaemon.marketplaces.base import LedgerPage, Window
from salesdaemon.marketplaces.etsy.books import CALLS_FOR_REFUSED, PAYMENTS_REMEMBERED
from salesdaemon.marketplaces.etsy.feed import EtsyFeed
from tests.fakes.http import Asked, FakeReply, ScriptedHttp, says
from tests.marketplaces.etsy.connecting import NOW, SHOP_ID, connection, feed_of
from tests.marketplaces.etsy.lines import POSTED, line, payment

SHOP = f"https://openapi.etsy.com/v3/application/shops/{SHOP_ID}"
LEDGER = f"{SHOP}/payment-account/ledger-entries"
PAYMENTS = f"{SHOP}/payments"
OF_ENTRIES = f"{LEDGER}/payments"
DAY = timedelta(days=1)
START = datetime.fromtimestamp(POSTED, UTC)
MONTH = Window(START, START + 30 * DAY)
REFUSED = says({"error": "Could not find a payment."}, 404)


def feed(http: Any) -> EtsyFeed:
    return feed_of(connection(http, shop_id=SHOP_ID))


def lines(*rows: Mapping[str, Any], **changes: Any) -> FakeReply:
    return says({"count": len(rows), "results": list(rows)} | changes)


def paid(
    entry_id: int, payment_id: int | str, ledger_type: str = "PAYMENT_GROSS"
) -> dict[str, Any]:
    reference = {"reference_type": "shop_payment", "reference_id": payment_id}
    return line(ledger_type, 1200, entry_id=entry_id, **reference)


async def fetch(http: Any, window: Window = MONTH) -> LedgerPage:
    read = await feed(http).fetch_ledger(window, None)
    assert read is not None
    return read


def abouts(entries: Sequence[Entry]) -> list[tuple[About, str | None]]:
    return [(entry.about, entry.about_id) for entry in entries]


class Account:
    """Etsy's payment account as its pages describe it, with switches for what they leave open."""

    def __init__(
        self,
        moments: Sequence[int],
        *,
        inclusive: bool = True,
        ascending: bool = False,
        count: int | None = -1,
        farthest: int = 12_000,
    ) -> None:
        self.rows = [
            line("listing", -20, entry_id=number, created_timestamp=moment)
            for number, moment in enumerate(sorted(moments), start=1)
        ]
        self.rows.sort(key=lambda row: row["entry_id"], reverse=not ascending)
        self.inclusive = inclusive
        self.count = count
        self.farthest = farthest
        self.asked: list[dict[str, Any]] = []

    async def request(self, method: str, url: str, **keywords: Any) -> FakeReply:
        query = keywords["params"]
        self.asked.append(dict(query))
        assert query["max_created"] - query["min_created"] <= 2_678_400
        assert query["offset"] <= self.farthest
        slack = 0 if self.inclusive else 1
        first, last = query["min_created"] + slack, query["max_created"] - slack
        found = [row for row in self.rows if first <= row["created_timestamp"] <= last]
        count = len(found) if self.count == -1 else self.count
        page = found[query["offset"] : query["offset"] + query["limit"]]
        return lines(*page, count=count)


async def walk(account: Account, window: Window, *, restarting: bool = False) -> list[str]:
    reader = feed(account)
    cursor, found = None, list[str]()
    while True:
        read = await reader.fetch_ledger(window, cursor)
        assert read is not None
        found += [entry.entry_id for entry in read.entries]
        cursor = read.cursor
        if cursor is None:
            return found
        if restarting:
            reader = feed(account)
        assert len(account.asked) < 400, "the walk does not end"


async def test_a_page_is_asked_for_as_documented_and_tells_entries_and_the_vendors_time() -> None:
    row = line("sales_tax", -190)
    http = ScriptedHttp(says({"count": 1, "results": [row]}, date="Fri, 20 Nov 2026 08:59:30 GMT"))
    read = await fetch(http)
    assert [(asked.method, asked.url, asked.params) for asked in http.asked] == [
        (
            "GET",
            LEDGER,
            {
                "min_created": POSTED - 1,
                "max_created": POSTED + 30 * 86_400 + 1,
                "limit": 100,
                "offset": 0,
            },
        )
    ]
    assert (len(read.entries), read.vendor_time, read.cursor, read.payouts) == (
        1,
        NOW - timedelta(seconds=30),
        None,
        (),
    )


@pytest.mark.parametrize("restarting", [False, True], ids=["in one go", "restarted each page"])
@pytest.mark.parametrize("inclusive", [True, False], ids=["bounds in", "bounds out"])
@pytest.mark.parametrize("ascending", [True, False], ids=["oldest first", "newest first"])
async def test_a_walk_reads_every_line_of_a_window(
    *, inclusive: bool, ascending: bool, restarting: bool
) -> None:
    moments = [POSTED + 6000 * number for number in range(431)]
    account = Account(moments, inclusive=inclusive, ascending=ascending)
    found = await walk(account, Window(START, START + 30 * DAY), restarting=restarting)
    assert sorted(map(int, found)) == list(range(1, 432))
    assert len(account.asked) == 5


async def test_the_end_of_a_walk_is_that_of_its_window_whatever_is_posted_meanwhile() -> None:
    account = Account([POSTED + number for number in range(250)])
    reader = feed(account)
    read = await reader.fetch_ledger(MONTH, None)
    assert read is not None
    account.rows.insert(0, line("listing", -20, entry_id=900, created_timestamp=POSTED + 10**7))
    later = Window(START, START + 29 * DAY)
    again = await reader.fetch_ledger(later, read.cursor)
    assert again is not None
    told = [int(entry.entry_id) for entry in (*read.entries, *again.entries)]
    assert told == list(range(250, 50, -1))


@pytest.mark.parametrize("count", [None, 5], ids=["no count", "too low a count"])
async def test_a_full_page_is_followed_whatever_the_count_says(count: int | None) -> None:
    account = Account([POSTED + number for number in range(230)], count=count)
    assert len(await walk(account, MONTH)) == 230


async def test_a_window_of_more_lines_than_offsets_reach_is_halved() -> None:
    account = Account([POSTED + 80 * number for number in range(30_000)])
    found = await walk(account, MONTH)
    assert set(map(int, found)) == set(range(1, 30_001))


async def test_a_single_second_of_too_many_lines_ends() -> None:
    account = Account([POSTED] * 12_500)
    assert len(set(await walk(account, Window(START, START)))) == 12_100


async def test_a_window_wider_than_etsy_answers_is_walked_in_parts() -> None:
    account = Account([POSTED + 40_000 * number for number in range(150)])
    found = await walk(account, Window(START, START + 75 * DAY))
    assert (set(map(int, found)), len(account.asked)) == (set(range(1, 151)), 3)


async def test_a_foreign_cursor_starts_the_walk_again() -> None:
    account = Account([POSTED])
    assert await feed(account).fetch_ledger(MONTH, "somewhere") == await fetch(account)


async def test_the_same_page_again_is_refused() -> None:
    rows = [line("listing", -20, entry_id=number) for number in range(1, 101)]
    reader = feed(ScriptedHttp(lines(*rows, count=300), lines(*rows, count=300)))
    read = await reader.fetch_ledger(MONTH, None)
    assert read is not None
    with pytest.raises(UnavailableError):
        await reader.fetch_ledger(MONTH, read.cursor)


@pytest.mark.parametrize("status", [403, 404])
async def test_an_account_that_may_not_be_read_is_none(status: int) -> None:
    http = ScriptedHttp(says({"error": "insufficient_scope"}, status))
    assert await feed(http).fetch_ledger(MONTH, None) is None


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (says({"error": "Exceeded daily rate limit"}, 403), RateLimitError),
        (FakeReply(403, {"content-type": "text/html"}, b"<html>"), UnavailableError),
        (says({"error": "Server Error"}, 500), UnavailableError),
        (says({"count": 1}), MarketplaceError),
    ],
    ids=["a limit", "a proxy's page", "a broken server", "no list"],
)
async def test_another_refusal_is_told_as_what_it_is(
    reply: FakeReply, error: type[MarketplaceError]
) -> None:
    with pytest.raises(error):
        await fetch(ScriptedHttp(reply))


async def test_a_line_that_cannot_be_read_costs_itself_alone_and_no_value_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [
        line("listing", -20, entry_id=1),
        line("CANARY", -20, entry_id="CANARY"),
        "CANARY",
        line("listing", -20, entry_id=2, currency=["CANARY"]),
        line("listing", -20, entry_id=3, balance="CANARY", parent_entry_id="CANARY"),
    ]
    with caplog.at_level(logging.DEBUG):
        read = await fetch(ScriptedHttp(says({"count": 5, "results": rows})))
    assert [entry.entry_id for entry in read.entries] == ["1", "3"]
    told = [record.getMessage() for record in caplog.records]
    assert told == ["ledger_entries_unreadable shop=prints count=3"]


async def test_a_line_of_broken_text_costs_nothing() -> None:
    broken = json.dumps(lines_of := [line("listing", -20)]).encode().replace(b"listing", b"\xfflis")
    read = await fetch(ScriptedHttp(says(b'{"count":1,"results":' + broken + b"}")))
    assert (len(read.entries), len(lines_of)) == (1, 1)


# --- payments ---------------------------------------------------------------------------------


async def test_payments_are_asked_for_once_and_lead_to_their_orders() -> None:
    rows = [
        paid(1, "77"),
        line("PAYMENT_PROCESSING_FEE", -5, reference_type="processing_fee", reference_id=77),
        paid(3, 78, "REFUND"),
        line("transaction", -78, reference_type="transaction", reference_id="9"),
    ]
    known = lines(payment(77, 34), payment(78, 35))
    http = ScriptedHttp(lines(*rows), known, lines(*rows))
    reader = feed(http)
    reads = [await reader.fetch_ledger(MONTH, None) for _ in range(2)]
    assert [(asked.url, asked.params.get("payment_ids")) for asked in http.asked] == [
        (LEDGER, None),
        (PAYMENTS, "77,78"),
        (LEDGER, None),
    ]
    sale = About.SALE
    expected = [(sale, "34"), (sale, "34"), (sale, "35"), (About.LINE, "9")]
    assert [abouts(read.entries) for read in reads if read is not None] == [expected] * 2


async def test_no_payment_is_asked_for_where_no_line_needs_it() -> None:
    http = ScriptedHttp(lines(line("transaction", -78), paid(2, 5, "DISBURSE2")))
    assert abouts((await fetch(http)).entries) == [(About.SALE, "3400000001"), (About.SHOP, None)]


async def test_what_etsy_does_not_tell_by_the_payment_it_may_tell_by_the_line() -> None:
    rows = [paid(1, 77), paid(2, 78), paid(3, 79, "REFUND")]
    http = ScriptedHttp(lines(*rows), lines(payment(77, 34)), lines(payment(78, 35)))
    read = await fetch(http)
    assert [(asked.url, asked.params) for asked in http.asked[1:]] == [
        (PAYMENTS, {"payment_ids": "77,78,79"}),
        (OF_ENTRIES, {"ledger_entry_ids": "2"}),
    ]
    assert abouts(read.entries) == [(About.SALE, "34"), (About.SALE, "35"), (About.SHOP, None)]


@pytest.mark.parametrize("status", [400, 404])
async def test_a_number_that_etsy_does_not_know_costs_no_other_its_order(status: int) -> None:
    def answer(asked: Asked) -> FakeReply:
        if asked.url == OF_ENTRIES:
            return says({"error": "No."}, status)
        wanted = asked.params["payment_ids"].split(",")
        if "13" in wanted:
            return says({"error": "Could not find 13"}, status)
        return lines(*(payment(int(each), int(each) + 100) for each in wanted))

    rows = [paid(each, each, "REFUND") for each in range(10, 18)]
    http = ScriptedHttp(lines(*rows), *[answer] * (1 + CALLS_FOR_REFUSED))
    read = await fetch(http)
    expected: list[tuple[About, str | None]]
    expected = [(About.SALE, str(each + 100)) for each in range(10, 18)]
    expected[3] = (About.SHOP, None)
    assert abouts(read.entries) == expected
    assert len(http.asked) == 8


async def test_a_vendor_that_refuses_every_payment_is_soon_asked_for_no_more_than_it_must() -> None:
    rows = [paid(each, each) for each in range(1, 101)]
    http = ScriptedHttp(lines(*rows), *[REFUSED] * (2 + 2 * CALLS_FOR_REFUSED), lines(*rows))
    reader = feed(http)
    read = await reader.fetch_ledger(MONTH, None)
    assert read is not None
    assert set(abouts(read.entries)) == {(About.SHOP, None)}
    assert http.script == [lines(*rows)]
    http.script += [REFUSED, REFUSED]
    assert await reader.fetch_ledger(MONTH, None) == read
    assert http.script == []


async def test_where_payments_may_not_be_read_they_are_asked_for_once_a_page() -> None:
    denied = says({"error": "insufficient_scope"}, 403)
    rows = [paid(each, each) for each in range(1, 101)]
    http = ScriptedHttp(lines(*rows), denied, denied)
    assert set(abouts((await fetch(http)).entries)) == {(About.SHOP, None)}
    assert [asked.url for asked in http.asked[1:]] == [PAYMENTS, OF_ENTRIES]


async def test_the_payments_that_are_remembered_are_bounded() -> None:
    def answer(asked: Asked) -> FakeReply:
        if asked.url == PAYMENTS:
            wanted = map(int, asked.params["payment_ids"].split(","))
            return lines(*(payment(each, each + 1) for each in wanted))
        first = asked.params["offset"] + 1
        return lines(*(paid(each, each) for each in range(first, first + 100)), count=10**6)

    http = ScriptedHttp(*[answer] * 400)
    reader = feed(http)
    cursor = None
    for _ in range(2 + PAYMENTS_REMEMBERED // 100):
        read = await reader.fetch_ledger(MONTH, cursor)
        assert read is not None
        cursor = f"{POSTED}:{POSTED}:{POSTED}:{len(http.asked) // 2 * 100}"
    assert len(reader._books._payments._receipts) == PAYMENTS_REMEMBERED
