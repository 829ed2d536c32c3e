"""The outbox as the relay sees it: asynchronous, and with the facts to word each message."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, func, select

from salesdaemon.domain.alerts import BURST_WINDOW, Due, Group, Pace
from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import COUNTED_KINDS
from salesdaemon.domain.summary import Totals
from salesdaemon.errors import DeliveryError
from salesdaemon.store import outbox
from salesdaemon.store.accounts import find_setting
from salesdaemon.store.engine import Store
from salesdaemon.store.outbox import OutboxEntry, Sent
from salesdaemon.store.sales import find_sales
from salesdaemon.store.tables import sales

AWAY_SETTING = "away_until"


class Worded(Protocol):
    """A message's words."""

    @property
    def title(self) -> str: ...  # noqa: D102 - see the class

    @property
    def body(self) -> str: ...  # noqa: D102 - see the class


class RelayOutbox:
    """Questions and marks of the relay, each in a thread and a transaction of its own."""

    def __init__(
        self,
        store: Store,
        *,
        zone: ZoneInfo,
        burst: int,
        overrides: Mapping[str, bool],
        channels: tuple[str, ...],
        trouble_level: str,
    ) -> None:
        self._store = store
        self._zone = zone
        self._burst = burst
        self._overrides = overrides
        self._channels = channels
        self._trouble_level = trouble_level

    async def due(self, channel: str, now: datetime) -> Due:
        """Say what may be sent now."""
        return await asyncio.to_thread(self._due, channel, now)

    def _due(self, channel: str, now: datetime) -> Due:
        with self._store.read() as connection:
            waiting = outbox.list_due(connection, channel, now)
            if not waiting:
                return Due((), Pace(self._burst))
            keys = [
                (entry.account_id, entry.external_id)
                for entry in waiting
                if entry.account_id is not None and entry.external_id is not None
            ]
            away = find_setting(connection, AWAY_SETTING)
            return Due(
                waiting=waiting,
                pace=Pace(
                    burst=self._burst,
                    recent_sales=outbox.recent_sales(connection, channel, now - BURST_WINDOW),
                    last_burst=outbox.last_burst(connection, channel, now - BURST_WINDOW),
                ),
                away_until=datetime.fromisoformat(away) if away else None,
                sales=find_sales(connection, keys, self._overrides),
                today=today_totals(connection, now, self._zone),
            )

    async def lease(self, ids: Sequence[int], now: datetime) -> bool:
        """Reserve entries for sending; False when another relay was quicker."""

        def _lease() -> bool:
            with self._store.write() as connection:
                return outbox.lease(connection, ids, self._store.owner, now)

        return await asyncio.to_thread(_lease)

    async def mark_sent(
        self, channel: str, group: Group, message: Worded, answer: str, now: datetime
    ) -> None:
        """Note that a message went out, and which events it stands for."""
        entries = group.entries
        sent = Sent(
            channel=channel,
            form=group.form.value,
            title=message.title,
            body=message.body,
            sales=sum(entry.rings for entry in entries),
            answer=answer,
        )

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_sent(connection, [entry.id for entry in entries], sent, now)

        await asyncio.to_thread(_mark)

    async def mark_retry(self, ids: Sequence[int], error: str, not_before: datetime) -> None:
        """Put entries back for later."""

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_retry(connection, ids, error, not_before)

        await asyncio.to_thread(_mark)

    async def mark_failed(
        self, channel: str, ids: Sequence[int], error: DeliveryError, now: datetime
    ) -> None:
        """Note that entries cannot be sent; the other channels tell it once a day."""

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_failed(connection, ids, str(error), now)
                outbox.enqueue(connection, self._trouble(channel, error, now))

        await asyncio.to_thread(_mark)

    def _trouble(self, channel: str, error: DeliveryError, now: datetime) -> list[OutboxEntry]:
        if self._trouble_level == "off":
            return []
        body = f"{error} Then run `salesdaemon alerts --retry`."
        return [
            OutboxEntry(
                channel=other,
                event=f"channel:{channel}:{day_of(now, self._zone).isoformat()}",
                kind="trouble",
                level=self._trouble_level,
                created_at=now,
                title=f"Channel {channel} refuses messages",
                body=body,
            )
            for other in self._channels
            if other != channel
        ]

    async def wake(self, channel: str, now: datetime) -> None:
        """Let everything that waits for a later try be tried now."""

        def _wake() -> None:
            with self._store.write() as connection:
                outbox.wake(connection, channel, now)

        await asyncio.to_thread(_wake)


def today_totals(connection: Connection, now: datetime, zone: ZoneInfo) -> dict[str, Totals]:
    """Add up the seller's day so far, by currency: counted sales, gross, net, and estimates."""
    counted = case((sales.c.kind.in_([kind.value for kind in COUNTED_KINDS]), 1), else_=0)
    rows = connection.execute(
        select(
            sales.c.currency,
            func.sum(counted).label("sales"),
            func.sum(sales.c.gross_minor).label("gross"),
            func.sum(sales.c.net_minor).label("net"),
            func.sum(case((sales.c.fees_exact, 0), else_=1)).label("estimated"),
        )
        .where(sales.c.sold_on == day_of(now, zone), sales.c.paid)
        .group_by(sales.c.currency)
        .order_by(sales.c.currency)
    )
    return {
        row.currency: Totals(
            sales=int(row.sales),
            gross=int(row.gross),
            net=int(row.net),
            estimated=int(row.estimated),
        )
        for row in rows
    }
