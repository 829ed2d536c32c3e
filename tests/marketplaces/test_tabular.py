"""Files are recognised by their columns, and a broken row costs no other row."""

import csv
import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.money import exponent, to_text
from salesdaemon.errors import ExportError
from salesdaemon.marketplaces.base import BadRow, ExportFile
from salesdaemon.marketplaces.localised import (
    Calendar,
    find_amount,
    find_country,
    find_id,
    parse_amount,
    read_amount,
    read_currency,
    read_id,
)
from salesdaemon.marketplaces.tabular import CellError, Layout, Table, Tally, open_table, unguard

FRUIT = Layout("fruit", ("Name", "Price"), {"preis": "Price"})
TOOLS = Layout("tools", ("Tool", "Weight"))


def open_text(text: str) -> Table:
    return open_table(ExportFile("things.csv", text), "The Shop", (FRUIT, TOOLS))


def read(text: str, *columns: str) -> tuple[list[tuple[int, tuple[str, ...]]], Tally]:
    tally = Tally()
    return list(open_text(text).rows(columns or ("Name", "Price"), tally)), tally


# The table


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Name,Price\nPlum,1\n", id="commas"),
        pytest.param("Name;Price\nPlum;1\n", id="semicolons"),
        pytest.param("Name\tPrice\nPlum\t1\n", id="tabs"),
        pytest.param("\ufeffName,Price\r\nPlum,1\r\n", id="byte order mark and CRLF"),
        pytest.param('\ufeff"Name","Price"\n"Plum","1"', id="quotes, no newline at the end"),
        pytest.param("Name,Price\rPlum,1\r", id="old line ends"),
        pytest.param(" name , PRICE\nPlum,1\n", id="another spelling"),
        pytest.param("sep=;\nName;Preis\nPlum;1\n", id="a spreadsheet's hint, another language"),
        pytest.param("\n\nName,Price\nPlum,1\n\n,\n", id="empty lines"),
        pytest.param("Name,Price\nPlum,1,,\n", id="empty cells beyond the header"),
        pytest.param("Name,Price\nPlum,1\nName,Price\n", id="the header again"),
        pytest.param("Weight,Price,Name\n9,1,Plum\n", id="another order and more columns"),
        pytest.param("Name,Price,Name,Price\nPlum,1,Canary,2\n", id="the first of a name counts"),
    ],
)
def test_a_row_is_read_whatever_the_file_looks_like(text: str) -> None:
    rows, tally = read(text)

    assert rows == [(2, ("Plum", "1"))]
    assert tally == Tally(rows=1)


def test_a_column_that_is_not_there_is_empty() -> None:
    assert read("Name,Price\nPlum,1\n", "Price", "Colour")[0] == [(2, ("1", ""))]
    assert open_text("Name,Price\n").has("Colour") is False
    assert open_text("Name,Preis\n").has("Price") is True


def test_a_cell_keeps_its_line_breaks_and_the_next_row_its_number() -> None:
    rows, tally = read('Name,Price\n"Plum\nand ""pear""",1\nApple,2\n')

    assert rows == [(2, ('Plum\nand "pear"', "1")), (3, ("Apple", "2"))]
    assert tally.rows == 2


def test_a_row_with_an_open_quote_lends_nothing_to_the_next() -> None:
    text = 'Weight,Name,Price\n1,"Plum,2\n3,"Fig",4\n5,"two\nlines, here",6\n'
    rows, tally = read(text, "Weight", "Name", "Price")

    assert rows == [(3, ("3", "Fig", "4")), (4, ("5", "two\nlines, here", "6"))]
    assert tally.bad == [BadRow(2, "", "has a quote that is not closed")]


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    assert [number for number, _ in read("Name,Price\n\nPlum,1\nName,Price\nFig,2\n")[0]] == [3, 5]


