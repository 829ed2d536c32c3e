"""A third marketplace dropped in as one folder: nothing else has to know that it exists."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from salesdaemon import marketplaces
from salesdaemon.application import Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import to_json
from salesdaemon.digest.render import render_text
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.period import Period
from salesdaemon.notify.relay import Relay
from salesdaemon.settings_example import example_values, render_config
from tests.config_file import Load, loader, problems
from tests.databases import SqliteFiles
from tests.marketplaces.harness import Clock
from tests.notify.listener import Listener

FOLDER = {
    "settings.py": '''
        """A market stall's table in the configuration."""

        from pathlib import Path

        from pydantic import Field

        from salesdaemon.marketplaces.base import ShopSettings
        from salesdaemon.marketplaces.fields import Key


        class StallSettings(ShopSettings):
            """A stall writes its sales into a till."""

            till: Path = Field(description="Where the till keeps its roll.")
            pin: Key = Field(description="What opens the till.")


        SETTINGS = StallSettings
        EXAMPLE = {"stall": {"marketplace": "stall", "till": "/var/lib/till.json", "pin": "…"}}
    ''',
    "__init__.py": '''
        """A market stall, whose till is a file."""

        import json
        from datetime import UTC, datetime

        from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
        from salesdaemon.errors import AuthError
        from salesdaemon.marketplaces.base import (
            Account, Authorised, Finding, Limits, Marketplace, Page,
        )
        from salesdaemon.marketplaces.stall.settings import SETTINGS


        class StallFeed:
            """Reads the till."""

            def __init__(self, connection):
                self._settings = connection.settings
                self._clock = connection.clock

            async def identify(self):
                if self._settings.pin.get_secret_value() != "1234":
                    raise AuthError("The till stays shut.", fix="Look under the till.")
                return Account("stall-7", "Saturday market")

            async def fetch_newest(self, window, cursor):
                return await self.fetch_window(window, cursor)

            async def fetch_window(self, window, cursor):
                rows = json.loads(self._settings.till.read_text())
                sales = tuple(self._sale(row) for row in reversed(rows))
                oldest = sales[-1].created_at if sales else None
                return Page(sales, self._clock(), oldest=oldest)

            async def fetch_unpaid(self, known):
                return Page((), self._clock())

            async def fetch_tripwire(self, today):
                return {}

            async def fetch_ledger(self, window, cursor):
                return None

            async def fetch_catalogue(self, product_ids):
                return {}

            def limits(self):
                return Limits()

            def _sale(self, row):
                at = datetime.fromisoformat(row["at"])
                jam = LineItem("jam", row["what"], 1, row["pence"], False)
                return Sale(
                    external_id=row["number"], kind=Kind.SALE, status=Status(row["status"]),
                    paid=True, created_at=at, paid_at=at, currency="GBP",
                    gross_minor=row["pence"], items=(jam,), fees_minor=10, fees_exact=True,
                    refunded_minor=row["pence"] if row["status"] == "refunded" else 0,
                )


        async def _authorise(connection, browser):
            return Authorised(await StallFeed(connection).identify(), ())


        async def _check(connection):
            await StallFeed(connection).identify()
            return [Finding(ok=True, what="The till opens.")]


        MARKETPLACE = Marketplace(
            slug="stall", label="Market stall", settings=SETTINGS, connect=StallFeed,
            authorise=_authorise, check=_check, earliest=datetime(2020, 1, 1, tzinfo=UTC),
        )
    ''',
}
STALL = """
    timezone = "Europe/London"
    currency = "GBP"
    locale = "en_GB"

    [database]
    url = "sqlite:///{database}"

    [shops.saturday]
    marketplace = "stall"
    till = "{till}"
    pin = "1234"

    [channels.phone]
    url = "json://{host}/"

    [alerts]
    channels = ["phone"]
"""


class Till:
    """What the toy's vendor is: a file with one row a sale, oldest first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, object]] = []
        self._write()

    def sell(self, what: str, pence: int, at: datetime) -> str:
        number = f"no-{len(self.rows) + 1}"
        row = {"number": number, "what": what, "pence": pence, "at": at.isoformat()}
        self.rows.append({**row, "status": "paid"})
        self._write()
        return number

    def refund(self, number: str) -> None:
        for row in self.rows:
            row["status"] = "refunded" if row["number"] == number else row["status"]
        self._write()

    def _write(self) -> None:
        self.path.write_text(json.dumps(self.rows))


@pytest.fixture
def stall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Drop the folder in, and take it away again."""
    folder = tmp_path / "dropped" / "stall"
    folder.mkdir(parents=True)
    for name, text in FOLDER.items():
        (folder / name).write_text(dedent(text))
    paths = [*marketplaces.__path__, str(folder.parent)]
    monkeypatch.setattr(marketplaces, "__path__", paths)
    yield
    for module in [
        name for name in sys.modules if name.startswith("salesdaemon.marketplaces.stall")
    ]:
        del sys.modules[module]
    if hasattr(marketplaces, "stall"):
        del marketplaces.stall


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


@pytest.mark.usefixtures("stall")
def test_the_registry_the_example_and_the_errors_know_it(load: Load) -> None:
    assert marketplaces.available() == ["etsy", "gumroad", "stall"]
    example = render_config(example_values())
    assert "[shops.stall]" in example
    assert "Where the till keeps its roll." in example
    misspelt = '[shops.saturday]\nmarketplace = "stall"\ntill = "/till"\npinn = "1234"\n'
    told = problems(load, misspelt)
    assert "did you mean `pin`?" in told[0] + told[1]
    assert "shops.saturday.pin: is missing." in told


@pytest.mark.usefixtures("stall")
async def test_a_sale_of_it_rings_and_fills_the_digest(
    tmp_path: Path, load: Load, sqlite_files: SqliteFiles
) -> None:
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    till, phone = Till(tmp_path / "till.json"), Listener()
    till.sell("Plum jam", 450, datetime(2026, 11, 14, 10, tzinfo=UTC))
    url = sqlite_files.create_migrated(tmp_path)
    text = dedent(STALL).format(database=url.database, till=till.path, host=phone.host)
    with phone.serving():
        async with Application(load(text), clock=clock) as app:
            app.prepare_store(migrate=False)
            poller = app.poller("saturday")
            await poller.attempt()
            clock.advance(minutes=1)
            sold = till.sell("Quince jelly", 625, clock())
            await poller.attempt()
            await deliver(app)
            clock.advance(minutes=1)
            till.refund(sold)
            await poller.attempt()
            await deliver(app)
            told = [received.json() for received in phone.received]
            wanted = Wanted(DigestKind.DAILY, Period.one_day(date(2026, 11, 20)), clock())
            with app.store.read() as connection:
                content = collect(connection, app.settings, app.overrides, wanted)
    assert [(message["type"], message["title"]) for message in told] == [
        ("success", "Ka-ching! £6.25"),
        ("info", told[1]["title"]),
    ]
    assert "Quince jelly" in told[0]["message"]
    assert "saturday" in told[0]["message"]
    digest = to_json(content)
    assert [shop["shop"] for shop in digest["shops"]] == ["saturday"]
    assert digest["totals"]["GBP"] == {
        "sales": 1,
        "gross": "6.25",
        "refunded": "6.25",
        "fees": "0.10",
        "fees_refunded": "0.00",
        "affiliate": "0.00",
        "net": "-0.10",
        "passive_net": "0.00",
        "active_net": "-0.10",
        "unclassified_net": "0.00",
    }
    assert "Quince jelly" in render_text(content, "en_GB")


async def deliver(app: Application) -> None:
    relay = Relay(app.outbox(), {"phone": app.channels["phone"]}, app.voice, clock=app.clock)
    while await relay.deliver_one("phone"):
        pass
