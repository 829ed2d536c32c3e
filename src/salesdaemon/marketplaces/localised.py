"""Read amounts, days and countries the way exports write them in many places and languages.

Nothing is guessed: what can be read in two ways and is not settled by its file is refused.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from babel import Locale

from salesdaemon.domain.money import exponent
from salesdaemon.marketplaces.tabular import CellError

LARGEST_AMOUNT: Final = 10**15
"""Minor units beyond which an amount is taken for a mistake."""

_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")

_MINUS = dict.fromkeys(map(ord, "\u2212\u2012\u2013\u2014\ufe63\uff0d"), "-")
_SPACE = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\t"), " ")
_MARKS = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
_PLAIN_SIGNS = {**_MINUS, **_SPACE, **_MARKS, ord("’"): "'"}

_PLAIN = re.compile(r"(-?)(\d{1,13})\.(\d\d)", re.ASCII)
# Letters and a sign of a currency: "€", "CA$", "kr.", "EUR ", "R$".
_CURRENCY = r"(?:(?:[^\W\d_]{1,4}\.?)?\s?[$¢£¥฿\u20a0-\u20c0]?)"
_NUMBER = r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?|\d[\d.,]*\d|\d|[.,]\d+"
_AMOUNT = re.compile(
    rf"(\()?\s*([-+])?\s*{_CURRENCY}\s*([-+])?\s*({_NUMBER})\s*{_CURRENCY}\s*(-)?\s*(\))?"
)
_AMOUNT_IN_TEXT = re.compile(rf"-?\s?{_CURRENCY}\s?-?(?<![\d.,])(?:{_NUMBER})")
_GROUPS = re.compile(r"\d+|\d{1,3}([.,'])(?:\d{2,3}\1)*\d{3}", re.ASCII)
_NOTHING = {"", "-", "--", "---"}


@lru_cache(maxsize=4096)
def parse_amount(text: str, currency: str) -> int | None:
    """Read an amount as minor units; None for an empty cell or a dash.

    Raises:
        ValueError: it is no amount, too large, or finer than the currency's smallest unit.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None and exponent(currency) == 2:  # noqa: PLR2004 - cents are cents
        minor = int(plain[2] + plain[3])
        return -minor if plain[1] else minor
    text = text.translate(_PLAIN_SIGNS).strip()
    if text in _NOTHING:
        return None
    match = _AMOUNT.fullmatch(text.removeprefix("'"))
    if match is None or bool(match[1]) != bool(match[6]):
        raise ValueError("is no amount")
    signs = [match[1] and "-", match[2], match[3], match[5]]
    if sum(sign is not None for sign in signs) > 1:
        raise ValueError("is no amount")
    minor = _to_minor(match[4], exponent(currency))
    return -minor if "-" in signs else minor


def read_amount(text: str, currency: str, column: str) -> int | None:
    """Read the amount of a cell as minor units; None where it is empty or a dash.

    Raises:
        CellError: it cannot be read.
    """
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        reason = str(error)
    raise CellError(column, reason)  # outside the handler: the cause may quote the value


def read_sum(text: str, currency: str, column: str) -> int:
    """Read an amount that is not negative, in minor units; 0 where the cell is empty.

    Raises:
        CellError: it cannot be read, or is negative.
    """
    minor = read_amount(text, currency, column) or 0
    if minor < 0:
        raise CellError(column, "is negative")
    return minor


def find_amount(text: str, currency: str) -> int | None:
    """Return the first amount that stands in a sentence, as minor units; None without any."""
    match = _AMOUNT_IN_TEXT.search(text.translate(_PLAIN_SIGNS))
    if match is None:
        return None
    try:
        return parse_amount(match[0].strip(), currency)
    except ValueError:
        return None


def _to_minor(number: str, decimals: int) -> int:
    whole, part = _part(number.replace(" ", "'"), decimals)
    if _GROUPS.fullmatch(whole) is None:
        raise ValueError("is no amount")
    if part[decimals:].strip("0"):
        raise ValueError("is finer than the smallest unit of its currency")
    digits = re.sub(r"\D", "", whole) + part[:decimals].ljust(decimals, "0")
    if len(digits) > len(str(LARGEST_AMOUNT)) or int(digits) > LARGEST_AMOUNT:
        raise ValueError("is too large")
    return int(digits)