def test_a_header_alone_is_a_file_of_no_rows() -> None:
    assert read("Name,Price\n") == ([], Tally())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("Plum", "has 1 cells, and the header has 2", id="too few cells"),
        pytest.param("Plum,1,2", "has 3 cells, and the header has 2", id="too many cells"),
        pytest.param(
            "Plum," + "1" * 10**7, "is too long, or a quote in it is not closed", id="10 MB cell"
        ),
        pytest.param(
            '"Plum,1', "has 1 cells, and the header has 2", id="a quote that nobody closed"
        ),
        pytest.param(
            'Plum,"1', "has a quote that is not closed", id="a quote that the next row closes"
        ),
        pytest.param(
            "Plum\r,1", "is too long, or a quote in it is not closed", id="a stray line end"
        ),
    ],
)
def test_a_broken_row_is_set_aside_and_the_rest_goes_in(row: str, reason: str) -> None:
    rows, tally = read(f'Name,Price\nApple,1\n{row}\nPear,"2"\nFig,3\n')

    assert [cells for _, cells in rows] == [("Apple", "1"), ("Pear", "2"), ("Fig", "3")]
    assert tally == Tally(rows=4, bad=[BadRow(3, "", reason)])


def test_a_nul_is_no_reason_to_stop() -> None:
    assert read("Name,Price\nPl\0um,1\n")[0] == [(2, ("Pl\0um", "1"))]


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\r")), st.text("abc,;")),
        max_size=8,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[tuple[str, str]], separator: str) -> None:
    rows = [row for row in rows if any(row)]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("Name", "Price"), *rows])

    assert [cells for _, cells in read(written.getvalue())[0]] == rows


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("", "things.csv is empty.", id="empty"),
        pytest.param("\ufeff\n \n", "things.csv is empty.", id="blank"),
        pytest.param("A,B\n1,2\n", "things.csv has the columns 'A', 'B'.", id="other columns"),
        pytest.param(
            "Name,Colour\n1,2\n",
            "things.csv has the columns 'Name', 'Colour'. To be fruit it lacks 'Price'.",
            id="one column missing",
        ),
        pytest.param(
            "Jane Canary,12 Canary St\n",
            "things.csv does not begin with the names of columns.",
            id="a buyer's data instead of a header",
        ),
    ],
)
def test_a_wrong_header_is_refused_with_what_was_expected_and_found(text: str, what: str) -> None:
    with pytest.raises(ExportError) as refusal:
        open_text(text)

    assert refusal.value.what == what
    assert refusal.value.fix == (
        "Expected one of The Shop's own exports, in English: "
        "fruit (Name, Price, …); tools (Tool, Weight, …)."
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [("'-abc==", "-abc=="), ("'=1+1", "=1+1"), ("'tis", "'tis"), ("-abc", "-abc"), ("'", "'")],
)
def test_the_apostrophe_before_a_formula_is_taken_away(text: str, plain: str) -> None:
    assert unguard(text) == plain


