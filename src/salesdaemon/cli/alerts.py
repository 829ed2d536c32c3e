"""`alerts` and `test-alert`: what was told, and whether it can be."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.relaying import deliver_what_waits
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.report import instant_json
from salesdaemon.errors import DeliveryError, SalesDaemonError, StoreError, UsageError
from salesdaemon.notify import texts
from salesdaemon.store.channels import note_success, others
from salesdaemon.store.lock import is_running
from salesdaemon.store.news import announce
from salesdaemon.store.outbox import list_alerts, retry_failed, wake
from salesdaemon.store.stranded import move_stranded
from salesdaemon.store.telling import sales_of_messages

LIMIT = 50


def try_channels(
    context: typer.Context,
    channels: Annotated[
        list[str] | None,
        typer.Argument(metavar="CHANNEL", help="Channels; all of them by default."),
    ] = None,
    *,
    form: FormatOption = Format.TABLE,
) -> None:
    """Send a real ka-ching through each channel."""

    async def work(app: Application) -> list[Record]:
        names = select_channels(app, channels)
        return list(await asyncio.gather(*(_try(app, name) for name in names)))

    records = in_application(context, work, with_store=False)
    print_listing(
        records, (Column("channel"), Column("result"), Column("answer", prose=True)), form
    )
    if any(record["result"] == "failed" for record in records):
        raise typer.Exit(1)


def select_channels(app: Application, names: list[str] | None) -> list[str]:
    """Return the channels named, or all of them.

    Raises:
        UsageError: there is no channel of that name.
        SalesDaemonError: there is no channel at all.
    """
    for name in names or ():
        if name not in app.channels:
            known = ", ".join(app.channels) or "none"
            raise UsageError(f"There is no channel {name!r}.", fix=f"Known: {known}.")
    if not app.channels:
        raise SalesDaemonError("No channel is configured.", fix="Add a [channels.<name>] table.")
    return list(dict.fromkeys(names or app.channels))


async def _try(app: Application, name: str) -> Record:
    try:
        answer = await app.channels[name].deliver(texts.trial_ring(name, app.voice))
    except DeliveryError as error:
        return {"channel": name, "result": "failed", "answer": str(error)}
    await asyncio.to_thread(_note_success, app, name)
    return {"channel": name, "result": "ok", "answer": answer}


def _note_success(app: Application, name: str) -> None:
    """Let what waits for a channel that failed be sent now, where there is a database already."""
    path = app.store.path
    if path is not None and not path.exists():
        return
    now = app.clock()
    try:
        with app.store.write() as connection:
            told = note_success(connection, name, now)
            wake(connection, name, now)
            if told is not None:
                only = others(connection, name, app.told_channels)
                announce(connection, app.telling, told, only=only)
    except StoreError:
        return  # the channel was to be tried, and it works; `check` looks at the database


def alerts(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try what failed again.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = LIMIT,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what was sent, what waits and what failed."""

    async def work(app: Application) -> list[Record]:
        if retry:
            await _retry(app)
        with app.store.read() as connection:
            entries = list_alerts(connection, failed_only=failed, limit=limit)
            ids = {entry["message_id"] for entry in entries if entry["message_id"] is not None}
            told = sales_of_messages(connection, ids)
        return to_messages(entries, told)

    columns = (
        Column("at"),
        Column("channel"),
        Column("state"),
        Column("form"),
        Column("title", title=True),
        Column("sale_ids", lambda record: " ".join(record["sale_ids"]), prose=True),
        Column("answer", prose=True),
    )
    if print_listing(in_application(context, work), columns, form) == 0:
        say("Nothing failed." if failed else "Nothing was told yet.")


async def _retry(app: Application) -> None:
    book = app.telling.book
    with app.store.write() as connection:
        again = move_stranded(connection, app.told_channels, book.channels, failed=True)
        again += retry_failed(connection, app.told_channels, app.clock())
    if not again:
        say("Nothing that failed can be tried again.")
    elif is_running(app.store):
        say(f"{again} to be tried again by the daemon.")
    else:
        await deliver_what_waits(app)
        say(f"{again} tried again.")


def to_messages(entries: Sequence[dict[str, Any]], told: dict[int, Sequence[str]]) -> list[Record]:
    """Make one record of each message, newest first, with the sales that it stands for.

    What was not sent yet is no message: each event is a record of its own.
    """
    records: dict[tuple[str, int], Record] = {}
    for entry in entries:
        message_id = entry["message_id"]
        if message_id is not None:
            key, sale_ids = ("message", message_id), told.get(message_id, ())
        else:
            sale_id = entry["sale_id"]
            key, sale_ids = ("event", entry["id"]), (sale_id,) if sale_id else ()
        records.setdefault(key, _message(entry, sale_ids))
    return list(records.values())


def _message(entry: dict[str, Any], sale_ids: Sequence[str]) -> Record:
    state, at = _state(entry)
    return {
        "at": instant_json(at),
        "channel": entry["channel"],
        "state": state,
        "form": entry["form"] or entry["kind"],
        "title": entry["title"],
        "sale_ids": list(sale_ids),
        "answer": entry["answer"] or entry["error"],
        "attempts": entry["attempts"],
        "next_try": instant_json(entry["not_before"]) if state == "waiting" else None,
    }


def _state(entry: dict[str, Any]) -> tuple[str, datetime]:
    if entry["delivered_at"] is not None:
        return "sent", entry["delivered_at"]
    if entry["failed_at"] is not None:
        return "failed", entry["failed_at"]
    return "waiting", entry["created_at"]
