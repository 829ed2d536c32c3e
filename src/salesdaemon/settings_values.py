"""How single settings are written, beside lengths of time and the fields of marketplaces.

Messages complete the sentence that begins with the key, and never hold the value.
"""

import json
import re
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints

from salesdaemon.domain.currencies import CURRENCIES
from salesdaemon.domain.hours import WHOLE_WEEK, overlaps, parse_hours, parse_weekdays, week_mask
from salesdaemon.domain.money import Money
from salesdaemon.errors import DomainError
from salesdaemon.marketplaces.fields import PLACEHOLDER, Secret

NAME: Final = r"^[a-z][a-z0-9_]{0,63}$"
DEFAULT_LOCALE: Final = "en_GB"
WHOLE: Final = 100
MASK: Final = "**********"

_WORTH: Final = re.compile(r"(\d{1,9}(?:\.\d+)?) *([A-Za-z]{3})")
_EMAIL: Final = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_CHANNEL_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S.*", re.IGNORECASE | re.DOTALL)
_LOGIN_IN_URL: Final = re.compile(r"(?<=://)([^:@/]*):.*@")
_PASSWORD_IN_QUERY: Final = re.compile(r"(password=)[^&]*", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'()*+,./:;=?@\[\]_~-]{1,900}")
"""What an address is written with (RFC 3986); more of it would not fit into a line of a mail."""
_PERCENT: Final = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?) *%?")
_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql+psycopg://"


def is_name(text: str) -> bool:
    """Tell whether a shop or channel may be called so."""
    return re.fullmatch(NAME, text) is not None


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite database, None for any other database."""
    return Path(url[len(_SQLITE) :].split("?", maxsplit=1)[0]) if url.startswith(_SQLITE) else None


def mask_url(url: str) -> str:
    """Hide the password in a database URL."""
    return _PASSWORD_IN_QUERY.sub(rf"\1{MASK}", _LOGIN_IN_URL.sub(rf"\1:{MASK}@", url))


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"is no IANA time zone; {_nearest_zone(name)}") from None
    return name


def _nearest_zone(name: str) -> str:
    known = {zone.lower(): zone for zone in sorted(available_timezones())}
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"did you mean `{known[near[0]]}`?"
    return "write it as Europe/Berlin or America/New_York."


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ValueError("must be a currency's three letters, such as EUR.")
    if code.upper() not in CURRENCIES:
        raise ValueError("is no currency of ISO 4217; write it as EUR or USD.")
    return code.upper()


def _worth(text: str) -> str:
    match = _WORTH.fullmatch(text.strip())
    if match is None:
        raise ValueError('must be an amount and a currency such as "30 EUR".')
    currency = match[2].upper()
    if currency not in CURRENCIES:
        raise ValueError('is in no currency of ISO 4217; write it as "30 EUR".')
    try:
        worth = Money.parse(match[1], currency)
    except DomainError:
        raise ValueError("is finer than the smallest unit of its currency.") from None
    if not worth.amount_minor:
        raise ValueError("must be more than nothing.")
    return f"{worth} {currency}"


def _locale(name: str) -> str:
    name = name.replace("-", "_")
    if name == DEFAULT_LOCALE:
        return name
    from babel.core import Locale, UnknownLocaleError  # noqa: PLC0415 - 24 MB, most never need it

    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        raise ValueError("is no known locale; write it as en_GB or de_DE.") from None
    return name


def _database_url(secret: SecretStr) -> SecretStr:
    scheme, _, rest = secret.get_secret_value().strip().partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and rest:
        return SecretStr(_POSTGRESQL + rest)
    if scheme == "sqlite" and rest.startswith("/"):
        return SecretStr(_SQLITE + _sqlite_file(rest[1:]))
    raise ValueError("must be sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME.")


def _sqlite_file(path: str) -> str:
    if not path.split("?", maxsplit=1)[0] or path.startswith((":memory:", "file:")):
        raise ValueError("must name the file of the SQLite database, as in sqlite:///sales.db.")
    if not path.startswith("~"):
        return path
    return _home(path)


def _home(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ValueError("has a ~, but this user has no home directory.") from None


def _key_file(path: Path) -> Path:
    if not path.name:
        raise ValueError("must name a file.")
    return Path(_home(str(path)))


def _folder(path: Path) -> Path:
    if not path.name or not str(path).isprintable():
        raise ValueError("must name a folder.")
    return Path(_home(str(path)))


def _channel_url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not _CHANNEL_URL.fullmatch(text):
        raise ValueError("must be an Apprise URL such as ntfy://TOPIC.")
    return SecretStr(text)


def _heartbeat_url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    parts = _split(text)
    if parts is None or parts.scheme not in {"https", "http"}:
        raise ValueError("must be an address such as https://hc.example.com/ping/ID.")
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        raise ValueError(
            "must begin with https:// (plain http only reaches machines of your own network)."
        )
    return SecretStr(text)


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address, None where it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.hostname and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # brackets that hold no address, a port that is no number
        return None
    return parts if usable else None


def _is_near(host: str) -> bool:
    """Tell whether a host is this machine or one of the home network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))


def _email(address: str) -> str:
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        raise ValueError("must be an e-mail address such as me@example.com.")
    return address


