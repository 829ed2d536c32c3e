"""Say why a mail server refused, and what its user can do about it."""

import ssl
from socket import gaierror
from typing import TYPE_CHECKING

from salesdaemon.digest.titles import clean
from salesdaemon.errors import DeliveryError

if TYPE_CHECKING:
    from aiosmtplib import SMTPResponseException

_LONGEST_ANSWER = 200
_PERMANENT_FROM = 500
_LOGIN_WANTED = {530, 538}
_LOWEST_CODE = 200  # the client gives what is no answer at all a code of its own, -1
_PATIENCE = "If it goes on, check mail.host, mail.port and the firewall."
_THEN_SEND = "then run `salesdaemon digest daily --send`."


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
        return DeliveryError(
            f"{where} showed a certificate that cannot be trusted: "
            f"{clean(trouble.verify_message, _LONGEST_ANSWER)}.",
            permanent=True,
            fix="Write the name in mail.host that the certificate is made for; for an authority "
            f"of your own, name its file in SSL_CERT_FILE; {_THEN_SEND}",
        )
    return DeliveryError(
        f"{where} does not speak TLS the way mail.security says.",
        permanent=not isinstance(trouble, ssl.SSLEOFError | ssl.SSLZeroReturnError),
        fix=f'Use "starttls" with port 587 or "tls" with port 465, {_THEN_SEND}',
    )


def _explain_answer(answer: "SMTPResponseException", where: str) -> DeliveryError:
    what, fix = _meaning(answer)
    if answer.code >= _PERMANENT_FROM:
        return DeliveryError(f"{where} {what}.", permanent=True, fix=f"{fix}, {_THEN_SEND}")
    return DeliveryError(
        f"{where} {what}.",
        permanent=False,
        fix=f"If it goes on: {fix[0].lower()}{fix[1:]}.",
    )


def _meaning(answer: "SMTPResponseException") -> tuple[str, str]:
    """Say what the server did, and what its user can do."""
    from aiosmtplib import (  # noqa: PLC0415 - the idle daemon does not carry it
        SMTPAuthenticationError,
        SMTPRecipientRefused,
        SMTPSenderRefused,
    )

    said = f"({answer.code} {clean(answer.message, _LONGEST_ANSWER)})"
    if isinstance(answer, SMTPAuthenticationError):
        return (
            f"refused the login ({answer.code})",
            "Check mail.username and mail.password (many providers want a password made for apps)",
        )
    if answer.code in _LOGIN_WANTED:
        return (
            f"wants a login {said}",
            'Set mail.username and mail.password, and mail.security to "starttls" or "tls"',
        )
    if isinstance(answer, SMTPRecipientRefused):
        return (
            f"refused the recipient {said}",
            "Check mail.to, and mail.username if the server asks for a login to send elsewhere",
        )
    if isinstance(answer, SMTPSenderRefused):
        return f"refused the sender {said}", "Set mail.from to an address it may send from"
    return f"refused the mail {said}", "Ask its administrator what this answer means"


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
    return DeliveryError(f"{where} {what}.", permanent=True, fix=f"{fix}, {_THEN_SEND}")
