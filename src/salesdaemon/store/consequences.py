"""The rows that a decision about a sale comes to: a change to be told in a digest, and pushes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salesdaemon.domain.changes import Decision, EventKind, Known
from salesdaemon.domain.sale import Sale
from salesdaemon.store.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class Telling:
    """Which events are told, and where: the level of each kind, and the channels in use."""

    levels: Mapping[EventKind, str]
    channels: tuple[str, ...]


def change_row(
    account_id: int, seen_at: datetime, sale: Sale, known: Known | None, kind: str | None
) -> dict[str, Any]:
    """Return the row that says by how much a sale's figures moved, and when that was seen."""
    counted = known is not None and known.paid
    gross, refunded, net = (
        (known.gross_minor, known.refunded_minor, known.net_minor)
        if known is not None and counted
        else (0, 0, 0)
    )
    return {
        "account_id": account_id,
        "external_id": sale.external_id,
        "seen_at": seen_at,
        "kind": kind or ("changed" if counted else "sale"),
        "gross_delta": sale.gross_minor - gross,
        "refunded_delta": sale.refunded_minor - refunded,
        "net_delta": sale.net_minor - net,
    }


@dataclass(frozen=True, slots=True)
class Occasion:
    """When something was seen of an account; what was paid before `missed_before` was missed."""

    account_id: int
    seen_at: datetime
    missed_before: datetime | None = None


def outbox_entries(
    occasion: Occasion, sale: Sale, decision: Decision, telling: Telling
) -> Iterable[OutboxEntry]:
    """Yield an entry for each event and channel."""
    account_id, seen_at = occasion.account_id, occasion.seen_at
    missed_before = occasion.missed_before
    kinds = [decision.arrival] if decision.arrival is not None else []
    for kind in [*kinds, *decision.events]:
        level = telling.levels[kind]
        if level == "off":
            continue
        arrival = kind is decision.arrival
        # An arrival is told once for ever; a second refund of the same sale is another event.
        occurrence = "" if arrival else f":{sale.refunded_minor}:{int(seen_at.timestamp())}"
        missed = arrival and missed_before is not None and sale.paid_at < missed_before
        for channel in telling.channels:
            yield OutboxEntry(
                channel=channel,
                event=f"{kind.value}:{account_id}:{sale.external_id}{occurrence}",
                kind=kind.value,
                level=level,
                account_id=account_id,
                external_id=sale.external_id,
                missed=missed,
                created_at=seen_at,
            )
