"""What a mail server really answered: Apprise's mail plugin says no more than that it failed."""

import functools
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from salesdaemon.notify.exchange import Answer, current

# RFC 3463's codes, such as 5.7.8, begin every line of an answer.
_ENHANCED_CODE = re.compile(r"(?m)^[245]\.\d{1,3}\.\d{1,3} ")


def watch_mail() -> None:
    """Note refusals and faults of every later mail in the delivery that it belongs to.

    Costs nothing before the first channel that mails: only then is `smtplib` there.
    """
    smtplib = sys.modules.get("smtplib")
    if smtplib is None or hasattr(smtplib.SMTP.getreply, "__wrapped__"):
        return
    smtplib.SMTP.getreply = _noting_refusals(smtplib.SMTP.getreply)
    smtplib.SMTP.connect = _noting_faults(smtplib.SMTP.connect)
    smtplib.SMTP.starttls = _noting_faults(smtplib.SMTP.starttls)


def _noting_refusals(get_reply: Callable[..., tuple[int, bytes]]) -> Callable[..., Any]:
    @functools.wraps(get_reply)
    def noting(*args: object) -> tuple[int, bytes]:
        code, text = get_reply(*args)
        exchange = current()
        if exchange is not None and code >= HTTPStatus.BAD_REQUEST:
            words = _ENHANCED_CODE.sub("", text.decode("utf-8", "replace"))
            exchange.mail_refusals.append(Answer(code, explanation=words))
        return code, text

    return noting


def _noting_faults(method: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(method)
    def noting(*args: object, **options: object) -> object:
        try:
            return method(*args, **options)
        except OSError as error:
            exchange = current()
            if exchange is not None:
                exchange.faults.append(error)
            raise

    return noting
