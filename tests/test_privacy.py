"""Nothing of a buyer but the country is kept, logged or sent, and no secret is told anywhere.

Every buyer's field of both pretend vendors holds a canary; here all that leaves or stays is
searched for them.
"""

import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from salesdaemon import digesting, marketplaces
from salesdaemon.application import Application
from salesdaemon.daemon import Daemon
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.report import sale_json
from salesdaemon.errors import SalesDaemonError
from salesdaemon.marketplaces.loopback import serve
from salesdaemon.notify.relay import Relay
from salesdaemon.store.lock import RunLock
from salesdaemon.store.sales import SaleFilter, list_sales
from tests.config_file import loader
from tests.databases import SqliteFiles
from tests.end_to_end.post import PostOffice
from tests.marketplaces.etsy.harness import Harness as EtsyHarness
from tests.marketplaces.gumroad.harness import Harness as GumroadHarness
from tests.marketplaces.harness import CANARY, BaseHarness, Clock
from tests.notify.listener import Listener

BUYERS_NUMBER = "777000777"
PRIVATE = {
    "etsy": {
        *("buyer_user_id", "buyer_email", "seller_email", "name", "first_line", "second_line"),
        *("city", "state", "zip", "formatted_address", "payment_email", "message_from_seller"),
        *("message_from_buyer", "message_from_payment", "gift_message", "gift_sender"),
        *("note_from_issuer", "reason", "formatted_value", "tracking_code"),
    },
    "gumroad": {
        *("email", "purchase_email", "full_name", "giftee_email", "gifter_email", "city"),
        *("street_address", "state", "zip_code", "purchaser_id", "referrer", "utm_source", "ip"),
        *("visual", "license_key", "license_id", "CANARY question"),
    },
}
"""The fields of each vendor that tell of the buyer, as its pages name them."""

CONFIG = """
timezone = "Europe/Berlin"
currency = "EUR"
locale = "en_GB"
[database]
url = "sqlite:///{database}"
[secrets]
key_file = "{folder}/secret.key"
{shops}
[channels.phone]
url = "json://owner:SECRET-channel@{phone}/"
[channels.desk]
url = "json://owner:SECRET-desk@127.0.0.1:9/"
[alerts]
channels = ["phone", "desk"]
burst = 0
[mail]
host = "127.0.0.1"
port = {smtp}
security = "none"
from = "salesdaemon@example.com"
to = ["me@example.com"]
[web]
port = 0
"""
SHOPS = {
    "etsy": """
[shops.prints]
marketplace = "etsy"
keystring = "SECRET-keystring"
shared_secret = "SECRET-shared"
api_url = "{url}"
auth_url = "{url}"
""",
    "gumroad": """
[shops.templates]
marketplace = "gumroad"
access_token = "SECRET-token"
request_gap = "0s"
api_url = "{url}"
""",
}
NAMES = {"etsy": "prints", "gumroad": "templates"}


@dataclass
class Stage:
    """An installation on loopback, and everything that it told anybody."""

    app: Application
    vendors: dict[str, BaseHarness]
    phone: Listener
    post: PostOffice
    clock: Clock
    told: list[str]

    @cached_property
    def daemon(self) -> Daemon:
        return Daemon(self.app, RunLock(self.app.store))

    async def poll(self) -> None:
        """Poll each shop as the scheduler does, and keep what an error would tell."""
        self.clock.advance(hours=2)
        for poller in self.daemon.pollers:
            try:
                await poller.attempt()
            except SalesDaemonError as error:
                self.told += [str(error), repr(error), str(error.fix)]
                self.told += traceback.format_exception(error)
            await poller.tick(timedelta(minutes=1))
            self.told += [repr(poller), repr(poller.shop), repr(poller.journal.record)]

    async def deliver(self) -> None:
        relay = Relay(self.app.outbox(), self.app.channels, self.app.voice, clock=self.clock)
        for channel in self.app.channels:
            while await relay.deliver_one(channel):
                pass

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """Read the database as it lies on the disk, the log of its last changes with it."""
        path = self.app.store.path
        assert path is not None
        names = [name for name in path.parent.glob(f"{path.name}*") if name.is_file()]
        assert f"{path.name}-wal" in {name.name for name in names}
        return ((name.name, name.read_bytes()) for name in names)


@pytest.fixture
async def stage(tmp_path: Path, sqlite_files: SqliteFiles) -> AsyncIterator[Stage]:
    clock = Clock(datetime(2026, 11, 20, 9, tzinfo=UTC))
    vendors: dict[str, BaseHarness] = {
        "etsy": EtsyHarness(clock),
        "gumroad": GumroadHarness(clock),
    }
    phone, post = Listener(), PostOffice()
    with ExitStack() as stack:
        stack.callback(post.stop)
        stack.enter_context(phone.serving())
        shops = "".join(
            SHOPS[slug].format(url=stack.enter_context(serve(vendor.app)))
            for slug, vendor in vendors.items()
        )
        text = CONFIG.format(
            database=sqlite_files.create_migrated(tmp_path).database,
            folder=tmp_path,
            shops=shops,
            phone=phone.host,
            smtp=post.port,
        )
        async with Application(loader(tmp_path)(text), clock=clock) as app:
            app.prepare_store(migrate=False)
            login = vendors["etsy"].login()
            assert login is not None
            await app.login("prints").save(login)
            yield Stage(app, vendors, phone, post, clock, [])


