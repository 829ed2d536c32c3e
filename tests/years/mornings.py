"""The seller's mornings: the shops are read, the digests leave, the clock goes on to the next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from salesdaemon import digesting
from salesdaemon.application import Application
from salesdaemon.store.sums import refresh
from tests.end_to_end.post import PostOffice
from tests.marketplaces.harness import Clock
from tests.years import rates
from tests.years.history import History, two_years
from tests.years.installation import keep_rates, open_application, read_everything
from tests.years.reckoned_days import Days, Entry
from tests.years.reckoned_digest import Reckoner
from tests.years.reckoned_rates import Bank
from tests.years.reckoned_sales import Raw, Sold, sort_account
from tests.years.reckoned_shops import reckon
from tests.years.scenes import WISHES, Scene

AT = time(7, 30)
SHORTLY = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
READERS = ("me@example.com", "partner@example.com")
Delta = Counter[str]
"""By how much figures changed."""


class Mornings:
    """An installation that runs from one morning to another; `moments` tells when it read."""

    def __init__(self, scene: Scene, first: date, url: str, folder: Path, post: PostOffice) -> None:
        self.zone = ZoneInfo(scene.zone)
        self.first = first
        self.files = folder / "digests"
        self.clock = Clock(self._at(first, time(6)))
        self.began = self.clock()
        self.moments: dict[date, datetime] = {}
        self._scene, self._url, self._folder, self._post = scene, url, folder, post
        self.app = self._open()

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    def _open(self) -> Application:
        to = ", ".join(f'"{reader}"' for reader in READERS)
        more = (
            f'[mail]\nhost = "127.0.0.1"\nport = {self._post.port}\nsecurity = "none"\n'
            f'from = "shop@example.com"\nto = [{to}]\n'
            f'[digest]\ndaily = "{AT:%H:%M}"\nweekly = "mon {AT:%H:%M}"\n'
            f'monthly = "1 {AT:%H:%M}"\nyearly = "01-01 {AT:%H:%M}"\nfolder = "{self.files}"\n'
        )
        return open_application(
            two_years(),
            self.clock,
            self._folder,
            self._url,
            zone=self._scene.zone,
            home=self._scene.home,
            more=more,
        )

    async def begin(self) -> None:
        """Start for the first time and read the history."""
        keep_rates(self.app, rates.table())
        with self.app.store.write() as connection:
            digesting.note_start(connection, self.app.settings, self.clock())
        await read_everything(self.app, self.clock)
        self.moments[self.first] = self.clock()
        self._pollers = [self.app.poller(shop) for shop in self.app.settings.shops]

    def restart(self) -> None:
        """Stop and start again."""
        self.app.store.close()
        self.app = self._open()
        self._pollers = [self.app.poller(shop) for shop in self.app.settings.shops]

    async def morning(self, day: date) -> None:
        """Read all shops shortly before the digests are due, and let them go."""
        self.clock.now = self._at(day, AT) - SHORTLY
        for poller in self._pollers:
            await poller.tick(MINUTE)
        self.moments[day] = self.clock()
        if day.day % 2:  # on other days the sums are behind, and no figure may be
            with self.app.store.write() as connection:
                refresh(connection, self.app.basis, days=1000)
        self.clock.now = self._at(day, AT)
        await digesting.tick(self.app)

    async def later(self, **by: float) -> None:
        """Look once more whether anything has to leave."""
        self.clock.advance(**by)
        await digesting.tick(self.app)

    async def end(self) -> None:
        await self.app.http.close()
        self.app.store.close()


# What there was to be known


def seen(history: History, now: datetime) -> tuple[dict[str, list[Raw]], dict[str, list[Raw]]]:
    """Return the raw orders of each shop, and the lines of accounts, as they stood."""
    at = int(now.timestamp())
    orders: dict[str, list[Raw]] = {}
    for shop, known in history.orders.items():
        orders[shop] = [raw for order in known if (raw := order.at(at)) is not None]
    accounts: dict[str, list[Raw]] = {
        shop: [line for line in lines if line["created_timestamp"] <= at]
        for shop, lines in history.accounts.items()
    }
    return orders, accounts


_known: dict[tuple[Scene, int], Entry] = {}
"""What raw orders came to whose books never change; they live as long as the history."""


def reckoner_at(scene: Scene, now: datetime) -> Reckoner:
    """Work out what was to be known at a moment."""
    history = two_years()
    orders, accounts = seen(history, now)
    days = Days(ZoneInfo(scene.zone), Bank(rates.table(), scene.home))
    for shop, rows in orders.items():
        for row in rows:
            key = (scene, id(row))
            if shop not in accounts and key in _known:
                days.entries.append(_known[key])
        fresh = [row for row in rows if shop in accounts or (scene, id(row)) not in _known]
        for sold, row in _reckon(history, shop, fresh, accounts):
            days.add(sold)
            if shop not in accounts:
                _known[scene, id(row)] = days.entries[-1]
    beside = {
        shop: sort_account(lines, history.payments, orders[shop]).get(0, [])
        for shop, lines in accounts.items()
    }
    return Reckoner(days, WISHES, beside)


def _reckon(
    history: History, shop: str, rows: list[Raw], accounts: dict[str, list[Raw]]
) -> Iterator[tuple[Sold, Raw]]:
    numbers = {str(row.get("receipt_id") or row["id"]): row for row in rows}
    active = ("Logo commission",)
    found = reckon({shop: rows}, accounts, history.payments, history.listings, active)
    return ((sold, numbers[sold.number]) for sold in found)


def news_between(
    before: Reckoner, after: Reckoner, first: date, watched_since: datetime
) -> Mapping[tuple[str, str], Delta]:
    """Return what changed of the orders of each shop and day, for days before another.

    That only the fees of an order changed that was paid before anybody watched is no news.
    """
    orders: dict[tuple[str, str], Delta] = {}
    found: dict[tuple[str, str], Delta] = {}
    entries = {(each.sold.shop, each.sold.number): each for each in after.days.entries}
    for reckoner, sign in ((before, -1), (after, 1)):
        for entry in reckoner.days.entries:
            delta = orders.setdefault((entry.sold.shop, entry.sold.number), Counter())
            for name in ("gross", "refunded", "net"):
                delta[name] += sign * entry.own[name]
    for order, delta in orders.items():
        entry = entries[order]
        old = entry.sold.at < watched_since.timestamp()
        if entry.day < first and not (old and not delta["gross"] and not delta["refunded"]):
            found.setdefault((order[0], entry.day.isoformat()), Counter()).update(delta)
    return {key: delta for key, delta in found.items() if any(delta.values())}


def due_on(day: date, first: date) -> Iterator[tuple[str, date]]:
    """Yield the digests that leave on a morning: their kind, and a day of their period."""
    yesterday = day - timedelta(days=1)
    if day > first:
        yield "daily", yesterday
    if day.isoweekday() == 1 and day > first:
        yield "weekly", yesterday
    if day.day == 1:
        yield "monthly", yesterday
    if (day.month, day.day) == (1, 1):
        yield "yearly", yesterday
