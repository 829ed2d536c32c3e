"""The loopback listener, and the network's edge turned towards it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.notify.listener import Listener, LoopbackAdapter


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("NO_PROXY", "*")
    server = Listener()
    with server.serving():
        yield server


@pytest.fixture
def world(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Return the listener, which now stands for every host there is."""
    adapter = LoopbackAdapter(listener)

    def get_adapter(_session: requests.Session, url: str) -> Any:
        return adapter

    monkeypatch.setattr(requests.Session, "get_adapter", get_adapter)
    return listener
