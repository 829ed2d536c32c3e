"""Pretend shops on loopback, and the tables of a configuration that lead to them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.gumroad.pretend_access import PUBLIC_SCOPES
from salesdaemon.marketplaces.loopback import serve


@dataclass(frozen=True)
class GumroadShop:
    """A pretend Gumroad and the table that configures it."""

    pretend: PretendGumroad
    url: str

    def table(self, name: str = "templates", token: str = "pretend-token") -> str:
        return (
            f'[shops.{name}]\nmarketplace = "gumroad"\naccess_token = "{token}"\n'
            f'request_gap = "0s"\napi_url = "{self.url}"\n'
        )


@dataclass(frozen=True)
class EtsyShop:
    """A pretend Etsy and the table that configures it."""

    pretend: PretendEtsy
    url: str
    redirect_uri: str

    def table(self, name: str = "prints") -> str:
        return (
            f'[shops.{name}]\nmarketplace = "etsy"\nkeystring = "pretend-keystring"\n'
            f'shared_secret = "pretend-secret"\nredirect_uri = "{self.redirect_uri}"\n'
            f'api_url = "{self.url}"\nauth_url = "{self.url}"\n'
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def gumroad_shop(
    token: str = "pretend-token", scopes: frozenset[str] = PUBLIC_SCOPES
) -> Iterator[GumroadShop]:
    pretend = PretendGumroad(access_token=token, scopes=scopes)
    with serve(pretend.app) as url:
        yield GumroadShop(pretend, url)


@contextmanager
def etsy_shop(redirect_uri: str | None = None, shop_id: int = 48291736) -> Iterator[EtsyShop]:
    redirect_uri = redirect_uri or f"http://localhost:{free_port()}/oauth/callback"
    pretend = PretendEtsy(redirect_uris=(redirect_uri,), shop_id=shop_id)
    with serve(pretend.app) as url:
        yield EtsyShop(pretend, url, redirect_uri)
