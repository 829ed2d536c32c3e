"""The pretend shop's remote control: endpoints under /_pretend/, and the process of its own.

They need no login and speak JSON. `sell` takes the keywords of `add_receipt`, or nothing for a
drawn order; `fault` those of `Faults.add`.
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesdaemon.marketplaces.loopback import run_until_signalled

if TYPE_CHECKING:
    from salesdaemon.marketplaces.etsy.pretend import PretendEtsy

WRONG_BODY = (TypeError, ValueError, KeyError)


class Control:
    """Turns requests to /_pretend/ into calls of the pretend shop's methods."""

    def __init__(self, etsy: "PretendEtsy") -> None:
        self._etsy = etsy

    def sell(self, body: dict[str, object], _path: dict[str, int]) -> object:
        """Let somebody order; answers the receipt's id."""
        etsy = self._etsy
        return {"receipt_id": etsy.add_receipt(**body) if body else etsy.sell_one()}  # type: ignore[arg-type]  # JSON

    def burst(self, body: dict[str, object], _path: dict[str, int]) -> object:
        """Let several buyers order at once; answers the receipts' ids."""
        return {"receipt_ids": [self._etsy.sell_one() for _ in range(int(str(body["count"])))]}

    def pay(self, body: dict[str, object], path: dict[str, int]) -> object:
        """Let the payment of an open order come in."""
        self._etsy.pay(path["receipt_id"], **body)  # type: ignore[arg-type]  # JSON
        return {}

    def refund(self, body: dict[str, object], path: dict[str, int]) -> object:
        """Give money back."""
        self._etsy.refund(path["receipt_id"], **body)  # type: ignore[arg-type]  # JSON
        return {}

    def cancel(self, body: dict[str, object], path: dict[str, int]) -> object:
        """Cancel an order."""
        self._etsy.cancel(path["receipt_id"], **body)  # type: ignore[arg-type]  # JSON
        return {}

    def fail_refund(self, body: dict[str, object], path: dict[str, int]) -> object:
        """Let the last refund come to nothing."""
        self._etsy.fail_refund(path["receipt_id"], **body)  # type: ignore[arg-type]  # JSON
        return {}

    def spend(self, body: dict[str, object], _path: dict[str, int]) -> object:
        """Post something of the shop's own to the account."""
        self._etsy.spend(**body)  # type: ignore[arg-type]  # JSON
        return {}

    def pay_out(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """Send the balance to the bank; answers the minor units."""
        return {"amount": self._etsy.pay_out()}

    def offer(self, body: dict[str, object], path: dict[str, int]) -> object:
        """Put a listing into the catalogue; without a body, delete it."""
        if body:
            self._etsy.offer(path["listing_id"], **body)
        else:
            self._etsy.withdraw(path["listing_id"])
        return {}

    def fault(self, body: dict[str, object], _path: dict[str, int]) -> object:
        """Plant a fault; without a body, let everything work again."""
        if not body:
            self._etsy.faults.clear()
            return {}
        self._etsy.faults.add(**body)  # type: ignore[arg-type]  # JSON
        return {}

    def login(self, body: dict[str, object], _path: dict[str, int]) -> object:
        """Hand out a fresh pair of tokens."""
        access, refresh = self._etsy.issue_login(**body)  # type: ignore[arg-type]  # JSON
        return {"access_token": access, "refresh_token": refresh}

    def books(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """Tell the truth about every order."""
        return self._etsy.books()

    def settled_books(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """Tell the truth about every order with what the account holds of it."""
        return self._etsy.settled_books()

    def account(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """Tell the truth about the account."""
        return self._etsy.account()

    def requests(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """List the requests so far."""
        return [asdict(recorded) for recorded in self._etsy.requests]

    def reset_requests(self, _body: dict[str, object], _path: dict[str, int]) -> object:
        """Forget the requests so far."""
        self._etsy.requests.clear()
        return {}


def routes(etsy: "PretendEtsy") -> list[Route]:
    """List the control endpoints."""
    control = Control(etsy)
    return [
        _route("sell", control.sell),
        _route("burst", control.burst),
        _route("pay/{receipt_id:int}", control.pay),
        _route("refund/{receipt_id:int}", control.refund),
        _route("cancel/{receipt_id:int}", control.cancel),
        _route("fail-refund/{receipt_id:int}", control.fail_refund),
        _route("spend", control.spend),
        _route("pay-out", control.pay_out),
        _route("offer/{listing_id:int}", control.offer),
        _route("fault", control.fault),
        _route("login", control.login),
        _route("reset-requests", control.reset_requests),
        _route("books", control.books, method="GET"),
        _route("settled-books", control.settled_books, method="GET"),
        _route("account", control.account, method="GET"),
        _route("requests", control.requests, method="GET"),
    ]


def main(arguments: list[str], etsy_of: "Callable[..., PretendEtsy]") -> int:
    """Serve a pretend Etsy until SIGTERM; prints `ready URL` when it listens."""
    wanted = _parser().parse_args(arguments)
    etsy = etsy_of(
        seed=wanted.seed,
        currency=wanted.currency,
        per_second=wanted.per_second,
        per_day=wanted.per_day,
        shop_id=wanted.shop_id,
        user_id=wanted.user_id,
        keystring=wanted.keystring,
        shared_secret=wanted.shared_secret,
        integer_references=wanted.integer_references,
        payment_currency=wanted.payment_currency,
        rate=wanted.rate,
        ledger_divisor=wanted.ledger_divisor,
        fees_after=wanted.fees_after,
        **({"redirect_uris": tuple(wanted.redirect_uri)} if wanted.redirect_uri else {}),
    )
    if wanted.history:
        etsy.fill_history(wanted.history, days=wanted.days)
        etsy.warm()
    if wanted.access_token or wanted.refresh_token:
        etsy.issue_login(access=wanted.access_token, refresh=wanted.refresh_token)
    asyncio.run(_serve(etsy, wanted.port, wanted.sales_every))
    return 0


async def _serve(etsy: "PretendEtsy", port: int, sales_every: float | None) -> None:
    async def sell() -> None:
        while sales_every:
            await asyncio.sleep(sales_every)
            etsy.sell_one()

    def ready(url: str) -> None:
        print(f"ready {url}", flush=True)  # noqa: T201 - what the caller of the process waits for

    await run_until_signalled(etsy.app, port=port, ready=ready, beside=sell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Etsy on loopback, with a pretend shop.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--history", type=int, default=0, help="past orders to begin with")
    parser.add_argument("--days", type=int, default=900, help="how far back they reach")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--payment-currency", help="of the payment account, if another")
    parser.add_argument("--rate", default="1", help="of it for one unit of the shop's currency")
    parser.add_argument("--ledger-divisor", type=int, help="how many of its integers make a unit")
    parser.add_argument("--fees-after", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--integer-references", action="store_true")
    parser.add_argument("--sales-every", type=float, metavar="SECONDS")
    parser.add_argument("--per-second", type=int)
    parser.add_argument("--per-day", type=int)
    parser.add_argument("--user-id", type=int, default=90210)
    parser.add_argument("--shop-id", type=int, default=48291736)
    parser.add_argument("--keystring", default="pretend-keystring")
    parser.add_argument("--shared-secret", default="pretend-secret")
    parser.add_argument("--redirect-uri", action="append", help="may be given several times")
    parser.add_argument("--access-token", default="", help="issued in advance")
    parser.add_argument("--refresh-token", default="", help="issued in advance")
    return parser


def _route(
    path: str,
    action: Callable[[dict[str, object], dict[str, int]], object],
    *,
    method: str = "POST",
) -> Route:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            body = (json.loads(raw) if raw else None) or {}
            status, answer = 200, action(body, request.path_params)
        except WRONG_BODY as error:
            status, answer = 400, {"error": f"{type(error).__name__}: {error}"}
        # Escaped to ASCII, as UTF-8 cannot hold the lone surrogates that a title may have.
        told = json.dumps(answer, default=datetime.isoformat)
        return Response(told, status, media_type="application/json")

    return Route(f"/_pretend/{path}", endpoint, methods=[method])
