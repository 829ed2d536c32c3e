"""What is told beside orders as a use case: milestones, payouts, shops that went quiet."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from salesdaemon.application import Application
from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.milestones import (
    Anniversary,
    FirstOfProduct,
    Milestone,
    find_anniversaries,
    find_milestones,
)
from salesdaemon.domain.period import day_of, resolve
from salesdaemon.domain.rules import Verdict
from salesdaemon.domain.shop_state import ShopFacts, StateName, state_of
from salesdaemon.domain.silence import Quiet, Rhythm, learn_rhythm
from salesdaemon.domain.summary import StoredSale
from salesdaemon.notify import occasions
from salesdaemon.poller.plan import Plan
from salesdaemon.store.accounts import AccountRecord, ShopRecord, find_account_of_shop, find_shop
from salesdaemon.store.engine import Connection
from salesdaemon.store.events import Judged, enter, known_events
from salesdaemon.store.milestones import (
    ARRIVALS,
    MOST_MARKED,
    Arrived,
    Unobserved,
    collect_facts,
    days_to_sum,
    list_product_lives,
    list_unobserved,
    mark_observed,
    products_of,
)
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.payouts import event_of, list_untold_payouts
from salesdaemon.store.rhythm import WINDOW, find_newest_sale, load_sold_at
from salesdaemon.store.sales import find_sales

log = logging.getLogger(__name__)

LOOK_EVERY: Final = timedelta(minutes=1)
"""How often is looked for what no arrival brings: payouts, quiet shops, anniversaries."""
LEARN_EVERY: Final = timedelta(hours=1)
ANNIVERSARIES_AT: Final = time(9)
_SETTLED_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is remembered of a shop's rhythm, and when it has to be looked at again."""

    check_at: datetime
    learned_at: datetime
    rhythm: Rhythm | None


@dataclass(frozen=True, slots=True)
class _QuietShop:
    shop: str
    account_id: int
    quiet: Quiet
    last_good_poll: datetime


