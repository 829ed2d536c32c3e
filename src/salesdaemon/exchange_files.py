"""Read files of exchange rates: the European Central Bank's own, and a simple table of days.

A file is read whole or refused whole, in one sentence that says where and why. Files are taken for
hostile: a document type and what it declares are refused, and so is what unpacks to too much.
"""

import csv
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Final
from xml.parsers import expat

from salesdaemon.domain.exchange import EURO, Rate
from salesdaemon.errors import SalesDaemonError

ECB: Final = "ECB"
MOST_BYTES: Final = 16 * 1024 * 1024
"""The whole history as XML is half of it."""

FIRST_DAY: Final = date(1999, 1, 1)
"""The euro's first: rates are told in units for one euro."""

SIMPLE_HEADER: Final = ("date", "currency", "rate")
LONGEST_SOURCE: Final = 32

_NO_RATE: Final = {"", "N/A", "-"}
_RATE: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,15})?")
_CODE: Final = re.compile(r"[A-Z]{3}")
_WRITTEN_OUT: Final = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4})")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_CUT_SHORT: Final = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    }
)
# ISO 4217: the currencies of today, then those that the euro or a new currency has replaced since
# 1999 and that the European Central Bank quoted (read 2026-11).
_CURRENCIES: Final = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    BGN CYP EEK HRK LTL LVL MTL ROL SIT SKK TRL
    """.split()  # noqa: SIM905 - as a list they would fill three pages
)


class RateFileError(SalesDaemonError):
    """A file of rates cannot be used; nothing of it was kept."""


@dataclass(slots=True)
class _Reading:
    """What was read of one file so far. `until` is the last day that rates may be of."""

    name: str
    until: date
    since: date
    trusted: bool
    rates: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    any: bool = False

    def add(self, place: str, day: date, code: str, text: str) -> None:
        """Take one rate in; `place` says where it stands.

        Raises:
            RateFileError: it is none, or another than one of the same day before.
        """
        rate = self._rate(place, self.code(place, code), text)
        self.any = True
        if code == EURO or day < self.since:
            return
        earlier = self.rates.setdefault(day, {}).setdefault(code, rate)
        if earlier != rate:
            raise self.refuse(place, f"{code} has two rates for {day}", "Keep one of them.")

    def code(self, place: str, code: str) -> str:
        """Return the code of a currency, if it is one."""
        if _CODE.fullmatch(code) and (self.trusted or code in _CURRENCIES):
            return code
        raise self.refuse(
            place,
            f"{_quoted(code)} is no currency",
            "Write its three letters of ISO 4217, such as USD.",
        )

    def _rate(self, place: str, code: str, text: str) -> Decimal:
        rate = Decimal(text) if _RATE.fullmatch(text) else Decimal(0)
        if not rate:
            raise self.refuse(
                place,
                f"the rate of {code} is {_quoted(text)}",
                "A rate is a number above 0, such as 1.0956.",
            )
        if code == EURO and rate != 1:
            raise self.refuse(
                place, f"the rate of EUR is {text}", "Write rates in units for one euro."
            )
        return rate

    def day(self, place: str, text: str) -> date:
        """Return the day that was written as 2024-01-02, or as 2 January 2024."""
        day = _parse_day(text)
        if day is None:
            raise self.refuse(place, f"{_quoted(text)} is no day", "Write it as 2024-01-02.")
        if not FIRST_DAY <= day <= self.until:
            raise self.refuse(
                place, f"there are no rates of {day}", "Rates begin in 1999 and end today."
            )
        return day

    def refuse(self, place: str, what: str, fix: str) -> RateFileError:
        """Make the error that tells what is wrong, and where in the file."""
        where = f"{self.name}, {place}" if place else self.name
        return RateFileError(f"{where}: {what}.", fix=fix)

    def told_by(self, source: str) -> list[Rate]:
        """Return what was read, in the order of days."""
        if not self.any:
            raise self.refuse("", "there are no rates in it", "Is it the right file?")
        return [
            Rate(day, code, rate, source)
            for day, line in sorted(self.rates.items())
            for code, rate in line.items()
        ]


def read_rates(
    data: bytes, name: str, *, until: date, since: date = FIRST_DAY, trusted: bool = False
) -> list[Rate]:
    """Read a file of rates in units for one euro, in the order of days.

    It is one of the European Central Bank's (CSV, alone or in a zip, or XML), or a CSV of
    `date,currency,rate`. `name` stands in messages, and as the source of the latter. Days before
    `since` are left out; no day may come after `until`. The codes of currencies are looked up
    unless the file is `trusted` to know more of them than we do.

    Raises:
        RateFileError: something in it is no rate, or it is cut short.
    """
    reading = _Reading(name, until, since, trusted)
    if len(data) > MOST_BYTES:
        raise reading.refuse("", "it is larger than any file of rates", "Is it the right file?")
    if data.startswith(b"PK"):
        data = _unpack(data, reading)
    if data.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        return _read_xml(data, reading)
    return _read_table(data, reading)


def _quoted(text: str) -> str:
    """Quote a value of the file, cut to a length that fits a line; controls are escaped."""
    return repr(text if len(text) <= LONGEST_SOURCE else f"{text[:LONGEST_SOURCE]}…")


def _parse_day(text: str) -> date | None:
    written = _WRITTEN_OUT.fullmatch(text)
    try:
        if written is not None:
            return date(int(written[3]), _MONTHS.index(written[2]) + 1, int(written[1]))
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _unpack(data: bytes, reading: _Reading) -> bytes:
    from zipfile import BadZipFile, ZipFile  # noqa: PLC0415 - a daemon needs it once in its life

    damaged = reading.refuse("", "the zip is damaged or cut short", "Get the file again.")
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise reading.refuse("", "the zip holds not one file", "Import its files.")
            with archive.open(members[0]) as member:
                # What it says of its own size may be a lie.
                unpacked = member.read(MOST_BYTES + 1)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise damaged from error
    if len(unpacked) > MOST_BYTES:
        raise reading.refuse("", "the zip unpacks to too much", "Is it the right file?")
    return unpacked


# XML: <Cube time="…"> around a <Cube currency="…" rate="…"/> for each currency


def _read_xml(data: bytes, reading: _Reading) -> list[Rate]:
    """Read the bank's XML.

    Source: eurofxref-daily.xml and eurofxref-hist-90d.xml of the ECB (read 2026-11).
    """
    # The namespace is not looked at: the bank has kept the names, whatever stands before them.
    parser = expat.ParserCreate(namespace_separator=" ")
    day: date | None = None

    def on_element(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal day
        place = f"line {parser.CurrentLineNumber}"
        if name.rpartition(" ")[2] != "Cube":
            return
        if "time" in attributes:
            day = reading.day(place, attributes["time"])
        if "currency" in attributes and attributes.get("rate", "") not in _NO_RATE:
            if day is None:
                raise reading.refuse(place, "a rate stands before any day", "Get the file again.")
            reading.add(place, day, attributes["currency"], attributes["rate"])

    def on_document_type(*_declared: object) -> None:
        raise reading.refuse("", "it is a web page or declares a document type", _NOT_OURS)

    parser.StartElementHandler = on_element
    parser.StartDoctypeDeclHandler = on_document_type
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the parser's own signature: this is all of it
    except expat.ExpatError as error:
        what = "is cut short" if error.code in _CUT_SHORT else "is no proper XML"
        raise reading.refuse(f"line {error.lineno}", f"the file {what}", _AGAIN) from error
    return reading.told_by(ECB)


_NOT_OURS: Final = "Files of rates have none; is it the right file?"
_AGAIN: Final = "Get the file again."


# CSV


def _read_table(data: bytes, reading: _Reading) -> list[Rate]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise reading.refuse("", "it is no text in UTF-8", "Is it the right file?") from error
    rows = _rows(text, reading)
    header = next(rows, (0, []))[1]
    names = tuple(name.lower() for name in header)
    if names == SIMPLE_HEADER:
        return _read_simple(rows, reading)
    if len(names) > 1 and names[0] == "date" and "currency" not in names:
        return _read_wide(header, rows, reading)
    raise reading.refuse(
        "row 1",
        f"the header is {_quoted(','.join(header))}",
        "It has to be date,currency,rate, or begin as the ECB's with Date,USD,JPY.",
    )


def _rows(text: str, reading: _Reading) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank with their number, the space around cells dropped."""
    reader = csv.reader(StringIO(text, newline=""))
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise reading.refuse(
            f"row {reader.line_num}", "it is no CSV", "Is it the right file?"
        ) from error


