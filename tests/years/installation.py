"""The seller's installation: the real pollers read the pretend history into a real store."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from salesdaemon.application import Application
from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.login import Login
from salesdaemon.store.effort import EffortEntry, add_effort
from salesdaemon.store.rates import save_rates
from salesdaemon.store.sums import refresh
from tests.config_file import loader
from tests.fakes.asgi import AsgiHttp
from tests.fakes.http import FakeReply
from tests.years.history import GUMROAD, SHOPS, History
from tests.years.vendors import Etsy, Gumroad

SOURCE = "the bank's file"
KEY = "secret.key"
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
"""Long after the history, when every refund has been given."""


WISHES = """
[goals.rent]
amount = "900 {home}"
[goals.dream]
amount = "1500 {home}"
figure = "passive_net"
[put_aside.tax]
percent = 25
[put_aside.rainy_day]
percent = 7.5
figure = "gross"
"""
EFFORT = {"Weekly planner": 615, "prodTemplate==": 340, "Recipe cards": 95}
"""Minutes, by what the owner calls a product."""


class Network:
    """Leads each request to the vendor that listens on its port."""

    def __init__(self, history: History, clock: Callable[[], datetime]) -> None:
        self.ports: dict[str, int] = {}
        self._ways: dict[int, AsgiHttp] = {}
        for place, shop in enumerate(history.orders, 9001):
            vendor = (
                Gumroad(history.orders[shop], clock)
                if shop == GUMROAD
                else Etsy(history, shop, clock)
            )
            self.ports[shop] = place
            self._ways[place] = AsgiHttp(vendor.app, clock)

    async def request(self, method: str, url: str, **asked: Any) -> FakeReply:
        return await self._ways[urlsplit(url).port or 0].request(method, url, **asked)

    async def close(self) -> None:
        """Do what the real one does in the end: there is nothing open."""


def configuration(network: Network, zone: str, home: str, url: str, folder: Path) -> str:
    """Write the settings that every scene shares; more may be added behind."""
    shops = "".join(
        f'[shops.{shop}]\nmarketplace = "etsy"\nkeystring = "key-{shop}"\n'
        f'shared_secret = "secret"\napi_url = "http://127.0.0.1:{network.ports[shop]}"\n'
        for shop in SHOPS
    )
    return f"""
timezone = "{zone}"
currency = "{home}"
locale = "en_GB"
[database]
url = "{url}"
[secrets]
key_file = "{folder / KEY}"
{shops}
[shops.{GUMROAD}]
marketplace = "gumroad"
access_token = "token"
request_gap = "0s"
api_url = "http://127.0.0.1:{network.ports[GUMROAD]}"
[products."{GUMROAD}:Logo commission*"]
effort = "active"
{WISHES.format(home=home)}
"""


def open_application(
    history: History,
    clock: Callable[[], datetime],
    folder: Path,
    url: str,
    *,
    zone: str,
    home: str,
    more: str = "",
) -> Application:
    """Make the application as the daemon does, with the pretend vendors at the other end."""
    network = Network(history, clock)
    text = configuration(network, zone, home, url, folder) + more
    app = Application(loader(folder)(text), clock=clock)
    app.http = cast("Any", network)
    app.prepare_store(migrate=False)
    for shop in SHOPS:
        app.login(shop)._save(Login("access", "refresh", clock() + timedelta(days=900)))
    return app


def keep_rates(app: Application, table: Mapping[date, Mapping[str, Decimal]]) -> None:
    """Keep a table of rates: units of each currency for one euro."""
    with app.store.write() as connection:
        save_rates(
            connection,
            [
                Rate(day, currency, rate, SOURCE)
                for day, row in table.items()
                for currency, rate in row.items()
            ],
        )


async def read_everything(app: Application, clock: Any) -> None:
    """Poll all shops until their orders, books and catalogues have been read, and sum the days."""
    pollers = [app.poller(shop) for shop in app.settings.shops]
    for _ in range(3):
        for poller in pollers:
            await poller.tick(MINUTE)
        clock.advance(minutes=16)  # the catalogue is asked after fifteen
    with app.store.write() as connection:
        for product, minutes in EFFORT.items():
            add_effort(connection, EffortEntry(product, minutes, date(2024, 1, 15)))
    sum_up(app)


def sum_up(app: Application) -> None:
    """Sum all days that are marked."""
    with app.store.write() as connection:
        while refresh(connection, app.basis, days=1000):
            pass
