"""`rules`: why a sale rang, or did not."""

from typing import Annotated, Any

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
from salesdaemon.store.sales import find_sales
from salesdaemon.store.telling import Arrival, find_arrivals, list_told

group = make_group("Say which rule matched a sale.")
HISTORY = "history"
_LONGEST_LINE = 2000


@group.command()
def explain(
    context: typer.Context,
    sale_id: Annotated[str, typer.Argument(help="The marketplace's id of a stored sale.")],
    *,
    form: ObjectFormatOption = ObjectFormat.TABLE,
) -> None:
    """Say which kind and level applied to a sale, and whether it rang."""

    async def work(app: Application) -> list[Record]:
        with app.store.read() as connection:
            arrivals = find_arrivals(connection, sale_id)
            keys = [(arrival.account_id, sale_id) for arrival in arrivals]
            sales = find_sales(connection, keys, app.overrides)
            return [
                _explain(
                    app,
                    sales[arrival.account_id, sale_id],
                    arrival,
                    list_told(connection, arrival.account_id, sale_id),
                )
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
    app: Application, sale: StoredSale, arrival: Arrival, told: list[dict[str, Any]]
) -> Record:
    kinds = app.settings.alerts.kinds
    event = sale.kind.value if sale.kind.value in set(EventKind) else None
    return {
        "sale_id": sale.sale_id,
        "shop": sale.shop,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid_at": instant_json(sale.paid_at),
        "rule": f"alerts.kinds.{event}" if event is not None else None,
        "configured": getattr(kinds, event) if event is not None else None,
        "level": arrival.level,
        "decided_at": instant_json(arrival.decided_at),
        "history": _is_history(sale, arrival),
        "watch_since": instant_json(arrival.watch_since),
        "told": [_told(entry) for entry in told],
    }


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
        *(_told_text(entry) for entry in record["told"]),
    ]
    for line in lines:
        print_line(f"{line[:10]}{clean(line[10:], _LONGEST_LINE)}")


def _rule_text(record: Record) -> str:
    if record["rule"] is None:
        return f"none: a {record['kind'].replace('_', ' ')} is never told"
    return f'{record["rule"]} = "{record["configured"]}"'


def _decision_text(record: Record) -> str:
    if record["history"]:
        return f"history: paid before the watch began ({record['watch_since'] or 'not yet'})"
    if record["level"] is None:
        return "none yet"
    return f"{record['level']}, since {record['decided_at']}"


def _told_text(entry: Record) -> str:
    when = f" at {entry['at']}" if entry["at"] else ""
    words = ": ".join(part for part in (entry["title"], entry["answer"]) if part)
    return f"told      {entry['kind']} on {entry['channel']}, {entry['state']}{when} {words}"
