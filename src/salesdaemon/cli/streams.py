"""The two ways out of a command: data to stdout, everything else to stderr."""

import io
import sys

from salesdaemon.digest.titles import clean

_LONGEST_LINE = 2000


def make_streams_safe() -> None:
    """Let nothing that is printed fail over a letter: files and pipes get UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")


def say(text: str) -> None:
    """Tell the owner something in one line that is no data, free of control characters."""
    sys.stderr.write(clean(text, _LONGEST_LINE) + "\n")


def print_line(text: str) -> None:
    """Print one line of data at once, unwrapped."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
