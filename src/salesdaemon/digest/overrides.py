"""The owner's own templates: used where they work; where they do not, ours are, and it is told.

A template runs in Jinja's sandbox and may use ours, but no file of the machine. It runs for a
bounded time: a loop that does not end costs a second or so, not the digest.
"""

import difflib
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from hashlib import blake2b
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeAlias, TypeVar

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.render import Page, render_html, render_subject, render_text
from salesdaemon.digest.sample import sample_digests
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import View

SUBJECT: Final = "subject.txt.jinja"
TEXT: Final = "digest.txt.jinja"
HTML: Final = "digest.html.jinja"
NAMES: Final = (SUBJECT, TEXT, HTML)
"""The files that are looked for; each is used by itself, whether the others are there or not."""

LONGEST_TEMPLATE: Final = 200_000
LONGEST_RESULT: Final = 1_000_000
PATIENCE_SECONDS: Final = 3.0
"""Characters of a template and of what it makes; how long the processor may work on it."""
_EVENTS_BETWEEN_LOOKS: Final = 500
_LONGEST_REASON: Final = 300
_UNHELD: Final = re.compile("[\0\ud800-\udfff]")  # no file or database keeps them, either
_SOURCE: Final = "<template>"  # what Jinja calls a template that comes from no file
_TAG: Final = re.compile(r"<(?:style|title)\b.*?</(?:style|title)>|<!--.*?-->|<[^>]*>", re.DOTALL)
_OUR_TYPE: Final = re.compile(r"'[\w.]*?(\w+) object' has no")
_Made = TypeVar("_Made")
_Render: TypeAlias = Callable[[DigestContent, str, str | None], _Made]


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a template; `what` goes on from the name of the file.

    `fingerprint` stays the same until the file or the mistake is another one. `line` is None
    where it is not about one.
    """

    file: str
    line: int | None
    what: str
    fingerprint: str

    def __str__(self) -> str:
        where = f", line {self.line}" if self.line is not None else ""
        return f"{self.file}{where} {self.what}"


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A digest in words, and what was wrong with the templates that could not be used."""

    subject: str
    text: str
    page: Page
    problems: tuple[TemplateProblem, ...] = ()


def render_digest(
    content: DigestContent, locale: str, folder: Path | None = None
) -> RenderedDigest:
    """Render a digest with the templates of a folder; with ours where it has none that works."""
    problems: list[TemplateProblem] = []

    def made(name: str, render: _Render[_Made]) -> _Made:
        if folder is not None:
            own = _try(folder / name, partial(render, content, locale))
            if not isinstance(own, TemplateProblem | None):
                return own
            problems.extend([own] if own is not None else [])
        return render(content, locale, None)

    return RenderedDigest(
        subject=made(SUBJECT, render_subject),
        text=made(TEXT, render_text),
        page=made(HTML, render_html),
        problems=tuple(problems),
    )


def check_templates(folder: Path, locale: str) -> list[TemplateProblem]:
    """Try the templates of a folder with made-up digests of each kind; lists the first of each.

    A folder that is none, or holds none of the files, is a problem as well.
    """
    try:
        found = {path.name for path in folder.iterdir()}
    except OSError as error:
        return [_problem(folder, b"", _unreadable(error))]
    if found.isdisjoint(NAMES):
        return [_problem(folder, b"", f"holds none of {', '.join(NAMES)}.")]
    tried = (
        _first_problem(folder / SUBJECT, render_subject, locale),
        _first_problem(folder / TEXT, render_text, locale),
        _first_problem(folder / HTML, render_html, locale),
    )
    strangers = [_stranger(folder / name) for name in sorted(found) if _is_stranger(name)]
    return [*(problem for problem in tried if problem is not None), *strangers]


def _first_problem(path: Path, render: _Render[_Made], locale: str) -> TemplateProblem | None:
    for content in sample_digests():
        made = _try(path, partial(render, content, locale))
        if isinstance(made, TemplateProblem):
            return made
    return None


def _is_stranger(name: str) -> bool:
    return name.endswith((".jinja", ".jinja2", ".j2")) and name not in NAMES


