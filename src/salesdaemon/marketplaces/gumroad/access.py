"""What a Gumroad token opens: what `auth` and `check` tell the owner.

There is no sign-in: the owner makes the token at Gumroad and puts it into the configuration.
"""

from collections.abc import Sequence
from datetime import UTC

from salesdaemon.errors import MarketplaceError
from salesdaemon.marketplaces.base import Authorised, Browser, Connection, Finding
from salesdaemon.marketplaces.gumroad.adapter import to_account
from salesdaemon.marketplaces.gumroad.client import GumroadClient

_TRY_LATER = "Try again in a few minutes; nothing in the configuration has to change."
_TO_SEE_PAYOUTS = (
    "Without them fees of refunds stay estimates, and no payout is told. A token from 'Generate "
    "access token' under Settings > Advanced > Applications at Gumroad that was made after "
    "mid-2025 may read them."
)


async def authorise(connection: Connection, browser: Browser) -> Authorised:  # noqa: ARG001 - no sign-in here
    """Check the token: whose account it opens, and which of sales and payouts it may read.

    Raises:
        MarketplaceError: the token opens no account, or Gumroad cannot say.
    """
    client = GumroadClient(connection)
    account = to_account(await client.fetch_user())
    return Authorised(account, await _try_rights(client, connection))


async def check(connection: Connection) -> Sequence[Finding]:
    """Try the account, its sales and its payouts live; what fails comes with its fix."""
    client = GumroadClient(connection)
    try:
        account = to_account(await client.fetch_user())
    except MarketplaceError as error:
        # Whatever else is tried would fail the same way.
        return (_failed(error),)
    opened = Finding(ok=True, what=f"The token opens {account.name or account.external_id}.")
    return (opened, *await _try_rights(client, connection))


async def _try_rights(client: GumroadClient, connection: Connection) -> tuple[Finding, ...]:
    return (await _try_sales(client, connection), await _try_payouts(client))


async def _try_sales(client: GumroadClient, connection: Connection) -> Finding:
    today = connection.clock().astimezone(UTC).date().isoformat()
    try:
        await client.fetch_sales({"after": today})
    except MarketplaceError as error:
        return _failed(error)
    return Finding(ok=True, what="The token may read sales.")


async def _try_payouts(client: GumroadClient) -> Finding:
    try:
        allowed = await client.may_read_payouts()
    except MarketplaceError as error:
        return _failed(error)
    if allowed:
        return Finding(ok=True, what="The token may read payouts.")
    return Finding(ok=True, what="The token may not read payouts.", fix=_TO_SEE_PAYOUTS)


def _failed(error: MarketplaceError) -> Finding:
    return Finding(ok=False, what=error.what, fix=error.fix or _TRY_LATER)
