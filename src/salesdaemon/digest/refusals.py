"""Say why a mail server refused, and what its user can do about it."""

import re
import ssl
from socket import gaierror
from typing import TYPE_CHECKING

from salesdaemon.digest.titles import clean
from salesdaemon.errors import DeliveryError

if TYPE_CHECKING:
    from aiosmtplib import SMTPResponseException

_LONGEST_ANSWER = 200
_PERMANENT_FROM = 500
_CLOSING = 421
_TOO_BIG = 552
_LOGIN_WANTED = {530, 538}
_TLS_WANTED = {523, 538}
_LOWEST_CODE = 200  # the client gives what is no answer at all a code of its own, -1
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_TOO_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}
_PATIENCE = "If it goes on, check mail.host, mail.port and the firewall."
_THEN_RESTART = "then start the daemon again; what waits is sent."
_USE_TLS = 'Set mail.security to "starttls" with port 587, or to "tls" with port 465'
_ANOTHER_SERVER = (
    "Send through the server of your mail provider, with its mail.host, port 587 and your login "
    "(many servers refuse mail from homes)"
)
_UNSIGNED = (
    "Ask its administrator what this answer means (often the domain of mail.from has no SPF or "
    "DKIM for the server that sends)"
)
_OTHER_CERTIFICATE = (
    "For an authority of your own, name its file in SSL_CERT_FILE; else write the name in "
    "mail.host that the certificate is made for"
)
_CLOCK = "Ask its administrator for a new one, and look whether the clock of this machine is right"
_MISNAMED = "Write the name in mail.host that the certificate is made for"
_CERTIFICATE_FIXES = {9: _CLOCK, 10: _CLOCK, 62: _MISNAMED, 64: _MISNAMED}
"""By OpenSSL's X509_V_ERR: not yet valid, expired, made for another host or address."""


def explain(error: Exception, host: str, port: int) -> DeliveryError:
    """Turn what went wrong into one sentence and its way out.

    Certificates, logins and what the server refuses for good are permanent until their owner
    acts; whatever may pass by itself is not. No answer to a login is ever repeated.
    """
    where = f"The mail server {clean(host, 100)}:{port}"
    trouble, answer = _tls_trouble(error), _answer(error)
    if trouble is not None:
        return _explain_tls(trouble, where)
    if answer is not None and answer.code >= _LOWEST_CODE:
        return _explain_answer(answer, where)
    if answer is not None:
        return DeliveryError(
            f"{where} does not talk like a mail server.", permanent=False, fix=_PATIENCE
        )
    if isinstance(error, OSError):
        return _explain_network(error, where)
    return _explain_misfit(error, where)


def _answer(error: Exception) -> "SMTPResponseException | None":
    """Find what the server said; behind "no recipient was accepted" too."""
    from aiosmtplib import (  # noqa: PLC0415 - the idle daemon does not carry it
        SMTPRecipientsRefused,
        SMTPResponseException,
    )

    if isinstance(error, SMTPRecipientsRefused):
        return error.recipients[0]
    return error if isinstance(error, SMTPResponseException) else None