def _stranger(path: Path) -> TemplateProblem:
    near = difflib.get_close_matches(path.name, NAMES, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return _problem(path, b"", f"is used for nothing{hint}; the names are {', '.join(NAMES)}.")


def _try(path: Path, render: Callable[[str], _Made]) -> _Made | TemplateProblem | None:
    """Render with a file; None where there is none."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):  # `check_templates` tells of the folder
        return None
    except OSError as error:
        return _problem(path, b"", _unreadable(error))
    if len(raw) > LONGEST_TEMPLATE:
        return _problem(path, raw, f"is longer than {LONGEST_TEMPLATE:,} bytes; shorten it.")
    try:
        with _patience():
            made = render(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _problem(path, raw, "is not written in UTF-8; save it as such.")
    except Exception as error:  # noqa: BLE001 - whatever a template does, the digest must go out
        return _problem(path, raw, _reason(error), _line(error))
    what = _unfit(made)
    return _problem(path, raw, what) if what else made


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}."


def _unfit(made: object) -> str | None:
    """Say why nothing can be done with what a template made."""
    words = made.html if isinstance(made, Page) else str(made)
    if len(words) > LONGEST_RESULT:
        return f"makes more than {LONGEST_RESULT:,} characters; show less."
    if _UNHELD.search(words):
        return "makes a character that no mail can hold; leave it out."
    if isinstance(made, Page):
        words = _TAG.sub("", words)
    return None if words.strip() else "comes out empty; let it say something, or remove it."


def _problem(path: Path, raw: bytes, what: str, line: int | None = None) -> TemplateProblem:
    facts = (path.name.encode("utf-8", "replace"), raw, what.encode("utf-8", "replace"))
    digest = blake2b(digest_size=10)
    for fact in facts:
        digest.update(len(fact).to_bytes(8, "big") + fact)
    return TemplateProblem(clean(path.name, 80), line, what, digest.hexdigest())


class _TooSlowError(Exception):
    """A template was given enough time."""


@contextmanager
def _patience() -> Iterator[None]:
    """Bound how long this thread's processor may work on a template.

    Only code that comes from a template, ours included, is looked at line by line.
    """
    until = time.thread_time() + PATIENCE_SECONDS
    events = 0

    def look(_frame: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
        nonlocal events
        events += 1
        if events % _EVENTS_BETWEEN_LOOKS == 0 and time.thread_time() > until:
            raise _TooSlowError
        return look

    def enter(frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        look(frame, event, argument)
        return look if "__jinja_template__" in frame.f_globals else None

    previous = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(previous)


def _line(error: Exception) -> int | None:
    """Find the line of the owner's template that an error comes from."""
    from jinja2 import TemplateSyntaxError  # noqa: PLC0415 - the idle daemon does not carry it

    if isinstance(error, TemplateSyntaxError):
        return error.lineno if error.filename is None else None
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _SOURCE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _reason(error: Exception) -> str:
    from jinja2 import (  # noqa: PLC0415 - the idle daemon does not carry it
        TemplateNotFound,
        TemplateSyntaxError,
        UndefinedError,
    )

    said = clean(str(error), _LONGEST_REASON).rstrip(".")
    if isinstance(error, _TooSlowError):
        return "takes too long; does a loop in it end?"
    if isinstance(error, RecursionError):
        return "calls itself without an end, or is nested too deeply."
    if isinstance(error, TemplateSyntaxError):
        return f"cannot be read: {said[:1].lower()}{said[1:]}."
    if isinstance(error, TemplateNotFound):
        return f"uses the template {said}; only digest.html and digest.txt are there to be used."
    if isinstance(error, UndefinedError):
        return (
            f"uses a name that is not there: {_OUR_TYPE.sub(_without_module, said)}{_hint(said)}."
        )
    return f"fails: {said or 'without a word'} ({type(error).__name__})."


def _without_module(match: re.Match[str]) -> str:
    return f"a {match[1]} has no"


def _hint(said: str) -> str:
    if said.startswith("'None' has no") or " has no element" in said:
        return "; what a digest does not show is none or empty, so ask with `{% if … %}` first"
    missing = re.search(r"no attribute '(\w+)'|^'(\w+)' is undefined", said)
    if missing is None:
        return ""
    known = ["view", "columns", *(field.name for field in fields(View))]
    near = difflib.get_close_matches(missing[1] or missing[2], known, n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""
