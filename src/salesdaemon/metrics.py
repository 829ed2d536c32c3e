"""The daemon's figures for Prometheus: how it runs, never what was earned."""

from collections.abc import Iterator, Sequence

from salesdaemon.poller.shop import ShopPoller
from salesdaemon.store.accounts import count_set_aside
from salesdaemon.store.channels import find_channels
from salesdaemon.store.engine import Store
from salesdaemon.store.outbox import count_by_channel


def render_metrics(store: Store, pollers: Sequence[ShopPoller], channels: Sequence[str]) -> bytes:
    """Write all figures in the text form.

    Raises:
        StoreError: the database could not be read.
    """
    from prometheus_client import (  # noqa: PLC0415 - only a scrape needs it
        CollectorRegistry,
        Gauge,
        ProcessCollector,
        generate_latest,
    )

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for name, label, text, values in _figures(store, pollers, channels):
        gauge = Gauge(f"salesdaemon_{name}", text, [label], registry=registry)
        for key, value in values.items():
            gauge.labels(key).set(value)
    return generate_latest(registry)


def _figures(
    store: Store, pollers: Sequence[ShopPoller], channels: Sequence[str]
) -> Iterator[tuple[str, str, str, dict[str, float]]]:
    """Yield the name, label, explanation and values of each figure."""
    with store.read() as connection:
        counts = count_by_channel(connection)
        aside = count_set_aside(connection)
        faring = find_channels(connection, channels)
    records = {poller.shop.name: poller.journal.record for poller in pollers}
    yield (
        "shop_last_good_poll_timestamp_seconds",
        "shop",
        "When the shop was last polled without a failure.",
        {
            shop: record.last_good_poll.timestamp()
            for shop, record in records.items()
            if record.last_good_poll is not None
        },
    )
    yield (
        "shop_interval_seconds",
        "shop",
        "How often the shop is polled now.",
        {poller.shop.name: poller.interval.total_seconds() for poller in pollers},
    )
    yield (
        "shop_login_needed",
        "shop",
        "1 while the marketplace refuses us until the owner acts.",
        {shop: float(record.login_needed) for shop, record in records.items()},
    )
    yield (
        "shop_set_aside_orders",
        "shop",
        "Orders that could not be read.",
        {
            shop: float(aside.get(record.account_id, 0)) if record.account_id is not None else 0.0
            for shop, record in records.items()
        },
    )
    yield (
        "channel_failing",
        "channel",
        "1 while the channel takes no messages.",
        {channel: float(record.failing_since is not None) for channel, record in faring.items()},
    )
    for place, name in enumerate(("waiting", "failed")):
        yield (
            f"outbox_{name}_messages",
            "channel",
            f"Messages that are {name}.",
            {channel: float(counts.get(channel, (0, 0))[place]) for channel in channels},
        )
