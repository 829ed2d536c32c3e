"""Sign in to Etsy, and check what a shop's settings and login open."""

from collections.abc import Sequence

from salesdaemon.domain.login import Login
from salesdaemon.errors import AuthError, SalesDaemonError
from salesdaemon.marketplaces.base import Account, Authorised, Browser, Connection, Finding
from salesdaemon.marketplaces.etsy.client import EtsyClient
from salesdaemon.marketplaces.etsy.feed import require_shop
from salesdaemon.marketplaces.etsy.oauth import (
    GrantRefusedError,
    SignIn,
    TokenEndpoint,
    Tokens,
)


async def authorise(connection: Connection, browser: Browser) -> Authorised:
    """Let the owner sign in and keep the new login beside the one in force.

    Raises:
        AuthError: access was not allowed, or the account has no shop or another one.
    """
    settings = connection.settings
    attempt = SignIn.begin()
    redirected = await browser.sign_in(attempt.url(settings), settings.redirect_uri)
    code = attempt.read_code(redirected, connection.shop)
    login = await _exchange(connection, code, attempt.verifier)
    await connection.logins.save_pending(login)
    client = EtsyClient(connection, _NewToken(login.access_token))
    shop_id = await _find_shop(connection, client)
    name = await client.find_shop_name(shop_id)
    known_as = f"shop {shop_id}" if name is None else f"shop {name} ({shop_id})"
    return Authorised(
        Account(str(shop_id), name), (Finding(ok=True, what=f"Signed in as {known_as}."),)
    )


class _NewToken:
    """A token source for a login that is not in force yet."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    async def access_token(self) -> str:
        """Return the new token."""
        return self._access_token

    async def renew(self, refused: str) -> str:  # noqa: ARG002 - there is no other
        """Return the same token: a fresh one that is refused stays refused."""
        return self._access_token


async def _exchange(connection: Connection, code: str, verifier: str) -> Login:
    try:
        return await TokenEndpoint(connection).exchange(code, verifier)
    except GrantRefusedError as error:
        raise AuthError(
            "Etsy did not take the code: it was used before, is too old, or came from another "
            "address than `redirect_uri`.",
            fix=f"Run `salesdaemon auth {connection.shop}` again.",
        ) from error


async def check(connection: Connection) -> Sequence[Finding]:
    """Make live calls, each building on the one before, and report them; stops at a fault."""
    client = EtsyClient(connection, Tokens(connection))
    findings: list[Finding] = []
    try:
        await client.ping()
        findings.append(Finding(ok=True, what="Etsy takes the app's key."))
        shop_id = await _find_shop(connection, client)
        findings.append(Finding(ok=True, what=f"The login opens shop {shop_id} (shops_r)."))
        await client.fetch_receipts(shop_id, {"limit": 1})
        findings.append(Finding(ok=True, what="Orders can be read (transactions_r)."))
    except SalesDaemonError as error:
        findings.append(Finding(ok=False, what=error.what, fix=error.fix))
    return findings


async def _find_shop(connection: Connection, client: EtsyClient) -> int:
    found = (await client.fetch_self()).shop_id
    return require_shop(connection.shop, found, connection.settings.shop_id)