# Amounts


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.00", "USD", 1200),
        ("12", "USD", 1200),
        ("12.5", "USD", 1250),
        (".5", "USD", 50),
        ("CA$76.00", "CAD", 7600),
        ("-£4.80", "GBP", -480),
        ("£-4.80", "GBP", -480),
        ("+£4.80", "GBP", 480),
        ("\u22124.80", "GBP", -480),
        ("(4.80)", "USD", -480),
        ("4.80-", "USD", -480),
        ("'-10.00", "USD", -1000),
        ("1.234,56 €", "EUR", 123456),
        ("-1.234,56 EUR", "EUR", -123456),
        ("-10,00", "EUR", -1000),
        ("\u200e-10,00\u00a0€", "EUR", -1000),
        ("1\u202f234,56 zł", "PLN", 123456),
        ("1'234.50", "CHF", 123450),
        ("₹1,23,456.00", "INR", 12345600),
        ("R$ 5,00", "BRL", 500),
        ("kr. 5,00", "DKK", 500),
        ("1,500", "USD", 150000),
        ("1.234.567", "EUR", 123456700),
        ("0.500", "USD", 50),
        ("¥1,500", "JPY", 1500),
        ("1.500", "JPY", 1500),
        ("1500.00", "JPY", 1500),
        ("5.000", "KWD", 5000),
        ("", "USD", None),
        ("--", "USD", None),
        (" - ", "USD", None),
        ("—", "USD", None),
    ],
)
def test_an_amount_is_read_in_any_notation(text: str, currency: str, minor: int | None) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("ten", "USD", "is no amount"),
        ("=1+1", "USD", "is no amount"),
        ("1e5", "USD", "is no amount"),
        ("1.2.3", "USD", "is no amount"),
        ("12,34,56", "EUR", "is no amount"),
        ("12 34", "USD", "is no amount"),
        ("--5", "USD", "is no amount"),
        ("(5", "USD", "is no amount"),
        ("-(5)", "USD", "is no amount"),
        ("٣", "USD", "is no amount"),
        ("1\0", "USD", "is no amount"),
        ("4.805", "GBP", "may be two amounts: three digits follow the dot"),
        ("12.3456", "USD", "is finer than the smallest unit of its currency"),
        ("1.5", "JPY", "is finer than the smallest unit of its currency"),
        ("9" * 20, "USD", "is too large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_column_and_no_value(
    text: str, currency: str, reason: str
) -> None:
    with pytest.raises(CellError) as refusal:
        read_amount(text, currency, "Price")

    assert (refusal.value.column, refusal.value.reason) == ("Price", reason)
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


NOTATIONS = {
    # Separator of thousands, decimal sign, and where the sign of the currency goes.
    "American": (",", ".", "{sign}${number}"),
    "British": (",", ".", "£{sign}{number}"),
    "German": (".", ",", "{sign}{number} €"),
    "French": ("\u202f", ",", "{sign}{number}\u00a0€"),
    "Swiss": ("’", ".", "CHF {sign}{number}"),
    "Swedish": ("\u00a0", ",", "{sign}{number} kr"),
    "plain": ("", ".", "{sign}{number}"),
    "plain with comma": ("", ",", "{sign}{number}"),
}


@given(
    st.integers(-(10**13), 10**13),
    st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    st.sampled_from(sorted(NOTATIONS)),
    st.sampled_from(["-", "\u2212"]),
)
def test_an_amount_written_in_any_notation_is_read_back(
    minor: int, currency: str, notation: str, minus: str
) -> None:
    thousands, decimal, pattern = NOTATIONS[notation]
    whole, _, part = to_text(abs(minor), currency).partition(".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    number = f"{grouped}{decimal}{part}" if exponent(currency) else grouped
    text = pattern.format(sign=minus if minor < 0 else "", number=number)

    assert parse_amount(text, currency) == minor


@given(st.text(max_size=12), st.sampled_from(["USD", "JPY"]))
def test_any_text_is_an_amount_or_refused(text: str, currency: str) -> None:
    try:
        minor = parse_amount(text, currency)
    except ValueError:
        return
    assert minor is None or any(sign.isdecimal() for sign in text)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("$1,234.56 sent to your bank account", "USD", 123456),
        ("€826,34 an dein Bankkonto überwiesen", "EUR", 82634),
        ("1\u202f234,56 € virés sur votre compte bancaire", "EUR", 123456),
        ("Deposit", "USD", None),
    ],
)
def test_an_amount_is_found_in_a_sentence(text: str, currency: str, minor: int | None) -> None:
    assert find_amount(text, currency) == minor


