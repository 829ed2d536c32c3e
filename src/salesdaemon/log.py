"""Logs for a journal: one line an event, a name and fields, never a stray control character."""

import logging
import re
import sys

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class _Formatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Format one event; what it names may come from a marketplace."""
        record.message = _CONTROL.sub(lambda match: repr(match[0])[1:-1], record.message)
        return super().formatMessage(record)


def configure(*, verbose: bool) -> None:
    """Send our events to stderr; other libraries only when something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("salesdaemon").setLevel(logging.DEBUG if verbose else logging.INFO)
    # A slow poll makes the next ticks wait: that is how it is meant, not worth a line each.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # Its lines may hold the address of a channel, which is a secret.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    # A connection that was cut is told by the step that lost it, in a line and without a traceback.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
