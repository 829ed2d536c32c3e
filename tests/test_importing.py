"""Files are read whatever wrote them, and taken in batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from salesdaemon import importing
from salesdaemon.application import Application
from salesdaemon.domain.sale import Kind
from salesdaemon.errors import SalesDaemonError
from salesdaemon.importing import FileTotals, decode, import_file, read_text
from salesdaemon.store.sales import SaleFilter, list_sales
from tests.config_file import SHOP, loader
from tests.databases import SqliteFiles, image
from tests.stall import STALL, dropped_in, write

TEXT = "order,title\n1,Crème brûlée – 5 €\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "cp1252"]
)
def test_the_way_a_file_is_written_is_found_out(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "sales.csv"
    marks = {"utf-16-le-bom": b"\xff\xfe", "utf-16-be-bom": b"\xfe\xff"}
    path.write_bytes(marks.get(encoding, b"") + TEXT.encode(encoding.removesuffix("-bom")))
    assert read_text(path) == TEXT


def test_a_letter_that_is_none_stops_nothing() -> None:
    assert decode(b"caf\xe9 \x81") == "café \ufffd"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04rest", "It is an archive or a workbook. Unpack it, or save as CSV."),
        (b"SQLite format 3\0", "It is no text file."),
        (b"\xff\xfea", "It is no text file."),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(SalesDaemonError) as caught:
        decode(data)
    assert str(caught.value) == said


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    with path.open("wb") as file:
        file.truncate(importing.LARGEST_FILE + 1)
    with pytest.raises(SalesDaemonError) as caught:
        read_text(path)
    assert str(caught.value) == ("It is larger than 200 MB. Download it in parts, such as by year.")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SalesDaemonError) as caught:
        read_text(tmp_path)
    assert str(caught.value) == "It cannot be read: is a directory."


# With a stall


@pytest.fixture
def app(
    tmp_path: Path, sqlite_files: SqliteFiles, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    url = sqlite_files.create_migrated(tmp_path)
    head = f'timezone = "Europe/London"\n[database]\nurl = "sqlite:///{url.database}"\n'
    with dropped_in(tmp_path, monkeypatch):
        opened = Application(loader(tmp_path)(head + STALL + SHOP))
        yield opened
        opened.store.close()


def file(folder: Path, text: str, name: str = "items.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


ROWS = (
    ("o1", "2025-03-01", "l1", "Plum jam", 450),
    ("o1", "2025-03-01", "l2", "Quince jelly", 650),
    ("o2", "2025-03-04", "l3", "Plum jam", 450),
)


def test_a_file_is_stored_and_summed_up(app: Application, tmp_path: Path) -> None:
    imported = import_file(app, "saturday", file(tmp_path, write("items", *ROWS)))
    assert (imported.name, imported.kind, imported.rows) == ("items.csv", "items", 3)
    assert (imported.stored, imported.merged, imported.known, imported.bad) == (2, 0, 0, [])
    assert (str(imported.first), str(imported.last)) == ("2025-03-01", "2025-03-04")
    assert imported.totals == {"GBP": FileTotals(sales=2, gross=1550)}
    with app.store.read() as connection:
        found = list_sales(connection, SaleFilter(), {})
    assert [(each.shop, each.sale_id, each.kind, each.gross_minor) for each in found] == [
        ("saturday", "o1", Kind.SALE, 1100),
        ("saturday", "o2", Kind.SALE, 450),
    ]


def test_a_file_imported_again_is_known_and_changes_nothing(
    app: Application, tmp_path: Path
) -> None:
    paths = [
        file(tmp_path, write("items", *ROWS)),
        file(tmp_path, write("orders", ("o1", "2025-03-01", 1100, 0, "GB")), "orders.csv"),
        file(tmp_path, write("books", ("e1", "2025-03-01", "o1", "payment", 1100)), "books.csv"),
    ]
    first = [import_file(app, "saturday", path) for path in paths]
    before = image(app.store)
    second = [import_file(app, "saturday", path) for path in paths]
    assert [(each.stored, each.merged, each.known) for each in first] == [
        (2, 0, 0),
        (0, 1, 0),
        (1, 0, 0),
    ]
    assert [(each.stored, each.merged, each.known) for each in second] == [
        (0, 0, 2),
        (0, 0, 1),
        (0, 0, 1),
    ]
    assert image(app.store) == before


def test_what_an_import_had_stored_before_it_was_stopped_is_known_the_next_time(
    app: Application, tmp_path: Path
) -> None:
    rows = [(f"o{n}", "2025-03-01", f"l{n}", "Jam", 450) for n in range(3000)]
    import_file(app, "saturday", file(tmp_path, write("items", *rows[:2000])))
    imported = import_file(app, "saturday", file(tmp_path, write("items", *rows)))
    assert (imported.stored, imported.known) == (1000, 2000)


def test_an_order_that_no_column_could_hold_is_set_aside(app: Application, tmp_path: Path) -> None:
    rows = (*ROWS, ("x" * 200, "2025-03-04", "l4", "Plum jam", 450))
    imported = import_file(app, "saturday", file(tmp_path, write("items", *rows)))
    assert imported.stored == 2
    assert [(row.number, row.reason) for row in imported.bad] == [(0, "the id is too long")]


def test_a_file_cut_short_is_one_sentence(app: Application, tmp_path: Path) -> None:
    text = write("items", *ROWS) + 'o3,2025-03-04,l4,"Plum'
    with pytest.raises(SalesDaemonError) as caught:
        import_file(app, "saturday", file(tmp_path, text))
    assert str(caught.value) == "It is no CSV file, or is cut short."