def _unsubscribe(text: str) -> str:
    """Take an address that fits into a header of a mail as it is."""
    if text.lower() == "off":
        return "off"
    if not _ADDRESS.fullmatch(text):
        raise ValueError("is too long, or holds what no address has; write a space as %20.")
    scheme, _, rest = text.partition(":")
    parts = _split(text)
    if scheme.lower() == "mailto" and _EMAIL.fullmatch(rest.split("?", maxsplit=1)[0]):
        return text
    if parts is not None and parts.scheme == "https":
        return text
    raise ValueError('must be "mailto:me@example.com", an address with https://, or "off".')


def _percent(value: object) -> Decimal:
    """Read 25, 7.5, "25" or "25 %"; the text of a float is the number as it was written."""
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    match = _PERCENT.fullmatch(str(value).strip() if number or isinstance(value, str) else "")
    if match is None:
        raise ValueError('must be a percentage such as 25 or "7.5 %".')
    percent = Decimal(match[1])
    if not 0 < percent <= WHOLE:
        raise ValueError(f"must be more than 0 and at most {WHOLE}.")
    return percent


def as_list(value: object) -> object:
    """Read a list that an environment variable gives as JSON or with commas.

    Raises:
        ValueError: it begins like JSON and is none.
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('must be a list such as ["one", "two"].') from None
    return [part.strip() for part in value.split(",") if part.strip()]


def _one_or_more(value: object) -> object:
    """Read a list, or one entry alone; commas and brackets may stand within an entry."""
    if isinstance(value, str) and not value.lstrip().startswith('["'):
        return [value]
    return as_list(value)


def _hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Write stretches of the day as we do."""
    found = []
    for number, text in enumerate(texts, 1):
        where = f"Entry {number}: " if len(texts) > 1 else ""
        try:
            found.append(str(parse_hours(text)))
        except DomainError as error:
            raise ValueError(f"{where}{error}") from None
    return tuple(found)


def _quiet_hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    stretches = [parse_hours(text) for text in texts]
    for first, second in overlaps(stretches):
        raise ValueError(
            f'"{texts[first]}" and "{texts[second]}" overlap; '
            "let one begin when the other ends, or name other weekdays."
        )
    if week_mask(stretches) == WHOLE_WEEK:
        raise ValueError(
            "They never end, so nothing would ever ring; leave some time out, "
            'or set kinds to "silent" in [alerts.kinds].'
        )
    return texts


def _weekdays(text: str) -> str:
    try:
        parse_weekdays(text)
    except DomainError as error:
        raise ValueError(str(error)) from None
    return text.strip().lower()


def _joined(value: object) -> object:
    """Read weekdays that are given as a list."""
    value = as_list(value) if isinstance(value, str) and value.lstrip().startswith("[") else value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return value


def _each_once(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))


def _at_least_one(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty list; pydantic's own limit also complains of a list of wrong entries."""
    if not entries:
        raise ValueError("must hold at least one entry.")
    return entries


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty.")
    if text.strip() == PLACEHOLDER:
        raise ValueError("still holds the … of the example; put your own there.")
    return text.strip()


Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A shop's or channel's name, the seller's own."""

Text = Annotated[str, AfterValidator(_not_blank)]
"""Text that is not blank, without space around it."""

TimeZone = Annotated[str, AfterValidator(_time_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Worth = Annotated[str, AfterValidator(_worth)]
"""An amount of money with its currency: "30.00 EUR"."""

Locale = Annotated[str, AfterValidator(_locale)]
DatabaseUrl = Annotated[Secret, AfterValidator(_database_url)]
KeyFile = Annotated[Path, AfterValidator(_key_file)]
ChannelUrl = Annotated[Secret, AfterValidator(_channel_url)]
Folder = Annotated[Path, AfterValidator(_folder)]
Unsubscribe = Annotated[Text, AfterValidator(_unsubscribe)]
"""Where a reader ends the digests, as `List-Unsubscribe` names it; or "off"."""

Percent = Annotated[Decimal, BeforeValidator(_percent)]
Email = Annotated[Text, AfterValidator(_email)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list), AfterValidator(_each_once)]
"""Names, each once, in the order given."""
Emails = Annotated[
    tuple[Email, ...],
    BeforeValidator(as_list),
    AfterValidator(_each_once),
    AfterValidator(_at_least_one),
]
"""One or more addresses, each once."""
OneOrMore = Annotated[
    tuple[Text, ...],
    BeforeValidator(_one_or_more),
    AfterValidator(_each_once),
    AfterValidator(_at_least_one),
]
"""One text or a list of them, each once; a comma is part of the text."""

Names = Annotated[Texts, AfterValidator(_at_least_one)]
"""One name or a list of them, each once."""

HoursTexts = Annotated[OneOrMore, AfterValidator(_hours)]
"""Stretches of the day that `domain.hours` can read."""

QuietHours = Annotated[
    tuple[Text, ...],
    BeforeValidator(_one_or_more),
    AfterValidator(_hours),
    AfterValidator(_quiet_hours),
]
"""Stretches of the day that neither overlap nor fill the week; there may be none."""

Weekdays = Annotated[str, BeforeValidator(_joined), AfterValidator(_weekdays)]
"""Weekdays that `domain.hours` can read: "mon-fri", or a list of such."""

HeartbeatUrl = Annotated[Secret, AfterValidator(_heartbeat_url)]
"""An https address, or plain http within the home network; a secret, kept to the letter."""
