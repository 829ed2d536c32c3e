"""`status`: how every shop and channel fares."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import ObjectFormat, ObjectFormatOption
from salesdaemon.cli.output import Column, Record, print_json, print_table
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.report import instant_json
from salesdaemon.domain.shop_state import ShopFacts, State, state_of, waits
from salesdaemon.poller.plan import Plan
from salesdaemon.store.accounts import (
    AccountRecord,
    ShopRecord,
    find_account_of_shop,
    find_shop,
    last_sale,
    list_set_aside,
)
from salesdaemon.store.away import with_holiday
from salesdaemon.store.channels import ChannelRecord, find_channels
from salesdaemon.store.engine import Connection
from salesdaemon.store.lock import is_running
from salesdaemon.store.outbox import count_by_channel
from salesdaemon.store.shop_lines import list_unknown_names

_SHOP_COLUMNS = (
    Column("shop"),
    Column("marketplace"),
    Column("state"),
    Column("last_good_poll"),
    Column("last_sale"),
    Column("waiting_until"),
    Column("behind"),
    Column("set_aside", lambda shop: len(shop["set_aside"]), number=True),
    Column("unknown_entries", lambda shop: ", ".join(shop["unknown_entries"])),
    Column("action", prose=True),
)
_CHANNEL_COLUMNS = (
    Column("channel"),
    Column("waiting", number=True),
    Column("failed", number=True),
    Column("problem", prose=True),
)


def status(context: typer.Context, *, form: ObjectFormatOption = ObjectFormat.TABLE) -> None:
    """Say how every shop and channel fares."""

    async def work(app: Application) -> dict[str, Any]:
        return status_json(app)

    value = in_application(context, work)
    if form is ObjectFormat.JSON:
        print_json(value)
        return
    print_table(value["shops"], _SHOP_COLUMNS)
    if value["channels"]:
        sys.stdout.write("\n")
        print_table(value["channels"], _CHANNEL_COLUMNS)
    if value["quiet_until"]:
        say(f"Rings are held back until {value['quiet_until']}.")


def status_json(app: Application) -> dict[str, Any]:
    """Give the state of the configured shops and channels, in the order of the configuration."""
    daemon_runs = is_running(app.store)
    now = app.clock()
    shops = []
    with app.store.read() as connection:
        counts = count_by_channel(connection)
        fare = find_channels(connection, app.channels)
        quiet_until = with_holiday(connection, app.rest).until(now)
        for name, marketplace in app.configured.items():
            row = find_shop(connection, name) or ShopRecord(name, marketplace)
            account = find_account_of_shop(connection, name)
            sold = last_sale(connection, account.id) if account is not None else None
            odd = _Odd.of(connection, account.id) if account is not None else _Odd()
            state = state_of(_facts(row, account, now, daemon_runs=daemon_runs), now)
            shops.append(_shop_json(row, state, sold, odd, now))
    return {
        "shops": shops,
        "channels": [
            _channel_json(record, *counts.get(name, (0, 0))) for name, record in fare.items()
        ],
        "quiet_until": instant_json(quiet_until),
    }


def _channel_json(record: ChannelRecord, waiting: int, failed: int) -> Record:
    return {
        "channel": record.channel,
        "waiting": waiting,
        "failed": failed,
        "problem": record.problem if record.failing_since is not None else None,
    }


@dataclass(frozen=True, slots=True)
class _Odd:
    """What could not be made sense of: orders with their reasons, and kinds of entries."""

    orders: Sequence[tuple[str, str]] = ()
    entries: Sequence[str] = ()

    @classmethod
    def of(cls, connection: Connection, account_id: int) -> "_Odd":
        return cls(
            list_set_aside(connection, account_id), list_unknown_names(connection, account_id)
        )


def _shop_json(
    row: ShopRecord,
    state: State,
    sold: datetime | None,
    odd: _Odd,
    now: datetime,
) -> Record:
    return {
        "shop": row.shop,
        "marketplace": row.marketplace,
        "state": state.name.value,
        "last_good_poll": instant_json(row.last_good_poll),
        "last_sale": instant_json(sold),
        "waiting_until": instant_json(row.not_before) if waits(row.not_before, now) else None,
        "behind": state.behind_seconds,
        "set_aside": [{"id": external_id, "reason": reason} for external_id, reason in odd.orders],
        "unknown_entries": list(odd.entries),
        "action": state.action,
    }


def _facts(
    row: ShopRecord, account: AccountRecord | None, now: datetime, *, daemon_runs: bool
) -> ShopFacts:
    plan = Plan.from_text(account.plan if account is not None else None)
    return ShopFacts(
        login_needed=row.login_needed,
        not_before=row.not_before,
        syncing=plan.history is not None,
        last_good_poll=row.last_good_poll,
        interval=timedelta(seconds=row.interval_seconds),
        behind=plan.behind(now),
        action=row.action,
        daemon_runs=daemon_runs,
    )
