"""Etsy on loopback, for the demo, the tests and the benchmarks.

`PretendEtsy` is a shop with its API as an ASGI app; run as a module it serves one from a process
of its own. It shares nothing with the client that talks to it: what it knows comes from Etsy's
published pages alone.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

from starlette.applications import Starlette

from salesdaemon.marketplaces.etsy import pretend_control, pretend_login
from salesdaemon.marketplaces.etsy.pretend_api import Api, RecordedRequest
from salesdaemon.marketplaces.etsy.pretend_charges import Rules
from salesdaemon.marketplaces.etsy.pretend_faults import Faults
from salesdaemon.marketplaces.etsy.pretend_limits import Limits
from salesdaemon.marketplaces.etsy.pretend_oauth import OAuth, Rotation
from salesdaemon.marketplaces.etsy.pretend_orders import EXPONENTS, Shop
from salesdaemon.marketplaces.etsy.pretend_query import Bounds
from salesdaemon.marketplaces.etsy.pretend_shop import PretendShop

REDIRECT_URI = "http://localhost:3003/oauth/callback"


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


class PretendEtsy(PretendShop):
    """A pretend Etsy shop and the API over it; `app` answers what openapi.etsy.com would.

    `divisor` is what amounts are divided by, 10 to the currency's decimals where it is None: 100
    makes a JPY shop write 1500 yen as 150000. The ledger, which tells no divisor, counts by
    `ledger_divisor`, which is the same unless told. `payment_currency` is that of the payment
    account, where one unit of the shop's currency becomes `rate` of it. Fees are posted
    `fees_after` seconds after the payment. Further switches are plain attributes of `api`,
    `oauth`, `limits` and `ledger.rules`.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        seed: int = 1,
        keystring: str = "pretend-keystring",
        shared_secret: str = "pretend-secret",  # noqa: S107 - opens nothing but this server
        shop_id: int = 48291736,
        user_id: int = 90210,
        currency: str = "EUR",
        divisor: int | None = None,
        per_second: int | None = None,
        per_day: int | None = None,
        rotate_refresh: Rotation = "refuse-old",
        redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
        bounds: Bounds = "inclusive",
        integer_references: bool = False,
        payment_currency: str | None = None,
        rate: str = "1",
        ledger_divisor: int | None = None,
        fees_after: int = 0,
    ) -> None:
        shop = Shop(shop_id, user_id, currency, divisor or 10 ** EXPONENTS.get(currency, 2))
        paid_in = payment_currency or currency
        usual = shop.divisor if paid_in == currency else 10 ** EXPONENTS.get(paid_in, 2)
        rules = Rules(paid_in, ledger_divisor or usual, Fraction(rate), fees_after=fees_after)
        super().__init__(shop, rules, now=now, seed=seed)
        self.ledger.integer_references = integer_references
        self.keystring = keystring
        self.shared_secret = shared_secret
        self.faults = Faults(seed)
        self.limits = Limits(per_second, per_day)
        self.oauth = OAuth(
            now=now,
            seed=seed,
            user_id=user_id,
            keystring=keystring,
            rotation=rotate_refresh,
            redirect_uris=set(redirect_uris),
        )
        self.api = Api(
            self,
            self.oauth,
            self.limits,
            self.faults,
            keystring=keystring,
            shared_secret=shared_secret,
        )
        self.api.bounds = bounds
        control = pretend_control.routes(self)
        self.app = Starlette(routes=[*pretend_login.routes(self.api), *self.api.routes(), *control])

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far, except those to the control endpoints."""
        return self.api.requests

    @property
    def x_api_key(self) -> str:
        """The value of the header that every call needs."""
        return f"{self.keystring}:{self.shared_secret}"

    def issue_login(
        self, scopes: str = "shops_r transactions_r", *, access: str = "", refresh: str = ""
    ) -> tuple[str, str]:
        """Hand out an access and a refresh token without the browser."""
        with self.lock:
            return self.oauth.issue(
                frozenset(scopes.split()),
                access_token=access or None,
                refresh_token=refresh or None,
            )

    def revoke_all(self) -> None:
        """Do what a changed password does: every token is refused, refreshing as well."""
        with self.lock:
            self.oauth.revoke_all()


if __name__ == "__main__":
    sys.exit(pretend_control.main(sys.argv[1:], PretendEtsy))
