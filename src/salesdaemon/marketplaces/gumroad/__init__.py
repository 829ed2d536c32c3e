"""Gumroad: digital products, memberships and bundles, sold in US dollars.

A newcomer reads `wire` (what Gumroad sends, as far as we use it), then `adapter` (how that becomes
a `Sale`), then `client` (requests, and which reply is which error), then `feed` (what the poller
calls) and `access` (what `auth` and `check` say). The books are payouts: `wire_payouts`, `ledger`
(rows into entries) and `books` (page by page). `exports` reads the file that a seller can
download. `pretend` is the vendor's API on loopback. README.md keeps limits and quirks, each with
its source.

Only the settings are imported here: everything else waits until a shop is connected.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from salesdaemon.marketplaces.base import (
    Authorised,
    Browser,
    Connection,
    ExportFile,
    ExportRows,
    Feed,
    Finding,
    Marketplace,
)
from salesdaemon.marketplaces.gumroad.settings import SETTINGS, GumroadSettings

__all__ = ["MARKETPLACE"]


def _connect(connection: Connection) -> Feed:
    from salesdaemon.marketplaces.gumroad.feed import GumroadFeed  # noqa: PLC0415 - import late

    return GumroadFeed(connection)


async def _authorise(connection: Connection, browser: Browser) -> Authorised:
    from salesdaemon.marketplaces.gumroad.access import authorise  # noqa: PLC0415 - import late

    return await authorise(connection, browser)


async def _check(connection: Connection) -> Sequence[Finding]:
    from salesdaemon.marketplaces.gumroad.access import check  # noqa: PLC0415 - import late

    return await check(connection)


def _read_export(file: ExportFile, settings: GumroadSettings) -> ExportRows:
    from salesdaemon.marketplaces.gumroad.exports import read_export  # noqa: PLC0415 - as above

    return read_export(file, settings)


MARKETPLACE = Marketplace(
    slug="gumroad",
    label="Gumroad",
    settings=SETTINGS,
    connect=_connect,
    authorise=_authorise,
    check=_check,
    earliest=datetime(2011, 1, 1, tzinfo=UTC),  # Gumroad opened in April 2011
    books_every=timedelta(hours=1),  # payouts are made once a week, and the next one grows
    read_export=_read_export,
)