def _part(number: str, decimals: int) -> tuple[str, str]:
    """Split a number into its whole part, with separators, and its decimals.

    Of two kinds of separator the last one is the decimal sign, and one that comes twice is none.
    A single one is, unless three digits follow it and the currency does not have three decimals.
    """
    place = max(number.rfind("."), number.rfind(","))
    if place < 0:
        return number, ""
    whole, sign, part = number[:place], number[place], number[place + 1 :]
    if sign in whole:
        return number, ""
    alone = whole.isdecimal() and not whole.startswith("0")
    if alone and len(part) == 3 and decimals != 3:  # noqa: PLR2004 - a group has three digits
        if sign == "." and decimals:
            raise ValueError("may be two amounts: three digits follow the dot")
        return number, ""
    return whole or "0", part


_ID = re.compile(r"#?(\d{1,20})", re.ASCII)
_CODE = re.compile(r"[A-Z]{3}")


@lru_cache(maxsize=64)
def read_currency(text: str, column: str) -> str:
    """Read an ISO 4217 code.

    Raises:
        CellError: it is none.
    """
    code = text.strip().upper()
    if _CODE.fullmatch(code) is None:
        raise CellError(column, "is no currency code of three letters")
    return code


def find_id(text: str, column: str) -> str | None:
    """Read an id that is a whole number, also with # before it; None for an empty cell.

    Raises:
        CellError: it is another text; spreadsheets shorten long numbers to such as 3.2E+09.
    """
    match = _ID.fullmatch(text.strip())
    if match is None and text.strip():
        raise CellError(column, "is no whole number; a spreadsheet may have shortened it")
    return match[1] if match else None


def read_id(text: str, column: str) -> str:
    """Read an id that must be there.

    Raises:
        CellError: it is empty or no whole number.
    """
    found = find_id(text, column)
    if found is None:
        raise CellError(column, "is empty")
    return found


@lru_cache(maxsize=4096)
def noon(day: date) -> datetime:
    """Return the moment that stands for a day of which no more is known: 12:00 UTC."""
    return datetime.combine(day, time(12), UTC)


_SHORT = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T].*)?", re.ASCII)
_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?", re.ASCII)
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_FILLERS = {*("de", "del", "di", "do", "da", "of", "den", "der", "am", "le", "the", "d", "o")} | {
    *("st", "nd", "rd", "th", "er", "º", "ª", "re", "e")
}
_MONTHS_A_YEAR = 12
_CENTURY = 2000
_EARLIEST, _LATEST = 1995, 2100  # years that are no mistake


