"""`rules`: why a sale rang, or did not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from salesdaemon.application import Application
from salesdaemon.cli.groups import make_group
from salesdaemon.cli.options import ObjectFormat, ObjectFormatOption
from salesdaemon.cli.output import Record, print_json
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import print_line
from salesdaemon.digest.titles import clean
from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.report import instant_json
from salesdaemon.domain.summary import StoredSale
from salesdaemon.errors import SalesDaemonError
from salesdaemon.store.consequences import Telling, news_of, rates_for
from salesdaemon.store.engine import Connection
from salesdaemon.store.sales import find_sales
from salesdaemon.store.telling import Arrival, find_arrivals, list_judged, list_told

group = make_group("Say which rule matched a sale.")
HISTORY = "history"
_LONGEST_LINE = 2000
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@group.command()
def explain(
    context: typer.Context,
    sale_id: Annotated[str, typer.Argument(help="The marketplace's id of a stored sale.")],
    *,
    form: ObjectFormatOption = ObjectFormat.TABLE,
) -> None:
    """Say which rule applied to a sale and why, which did not, and what was told of it."""

    async def work(app: Application) -> list[Record]:
        with app.store.read() as connection:
            arrivals = find_arrivals(connection, sale_id)
            keys = [(arrival.account_id, sale_id) for arrival in arrivals]
            sales = find_sales(connection, keys, app.overrides)
            return [
                _explain(connection, app.telling, sales[arrival.account_id, sale_id], arrival)
                for arrival in arrivals
            ]

    found = in_application(context, work)
    if not found:
        raise SalesDaemonError(
            f"No sale {sale_id!r} is stored.", fix="`salesdaemon sales` lists them."
        )
    for record in found:
        if form is ObjectFormat.JSON:
            print_json(record)
        else:
            _print_lines(record)


def _explain(
    connection: Connection, telling: Telling, sale: StoredSale, arrival: Arrival
) -> Record:
    judged = list_judged(connection, arrival.account_id, sale.sale_id)
    considered = _consider(connection, telling, sale, arrival)
    decided = next((each for each in judged if each["kind"] == sale.kind.value), None)
    return {
        "sale_id": sale.sale_id,
        "shop": sale.shop,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid_at": instant_json(sale.paid_at),
        "rule": decided["rule"] if decided else (considered[-1]["rule"] if considered else None),
        "reason": decided["reason"] if decided else None,
        "configured": telling.book.levels.get(sale.kind.value),
        "level": arrival.level,
        "decided_at": instant_json(arrival.decided_at),
        "history": _is_history(sale, arrival),
        "watch_since": instant_json(arrival.watch_since),
        "considered": considered,
        "events": [_event(each) for each in judged],
        "told": [_told(entry) for entry in list_told(connection, arrival.account_id, sale.sale_id)],
    }


def _consider(
    connection: Connection, telling: Telling, sale: StoredSale, arrival: Arrival
) -> list[Record]:
    """Go through today's rules as if they had been in force when the sale came in."""
    if sale.kind.value not in set(EventKind):
        return []
    book, key = telling.book, (arrival.account_id, sale.sale_id)
    seen_at = arrival.decided_at or sale.paid_at or _LONG_AGO
    news = news_of(connection, key, sale, sale.kind.value, seen_at, firsts=book.asks_for_firsts)
    found = book.explain(news, rates_for(connection, book, [sale]))
    return [{"rule": rule, "why_not": why_not} for rule, why_not in found]


def _event(entry: dict[str, Any]) -> Record:
    return {**entry, "seen_at": instant_json(entry["seen_at"])}


def _is_history(sale: StoredSale, arrival: Arrival) -> bool:
    """Tell whether a sale was paid before the watch of its shop began, so that it never rings."""
    if arrival.level is not None:
        return arrival.level == HISTORY
    if arrival.watch_since is None or sale.paid_at is None:
        return True
    return sale.paid and sale.paid_at < arrival.watch_since


def _told(entry: dict[str, Any]) -> Record:
    at = entry["delivered_at"] or entry["failed_at"]
    state = "sent" if entry["delivered_at"] else "failed" if entry["failed_at"] else "waiting"
    return {
        "channel": entry["channel"],
        "kind": entry["kind"],
        "level": entry["level"],
        "state": state,
        "at": instant_json(at),
        "form": entry["form"],
        "title": entry["title"],
        "answer": entry["answer"] or entry["error"],
    }


def _print_lines(record: Record) -> None:
    lines = [
        f"sale      {record['sale_id']} of {record['shop']}: {record['kind']}, {record['status']}",
        f"paid at   {record['paid_at'] or 'unknown'}",
        f"rule      {_rule_text(record)}",
        f"decision  {_decision_text(record)}",
        *(f"not       {each['rule']}: {each['why_not']}" for each in _passed_over(record)),
        *_today_text(record),
        *(_event_text(each) for each in record["events"] if each["kind"] != record["kind"]),
        *(_told_text(entry) for entry in record["told"]),
    ]
    for line in lines:
        print_line(f"{line[:10]}{clean(line[10:], _LONGEST_LINE)}")


def _passed_over(record: Record) -> list[Record]:
    return [each for each in record["considered"] if each["why_not"] is not None]


def _rule_text(record: Record) -> str:
    if record["rule"] is None:
        return f"none: a {record['kind'].replace('_', ' ')} is never told"
    usual = record["rule"].startswith("alerts.kinds.")
    level = record["level"] if record["reason"] else record["configured"]
    key = f'{record["rule"]} = "{level}"' if usual else record["rule"]
    return f"{key}. {record['reason']}" if record["reason"] else key


def _today_text(record: Record) -> Iterator[str]:
    """Say what would decide now, where the configuration has changed since."""
    now = record["considered"][-1]["rule"] if record["considered"] else record["rule"]
    if record["reason"] and now != record["rule"]:
        yield f"today     {now} would decide: the configuration is another one now"


def _decision_text(record: Record) -> str:
    if record["history"]:
        return f"history: paid before the watch began ({record['watch_since'] or 'not yet'})"
    if record["level"] is None:
        return "none yet"
    return f"{record['level']}, since {record['decided_at']}"


def _event_text(event: Record) -> str:
    what = f"{event['kind']} at {event['seen_at']}: {event['level']}"
    return f"event     {what}, by {event['rule']}. {event['reason']}"


def _told_text(entry: Record) -> str:
    when = f" at {entry['at']}" if entry["at"] else ""
    words = ": ".join(part for part in (entry["title"], entry["answer"]) if part)
    return f"told      {entry['kind']} on {entry['channel']}, {entry['state']}{when} {words}"