# Days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("09/03/26", date(2026, 9, 3)),
        ("09/14/26", date(2026, 9, 14)),
        ("14/09/26", date(2026, 9, 14)),
        ("9/3/2026", date(2026, 9, 3)),
        ("2026-09-03", date(2026, 9, 3)),
        ("2026/09/03 10:00", date(2026, 9, 3)),
        ("03.09.2026", date(2026, 9, 3)),
        ("September 3, 2026", date(2026, 9, 3)),
        ("Sep 3, 2026", date(2026, 9, 3)),
        ("31 July, 2026", date(2026, 7, 31)),
        ("30-Apr-25", date(2025, 4, 30)),
        ("2-Jan 2026", date(2026, 1, 2)),
        ("31. Juli 2026", date(2026, 7, 31)),
        ("15. März 2026", date(2026, 3, 15)),
        ("3 de septiembre de 2026", date(2026, 9, 3)),
        ("3 sept 2026", date(2026, 9, 3)),
        ("1er janvier 2026", date(2026, 1, 1)),
        ("14 févr. 2026", date(2026, 2, 14)),
        ("3 settembre 2026", date(2026, 9, 3)),
        ("3 mrt. 2026", date(2026, 3, 3)),
        ("3 de setembro de 2026", date(2026, 9, 3)),
        ("29 de fev. de 2024", date(2024, 2, 29)),
    ],
)
def test_a_day_is_read_in_any_of_the_forms(text: str, day: date) -> None:
    assert Calendar().read(text, "Day") == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Smarch 1, 2026",
        "02/30/26",
        "13/13/26",
        "00/01/26",
        "3 3 2026",
        "0026-09-03",
        "1\0",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CellError) as refusal:
        Calendar().read(text, "Day")

    assert (refusal.value.column, refusal.value.reason) == ("Day", "is no day")


@pytest.mark.parametrize(
    ("others", "day"),
    [
        pytest.param([], date(2026, 9, 3), id="nothing settles it"),
        pytest.param(["09/14/26"], date(2026, 9, 3), id="the month leads elsewhere"),
        pytest.param(["14/09/26"], date(2026, 3, 9), id="the day leads elsewhere"),
    ],
)
def test_one_row_settles_the_order_of_day_and_month(others: Sequence[str], day: date) -> None:
    assert Calendar([*others, "09/03/26"]).read("09/03/26", "Day") == day


def test_a_day_that_a_mixed_file_leaves_open_is_refused() -> None:
    calendar = Calendar(["09/14/26", "14/09/26"])

    assert calendar.read("09/14/26", "Day") == calendar.read("14/09/26", "Day")
    with pytest.raises(CellError, match="may be two days"):
        calendar.read("09/03/26", "Day")


# Countries, currencies, ids


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States", "US"),
        ("United Kingdom", "GB"),
        ("The Netherlands", "NL"),
        ("Czech Republic", "CZ"),
        ("Bosnia and Herzegovina", "BA"),
        ("Korea, Republic of", "KR"),
        ("Ireland {Republic of}", "IE"),
        ("Cote d'Ivoire", "CI"),
        ("St. Lucia", "LC"),
        ("Deutschland", "DE"),
        ("Großbritannien", "GB"),
        ("España", "ES"),
        ("États-Unis", "US"),
        ("Stati Uniti", "US"),
        ("Duitsland", "DE"),
        ("Alemanha", "DE"),
        ("de", "DE"),
        ("XX", None),
        ("Korea", None),
        ("Narnia", None),
        ("European Union", None),
        ("", None),
    ],
)
def test_a_country_is_known_by_its_name(name: str, code: str | None) -> None:
    assert find_country(name) == code


def test_a_currency_is_a_code_of_three_letters() -> None:
    assert read_currency(" usd ", "Currency") == "USD"
    with pytest.raises(CellError, match="Currency is no currency code of three letters"):
        read_currency("$", "Currency")


def test_an_id_that_a_spreadsheet_has_shortened_is_refused() -> None:
    assert (read_id("#4137418052", "Order"), find_id(" ", "Order")) == ("4137418052", None)
    with pytest.raises(CellError, match="a spreadsheet may have shortened it"):
        read_id("4.13742E+09", "Order")
    with pytest.raises(CellError, match="Order is empty"):
        read_id("", "Order")