class Calendar:
    """Reads the days of one file, and knows from all of them whether the day or month leads.

    Without a sign of either, a short form such as 09/03/26 begins with the month.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        pairs = [match for text in texts if (match := _SHORT.fullmatch(text.strip()))]
        self._day_leads = any(int(match[1]) > _MONTHS_A_YEAR for match in pairs)
        self._month_leads = any(
            int(match[3]) > _MONTHS_A_YEAR and match[2] != "." for match in pairs
        )
        self._known: dict[str, date] = {}

    def read(self, text: str, column: str) -> date:
        """Read the day of a cell.

        Raises:
            CellError: it is no day, or two days are possible.
        """
        found = self._known.get(text)
        if found is None:
            try:
                found = self._parse(text.translate(_PLAIN_SIGNS).strip())
            except ValueError as error:
                reason = str(error) if type(error) is _DayError else "is no day"
                raise CellError(column, reason) from None
            self._known[text] = found
        return found

    def _parse(self, text: str) -> date:
        if match := _ISO.fullmatch(text):
            return _date(int(match[1]), int(match[2]), int(match[3]))
        if match := _SHORT.fullmatch(text):
            first, second = int(match[1]), int(match[3])
            if self._leads_with_day(first, second, match[2]):
                first, second = second, first
            return _date(_year(match[4]), first, second)
        return _parse_words(text)

    def _leads_with_day(self, first: int, second: int, sign: str) -> bool:
        if sign == "." or first > _MONTHS_A_YEAR or first == second:
            return True
        if second > _MONTHS_A_YEAR:
            return False
        if self._day_leads and self._month_leads:
            raise _DayError("may be two days: the file writes days and months in both orders")
        return self._day_leads


class _DayError(ValueError):
    """Why a day cannot be read, when there is more to say."""


def _parse_words(text: str) -> date:
    words = [word.casefold() for word in _WORDS.findall(text)]
    numbers = [word for word in words if word.isdecimal()]
    names = [word for word in words if not word.isdecimal() and word not in _FILLERS]
    if len(numbers) != 2 or len(names) != 1:  # noqa: PLR2004 - a day and a year
        raise ValueError
    day, year = numbers
    if len(day) == 4:  # noqa: PLR2004 - a year
        day, year = year, day
    month = _months().get(names[0])
    if month is None:
        raise ValueError
    return _date(_year(year), month, int(day))


def _date(year: int, month: int, day: int) -> date:
    if not _EARLIEST <= year <= _LATEST:
        raise ValueError
    return date(year, month, day)


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else _CENTURY + int(f"{int(digits):02}"[:2])  # noqa: PLR2004 - a whole year


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Return the number of each month by its names in every language, without dots."""
    found: dict[str, int] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in Locale.parse(language).months["format"][width].items():
                found.setdefault(name.rstrip(".").casefold(), number)
    return found | {"sept": 9, "mrz": 3}


# How shops and the ISO list call what babel calls otherwise, folded as `_fold` does.
_SPELLINGS = {
    "BN": "brunei darussalam",
    "BO": "bolivia plurinational state of",
    "CD": "congo the democratic republic of the",
    "CG": "congo",
    "CI": "ivory coast",
    "CV": "cape verde",
    "CZ": "czech republic",
    "FM": "micronesia federated states of",
    "GB": "uk, great britain, grossbritannien, gran bretana, grande bretagne, gran bretagna, "
    "groot brittannie, gra bretanha, england, scotland, wales, northern ireland",
    "HK": "hong kong",
    "IE": "ireland republic of, republic of ireland",
    "IR": "iran islamic republic of",
    "KR": "korea republic of, republic of korea",
    "LA": "lao people s democratic republic",
    "MD": "moldova republic of",
    "MK": "macedonia, macedonia the former yugoslav republic of",
    "MM": "burma, myanmar",
    "MO": "macao, macau",
    "NL": "holland",
    "PS": "palestine state of, palestinian territory occupied, palestine",
    "RU": "russian federation",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey",
    "TW": "taiwan province of china",
    "TZ": "tanzania united republic of",
    "US": "usa, united states of america",
    "VA": "holy see vatican city state",
    "VE": "venezuela bolivarian republic of",
    "VG": "british virgin islands",
    "VI": "virgin islands u s, us virgin islands",
    "VN": "viet nam",
}
_OTHER_NAMES = {name: code for code, names in _SPELLINGS.items() for name in names.split(", ")}
_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@lru_cache(maxsize=1024)
def find_country(name: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country by its name; None where nobody knows it."""
    plain = _fold(name)
    if not plain:
        return None
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    if len(plain) == 2 and plain.isascii():  # noqa: PLR2004 - a code already
        code = plain.upper()
        return code if code in _territories("en").values() else None
    found = (_territories(language).get(plain) for language in _LANGUAGES)
    return next((code for code in found if code is not None), None)


@lru_cache(maxsize=len(_LANGUAGES))
def _territories(language: str) -> dict[str, str]:
    names = Locale.parse(language).territories
    return {
        _fold(name): code
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY  # noqa: PLR2004 - alpha-2
    }


def _fold(name: str) -> str:
    """Bring the spellings of a name together: no accents, no signs, "and" for "&"."""
    bare = unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold()
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    words = re.sub(r"[\W_]+", " ", letters).strip()
    return re.sub(r"\bst\b", "saint", words.removeprefix("the "))
