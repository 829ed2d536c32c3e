"""Turn what a service answered into one line for people, and an error the relay can act on.

No line holds the URL, a token or the payload: the service's own words are shown only where they
share nothing with either.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from salesdaemon.errors import DeliveryError
from salesdaemon.notify.escaping import clean_line, shorten
from salesdaemon.notify.exchange import Answer, Exchange
from salesdaemon.notify.remedies import find_remedy

_LONGEST_EXPLANATION = 120
_PIECE = re.compile(r"[^\W_]{4,}")
_TOKEN_LIKE = re.compile(r"[\w-]{20,}")
_MAIL_LOGIN = "Check user and password in the url of channel '{}'."
_MAIL_FIXES = {
    530: _MAIL_LOGIN,
    534: _MAIL_LOGIN,
    535: _MAIL_LOGIN,
    538: _MAIL_LOGIN,
    552: "The mailbox behind channel '{}' is full: make room in it.",
}
# Prowl answers 406 when an address has sent too much in the hour.
_TEMPORARY = {
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.LOCKED,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose message it was: the channel, and its service's name for people and in Apprise."""

    channel: str
    service: str
    module: str


class Discretion:
    """Decides which of the service's words may be shown."""

    def __init__(self, url: str, texts: Iterable[str]) -> None:
        parts = urlsplit(unquote(url))
        values = re.sub(r"[^&;=]*=", " ", parts.query)
        secrets = " ".join((parts.netloc, parts.path, values, parts.fragment, *texts))
        self._pieces = {piece.lower() for piece in _PIECE.findall(secrets)}

    def show(self, words: str) -> str:
        """Return the words on one short line, empty where they may give something away."""
        line = clean_line(words).rstrip(".")
        lowered = line.lower()
        if _TOKEN_LIKE.search(line) or any(piece in lowered for piece in self._pieces):
            return ""
        return shorten(line, lambda text: len(text) <= _LONGEST_EXPLANATION)


def accepted(service: str, exchange: Exchange) -> str:
    """Say what the service answered to a message it took."""
    if not exchange.answers:
        return f"{service} took it."
    return f"{service} answered {_phrase(exchange.answers[-1].status)}."


def refusal(
    sender: Sender, exchange: Exchange, logs: Iterable[str], discretion: Discretion
) -> DeliveryError:
    """Explain why a message did not arrive, and whether trying again may help."""
    channel, service = sender.channel, sender.service
    bad = [answer for answer in exchange.answers if answer.status >= HTTPStatus.MULTIPLE_CHOICES]
    if bad:
        # One target that may still take it is reason enough to try again.
        worst = next((answer for answer in reversed(bad) if _is_temporary(answer)), bad[-1])
        return _answered(sender, worst, exchange.wait_seconds, discretion)
    if exchange.mail_refusals:
        return _mail_refused(sender, exchange.mail_refusals, discretion)
    if exchange.wait_seconds is not None:
        return _wait_asked(service, exchange.wait_seconds)
    if exchange.faults:
        return _unreachable(channel, service, exchange.faults[-1])
    if exchange.answers:
        what = f"{service} answered {_phrase(exchange.answers[-1].status)} but did not take it"
    else:
        what = f"{service} could not send it"
    words = next((line for line in map(discretion.show, reversed(list(logs))) if line), "")
    return DeliveryError(
        f"{what}: {words}." if words else f"{what}.",
        permanent=False,
        fix=f"If this stays, check the url of channel '{channel}'.",
    )


def _mail_refused(sender: Sender, refusals: list[Answer], discretion: Discretion) -> DeliveryError:
    """Tell of a mail server's refusal, whose 4xx means later and 5xx never."""
    temporary = [each for each in refusals if each.status < HTTPStatus.INTERNAL_SERVER_ERROR]
    told = (temporary or refusals)[-1]
    words = discretion.show(told.explanation)
    said = f"The mail server answered {told.status}" + (f": {words}." if words else ".")
    if temporary:
        return DeliveryError(said, permanent=False)
    fix = _MAIL_FIXES.get(told.status, "Check sender and recipient in the url of channel '{}'.")
    return DeliveryError(said, permanent=True, fix=fix.format(sender.channel))


def _wait_asked(service: str, seconds: float) -> DeliveryError:
    return DeliveryError(
        f"{service} asks to wait {_span(seconds)}.", permanent=False, retry_after_seconds=seconds
    )


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def no_answer(channel: str, service: str, seconds: float) -> DeliveryError:
    """Say that we stopped waiting; the message may have arrived all the same."""
    return DeliveryError(
        f"{service} did not finish within {seconds:g} s (channel '{channel}'); "
        "the message may have arrived.",
        permanent=False,
    )


def _is_temporary(answer: Answer) -> bool:
    return (
        answer.status in _TEMPORARY
        or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or answer.retry_after_seconds is not None
    )


def _answered(
    sender: Sender, answer: Answer, wait: float | None, discretion: Discretion
) -> DeliveryError:
    words = _without_echo(discretion.show(answer.explanation), answer.status)
    said = f"{sender.service} answered {_phrase(answer.status)}" + (f": {words}." if words else ".")
    if not _is_temporary(answer):
        remedy = find_remedy(sender.module, sender.channel, answer.status, answer.explanation)
        fix = remedy or _fix(sender.channel, answer.status)
        return DeliveryError(said, permanent=True, fix=fix)
    if answer.retry_after_seconds is not None:
        wait = answer.retry_after_seconds
    if wait is not None:
        said += f" It asks to wait {_span(wait)}."
    return DeliveryError(said, permanent=False, retry_after_seconds=wait)


def _without_echo(words: str, status: int) -> str:
    """Leave out the name of the status, which many an explanation begins with or is."""
    name = _phrase(status).partition(" ")[2].lower()
    if name and words.lower().startswith(f"{name}: "):
        return words[len(name) + 2 :]
    return "" if words.lower() == name else words


def _fix(channel: str, status: int) -> str:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"Check the token in the url of channel '{channel}'."
    if status < HTTPStatus.BAD_REQUEST:
        return f"The address has moved: put the new one into the url of channel '{channel}'."
    return f"Check the url of channel '{channel}': address, token and recipient."


def _unreachable(channel: str, service: str, error: Exception) -> DeliveryError:
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {
        "InvalidURL",
        "InvalidSchema",
        "MissingSchema",
        "InvalidHeader",
        "LocationParseError",
    }:
        return DeliveryError(
            f"{service} has no usable address.",
            permanent=True,
            fix=f"Check the url of channel '{channel}'.",
        )
    return DeliveryError(f"{service} {_fault(names, error)}.", permanent=False)


def _fault(names: set[str], error: Exception) -> str:
    # ConnectTimeout is a ConnectionError as well, and SSLError too: the narrow ones come first.
    if "ConnectTimeout" in names:
        return "could not be reached in time"
    if names & {"Timeout", "TimeoutError"}:
        return "did not answer in time; the message may have arrived"
    if "SSLError" in names:
        return "has a certificate that cannot be trusted, or speaks no TLS"
    text = repr(error)
    if "gaierror" in names or "NameResolutionError" in text or "getaddrinfo" in text:
        return "has a host name that cannot be found"
    if "Connection refused" in text:
        return "refused the connection"
    return "could not be reached, or broke the connection off"


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