def _tls_trouble(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__
    return None


def _explain_tls(trouble: ssl.SSLError, where: str) -> DeliveryError:
    if isinstance(trouble, ssl.SSLCertVerificationError):
        fix = _CERTIFICATE_FIXES.get(trouble.verify_code, _OTHER_CERTIFICATE)
        return DeliveryError(
            f"{where} showed a certificate that cannot be trusted: "
            f"{clean(trouble.verify_message, _LONGEST_ANSWER).rstrip('.')}.",
            permanent=True,
            fix=f"{fix}; {_THEN_RESTART}",
        )
    if trouble.reason in _TOO_OLD:
        return DeliveryError(
            f"{where} speaks no version of TLS that is still safe.",
            permanent=True,
            fix=f"Ask its administrator for TLS 1.2 or newer, {_THEN_RESTART}",
        )
    return DeliveryError(
        f"{where} does not speak TLS the way mail.security says.",
        permanent=not isinstance(trouble, ssl.SSLEOFError | ssl.SSLZeroReturnError),
        fix=f'Use "starttls" with port 587 or "tls" with port 465, {_THEN_RESTART}',
    )


def _explain_answer(answer: "SMTPResponseException", where: str) -> DeliveryError:
    what, fix = _meaning(answer)
    if answer.code >= _PERMANENT_FROM:
        return DeliveryError(f"{where} {what}.", permanent=True, fix=f"{fix}, {_THEN_RESTART}")
    return DeliveryError(
        f"{where} {what}.",
        permanent=False,
        fix=f"If it goes on: {fix[0].lower()}{fix[1:]}.",
    )


def _meaning(answer: "SMTPResponseException") -> tuple[str, str]:
    """Say what the server did, and what its user can do."""
    from aiosmtplib import (  # noqa: PLC0415 - the idle daemon does not carry it
        SMTPAuthenticationError,
        SMTPConnectResponseError,
        SMTPHeloError,
    )

    said = f"({answer.code} {clean(answer.message, _LONGEST_ANSWER)})"
    if isinstance(answer, SMTPAuthenticationError):
        return _login_meaning(answer)
    if answer.code in _LOGIN_WANTED or "STARTTLS" in answer.message.upper():
        return _security_meaning(answer, said)
    if answer.code == _CLOSING:
        return f"takes no mail for now {said}", "Ask its administrator what this answer means"
    if isinstance(answer, SMTPConnectResponseError | SMTPHeloError):
        return f"refuses this machine {said}", _ANOTHER_SERVER
    return _mail_meaning(answer, said)


def _login_meaning(answer: "SMTPResponseException") -> tuple[str, str]:
    """Explain a refused login by its numbers alone: words may hold what was sent."""
    status = _STATUS.match(answer.message)
    numbers = f"({answer.code}{f' {status[0]}' if status else ''})"
    if answer.code < _PERMANENT_FROM:
        return (
            f"cannot check the login for now {numbers}",
            "Check mail.username and mail.password",
        )
    if answer.code in _TLS_WANTED:
        return f"takes logins over TLS alone {numbers}", _USE_TLS
    return (
        f"refused the login {numbers}",
        "Check mail.username and mail.password (many providers want a password made for apps)",
    )


def _security_meaning(answer: "SMTPResponseException", said: str) -> tuple[str, str]:
    if answer.code < _PERMANENT_FROM:
        return f"cannot start TLS for now {said}", "Ask its administrator what this answer means"
    if answer.code in _TLS_WANTED or "TLS" in answer.message.upper():
        return f"wants TLS {said}", _USE_TLS
    return (
        f"wants a login {said}",
        'Set mail.username and mail.password, and mail.security to "starttls" or "tls"',
    )


def _mail_meaning(answer: "SMTPResponseException", said: str) -> tuple[str, str]:
    from aiosmtplib import (  # noqa: PLC0415 - the idle daemon does not carry it
        SMTPRecipientRefused,
        SMTPSenderRefused,
    )

    if _is_about(answer, "2.2", "mailbox full", "over quota"):
        return f"says that the recipient's mailbox is full {said}", "Make room there"
    if isinstance(answer, SMTPRecipientRefused):
        return _recipient_meaning(answer, said)
    if answer.code == _TOO_BIG or _is_about(answer, "3.4"):
        return (
            f"finds the mail too big {said}",
            "Ask its administrator to take mails of 1 MB, or send through another server",
        )
    if isinstance(answer, SMTPSenderRefused):
        return f"refused the sender {said}", "Set mail.from to an address it may send from"
    if _is_about(answer, "7."):
        return f"refused the mail {said}", _UNSIGNED
    return f"refused the mail {said}", "Ask its administrator what this answer means"


def _recipient_meaning(answer: "SMTPResponseException", said: str) -> tuple[str, str]:
    if answer.code < _PERMANENT_FROM:
        return f"takes no mail for the recipient yet {said}", "Check mail.to"
    if _is_about(answer, "7.", "relay"):
        return (
            f"will not pass mail on to the recipient {said}",
            "Set mail.username and mail.password, or check that it may send mail of mail.from",
        )
    if _is_about(answer, "1.", "unknown", "no such", "does not exist"):
        return f"does not know the recipient {said}", "Check mail.to"
    return (
        f"refused the recipient {said}",
        "Check mail.to, and mail.username if the server asks for a login to send elsewhere",
    )


def _is_about(answer: "SMTPResponseException", subject: str, *words: str) -> bool:
    """Tell whether an answer is about something: by its status (RFC 3463), else by its words."""
    status = _STATUS.match(answer.message)
    if status is not None:
        return status[0].partition(".")[2].startswith(subject)
    said = answer.message.lower()
    return any(word in said for word in words)


def _explain_network(error: OSError, where: str) -> DeliveryError:
    cause = error.__cause__ or error
    if isinstance(error, TimeoutError):
        what = "did not answer in time"
    elif isinstance(cause, ConnectionRefusedError):
        what = "refuses connections"
    elif isinstance(cause, gaierror):
        what = "has a name that cannot be found"
    elif isinstance(cause, ConnectionError):
        what = "hung up"
    else:
        what = "cannot be reached"
    return DeliveryError(
        f"{where} {what}.",
        permanent=False,
        fix=_PATIENCE,
    )


def _explain_misfit(error: Exception, where: str) -> DeliveryError:
    """Explain what the client itself refused: it names an extension that the server lacks."""
    said = str(error).upper()
    if "STARTTLS EXTENSION" in said:
        what = "does not offer STARTTLS"
        fix = 'Set mail.security to "tls" with port 465, or to "none" for a server on this machine'
    elif "AUTH" in said:
        what = "offers no login that is known here"
        fix = 'Set mail.security to "starttls" or "tls", or leave mail.username out'
    elif "SMTPUTF8" in said:
        what = "cannot carry addresses with letters beyond ASCII"
        fix = "Use plain letters in mail.from and mail.to"
    else:
        what = "cannot be used as configured"
        fix = "Check mail.host, mail.username and mail.password for characters that do not belong"
    return DeliveryError(f"{where} {what}.", permanent=True, fix=f"{fix}, {_THEN_RESTART}")
