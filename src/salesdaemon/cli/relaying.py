"""Deliver from a command what waits in the outbox."""

import asyncio

from salesdaemon.application import Application
from salesdaemon.notify.relay import Relay


async def deliver_what_waits(app: Application) -> int:
    """Send what may be sent now on every channel that rings; returns how many were tried.

    Raises:
        StoreError: the outbox could not be read or written.
    """
    relay = Relay(
        app.outbox(),
        {name: app.channels[name] for name in app.told_channels},
        app.voice,
        clock=app.clock,
    )

    async def deliver(channel: str) -> int:
        tried = 0
        while await relay.deliver_one(channel):
            tried += 1
        return tried

    return sum(await asyncio.gather(*(deliver(channel) for channel in app.told_channels)))
