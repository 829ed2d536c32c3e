"""A pretend shop of each marketplace with a poller that watches it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from salesdaemon import marketplaces
from salesdaemon.store.engine import Store
from tests.marketplaces.harness import Clock, load
from tests.poller.world import START, World

MakeWorld = Callable[..., World]


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture(params=marketplaces.available())
def slug(request: pytest.FixtureRequest) -> str:
    """Return which marketplace a test runs against: each runs against all."""
    return str(request.param)


@pytest.fixture
def make_world(slug: str, store: Store, clock: Clock, tmp_path: Path) -> MakeWorld:
    """Return what opens a shop at the vendor, with options of the vendor's own."""

    def _make(*, vendor: dict[str, Any] | None = None, **how: Any) -> World:
        return World(load(slug)(clock, **(vendor or {})), store, clock, tmp_path, **how)

    return _make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
