"""A pretend shop at noon, served on loopback, and a client with its token."""

from collections.abc import Iterator

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.loopback import serve
from tests.marketplaces.gumroad.pretend_client import TOKEN, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> PretendGumroad:
    return PretendGumroad(now=clock)


@pytest.fixture
def client(shop: PretendGumroad) -> Iterator[httpx.Client]:
    with serve(shop.app) as url, httpx.Client(base_url=url, headers=TOKEN, timeout=10) as client:
        yield client
