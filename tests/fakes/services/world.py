"""Lead what is meant for the services' own hosts to those that stand for them on loopback."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from tests.fakes.services.base import LoopbackService
from tests.notify.listener import LoopbackAdapter


class ServicesAdapter(LoopbackAdapter):
    """Carries a request to the service of its host; what names a port of loopback goes there."""

    def __init__(self, services: tuple[LoopbackService, ...]) -> None:
        super().__init__(services[0])
        self._by_host = {host: LoopbackAdapter(one) for one in services for host in one.hosts}

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        host = urlsplit(request.url).hostname or ""
        if host in self._by_host:
            return self._by_host[host].send(request, *args, **kwargs)
        return requests.adapters.HTTPAdapter.send(self, request, *args, **kwargs)


@contextlib.contextmanager
def online(*services: LoopbackService) -> Iterator[None]:
    """Have the services answer until the block ends."""
    adapter = ServicesAdapter(services)
    with contextlib.ExitStack() as stack:
        for service in services:
            stack.enter_context(service.serving())
        stack.enter_context(patch.dict(os.environ, {"NO_PROXY": "*", "no_proxy": "*"}))
        stack.enter_context(
            patch.object(requests.Session, "get_adapter", lambda _session, url: adapter)
        )
        yield
