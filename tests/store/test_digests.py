"""The ledger of digests: claimed before it is sent, once for each day and recipient."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from salesdaemon.store import digests
from salesdaemon.store.digests import CLAIMED, SENT, SKIPPED, DigestRow
from salesdaemon.store.engine import Store

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)


def row(day: date = DAY, recipient: str = "me@example.com", **changes: Any) -> DigestRow:
    facts: dict[str, Any] = {
        "kind": "daily",
        "state": CLAIMED,
        "message_id": "<1@example.com>",
        "content_until": NOW,
        "subject": "Yesterday",
        "body_text": "Text",
        "body_html": "<p>HTML",
        "enclosed": "{}",
        "attempts": 0,
        "not_before": NOW,
        "sent_at": None,
        "answer": None,
        **changes,
    }
    return DigestRow(day=day, recipient=recipient, **facts)


def claim(store: Store, *rows: DigestRow) -> list[bool]:
    with store.write() as connection:
        return [digests.claim(connection, each) for each in rows]


def unsent(store: Store, at: datetime = NOW) -> list[DigestRow]:
    with store.read() as connection:
        return digests.list_unsent(connection, ["me@example.com", "you@example.com"], at)


def test_what_waits_for_somebody_who_is_not_wanted_any_more_stays(store: Store) -> None:
    claim(store, row(), row(recipient="gone@example.com"))
    assert unsent(store) == [row()]


def test_a_day_is_claimed_once_for_each_recipient(store: Store) -> None:
    other = row(recipient="you@example.com")
    assert claim(store, row(), other, row(subject="Another")) == [True, True, False]
    assert unsent(store) == [row(), other]


def test_of_two_processes_one_claims(store: Store, another_store: Callable[[], Store]) -> None:
    with ThreadPoolExecutor(2) as threads:
        won = list(threads.map(claim, (store, another_store()), (row(), row())))
    assert sorted(won) == [[False], [True]]


def test_a_claimed_digest_waits_for_its_time_and_its_fate(store: Store) -> None:
    claim(store, row())
    with store.write() as connection:
        digests.note_attempt(connection, row(), NOW, NOW + 2 * MINUTE)
    assert unsent(store) == []
    unheard = row(attempts=1, not_before=NOW + 2 * MINUTE)
    assert unsent(store, NOW + 2 * MINUTE) == [unheard]
    with store.write() as connection:
        digests.mark_retry(connection, unheard, "451", NOW + MINUTE)
    assert unsent(store, NOW + MINUTE) == [replace(unheard, not_before=NOW + MINUTE, answer="451")]


def test_a_sent_digest_is_not_sent_again_and_its_words_are_dropped(store: Store) -> None:
    claim(store, row(), row(recipient="you@example.com"))
    with store.write() as connection:
        digests.mark_sent(connection, row(), NOW, "250 OK")
    assert unsent(store, NOW + ONE_DAY) == [row(recipient="you@example.com")]
    with store.read() as connection:
        rows = {each.recipient: each for each in digests.list_for(connection, "daily", DAY)}
    assert rows["me@example.com"] == row(
        state=SENT, sent_at=NOW, answer="250 OK", body_text=None, body_html=None, enclosed=None
    )


def test_what_waits_is_sent_oldest_day_first(store: Store) -> None:
    claim(store, row(DAY), row(DAY - ONE_DAY), row(DAY - 2 * ONE_DAY, state=SKIPPED))
    assert [each.day for each in unsent(store)] == [DAY - ONE_DAY, DAY]


def test_a_skipped_digest_may_be_wanted_after_all(store: Store) -> None:
    claim(store, row(state=SKIPPED), row(DAY - ONE_DAY, state=SENT))
    with store.write() as connection:
        digests.forget_skipped(connection, "daily", DAY)
        digests.forget_skipped(connection, "daily", DAY - ONE_DAY)
    assert claim(store, row(), row(DAY - ONE_DAY)) == [True, False]


def test_the_last_day_is_the_newest_of_its_kind(store: Store) -> None:
    with store.read() as connection:
        assert digests.last_day(connection, "daily") is None
    claim(store, row(DAY), row(DAY - ONE_DAY), row(DAY + ONE_DAY, kind="weekly"))
    with store.read() as connection:
        assert digests.last_day(connection, "daily") == DAY


def test_news_begin_where_the_digest_of_the_last_day_before_ended(store: Store) -> None:
    with store.read() as connection:
        assert digests.told_until(connection, "daily", DAY) is None
    claim(
        store,
        row(DAY, content_until=NOW),
        row(DAY - ONE_DAY, content_until=NOW - ONE_DAY),
        row(DAY - ONE_DAY, "you@example.com", content_until=NOW - ONE_DAY),
    )
    with store.read() as connection:
        assert digests.told_until(connection, "daily", DAY) == NOW - ONE_DAY
        assert digests.told_until(connection, "daily", DAY + ONE_DAY) == NOW


def test_news_begin_where_the_first_recipient_was_told_up_to(store: Store) -> None:
    claim(store, row(), row(recipient="late@example.com", content_until=NOW + ONE_DAY))
    with store.read() as connection:
        assert digests.told_until(connection, "daily", DAY + ONE_DAY) == NOW


def test_a_mail_on_its_way_is_nobody_elses_until_an_answer_or_its_time(store: Store) -> None:
    claim(store, row())
    until = NOW + 2 * MINUTE

    def attempt(attempts: int, now: datetime) -> bool:
        with store.write() as connection:
            return digests.note_attempt(connection, row(attempts=attempts), now, until)

    assert attempt(0, NOW)
    assert not attempt(1, NOW)
    with store.write() as connection:
        digests.mark_retry(connection, row(), "451", NOW + ONE_DAY)
    assert attempt(1, NOW)
    assert not attempt(2, NOW)
    assert attempt(2, until)


def test_an_old_digest_sent_again_by_hand_does_not_swallow_news(store: Store) -> None:
    claim(
        store,
        row(DAY, content_until=NOW),
        row(DAY - 30 * ONE_DAY, content_until=NOW + 5 * MINUTE),
    )
    with store.read() as connection:
        assert digests.told_until(connection, "daily", DAY + ONE_DAY) == NOW
