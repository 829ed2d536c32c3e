"""The pretend shop as a process of its own."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from salesdaemon.marketplaces.loopback import run_until_signalled

if TYPE_CHECKING:
    from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad


def main(open_shop: "type[PretendGumroad]") -> None:
    """Serve a shop until SIGTERM; says `ready` and its address on a line when it listens."""
    options = _parser().parse_args()
    shop = open_shop(
        seed=options.seed, access_token=options.access_token, summary=not options.no_summary
    )
    if options.history:
        shop.fill_history(options.history)
    beside = _trickle(shop, options.sales_every) if options.sales_every else None
    asyncio.run(run_until_signalled(shop.app, port=options.port, ready=_ready, beside=beside))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Gumroad's API on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 picks an unused one")
    parser.add_argument("--history", type=int, default=0, help="how many old sales there are")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sales-every", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--access-token", default="pretend-token")
    parser.add_argument("--no-summary", action="store_true", help="answer 404 for /sales/summary")
    return parser


def _ready(url: str) -> None:
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


def _trickle(shop: "PretendGumroad", seconds: float) -> Callable[[], Awaitable[None]]:
    async def trickle() -> None:
        while True:
            await asyncio.sleep(seconds)
            shop.sell_one()

    return trickle
