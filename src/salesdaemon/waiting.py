"""Heed, and keep, how long a marketplace asked us to wait: commands share that with the daemon."""

from datetime import timedelta

from salesdaemon.application import Application
from salesdaemon.domain.report import instant_json
from salesdaemon.domain.shop_state import waits
from salesdaemon.errors import MarketplaceError, RateLimitError
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.store.accounts import change_shop


def respect_wait(app: Application, poller: ShopPoller) -> None:
    """Refuse to ask a marketplace before its time.

    Raises:
        MarketplaceError: it asked us to wait, and that is not over.
    """
    until = poller.journal.record.not_before
    if waits(until, app.clock()):
        raise MarketplaceError(
            f"It asked us to wait until {instant_json(until)}.", fix="Try again after that."
        )


def keep_wait(app: Application, shop: str, error: RateLimitError) -> None:
    """Keep how long the marketplace asked us to wait: the daemon has to as well."""
    if error.retry_after_seconds is None:
        return
    until = app.clock() + timedelta(seconds=error.retry_after_seconds)
    with app.store.write() as connection:
        change_shop(connection, shop, app.configured[shop], not_before=until, problem=error.what)
