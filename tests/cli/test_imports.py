"""`import`: what a marketplace's own files brought, and which rows did not fit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import GUMROAD, Installation
from tests.notify.listener import Listener
from tests.stall import STALL, dropped_in, write

ROWS = (
    ("o1", "2025-03-01", "l1", "Plum jam", 450),
    ("o1", "2025-03-01", "l2", "Quince jelly", 650),
    ("o2", "2025-03-04", "l3", "Plum jam", 450),
)
SPOILT = ("o3", "2025-03-05", "l4", "Plum jam", "4,50 £".replace(",", "."))


@pytest.fixture
def stall(
    cli: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    with dropped_in(tmp_path, monkeypatch):
        cli.configure(STALL, GUMROAD)
        yield cli


def keep(cli: Installation, name: str, text: str) -> str:
    (cli.folder / name).write_text(text, encoding="utf-8")
    return name


def test_an_import_says_what_came_of_each_file(stall: Installation) -> None:
    items = keep(stall, "items.csv", write("items", *ROWS, SPOILT))
    books = keep(
        stall,
        "books.csv",
        write(
            "books",
            ("e1", "2025-03-01", "o1", "payment", 1100),
            ("e2", "2025-03-06", "", "cost", -20),
        ),
    )
    ran = stall.run("import", "saturday", items, books, "--format", "json")
    assert ran.code == 0
    assert ran.json == [
        {
            "file": "items.csv",
            "kind": "items",
            "rows": 4,
            "stored": 2,
            "merged": 0,
            "known": 0,
            "set_aside": [{"row": 5, "column": "pence", "reason": "not a number"}],
            "first": "2025-03-01",
            "last": "2025-03-04",
            "totals": {
                "GBP": {
                    "sales": 2,
                    "gross": "15.50",
                    "refunded": "0.00",
                    "entries": 0,
                    "booked": "0.00",
                }
            },
        },
        {
            "file": "books.csv",
            "kind": "books",
            "rows": 2,
            "stored": 2,
            "merged": 0,
            "known": 0,
            "set_aside": [],
            "first": "2025-03-01",
            "last": "2025-03-06",
            "totals": {
                "GBP": {
                    "sales": 0,
                    "gross": "0.00",
                    "refunded": "0.00",
                    "entries": 2,
                    "booked": "10.80",
                }
            },
        },
    ]
    assert ran.err.splitlines() == [
        "items.csv: 1 row set aside.",
        "items.csv: row 5, pence: not a number",
    ]
    sales = stall.run("sales", "--format", "json").json
    assert [(sale["sale_id"], sale["sold_on"], sale["paid_at"]) for sale in sales] == [
        ("o1", "2025-03-01", None),
        ("o2", "2025-03-04", None),
    ]


def test_a_plain_table_sums_each_file_up_in_a_line(stall: Installation) -> None:
    items = keep(stall, "items.csv", write("items", *ROWS))
    ran = stall.run("import", "saturday", items)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "file\tkind\trows\tstored\tmerged\tknown\tset_aside\tfirst\tlast\ttotals",
        "items.csv\titems\t3\t2\t0\t0\t0\t2025-03-01\t2025-03-04\t2 sales of 15.50 GBP",
    ]
    again = stall.run("import", "saturday", items)
    assert again.lines[1].split("\t")[3:6] == ["0", "0", "2"]


def test_a_wrong_file_is_one_line_and_the_others_go_in(stall: Installation) -> None:
    wrong = keep(stall, "wrong.csv", "name,phone\nAnna,1\n")
    right = keep(stall, "items.csv", write("items", *ROWS))
    ran = stall.run("import", "saturday", wrong, right, "--format", "json")
    assert (ran.code, [each["file"] for each in ran.json]) == (1, ["items.csv"])
    assert ran.err == "wrong.csv: Expected order, day, …; found name, phone.\n"
    assert len(stall.run("sales", "--format", "json").json) == 2


def test_many_rows_set_aside_are_not_all_told(stall: Installation) -> None:
    rows = [(f"o{n}", "2025-03-05", f"l{n}", "Jam", "?") for n in range(25)]
    ran = stall.run("import", "saturday", keep(stall, "items.csv", write("items", *rows)))
    told = ran.err.splitlines()
    assert (ran.code, len(told)) == (0, 22)
    assert told[0] == "items.csv: 25 rows set aside."
    assert told[-1] == "items.csv: and 5 more; `--format json` lists them."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "items.csv"), "There is no shop 'nowhere'. Known: saturday, templates."),
        (("saturday", "items.csv", "gone.csv"), "There is no file gone.csv."),
    ],
)
def test_wrong_usage_ends_with_2_before_anything_is_stored(
    stall: Installation, arguments: tuple[str, ...], said: str
) -> None:
    keep(stall, "items.csv", write("items", *ROWS))
    ran = stall.run("import", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{said}\n")
    assert stall.run("sales", "--format", "json").json == []


def test_an_import_rings_nothing_and_leaves_nothing_waiting(
    stall: Installation, tmp_path: Path
) -> None:
    phone = Listener()
    with phone.serving():
        stall.configure(STALL, f'[channels.phone]\nurl = "json://{phone.host}/"\n')
        items = keep(stall, "items.csv", write("items", *ROWS))
        assert stall.run("import", "saturday", items).code == 0
        assert stall.run("alerts", "--format", "json").json == []
    assert phone.received == []