def _read_simple(rows: Iterator[tuple[int, list[str]]], reading: _Reading) -> list[Rate]:
    for number, cells in rows:
        place = f"row {number}"
        _check_width(place, cells, len(SIMPLE_HEADER), reading)
        reading.add(place, reading.day(place, cells[0]), cells[1], cells[2])
    return reading.told_by(reading.name[-LONGEST_SOURCE:])


def _read_wide(
    header: Sequence[str], rows: Iterator[tuple[int, list[str]]], reading: _Reading
) -> list[Rate]:
    """Read the bank's CSV: a row for each day, a column for each currency, a comma at the end.

    Source: eurofxref-hist.csv and eurofxref.csv of the ECB (read 2026-11).
    """
    # The comma at the end of a row makes an empty cell, so that one cut within a number shows.
    codes = header[1:] if header[-1] else header[1:-1]
    for code in codes:
        reading.code("row 1", code)
    for number, cells in rows:
        place = f"row {number}"
        _check_width(place, cells, len(header), reading)
        day = reading.day(place, cells[0])
        for code, text in zip(codes, cells[1:], strict=False):
            if text not in _NO_RATE:
                reading.add(place, day, code, text)
    return reading.told_by(ECB)


def _check_width(place: str, cells: Sequence[str], wanted: int, reading: _Reading) -> None:
    if len(cells) < wanted:
        raise reading.refuse(
            place, f"it is cut short: {len(cells)} of {wanted} columns", "Get the file again."
        )
    if len(cells) > wanted:
        raise reading.refuse(
            place, f"it has {len(cells)} columns, the header {wanted}", "Correct the row."
        )
