"""Files of rates are read whole or refused in one sentence that says where and why."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.exchange import Rate
from salesdaemon.exchange_files import (
    ECB,
    FIRST_DAY,
    MOST_BYTES,
    RateFileError,
    read_rates,
)
from tests.fakes.central_bank import HEAD, TAIL, WEB_PAGE, table, working_days, xml, zipped

UNTIL = date(2026, 11, 22)
DAYS = working_days(date(2026, 11, 2), date(2026, 11, 20))

# The first lines of eurofxref-hist.csv of the European Central Bank as of 30 October 2026, with
# fewer columns, and the two of its eurofxref.csv of that day.
HIST = (
    b"Date,USD,JPY,BGN,CYP,GBP,\n"
    b"2026-10-30,1.1172,175.68,N/A,N/A,0.8338,\n"
    b"2026-10-29,1.113,175.92,N/A,N/A,0.83578,\n"
)
DAILY = b"Date, USD, JPY, CZK, GBP, \n30 October 2026, 1.1172, 175.68, 24.353, 0.83380, \n"
SIMPLE = b"date,currency,rate\n2026-10-30,MAD,10.7412\n2026-10-29,MAD,10.73\n"


def rate(day: str, currency: str, value: str, source: str = ECB) -> Rate:
    return Rate(date.fromisoformat(day), currency, Decimal(value), source)


def read(
    data: bytes, name: str = "file", *, since: date = FIRST_DAY, trusted: bool = False
) -> list[Rate]:
    return read_rates(data, name, until=UNTIL, since=since, trusted=trusted)


def refusal(data: bytes) -> str:
    with pytest.raises(RateFileError) as caught:
        read(data)
    return str(caught.value)


# What is read

THE_30TH = [
    rate("2026-10-30", "USD", "1.1172"),
    rate("2026-10-30", "JPY", "175.68"),
    rate("2026-10-30", "GBP", "0.8338"),
]
THE_29TH = [
    rate("2026-10-29", "USD", "1.113"),
    rate("2026-10-29", "JPY", "175.92"),
    rate("2026-10-29", "GBP", "0.83578"),
]
AS_XML = (
    HEAD
    + "<Cube time='2026-10-30'>\n<Cube currency='USD' rate='1.1172'/>"
    + "<Cube currency='JPY' rate='175.68'/><Cube currency='GBP' rate='0.83380'/></Cube>\n"
    + TAIL
).encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(HIST, THE_29TH + THE_30TH, id="the history as csv"),
        pytest.param(b"\xef\xbb\xbf" + HIST, THE_29TH + THE_30TH, id="with a byte order mark"),
        pytest.param(HIST.replace(b"\n", b"\r\n"), THE_29TH + THE_30TH, id="with Windows' ends"),
        pytest.param(zipped(HIST), THE_29TH + THE_30TH, id="the history as zip"),
        pytest.param(HIST.replace(b",\n", b"\n"), THE_29TH + THE_30TH, id="without last commas"),
        pytest.param(
            DAILY,
            [*THE_30TH[:2], rate("2026-10-30", "CZK", "24.353"), THE_30TH[2]],
            id="the day as csv",
        ),
        pytest.param(AS_XML, THE_30TH, id="the day as xml"),
        pytest.param(
            SIMPLE + b"\n2026-10-28,EUR,1\n2026-10-30,MAD,10.7412",
            [
                rate("2026-10-29", "MAD", "10.73", "file"),
                rate("2026-10-30", "MAD", "10.7412", "file"),
            ],
            id="a simple table",
        ),
        pytest.param(
            b"Date,Currency,Rate\n2026-10-30, MAD ,10.7412\n",
            [rate("2026-10-30", "MAD", "10.7412", "file")],
            id="a simple table with capitals and space",
        ),
    ],
)
def test_each_form_is_read(data: bytes, expected: list[Rate]) -> None:
    assert read(data) == expected


def test_the_forms_of_one_content_give_the_same_rates() -> None:
    assert read(xml(DAYS)) == read(table(DAYS)) == read(zipped(table(DAYS)))


def test_days_that_are_not_needed_are_left_out() -> None:
    assert read(HIST, since=date(2026, 10, 30)) == THE_30TH
    assert read(HIST, since=date(2026, 10, 31)) == []


def test_the_bank_may_know_a_currency_that_we_do_not() -> None:
    assert read(HIST.replace(b"GBP", b"XBQ"), trusted=True)[-1].currency == "XBQ"


def test_the_source_of_a_simple_table_is_the_end_of_its_long_name() -> None:
    long = "rates of the national bank for the year 2026.csv"
    assert {each.source for each in read(SIMPLE, long)} == {long[-32:]}


# What is refused

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            b"",
            "row 1: the header is ''. It has to be date,currency,rate, or begin as the ECB's with "
            "Date,USD,JPY.",
            id="an empty file",
        ),
        pytest.param(
            SIMPLE.replace(b",", b";"),
            "row 1: the header is 'date;currency;rate'. It has to be date,currency,rate, or begin "
            "as the ECB's with Date,USD,JPY.",
            id="another separator",
        ),
        pytest.param(
            b"day,code,value\n",
            "row 1: the header is 'day,code,value'. It has to be date,currency,rate, or begin as "
            "the ECB's with Date,USD,JPY.",
            id="a wrong header",
        ),
        pytest.param(
            b"date,rate,currency\n",
            "row 1: the header is 'date,rate,currency'. It has to be date,currency,rate, or begin "
            "as the ECB's with Date,USD,JPY.",
            id="columns in another order",
        ),
        pytest.param(
            b"Date,USD,\x1b[2JX,\n",
            "row 1: '\\x1b[2JX' is no currency. Write its three letters of ISO 4217, such as USD.",
            id="a header with a control character",
        ),
        pytest.param(
            b"Date,USD,XXQ,\n2026-10-30,1,1,\n",
            "row 1: 'XXQ' is no currency. Write its three letters of ISO 4217, such as USD.",
            id="a column of no currency",
        ),
        pytest.param(
            SIMPLE + b"2026-10-28,usd,1.1\n",
            "row 4: 'usd' is no currency. Write its three letters of ISO 4217, such as USD.",
            id="a currency in small letters",
        ),
        pytest.param(
            SIMPLE + b"28.10.2026,MAD,10.7\n",
            "row 4: '28.10.2026' is no day. Write it as 2024-01-02.",
            id="a day written otherwise",
        ),
        pytest.param(
            SIMPLE + b"2026-02-30,MAD,10.7\n",
            "row 4: '2026-02-30' is no day. Write it as 2024-01-02.",
            id="a day that is none",
        ),
        pytest.param(
            DAILY.replace(b"October", b"Oktober"),
            "row 2: '30 Oktober 2026' is no day. Write it as 2024-01-02.",
            id="a month that is none",
        ),
        pytest.param(
            SIMPLE + b"2026-11-23,MAD,10.7\n",
            "row 4: there are no rates of 2026-11-23. Rates begin in 1999 and end today.",
            id="tomorrow",
        ),
        pytest.param(
            SIMPLE + b"1998-12-31,MAD,10.7\n",
            "row 4: there are no rates of 1998-12-31. Rates begin in 1999 and end today.",
            id="before the euro",
        ),
        pytest.param(
            SIMPLE + b"2026-10-30,MAD,10.8\n",
            "row 4: MAD has two rates for 2026-10-30. Keep one of them.",
            id="two rates for a day",
        ),
        pytest.param(
            SIMPLE + b"2026-10-28,EUR,1.0956\n",
            "row 4: the rate of EUR is 1.0956. Write rates in units for one euro.",
            id="rates in another unit",
        ),
        pytest.param(
            SIMPLE + b"2026-10-28,MAD\n",
            "row 4: it is cut short: 2 of 3 columns. Get the file again.",
            id="a row without rate",
        ),
        pytest.param(
            SIMPLE + b"2026-10-28,MAD,10,7\n",
            "row 4: it has 4 columns, the header 3. Correct the row.",
            id="a decimal comma",
        ),
        pytest.param(
            HIST[:-2],
            "row 3: it is cut short: 6 of 7 columns. Get the file again.",
            id="a csv cut in its last number",
        ),
        pytest.param(
            HIST[:-18],
            "row 3: it is cut short: 3 of 7 columns. Get the file again.",
            id="a csv cut short",
        ),
        pytest.param(
            zipped(table(DAYS))[:200],
            "the zip is damaged or cut short. Get the file again.",
            id="a zip cut short",
        ),
        pytest.param(
            zipped(HIST, HIST), "the zip holds not one file. Import its files.", id="two in a zip"
        ),
        pytest.param(
            AS_XML[:-30], "line 6: the file is cut short. Get the file again.", id="xml cut short"
        ),
        pytest.param(
            AS_XML.replace(b"</Cube>", b"</Cub>", 1),
            "line 6: the file is no proper XML. Get the file again.",
            id="xml that is not well-formed",
        ),
        pytest.param(
            AS_XML.replace(b"time=", b"at="),
            "line 6: a rate stands before any day. Get the file again.",
            id="xml without a day",
        ),
        pytest.param(
            AS_XML.replace(b"1.1172", b"0"),
            "line 6: the rate of USD is '0'. A rate is a number above 0, such as 1.0956.",
            id="xml with a rate of zero",
        ),
        pytest.param(
            WEB_PAGE,
            "it is a web page or declares a document type. Files of rates have none; is it the "
            "right file?",
            id="a web page",
        ),
        pytest.param(
            b"<html><body/></html>",
            "there are no rates in it. Is it the right file?",
            id="a web page that looks like xml",
        ),
        pytest.param(
            BOMB + b"<a>&c;</a>",
            "it is a web page or declares a document type. Files of rates have none; is it the "
            "right file?",
            id="xml that declares entities",
        ),
        pytest.param(
            b"Date,USD,\n", "there are no rates in it. Is it the right file?", id="a header alone"
        ),
        pytest.param(
            b"date,currency,rate\n\xff\xfe,\xe9,1\n",
            "it is no text in UTF-8. Is it the right file?",
            id="another encoding",
        ),
        pytest.param(
            b"date,currency,rate\n" + b"9" * 200_000,
            "row 2: it is no CSV. Is it the right file?",
            id="an endless cell",
        ),
        pytest.param(
            b" " * (MOST_BYTES + 1),
            "it is larger than any file of rates. Is it the right file?",
            id="too large a file",
        ),
        pytest.param(
            zipped(b" " * (MOST_BYTES + 1)),
            "the zip unpacks to too much. Is it the right file?",
            id="a zip that unpacks to too much",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(data: bytes, expected: str) -> None:
    between = ", " if expected.startswith(("row", "line")) else ": "
    assert refusal(data) == f"file{between}{expected}"


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.0000",
        "-1.1",
        "",
        "NaN",
        "Infinity",
        "1e5",
        "1.",
        ".5",
        "+1",
        "1.1.1",
        "one",
        "\uff11",
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    data = SIMPLE + f"2026-10-28,MAD,{text}\n".encode()
    assert refusal(data) == (
        f"file, row 4: the rate of MAD is {text!r}. A rate is a number above 0, such as 1.0956."
    )


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b" " * (MOST_BYTES + 1))
    size = (MOST_BYTES + 1).to_bytes(4, "little")
    lying = buffer.getvalue().replace(size, (10).to_bytes(4, "little"))
    assert lying.count(size) == 0
    assert refusal(lying).startswith("file: ")


@given(st.binary(max_size=300))
def test_any_bytes_are_rates_or_refused(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"<Cube ", b"date,currency,rate\n", b"Date,USD,\n"):
        try:
            rates = read(start + data)
        except RateFileError as error:
            told = str(error)
        else:
            told = str(len(rates))
        assert told.isprintable()


@given(cut=st.integers(0, len(zipped(table(DAYS))) - 1))
def test_a_zip_cut_anywhere_is_refused(cut: int) -> None:
    assert refusal(zipped(table(DAYS))[:cut])


@given(cut=st.integers(0, len(xml(DAYS)) - 1))
def test_xml_cut_anywhere_is_refused(cut: int) -> None:
    assert refusal(xml(DAYS)[:cut])


@given(cut=st.integers(0, len(table(DAYS)) - 1))
def test_a_csv_cut_anywhere_gives_no_rate_that_it_does_not_hold(cut: int) -> None:
    try:
        found = read(table(DAYS)[:cut])
    except RateFileError:
        return
    assert set(found) <= set(read(table(DAYS)))
