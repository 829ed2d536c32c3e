"""A dead man's switch: a service outside hears that all is well, or else alarms.

Works with any address that takes a GET, such as those of Healthchecks and Uptime Kuma. The address
is a secret: whoever knows it can pretend that all is well.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from salesdaemon.errors import UnavailableError
from salesdaemon.http import Http, Reply
from salesdaemon.store.channels import find_channels
from salesdaemon.store.engine import Store

log = logging.getLogger(__name__)


class Heartbeat:
    """Sends the sign of life. Its lines in the log are written when something changes."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url
        self._last: str | None = None

    def __repr__(self) -> str:
        return "Heartbeat()"  # the URL is a secret

    async def beat(self, reasons: Mapping[str, str]) -> bool:
        """Send a sign of life unless something is wrong; True when the service took it.

        Never raises for anything that is expected to go wrong.
        """
        if reasons:
            self._note("heartbeat_withheld why=%s", ", ".join(sorted(reasons)))
            return False
        refusal = await self._send()
        if refusal is not None:
            self._note("heartbeat_failed what=%s", refusal)
            return False
        if self._last is not None:
            log.info("heartbeat_resumed")
        self._last = None
        return True

    async def _send(self) -> str | None:
        """Return why the service did not take it, without the address; None where it did."""
        try:
            reply = await self._http.request("GET", self._url)
        except UnavailableError as error:
            return error.what
        if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return f"The service answered with HTTP {reply.status}."
        return "The service does not know this address." if _is_unknown(reply) else None

    def _note(self, event: str, why: str) -> None:
        if why != self._last:
            log.warning(event, why)
        self._last = why


def _is_unknown(reply: Reply) -> bool:
    """Tell whether the service knows no such check: Healthchecks says so with a 200.

    Source: healthchecks.io/docs/http_api (read 2026-11).
    """
    return reply.body[:100].strip().lower() == b"ok (not found)"


def failing_channels(store: Store, channels: Sequence[str]) -> dict[str, str]:
    """Name the channels that take no messages, with the reason, as the owner was told.

    Raises:
        StoreError: the database cannot be read.
    """
    with store.read() as connection:
        records = find_channels(connection, channels)
    return {
        f"channel {name}": record.problem or "It fails."
        for name, record in records.items()
        if record.spell.is_told
    }
