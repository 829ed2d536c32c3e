"""Print lists and values: tables for people, JSON and CSV for programs.

A table has colours and folds only on a terminal; anywhere else it is plain lines with tabs, and
nothing is cut. No form lets a control character through, whatever a title holds.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from salesdaemon.cli.options import Format
from salesdaemon.digest.titles import clean

Record = Mapping[str, Any]

LONGEST_TITLE = 60
_NARROWEST_TEXT = 24
_LONGEST_CELL = 20_000
_FORMULA = tuple("=+-@")
# What json.dumps leaves as it is, though a terminal may obey it; it only stands inside strings.
_RAW_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, and how a record fills it (by default, by its name).

    A `number` stands to the right and a `prose` may take several lines on a terminal. A `title`
    may, too; there it is also cut, and in CSV it is guarded, where a spreadsheet would run it as
    a formula.
    """

    name: str
    value: Callable[[Record], object] | None = None
    number: bool = False
    prose: bool = False
    title: bool = False

    def of(self, record: Record) -> str:
        """Return the cell of a record as text, empty for nothing."""
        value = record[self.name] if self.value is None else self.value(record)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else clean(str(value), _LONGEST_CELL)


def print_listing(
    records: Iterable[Record],
    columns: Sequence[Column],
    form: Format,
    *,
    csv_columns: Sequence[Column] | None = None,
) -> int:
    """Print records and return how many there were.

    `columns` are those of a table, and of CSV unless that has its own; JSON shows the records.
    """
    counted = _Counted(records)
    if form is Format.TABLE:
        print_table(counted, columns)
    elif form is Format.CSV:
        _print_csv(counted, csv_columns or columns)
    elif form is Format.JSONL:
        for record in counted:
            sys.stdout.write(dump(record) + "\n")
    else:
        _print_array(counted)
    return counted.count


def print_json(value: object) -> None:
    """Print one value as indented JSON."""
    sys.stdout.write(dump(value, indent=2) + "\n")


def dump(value: object, *, indent: int | None = None) -> str:
    """Write a value as JSON in UTF-8, without any control character left in it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _RAW_CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def print_table(records: Iterable[Record], columns: Sequence[Column]) -> None:
    """Print a table: for people on a terminal, as plain lines with tabs anywhere else.

    On a terminal a column in which nothing stands is left out.
    """
    if not sys.stdout.isatty():
        for number, record in enumerate(records):
            if number == 0:
                sys.stdout.write("\t".join(column.name for column in columns) + "\n")
            sys.stdout.write("\t".join(column.of(record) for column in columns) + "\n")
        return
    rows = [[_shown(column, record) for column in columns] for record in records]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    filled = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    for index in filled:
        _add_column(table, columns[index], max(cell_len(row[index]) for row in rows))
    for row in rows:
        table.add_row(*(Text(row[index]) for index in filled))
    if rows:
        _print_uncut(table)


def _add_column(table: Table, column: Column, longest: int) -> None:
    name = column.name.replace("_", " ")
    wraps = column.prose or column.title
    longest = max(longest, cell_len(name))
    table.add_column(
        Text(name),
        justify="right" if column.number else "left",
        no_wrap=not wraps,
        min_width=min(longest, _NARROWEST_TEXT) if wraps else longest,
    )


def _print_uncut(table: Table) -> None:
    """Print a table as wide as it needs to be: an id that was cut could not be copied."""
    console = Console(file=sys.stdout, highlight=False)
    without_end = console.options.update(max_width=10_000)
    needed = console.measure(table, options=without_end).minimum
    Console(file=sys.stdout, highlight=False, width=max(console.width, needed)).print(table)


def _shown(column: Column, record: Record) -> str:
    text = column.of(record)
    return clean(text, LONGEST_TITLE) if column.title else text


def _print_csv(records: Iterable[Record], columns: Sequence[Column]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for record in records:
        writer.writerow([_guarded(column, record) for column in columns])


def _guarded(column: Column, record: Record) -> str:
    text = column.of(record)
    return f"'{text}" if column.title and text.startswith(_FORMULA) else text


def _print_array(records: Iterable[Record]) -> None:
    """Print an array with a record on each line, as they come."""
    begun = False
    for record in records:
        sys.stdout.write((",\n " if begun else "[\n ") + dump(record))
        begun = True
    sys.stdout.write("\n]\n" if begun else "[]\n")


class _Counted:
    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.count += 1
            yield record
