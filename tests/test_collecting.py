"""What a digest knows is gathered from the store, and what cannot be known is left out."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from salesdaemon.application import basis_of
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.attention import Attention, Concern
from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.ledger import UPCOMING, Payout
from salesdaemon.domain.money import Money
from salesdaemon.domain.period import Period
from salesdaemon.settings import Settings
from salesdaemon.store.accounts import change_shop
from salesdaemon.store.channels import note_failure
from salesdaemon.store.effort import EffortEntry, add_effort
from salesdaemon.store.engine import Store
from salesdaemon.store.milestones import MOST_MARKED
from salesdaemon.store.shop_lines import save_payouts
from salesdaemon.store.sums import refresh
from salesdaemon.store.tables import set_aside
from tests.config_file import SHOP, loader
from tests.factories import FRIDAY, account, batch, item, record_in, sale

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return loader(tmp_path)(
        f'timezone = "Europe/Berlin"\n{SHOP}[channels.phone]\nurl = "json://127.0.0.1:9/"\n'
        '[goals.rent]\namount = "850 EUR"\n[put_aside.tax]\npercent = 25\n'
    )


def gather(
    store: Store,
    settings: Settings,
    kind: DigestKind = DigestKind.DAILY,
    day: date = FRIDAY,
    **changes: Any,
) -> DigestContent:
    wanted = Wanted(kind, period_of(kind, day), **{"now": NOW, **changes})
    with store.read() as connection:
        return collect(connection, settings, {}, wanted)


def sell(store: Store, *days: date, **facts: Any) -> None:
    """Let the shop have sold once at noon of each of these days, and have been polled lately."""
    moments = [datetime.combine(day, time(11), UTC) for day in days]
    sold = [sale(f"s{moment:%y%m%d}", paid_at=moment, **facts) for moment in moments]
    record_in(store, batch(*sold))
    with store.write() as connection:
        change_shop(connection, "templates", "gumroad", last_good_poll=NOW)


def days_before(day: date, count: int) -> list[date]:
    return [day - number * DAY for number in range(count)]


def sum_up(store: Store, settings: Settings) -> None:
    with store.write() as connection:
        refresh(connection, basis_of(settings, {}), days=10_000)


def test_a_year_ago_is_compared_only_where_the_history_reaches(
    store: Store, settings: Settings
) -> None:
    account(store)
    sell(store, FRIDAY, FRIDAY - 51 * WEEK)
    assert gather(store, settings).year_before is None
    sell(store, FRIDAY - 52 * WEEK)
    found = gather(store, settings).year_before
    assert found is not None
    assert (found.period, found.home.net) == (Period.one_day(FRIDAY - 52 * WEEK), 965)


@pytest.mark.parametrize(
    ("kind", "before", "same"),
    [
        (DigestKind.DAILY, "2026-11-19", "2026-11-13"),
        (DigestKind.WEEKLY, "2026-11-09", "2026-10-19"),
        (DigestKind.MONTHLY, "2026-10-01", None),
        (DigestKind.YEARLY, "2025-01-01", None),
    ],
)
def test_each_kind_is_compared_with_what_is_like_it(
    store: Store, settings: Settings, kind: DigestKind, before: str, same: str | None
) -> None:
    account(store)
    found = gather(store, settings, kind)
    assert found.before.period.first.isoformat() == before
    assert (found.same_before and found.same_before.period.first.isoformat()) == same


@pytest.mark.parametrize(("day", "is_last"), [(FRIDAY, True), (FRIDAY - DAY, False)])
def test_the_last_period_is_known_as_such(
    store: Store, settings: Settings, day: date, *, is_last: bool
) -> None:
    account(store)
    assert gather(store, settings, day=day).is_last is is_last
    week = gather(store, settings, DigestKind.WEEKLY, day - WEEK)
    assert week.is_last


def test_only_what_is_longer_than_a_day_judges_products_and_puts_aside(
    store: Store, settings: Settings
) -> None:
    account(store)
    sell(store, *days_before(FRIDAY, 20))
    with store.write() as connection:
        add_effort(connection, EffortEntry("Weekly planner", 60, FRIDAY))
    sum_up(store, settings)
    daily, weekly = (gather(store, settings, kind) for kind in list(DigestKind)[:2])
    assert (daily.put_aside, daily.hourly) == ((), ())
    assert [each.amount_minor for each in weekly.put_aside] == [965 * 5 // 4]
    assert [rate.minutes for rate in weekly.hourly] == [60]
    assert daily.goals[0].goal.amount == Money(85000, "EUR")


def test_while_many_days_are_added_up_nothing_looks_far_back(
    store: Store, settings: Settings
) -> None:
    account(store)
    sell(store, *days_before(FRIDAY, MOST_MARKED + 1))
    found = gather(store, settings)
    assert (found.behind, found.bars, found.streak, found.goals) == (True, (), None, ())
    assert found.summary.totals["EUR"].net == 965
    sum_up(store, settings)
    found = gather(store, settings)
    assert (found.behind, len(found.bars)) == (False, 30)
    assert found.streak is not None
    assert found.streak.days == MOST_MARKED + 1


def test_of_a_week_that_is_not_over_no_day_to_come_counts(store: Store, settings: Settings) -> None:
    account(store)
    sell(store, *days_before(NOW.date(), 10))
    found = gather(store, settings, DigestKind.WEEKLY, preview=True)
    assert found.streak is not None
    assert (found.streak.days, found.goals[0].until) == (10, NOW.date())
    assert not found.movements


def test_a_product_of_a_shop_that_is_missing_does_not_fade(
    store: Store, settings: Settings
) -> None:
    account(store)
    monday = date(2026, 11, 16)
    sell(store, *(monday - number * DAY for number in range(1, 7 * 12)))
    sum_up(store, settings)
    tuesday = NOW + 3 * DAY
    with store.write() as connection:
        change_shop(connection, "templates", "gumroad", last_good_poll=tuesday)
    fading = gather(store, settings, DigestKind.WEEKLY, monday, now=tuesday).movements.fading
    assert [each.title for each in fading] == ["Weekly planner"]
    with store.write() as connection:
        last = datetime.combine(monday, time(), UTC)
        change_shop(connection, "templates", "gumroad", last_good_poll=last)
    found = gather(store, settings, DigestKind.WEEKLY, monday, now=tuesday)
    assert ([each.shop for each in found.stale], found.movements.fading) == (["templates"], ())


@pytest.mark.parametrize(
    ("kind", "day", "told"),
    [
        (DigestKind.DAILY, FRIDAY, True),
        (DigestKind.DAILY, FRIDAY - DAY, False),
        (DigestKind.WEEKLY, FRIDAY - WEEK, True),
        (DigestKind.WEEKLY, FRIDAY - 2 * WEEK, False),
        (DigestKind.MONTHLY, date(2026, 10, 1), True),
        (DigestKind.YEARLY, date(2024, 5, 5), False),
    ],
)
def test_a_payout_to_come_is_told_of_the_last_period_alone(
    store: Store, settings: Settings, kind: DigestKind, day: date, *, told: bool
) -> None:
    account(store)
    with store.write() as connection:
        save_payouts(connection, 1, [Payout(UPCOMING, 100, "EUR", "payable")], NOW)
    assert bool(gather(store, settings, kind, day).books.payouts) is told


def test_what_needs_attention_is_named(store: Store, settings: Settings) -> None:
    account(store)
    sell(store, FRIDAY, items=(item(product="Logo", passive=None),))
    with store.write() as connection:
        change_shop(
            connection,
            "templates",
            "gumroad",
            login_needed=True,
            problem_since=NOW,
            action="Sign in.",
        )
        connection.execute(
            insert(set_aside).values(
                account_id=1, external_id="odd", reason="price: no number", first_seen_at=NOW
            )
        )
        note_failure(connection, "phone", "It answers 401.", NOW, permanent=True)
    assert gather(store, settings).attention == (
        Attention(Concern.LOGIN, "templates", since=NOW, what="Sign in."),
        Attention(Concern.SET_ASIDE, "templates", count=1),
        Attention(Concern.CHANNEL, "phone", count=1, since=NOW, what="It answers 401."),
        Attention(Concern.UNCLASSIFIED, "Logo"),
    )
