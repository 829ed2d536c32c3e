"""How a shop fares, in one word."""

from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.domain.shop_state import (
    START_THE_DAEMON,
    ShopFacts,
    State,
    StateName,
    is_stale,
    state_of,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATELY = NOW - MINUTE


def test_a_shop_polled_lately_is_ok() -> None:
    facts = ShopFacts(last_good_poll=LATELY)
    assert state_of(facts, NOW) == State(StateName.OK, False, None, None)


def test_a_shop_is_stale_after_three_intervals_and_the_minute_between_two_notes() -> None:
    interval = timedelta(seconds=90)
    limit = 3 * interval + MINUTE
    assert not is_stale(NOW - limit, interval, NOW)
    assert is_stale(NOW - limit - timedelta(seconds=1), interval, NOW)


def test_a_shop_that_was_never_polled_is_stale() -> None:
    assert state_of(ShopFacts(), NOW) == State(StateName.STALE, True, None, None)


def test_without_a_daemon_a_stale_shop_asks_for_one() -> None:
    assert state_of(ShopFacts(daemon_runs=False), NOW).action == START_THE_DAEMON
    polled = ShopFacts(last_good_poll=LATELY, daemon_runs=False)
    assert state_of(polled, NOW).action is None


def test_what_the_poller_asks_the_owner_comes_before_starting_the_daemon() -> None:
    facts = ShopFacts(action="Sign in again.", daemon_runs=False)
    assert state_of(facts, NOW).action == "Sign in again."


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (ShopFacts(login_needed=True, not_before=NOW + MINUTE, syncing=True), "login_needed"),
        (ShopFacts(not_before=NOW + MINUTE, syncing=True), "waiting"),
        (ShopFacts(not_before=NOW, syncing=True), "syncing"),
        (ShopFacts(not_before=NOW, last_good_poll=LATELY), "ok"),
    ],
)
def test_the_gravest_word_wins(facts: ShopFacts, name: str) -> None:
    assert state_of(facts, NOW).name == name


def test_a_shop_that_waits_too_long_is_stale_as_well() -> None:
    facts = ShopFacts(not_before=NOW + MINUTE, last_good_poll=NOW - timedelta(hours=1))
    assert state_of(facts, NOW) == State(StateName.WAITING, True, None, None)


def test_only_sweeps_that_are_really_late_count_as_behind() -> None:
    interval = timedelta(seconds=60)
    punctual = ShopFacts(last_good_poll=LATELY, interval=interval, behind=2 * MINUTE)
    late = ShopFacts(last_good_poll=LATELY, interval=interval, behind=timedelta(seconds=121.5))
    assert state_of(punctual, NOW).behind_seconds is None
    assert state_of(late, NOW).behind_seconds == 121
