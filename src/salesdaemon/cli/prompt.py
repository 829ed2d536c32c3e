"""Questions on a terminal: asked on stderr, answered on stdin."""

import sys
from collections.abc import Mapping, Sequence
from getpass import getpass

from salesdaemon.errors import SalesDaemonError

_YES, _NO = frozenset({"y", "yes"}), frozenset({"n", "no"})


class TerminalPrompt:
    """Whoever sits at the terminal, or a script that writes to stdin."""

    def tell(self, text: str) -> None:
        """Show a text."""
        sys.stderr.write(f"\n{text}\n")

    def ask(self, text: str, default: str | None = None, *, hidden: bool = False) -> str:
        """Ask for one line; a blank answer is the default, and None takes no blank answer."""
        shown = f" [{default}]" if default else ""
        while True:
            answer = _read(f"{text}{shown}: ", hidden=hidden)
            if answer or default is not None:
                return answer or default or ""

    def confirm(self, text: str, *, default: bool) -> bool:
        """Ask for yes or no."""
        hint = "Y/n" if default else "y/N"
        while True:
            answer = _read(f"{text} [{hint}]: ").lower()
            if answer in _YES | _NO:
                return answer in _YES
            if not answer:
                return default

    def choose(self, text: str, options: Mapping[str, str]) -> Sequence[str]:
        """Ask for any number of the options, by number or name."""
        self.tell(text)
        for number, label in enumerate(options.values(), 1):
            sys.stderr.write(f"  {number}  {label}\n")
        while True:
            words = _read("One or more, with commas: ").replace(",", " ").split()
            chosen = [_named(word, options) for word in words]
            if None not in chosen:
                return [name for name in options if name in chosen]


def _named(word: str, options: Mapping[str, str]) -> str | None:
    names = list(options)
    if word.isdecimal():
        return names[int(word) - 1] if 1 <= int(word) <= len(names) else None
    return next((name for name in names if word.lower() in {name, options[name].lower()}), None)


def _read(prompt: str, *, hidden: bool = False) -> str:
    if hidden and sys.stdin.isatty():
        return getpass(prompt, stream=sys.stderr).strip()
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise SalesDaemonError("There are no more answers.", fix="Run this command on a terminal.")
    return line.strip()
