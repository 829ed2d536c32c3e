"""Kinds of value that configuration tables share: secrets, keys and addresses.

Their messages never hold the value.
"""

from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, SecretStr

PLACEHOLDER: Final = "…"
TELLS_ACCOUNT: Final = "tells_account"
"""Marks a field that no two shops of a marketplace may share: `{TELLS_ACCOUNT: True}` in its
`json_schema_extra`."""
ASKED: Final = "asked"
"""Marks a field, in the same way, that `init` asks for though it has a default."""


def _filled(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.strip():
        raise ValueError("is empty.")
    if text.strip() == PLACEHOLDER:
        raise ValueError("still holds the … of the example; put your own there.")
    return secret


def _one_word(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds characters that no key has; copy it again.")
    return SecretStr(text)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0 and url.isprintable() and " " not in url:
            return parts
    except ValueError:  # brackets that hold no address, a port that is no number
        pass
    raise ValueError("must be an address such as https://shop.example.com.")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded(url: str) -> str:
    parts = _split(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return url
    raise ValueError("must begin with https:// (plain http only reaches this machine itself).")


def _without_slash(url: str) -> str:
    if urlsplit(url).query or urlsplit(url).fragment:
        raise ValueError("must end before any ? or #.")
    return url.rstrip("/")


Secret = Annotated[SecretStr, AfterValidator(_filled)]
"""A password or the like: anything but blank."""

Key = Annotated[Secret, AfterValidator(_one_word)]
"""A key or token that a marketplace made: one word of ASCII; space around it is dropped."""

GuardedUrl = Annotated[str, AfterValidator(_guarded)]
"""An https address, or plain http on this machine, kept to the letter."""

ServiceUrl = Annotated[GuardedUrl, AfterValidator(_without_slash)]
"""The base address of a service, without the slash at its end."""
