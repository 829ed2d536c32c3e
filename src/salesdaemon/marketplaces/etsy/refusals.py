"""Say what it means when Etsy does not answer with what was asked for.

The text decides, not the status: Etsy says 403 to a missing secret, a sleeping key, the wrong shop
and a missing scope alike, and each has its own way out.

Source: Etsy Open API v3, essentials/authentication and essentials/rate-limits, and the replies
that users have reported in etsy/open-api (read 2026-11).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
)
from salesdaemon.marketplaces.base import Reply
from salesdaemon.marketplaces.etsy.wire import Refusal, parse_object

DAILY_LIMIT_PAUSE_SECONDS = 3600
"""How long to wait for the daily limit where Etsy names no time: its day is a rolling one."""

_KEY_STATUSES = {400, 401, 403, 404}
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")
_LONGEST_QUOTE = 120
_LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class About:
    """Whose request it was: the shop's name in the configuration, and its number if known."""

    shop: str
    shop_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A refusal with a way out; in its texts {shop} and {shop_id} are filled in."""

    fragments: tuple[str, ...]
    what: str
    fix: str

    def to_error(self, about: About, request: str) -> AuthError:
        shop_id = "its number" if about.shop_id is None else about.shop_id
        what = self.what.format(shop=about.shop, shop_id=shop_id)
        return AuthError(what + request, fix=self.fix.format(shop=about.shop, shop_id=shop_id))


_SIGN_IN = "Run `salesdaemon auth {shop}` and sign in again; polling resumes by itself."
_KEY = _Known(
    ("not found or not active", "incorrect shared secret", "invalid api key"),
    "Etsy does not take the app's key of shop '{shop}': wrong, not active yet, or not the secret "
    "that belongs to it.",
    "Compare `keystring` and `shared_secret` in [shops.{shop}] with Your Apps at "
    "etsy.com/developers; if they are right, ask Etsy to activate the app.",
)
_LOGIN = _Known(
    ("invalid_token", "access token", "invalid_grant", "revoked"),
    "Etsy does not take the login of shop '{shop}' any more; a changed password revokes it.",
    _SIGN_IN,
)
_KNOWN = (
    _Known(
        ("shared secret is required",),
        "Etsy wants the app's shared secret beside the keystring for shop '{shop}'.",
        "Set `shared_secret` in [shops.{shop}]; it stands beside the keystring under Your Apps.",
    ),
    _KEY,
    _Known(
        ("does not own shop",),
        "The login of shop '{shop}' belongs to someone who does not own shop {shop_id}.",
        "Remove `shop_id` from [shops.{shop}], or run `salesdaemon auth {shop}` as its owner.",
    ),
    _Known(
        ("insufficient_scope", "insufficient scope", "required scope"),
        "The login of shop '{shop}' may not read what is needed.",
        "Run `salesdaemon auth {shop}` and allow both: transactions_r and shops_r.",
    ),
    _Known(
        ("dormant", "banned", "suspended"),
        "Etsy has put the app of shop '{shop}' to sleep; it does so after six months without "
        "a request.",
        "Look under Your Apps at etsy.com/developers and ask Etsy to wake it, or make a new app.",
    ),
    _Known(
        ("invalid_client", "unauthorized_client"),
        "Etsy does not know the app that shop '{shop}' signs in with.",
        "Compare `keystring` in [shops.{shop}] with Your Apps, then run `salesdaemon auth {shop}`.",
    ),
    _LOGIN,
)
_UNKNOWN_REFUSAL = _Known(
    (),
    "Etsy refuses shop '{shop}'",
    "Run `salesdaemon check`; an app just approved may be refused until Etsy has activated it.",
)
_NO_SUCH_SHOP = _Known(
    (),
    "Etsy knows no shop {shop_id} for '{shop}'.",
    "Correct `shop_id` in [shops.{shop}], or remove it: it is found by itself.",
)
_BY_STATUS: dict[int, _Known] = {
    HTTPStatus.NOT_FOUND: _NO_SUCH_SHOP,
    HTTPStatus.UNAUTHORIZED: _LOGIN,
}


def refusal(reply: Reply, about: About) -> MarketplaceError:
    """Turn an answer that is no 200 into the error that fits."""
    request = _name_request(reply)
    text = _read_text(reply)
    lowered = (text or "").lower()
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in lowered:
        return _rate_limit(reply, lowered, request)
    if not 400 <= reply.status < 500 or text is None:  # noqa: PLR2004 - the client's own faults
        return UnavailableError(f"Etsy answered with {_status(reply)}.{request}")
    known = _find_known(lowered) or _BY_STATUS.get(reply.status)
    if known is not None:
        return known.to_error(about, request)
    said = f': "{_quotable(text)}".{request}'
    if reply.status == HTTPStatus.FORBIDDEN:
        return _UNKNOWN_REFUSAL.to_error(about, said)
    return PayloadError(f"Etsy refused the request with {_status(reply)}{said}")


def key_refusal(reply: Reply, about: About) -> MarketplaceError:
    """Do the same for a call that shows nothing but the key: 400, 401, 403 and 404 blame it."""
    text = _read_text(reply)
    if text is None or "rate limit" in text.lower() or reply.status not in _KEY_STATUSES:
        return refusal(reply, about)
    known = _find_known(text.lower())
    if known is None or known is _LOGIN:
        known = _KEY
    return known.to_error(about, _name_request(reply))


def is_stale_login(reply: Reply) -> bool:
    """Tell whether a fresh access token may mend this refusal."""
    if reply.status != HTTPStatus.UNAUTHORIZED:
        return False
    text = _read_text(reply)
    return text is not None and _find_known(text.lower()) in {None, _LOGIN}


def is_denied(reply: Reply, *statuses: int) -> bool:
    """Tell whether Etsy itself answers with one of these, and not because of a limit."""
    text = _read_text(reply) if reply.status in statuses else None
    return text is not None and "rate limit" not in text.lower()


def says(reply: Reply, word: str) -> bool:
    """Tell whether Etsy's refusal holds a word of the protocol, such as invalid_grant."""
    return word in (_read_text(reply) or "").lower()


