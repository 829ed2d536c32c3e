"""Etsy: orders of one shop through Open API v3, with an app of the seller's own.

Start at `adapter`: it says what an order means, from the vendor's shapes in `wire` to `Sale`.
`feed` is what the poller calls; it pages with `paging` and asks with `client`. `books` reads the
payment account for it in the steps of `ledger_paging`, and `ledger` says what its lines mean;
`catalogue` does so for listings. `client` keeps to `limits` and turns what goes wrong into errors
with `refusals`. `oauth` signs in and refreshes the login, `access` is behind `salesdaemon auth`
and `check`. `fees` estimates what the ledger says only later. `exports` reads the files that a
seller can download. The `pretend` modules are the vendor's API on loopback and share no code with
the rest: `pretend_charges` says what is charged, `pretend_books` what is true. Scopes, limits and
quirks are in README.md.
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
from salesdaemon.marketplaces.etsy.settings import SETTINGS, EtsySettings


def _connect(connection: Connection) -> Feed:
    from salesdaemon.marketplaces.etsy.feed import connect  # noqa: PLC0415 - a command that polls nothing starts without it

    return connect(connection)


async def _authorise(connection: Connection, browser: Browser) -> Authorised:
    from salesdaemon.marketplaces.etsy.access import authorise  # noqa: PLC0415 - as above

    return await authorise(connection, browser)


async def _check(connection: Connection) -> Sequence[Finding]:
    from salesdaemon.marketplaces.etsy.access import check  # noqa: PLC0415 - as above

    return await check(connection)


def _login_key(settings: EtsySettings) -> str:
    return settings.keystring.get_secret_value()


def _read_export(file: ExportFile, settings: EtsySettings) -> ExportRows:
    from salesdaemon.marketplaces.etsy.exports import read_export  # noqa: PLC0415 - as above

    return read_export(file, settings)


MARKETPLACE = Marketplace(
    slug="etsy",
    label="Etsy",
    settings=SETTINGS,
    connect=_connect,
    authorise=_authorise,
    check=_check,
    earliest=datetime(2005, 6, 1, tzinfo=UTC),
    login_key=_login_key,
    login_lasts=timedelta(days=90),
    key_dormant_after=timedelta(days=180),
    read_export=_read_export,
)
