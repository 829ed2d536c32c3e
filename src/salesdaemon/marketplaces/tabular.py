"""Read a marketplace's CSV export, whatever its separator and the order of its columns.

`open_table` recognises the kind of export by its header, and `Table.rows` yields the cells of
the columns asked for, and of no others. A row that is broken is noted and blocks no other.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from salesdaemon.errors import ExportError
from salesdaemon.marketplaces.base import BadRow, ExportFile

WHOLE_ROW: Final = ""
"""Stands for the column in a complaint about a row as such."""

_SEPARATORS = (",", ";", "\t")
_SHOWN_NAMES = 12
_LONGEST_NAME = 40
# What no column is called, so that a file without a header does not show a buyer's data.
_VALUE = re.compile(r"\W*\d.*|.*@.*|.*\d{3}.*", re.DOTALL)
_FORMULA_SIGNS = frozenset("=+-@%|\t\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class CellError(Exception):
    """A cell that makes no sense: its column and why, never its value."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column} {reason}".strip())
        self.column = column
        self.reason = reason


@dataclass(slots=True)
class Tally:
    """How many rows a reading came upon, and those that were set aside."""

    rows: int = 0
    bad: list[BadRow] = field(default_factory=list)

    def set_aside(self, number: int, error: Exception) -> None:
        """Note a row that could not be read, by what its reading raised."""
        if isinstance(error, CellError):
            self.bad.append(BadRow(number, error.column, error.reason))
        else:
            reason = f"makes no sense ({type(error).__name__})"
            self.bad.append(BadRow(number, WHOLE_ROW, reason))

    def in_order(self) -> tuple[BadRow, ...]:
        """Return the rows set aside by their place in the file."""
        return tuple(sorted(self.bad, key=lambda each: each.number))


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of export: what people call it, and the columns without which it says nothing.

    `also_known_as` maps other names of columns, in small letters, to the ones used here.
    """

    kind: str
    needs: tuple[str, ...]
    also_known_as: Mapping[str, str] = field(default_factory=dict)

    def name(self, cell: str) -> str:
        """Return the name used here for a column of a file, in small letters."""
        plain = " ".join(cell.replace("\ufeff", " ").replace("\0", " ").split()).casefold()
        return self.also_known_as.get(plain, plain).casefold()

    def missing(self, cells: Sequence[str]) -> list[str]:
        """List the columns it needs that a header does not have."""
        found = {self.name(cell) for cell in cells}
        return [name for name in self.needs if name.casefold() not in found]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose kind is known. Rows are read as they are asked for, each time anew."""

    layout: Layout
    text: str
    header: tuple[str, ...]
    begin: int
    separator: str
    newline: str

    def has(self, column: str) -> bool:
        """Tell whether the file has a column."""
        return not self.layout.missing(self.header) and self._place(column) >= 0

    def rows(self, columns: Sequence[str], tally: Tally) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the number of each row and its cells in the order of `columns`, two at least.

        The header is number 1, and empty rows count. A column that the file does not have is
        empty. Rows that are empty or repeat the header are skipped, broken ones are set aside.
        """
        pick = self._picker(columns)
        width = len(self.header)
        header = list(self.header)
        lines = _Lines(self.text, self.begin, self.newline)
        reader = csv.reader(lines, delimiter=self.separator)
        number = 1
        while True:
            start, line = lines.position, reader.line_num
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells, fault = [], "is too long, or a quote in it is not closed"
            else:
                if not cells or not (cells[0] or any(cells)) or cells == header:
                    continue
                fault = _check_width(cells, width)
            tally.rows += 1
            # A quote that nobody closed may end in the next row, even with as many cells.
            swallowed = reader.line_num > line + 1 and self._step_back(lines, start)
            if fault or swallowed:
                fault = fault or "has a quote that is not closed"
                tally.set_aside(number, CellError(WHOLE_ROW, fault))
                continue
            cells.append("")
            yield number, pick(cells)

    def distinct(self, columns: Sequence[str]) -> set[str]:
        """Collect the different texts of some columns, two at least; broken rows are skipped."""
        found: set[str] = set()
        for _, cells in self.rows(columns, Tally()):
            found.update(cells)
        return found

    def _place(self, column: str) -> int:
        names = [self.layout.name(cell) for cell in self.header]
        # The first of that name: what buyers were asked for stands in columns at the end.
        return names.index(column.casefold()) if column.casefold() in names else -1

    def _picker(self, columns: Sequence[str]) -> Callable[[list[str]], tuple[str, ...]]:
        return itemgetter(*(self._place(column) for column in columns))

    def _step_back(self, lines: "_Lines", start: int) -> bool:
        """Go on with the second line of a row of several lines if that is a row of its own.

        Where a cell of the row is rightly open at its line's end, the second closes it: then its
        quotes do not come in pairs.
        """
        again = _Lines(self.text, start, self.newline)
        next(again, None)
        second = again.position
        line = next(again, "")
        try:
            cells = next(csv.reader([line], delimiter=self.separator), [])
        except csv.Error:
            return False
        if len(cells) != len(self.header) or line.count('"') % 2:
            return False
        lines.position = second
        return True


def open_table(file: ExportFile, vendor: str, layouts: Sequence[Layout]) -> Table:
    """Recognise a file by its header.

    Raises:
        ExportError: it is none of these kinds; says which columns were expected and found.
    """
    newline = "\n" if "\n" in file.text else "\r"
    lines = _Lines(file.text, 0, newline)
    for line in lines:
        first = line.strip("\ufeff\0 \t\r\n,;")
        if first and not first.casefold().startswith("sep="):
            break
    else:
        raise ExportError(f"{file.name} is empty.", fix=_expected(vendor, layouts))
    separator, cells = _split_header(line, layouts)
    layout = min(layouts, key=lambda each: len(each.missing(cells)) / len(each.needs))
    if layout.missing(cells):
        raise ExportError(_unknown(file.name, cells, layout), fix=_expected(vendor, layouts))
    return Table(layout, file.text, tuple(cells), lines.position, separator, newline)


def unguard(text: str) -> str:
    """Take away the apostrophe that some exports put before what looks like a formula."""
    if text[:1] == "'" and text[1:2] in _FORMULA_SIGNS and len(text) > 1:
        return text[1:]
    return text


def clean(text: str) -> str | None:
    """Return a text without control characters and space around it; None where it is empty."""
    if not text.isprintable():
        text = _UNPRINTABLE.sub("", text)
    return text.strip() or None


class _Lines:
    """The lines of a text, one after the other; `position` may be set back to read some again."""

    def __init__(self, text: str, position: int, newline: str) -> None:
        self.position = position
        self._text = text
        self._newline = newline

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        start = self.position
        end = self._text.find(self._newline, start) + 1 or len(self._text)
        if start >= end:
            raise StopIteration
        self.position = end
        return self._text[start:end]


def _split_header(line: str, layouts: Sequence[Layout]) -> tuple[str, list[str]]:
    """Split a header at the separator that brings the most columns to light."""

    def known(cells: list[str]) -> int:
        return max(len(each.needs) - len(each.missing(cells)) for each in layouts)

    def cells(separator: str) -> list[str]:
        try:
            return next(csv.reader([line.lstrip("\ufeff")], delimiter=separator), [])
        except csv.Error:
            return []

    best = max(_SEPARATORS, key=lambda each: (known(cells(each)), len(cells(each))))
    return best, cells(best)


def _check_width(cells: list[str], width: int) -> str:
    """Drop empty cells beyond the header's width; say what is wrong where that is not all."""
    if len(cells) == width:
        return ""
    if len(cells) < width or any(cells[width:]):
        return f"has {len(cells)} cells, and the header has {width}"
    del cells[width:]
    return ""


def _unknown(name: str, cells: Sequence[str], nearest: Layout) -> str:
    if any(_VALUE.fullmatch(cell) for cell in cells) or not cells:
        return f"{name} does not begin with the names of columns."
    shown = [f"'{' '.join(cell.split())[:_LONGEST_NAME]}'" for cell in cells[:_SHOWN_NAMES]]
    more = f" and {len(cells) - _SHOWN_NAMES} more" if len(cells) > _SHOWN_NAMES else ""
    found = f"{name} has the columns {', '.join(shown)}{more}."
    missing = nearest.missing(cells)
    if len(missing) == len(nearest.needs):
        return found
    lacks = ", ".join(f"'{each}'" for each in missing)
    return f"{found} To be {nearest.kind} it lacks {lacks}."


def _expected(vendor: str, layouts: Sequence[Layout]) -> str:
    kinds = "; ".join(f"{each.kind} ({', '.join(each.needs)}, …)" for each in layouts)
    return f"Expected one of {vendor}'s own exports, in English: {kinds}."
