"""`auth`: obtain a login, or look at a token, and put it in force."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.browser import TerminalBrowser
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import print_line
from salesdaemon.domain.duration import parse_duration
from salesdaemon.errors import DomainError
from salesdaemon.marketplaces.base import Account, Finding
from salesdaemon.store.accounts import bind, change_shop

CLEARED = {
    "login_needed": False,
    "not_before": None,
    "problem": None,
    "action": None,
}
"""Since when it failed stays known: the next good poll tells that the shop works again."""


def read_timeout(text: str) -> timedelta:
    """Read how long to wait.

    Raises:
        BadParameter: it is no length of time.
    """
    try:
        return parse_duration(text)
    except DomainError as error:
        raise typer.BadParameter(str(error)) from error


def auth(
    context: typer.Context,
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="A shop of the configuration.")],
    *,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the address that the browser ends up at.")
    ] = False,
    timeout: Annotated[
        timedelta, typer.Option(parser=read_timeout, metavar="TIME", help="How long to wait.")
    ] = "10m",  # type: ignore[assignment]  # Typer reads a default as it reads what is given
) -> None:
    """Sign in to a shop, or check its token."""
    browser = TerminalBrowser(shop, paste=paste, timeout=timeout)

    async def work(app: Application) -> bool:
        return await sign_in(app, shop, browser)

    if not in_application(context, work):
        raise typer.Exit(1)


async def sign_in(app: Application, shop: str, browser: TerminalBrowser) -> bool:
    """Sign in and put the new login in force where its account fits; False if it cannot be used.

    Raises:
        UsageError: there is no such shop.
        WrongAccountError: the login opens another account; the old one stays in force.
        MarketplaceError: nobody signed in, or the marketplace refused.
    """
    app.select_shops([shop])
    marketplace = app.marketplace(shop)
    authorised = await marketplace.authorise(app.connection(shop), browser)
    usable = all(finding.ok for finding in authorised.findings)
    if usable:
        await asyncio.to_thread(_keep, app, shop, authorised.account)
    for finding in authorised.findings:
        print_line(describe(finding))
    if usable:
        print_line(f"{shop} is ready; a running daemon picks it up by itself.")
    return usable


def describe(finding: Finding) -> str:
    """Write a finding as one line."""
    what = finding.what if finding.ok else f"Failed: {finding.what}"
    return f"{what} {finding.fix}" if finding.fix else what


def _keep(app: Application, shop: str, account: Account) -> None:
    marketplace = app.marketplace(shop)
    with app.store.write(durable=True) as connection:
        change_shop(connection, shop, marketplace.slug, **CLEARED)
        bind(
            connection,
            shop=shop,
            marketplace=marketplace.slug,
            external_id=account.external_id,
            configured=app.configured,
        )
        if marketplace.login_key is not None:
            app.login(shop).promote(connection)