class Observer:
    """Looks at what was recorded and announces what is worth it, each of it once.

    It may end at any moment: what it announces and what it has looked at are one transaction.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._telling = app.telling
        self._zone = app.settings.zone
        self._look_at: datetime | None = None
        self._anniversaries_of: date | None = None
        self._familiar: set[tuple[int, str]] = set()
        self._watched: dict[int, _Watched] = {}

    async def tick(self) -> bool:
        """Look at what is new; True if anything was announced.

        Raises:
            StoreError: the database could not be read or written.
        """
        return await asyncio.to_thread(self._tick)

    def _tick(self) -> bool:
        now = self._app.clock()
        told = self._observe(now)
        if self._look_at is None or now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            told += self._tell_payouts(now)
            told += self._tell_quiet_shops(now)
            told += self._tell_anniversaries(now)
        return told > 0

    # Milestones

    def _observe(self, now: datetime) -> int:
        """Look for milestones in what arrived; what is found counts even if it is switched off."""
        app = self._app
        with app.store.read() as connection:
            unobserved = list_unobserved(connection)
            arrivals = [(each.account_id, each.external_id) for each in _arrivals(unobserved)]
            keys = [(account, sale) for account, sale in arrivals if account and sale]
            if not unobserved or (keys and self._must_wait(connection)):
                return 0
            sold = find_sales(connection, keys, app.overrides)
            arrived = Arrived(sold, day_of(now, self._zone), self._familiar)
            goals = app.settings.monthly_goals
            found: Sequence[Milestone] = ()
            if sold:
                facts = collect_facts(connection, app.basis, arrived, goals)
                found = _untold(connection, find_milestones(facts))
                found = _worth_telling(found, unobserved, sold)
        with app.store.write() as connection:
            self._tell_milestones(connection, found, now)
            mark_observed(connection, [each.id for each in unobserved], now)
        self._familiar.update(products_of(sold))
        return len(found)

    def _must_wait(self, connection: Connection) -> bool:
        """Tell whether history is still being read, or summed: then nobody can count.

        A shop that was never reached is waited for only while nothing keeps it from being read.
        """
        if days_to_sum(connection) > MOST_MARKED:
            return True
        return any(self._is_syncing(connection, shop) for shop in self._app.settings.shops)

    def _is_syncing(self, connection: Connection, shop: str) -> bool:
        account = find_account_of_shop(connection, shop)
        if account is not None and account.watch_since is not None:
            return _reads_history(account)
        record = find_shop(connection, shop)
        return record is None or not (record.login_needed or record.problem)

    def _tell_milestones(
        self, connection: Connection, reached: Sequence[Milestone], now: datetime
    ) -> None:
        """Announce what was reached in one message, and note each of it as told."""
        if not reached:
            return
        first, *others = reached
        words = occasions.milestones(reached, self._app.voice)
        shops = {_shop_of(each) for each in reached}
        shop = shops.pop() if len(shops) == 1 else None
        news = self._news("milestone", first.key, words, now, shop)
        announce(connection, self._telling, news)
        together = Verdict("off", (), "together", f"Told in one message with {first.key}.")
        enter(connection, [Judged(each.key, "milestone", now, together) for each in others])
        log.info("milestone_reached keys=%s", ",".join(each.key for each in reached))

    def _news(
        self, kind: str, event: str, words: occasions.Words, at: datetime, shop: str | None
    ) -> Announcement:
        marketplace = self._app.configured.get(shop) if shop is not None else None
        return Announcement(
            kind, event, words.title, words.body, at, shop=shop, marketplace=marketplace
        )

    def _tell_anniversaries(self, now: datetime) -> int:
        """Announce, once a day, which products were first sold on this day of other years."""
        today = day_of(now, self._zone)
        due = resolve(today, ANNIVERSARIES_AT, self._zone)
        if self._anniversaries_of == today or now < due:
            return 0
        with self._app.store.read() as connection:
            unsettled = days_to_sum(connection, today - _SETTLED_AFTER)
            if unsettled or self._must_wait(connection):
                return 0
            lives = [
                life
                for life in list_product_lives(connection)
                if life.product.shop in self._app.settings.shops
            ]
            found = _untold(connection, find_anniversaries(lives, today))
        if found:
            with self._app.store.write() as connection:
                self._tell_milestones(connection, found, now)
        self._anniversaries_of = today
        return len(found)

    # Payouts

    def _tell_payouts(self, now: datetime) -> int:
        with self._app.store.read() as connection:
            untold = [
                (account, payout)
                for account in self._accounts(connection)
                for payout in list_untold_payouts(connection, account, self._zone, now)
            ]
        if untold:
            with self._app.store.write() as connection:
                for account, payout in untold:
                    self._tell_payout(connection, account, payout, now)
        return len(untold)

    def _tell_payout(
        self, connection: Connection, account: AccountRecord, payout: Payout, now: datetime
    ) -> None:
        today = day_of(now, self._zone)
        words = occasions.payout(account.shop, payout, today, self._app.voice)
        event = event_of(account.id, payout.payout_id)
        news = self._news("payout", event, words, now, account.shop)
        announce(connection, self._telling, news)

    def _accounts(self, connection: Connection) -> Iterator[AccountRecord]:
        for shop in self._app.settings.shops:
            account = find_account_of_shop(connection, shop)
            if account is not None and account.watch_since is not None:
                yield account

    # Quiet shops

    def _tell_quiet_shops(self, now: datetime) -> int:
        with self._app.store.read() as connection:
            quiet = [
                (found, event)
                for account in self._accounts(connection)
                if (found := self._quiet_shop(connection, account, now)) is not None
                and not known_events(connection, [event := _silence(found)])
            ]
        if quiet:
            with self._app.store.write() as connection:
                for found, event in quiet:
                    words = occasions.quiet_shop(
                        found.shop, found.quiet, found.last_good_poll, now, self._app.voice
                    )
                    news = self._news("silence", event, words, now, found.shop)
                    announce(connection, self._telling, news)
                    log.info("shop_quiet shop=%s", found.shop)
        return len(quiet)

    def _quiet_shop(
        self, connection: Connection, account: AccountRecord, now: datetime
    ) -> _QuietShop | None:
        """Judge a shop that is polled well; one that is not is a matter of trouble."""
        watched = self._watched.get(account.id)
        if watched is not None and now < watched.check_at:
            return None
        record = find_shop(connection, account.shop)
        last_good_poll = _works(record, account, now)
        if last_good_poll is None:
            return None
        quiet = self._quiet(connection, account, now)
        # A shop that was dead already when its watch began is none that went quiet.
        if (
            quiet is None
            or account.watch_since is None
            or quiet.implausible_at < account.watch_since
        ):
            return None
        return _QuietShop(account.shop, account.id, quiet, last_good_poll)

    def _quiet(self, connection: Connection, account: AccountRecord, now: datetime) -> Quiet | None:
        """Return the quiet of a shop if it is implausible, and note when to look again."""
        today = day_of(now, self._zone)
        newest = find_newest_sale(connection, account.id, today - WINDOW)
        rhythm, learned_at = self._rhythm(connection, account.id, now)
        quiet = rhythm.quiet(newest, now) if rhythm is not None and newest is not None else None
        implausible = quiet is not None and quiet.is_implausible
        again = now + LEARN_EVERY if quiet is None or implausible else quiet.implausible_at
        self._watched[account.id] = _Watched(again, learned_at, rhythm)
        return quiet if implausible else None

    def _rhythm(
        self, connection: Connection, account_id: int, now: datetime
    ) -> tuple[Rhythm | None, datetime]:
        """Return the rhythm of a shop, learned anew once an hour at most."""
        watched = self._watched.get(account_id)
        if watched is not None and now < watched.learned_at + LEARN_EVERY:
            return watched.rhythm, watched.learned_at
        sold_at = load_sold_at(connection, account_id, day_of(now, self._zone))
        return learn_rhythm(sold_at, self._zone), now


def _arrivals(unobserved: Sequence[Unobserved]) -> Iterator[Unobserved]:
    return (each for each in unobserved if each.kind in ARRIVALS)


def _worth_telling(
    found: Sequence[Milestone],
    unobserved: Sequence[Unobserved],
    sold: Mapping[tuple[int, str], StoredSale],
) -> list[Milestone]:
    """Leave out the first sale of what its owner does not want to hear of."""
    off = {(each.account_id, each.external_id) for each in unobserved if each.level == "off"}
    heard = products_of({key: sale for key, sale in sold.items() if key not in off}).values()
    return [each for each in found if not isinstance(each, FirstOfProduct) or each.product in heard]


def _untold(connection: Connection, found: Sequence[Milestone]) -> list[Milestone]:
    known = known_events(connection, [each.key for each in found])
    return [each for each in found if each.key not in known]


def _shop_of(reached: Milestone) -> str | None:
    """Return the shop that a milestone is about; None where it is about all of them."""
    if isinstance(reached, FirstOfProduct | Anniversary):
        return reached.product.shop
    return None


def _silence(found: _QuietShop) -> str:
    """Name the quiet since a sale for ever."""
    return f"silence:{found.account_id}:{found.quiet.last_sale.isoformat(timespec='seconds')}"


def _works(record: ShopRecord | None, account: AccountRecord, now: datetime) -> datetime | None:
    """Return the last good poll of a shop that is polled as it should be, its history read."""
    if record is None or record.last_good_poll is None:
        return None
    facts = ShopFacts(
        login_needed=record.login_needed,
        not_before=record.not_before,
        syncing=_reads_history(account),
        last_good_poll=record.last_good_poll,
        interval=timedelta(seconds=record.interval_seconds),
    )
    return record.last_good_poll if state_of(facts, now).name is StateName.OK else None


def _reads_history(account: AccountRecord) -> bool:
    return Plan.from_text(account.plan).history is not None
