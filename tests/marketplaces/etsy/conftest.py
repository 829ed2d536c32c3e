"""A pretend Etsy for each test that asks for one."""

from collections.abc import Iterator

import httpx
import pytest

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.pretending import Clock, serving


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def etsy(clock: Clock) -> PretendEtsy:
    return PretendEtsy(now=clock)


@pytest.fixture
def client(etsy: PretendEtsy) -> Iterator[httpx.Client]:
    with serving(etsy) as client:
        yield client