def sell_everything(stage: Stage) -> None:
    """Sell in every way that a vendor's pages hold something of the buyer in."""
    etsy, gumroad = stage.vendors["etsy"], stage.vendors["gumroad"]
    assert isinstance(etsy, EtsyHarness)
    assert isinstance(gumroad, GumroadHarness)
    for vendor in stage.vendors.values():
        vendor.refund(vendor.sell(), 300)
        vendor.dispute(vendor.sell())
        for _ in range(5):
            vendor.sell_plausible()
    personalised = {"title": "Mug", "price": 900, "personalised": True, "is_digital": False}
    etsy.etsy.pay(etsy.etsy.add_receipt(items=[personalised], paid=False))
    etsy.etsy.add_receipt(items=[{**personalised, "personalised": "property"}])
    # What cannot be read may be a buyer's as well: in an amount, a time, an id, a country.
    wrong = {"amount": CANARY, "divisor": CANARY, "currency_code": CANARY}
    etsy.etsy.add_receipt(grandtotal=wrong)
    etsy.etsy.add_receipt(created_timestamp=f"{CANARY} yesterday")
    etsy.etsy.add_receipt(receipt_id=f"{CANARY} id")
    etsy.etsy.add_receipt(country_iso=f"{CANARY} land", status=f"{CANARY} word")
    etsy.etsy.add_receipt(transactions=f"{CANARY} text", refunds={CANARY: CANARY})
    for field in ("price", "created_at", "gumroad_fee", "quantity", "refunded", "affiliate"):
        gumroad.gumroad.add_sale(raw={field: f"{CANARY} {field}"})
    gumroad.gumroad.add_sale(raw={"id": f"{CANARY} id <a@example.com>", "price": None})
    gumroad.gumroad.add_sale(country_iso2=f"{CANARY} land", own_processor=True)
    gumroad.gumroad.add_sale(affiliate_cents=250)


def raw_answer(vendor: BaseHarness) -> Any:
    """Ask the vendor itself, as our client does."""
    if isinstance(vendor, EtsyHarness):
        access, _ = vendor.etsy.issue_login()
        headers = {"x-api-key": vendor.etsy.x_api_key, "authorization": f"Bearer {access}"}
        path = f"/v3/application/shops/{vendor.etsy.shop.shop_id}/receipts?limit=100"
    else:
        headers, path = {"authorization": "Bearer SECRET-token"}, "/v2/sales"
    with serve(vendor.app) as url:
        return httpx.get(f"{url}{path}", headers=headers).json()


def named_values(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    yield name, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from named_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from named_values(inner, name)


@pytest.mark.parametrize("slug", marketplaces.available())
def test_every_buyers_field_of_a_pretend_vendor_holds_a_canary(slug: str) -> None:
    clock = Clock()
    vendor = {"etsy": EtsyHarness, "gumroad": GumroadHarness}[slug](clock)
    if isinstance(vendor, EtsyHarness):
        item = {"is_digital": False, "personalised": True}
        sold = vendor.etsy.add_receipt(items=[item])
        vendor.etsy.shelf.orders[sold].shipped = vendor.etsy.now_seconds
        vendor.etsy.refund(sold, 100)
    else:
        for number in range(9):
            vendor.sell(title=f"Product {number}")
    marked = {
        name
        for name, value in named_values(raw_answer(vendor))
        if CANARY in str(value) or str(value) == BUYERS_NUMBER
    }
    assert marked >= PRIVATE[slug]


async def test_nothing_of_a_buyer_and_no_secret_is_kept_logged_or_sent(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for vendor in stage.vendors.values():
        vendor.fill_history(60, days=30)
    await stage.poll()
    sell_everything(stage)
    for _ in range(2):
        await stage.poll()
        await stage.deliver()
    with stage.app.store.read() as connection:
        sales = list_sales(connection, SaleFilter(), {})
        stage.told += [repr(sale) for sale in sales]
        stage.told += [str(sale_json(sale, stage.app.settings.currency)) for sale in sales]
    day = stage.clock().date()
    stage.clock.advance(days=1)
    stage.told += await digesting.send_now(stage.app, DigestKind.DAILY, day)
    stage.told.append((await stage.daemon.metrics()).decode())
    stage.told += [repr(stage.app.settings), str(stage.app.settings), repr(stage.app.channels)]
    assert len(sales) > 130
    assert len(stage.phone.received) > 15
    assert len(stage.post.mails) == 1
    assert {sale.country for sale in sales} > {"DE"}
    nothing_is_told(stage, caplog)


@pytest.mark.parametrize(
    "how", ["401", "403", "429", "500", "timeout", "reset", "truncated", "HTML", "wrong JSON"]
)
async def test_what_goes_wrong_tells_nothing_either(
    stage: Stage, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.app.http._client.timeout = httpx.Timeout(0.3)
    await stage.poll()
    sell_everything(stage)
    for vendor in stage.vendors.values():
        for _ in range(1 if how == "timeout" else 3):
            vendor.misbehave(how)
    await stage.poll()
    await stage.deliver()
    nothing_is_told(stage, caplog)


def nothing_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Search everything for canaries and secrets, however they may be written."""
    mails = [
        part.get_content()
        for mail in stage.post.mails
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    ]
    logs = [f"{record.getMessage()} {record.exc_info} {record.args!r}" for record in ours(caplog)]
    pushes = [received.body.decode() for received in stage.phone.received]
    places = {
        "told": stage.told,
        "mail": mails + [str(mail) for mail in stage.post.mails],
        "log": logs,
        "push": pushes,
        "database": [content.decode("latin-1") for _, content in stage.stored()],
    }
    for place, texts in places.items():
        for text in texts:
            for private in (CANARY, CANARY.lower(), BUYERS_NUMBER, "SECRET-", "90210."):
                at = text.find(private)
                assert at < 0, f"{place}: …{text[max(0, at - 60) : at + 40]!r}…"


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Leave out what the servers of this test, which are in the same process, say."""
    theirs = ("mail.log", "asyncio", "uvicorn")
    return [record for record in caplog.records if not record.name.startswith(theirs)]
