"""`import`: take a marketplace's own files in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import ObjectFormat, ObjectFormatOption
from salesdaemon.cli.output import Column, print_json, print_table
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.money import to_text
from salesdaemon.errors import SalesDaemonError, StoreError
from salesdaemon.importing import FileTotals, ImportedFile, import_file, require_files
from salesdaemon.marketplaces.base import BadRow

Record = Mapping[str, Any]
_SHOWN_ROWS = 20


def _amounts(record: Record) -> str:
    return ", ".join(_sentence(currency, line) for currency, line in record["totals"].items())


def _sentence(currency: str, line: Record) -> str:
    if line["entries"]:
        return f"{line['entries']} lines of {line['booked']} {currency}"
    return f"{line['sales']} sales of {line['gross']} {currency}"


_COLUMNS = (
    Column("file", title=True),
    Column("kind"),
    Column("rows", number=True),
    Column("stored", number=True),
    Column("merged", number=True),
    Column("known", number=True),
    Column("set_aside", lambda record: len(record["set_aside"]), number=True),
    Column("first"),
    Column("last"),
    Column("totals", _amounts, prose=True),
)


def import_exports(
    context: typer.Context,
    shop: Annotated[str, typer.Argument(metavar="SHOP")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE")],
    *,
    form: ObjectFormatOption = ObjectFormat.TABLE,
) -> None:
    """Read a marketplace's own CSV export, without ringing."""

    async def work(app: Application) -> tuple[list[ImportedFile], bool]:
        require_files(app, shop, files)
        return _import_files(app, shop, files)

    imported, complete = in_application(context, work)
    records = [_record(each) for each in imported]
    if form is ObjectFormat.JSON:
        print_json(records)
    else:
        print_table(records, _COLUMNS)
    for each in imported:
        _tell_bad_rows(each)
    if not complete:
        raise typer.Exit(1)


def _import_files(
    app: Application, shop: str, files: Sequence[Path]
) -> tuple[list[ImportedFile], bool]:
    """Import file by file; one that is wrong does not stop the others."""
    imported: list[ImportedFile] = []
    for path in files:
        try:
            imported.append(import_file(app, shop, path))
        except StoreError:
            raise
        except SalesDaemonError as error:
            said = str(error)
            say(said if path.name in said else f"{path.name}: {said}")
    return imported, len(imported) == len(files)


def _tell_bad_rows(imported: ImportedFile) -> None:
    if not imported.bad:
        return
    count = len(imported.bad)
    say(f"{imported.name}: {count} row{'s' if count != 1 else ''} set aside.")
    for row in imported.bad[:_SHOWN_ROWS]:
        say(f"{imported.name}: {_place(row)}: {row.reason}")
    if count > _SHOWN_ROWS:
        say(f"{imported.name}: and {count - _SHOWN_ROWS} more; `--format json` lists them.")


def _place(row: BadRow) -> str:
    if not row.number:
        return "an order"
    return f"row {row.number}, {row.column}" if row.column else f"row {row.number}"


def _record(imported: ImportedFile) -> Record:
    return {
        "file": imported.name,
        "kind": imported.kind,
        "rows": imported.rows,
        "stored": imported.stored,
        "merged": imported.merged,
        "known": imported.known,
        "set_aside": [
            {"row": row.number or None, "column": row.column or None, "reason": row.reason}
            for row in imported.bad
        ],
        "first": imported.first.isoformat() if imported.first is not None else None,
        "last": imported.last.isoformat() if imported.last is not None else None,
        "totals": {
            currency: _totals(currency, line) for currency, line in sorted(imported.totals.items())
        },
    }


def _totals(currency: str, line: FileTotals) -> Record:
    return {
        "sales": line.sales,
        "gross": to_text(line.gross, currency),
        "refunded": to_text(line.refunded, currency),
        "entries": line.entries,
        "booked": to_text(line.booked, currency),
    }