def require_json(reply: Reply) -> None:
    """Refuse a 200 that holds no JSON.

    Raises:
        UnavailableError: it is empty, or a web page.
    """
    if not reply.body.strip():
        raise UnavailableError(f"Etsy's answer was empty.{_name_request(reply)}")
    media_type = _media_type(reply)
    if "html" in media_type:
        raise UnavailableError(
            f"Etsy answered with a web page ({media_type}) instead of JSON.{_name_request(reply)}"
        )


def vendor_time(reply: Reply, clock: Callable[[], datetime]) -> datetime:
    """Return Etsy's clock as its answer tells it, else ours."""
    return _parse_date(reply.headers.get("date", "")) or clock()


def _find_known(lowered: str) -> _Known | None:
    for known in _KNOWN:
        if any(fragment in lowered for fragment in known.fragments):
            return known
    return None


def _rate_limit(reply: Reply, text: str, request: str) -> RateLimitError:
    seconds = _retry_after(reply)
    daily = "daily" in text or reply.headers.get("x-remaining-today") == "0"
    if seconds is None and daily:
        seconds = DAILY_LIMIT_PAUSE_SECONDS
    which = "Today's requests to Etsy are used up." if daily else "Etsy asks for fewer requests."
    return RateLimitError(which + request, retry_after_seconds=seconds)


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    until = _parse_date(text)
    if until is None:
        return None
    now = _parse_date(reply.headers.get("date", "")) or reply.received_at
    return max(0.0, (until - now).total_seconds())


def _parse_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else None


def _read_text(reply: Reply) -> str | None:
    """Read Etsy's own words; None where the answer is not Etsy's, such as a proxy's page."""
    try:
        said = parse_object(reply.body, Refusal)
    except MarketplaceError:
        return None
    words = [word for word in (said.error, said.error_description) if word]
    return " ".join(words) if words else None


def _quotable(text: str) -> str:
    """Keep the plain words of a message: a key, token, address or number in it is left out."""
    words = [word if _is_plain(word) else "…" for word in text[:_LONGEST_QUOTE].split()]
    return " ".join(words).rstrip(".")


def _is_plain(word: str) -> bool:
    shown = len(word) <= _LONGEST_WORD and word.isascii() and word.isprintable()
    return shown and not any(letter.isdigit() or letter in "@\"'" for letter in word)


def _name_request(reply: Reply) -> str:
    """Name the request as Etsy does: its support asks for this number."""
    number = reply.headers.get("x-etsy-request-uuid", "")
    return f" (Etsy's number of this request: {number})" if _REQUEST_ID.fullmatch(number) else ""


def _media_type(reply: Reply) -> str:
    found = _MEDIA_TYPE.match(reply.headers.get("content-type", "").lower())
    return found[0] if found else ""


def _status(reply: Reply) -> str:
    return " ".join(part for part in (f"HTTP {reply.status}", _media_type(reply)) if part)
