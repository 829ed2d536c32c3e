"""Keep each digest as files in a folder, and a feed of the latest beside them.

A digest is kept as a page, as text and as JSON; `feed.xml` is made anew from these files each
time, so that what is removed from the folder is gone from the feed too.
"""

import errno
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from salesdaemon.digest.feed import LATEST, Entry, render_feed
from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import instant_json
from salesdaemon.errors import DeliveryError

FEED: Final = "feed.xml"
_FILE_MODE: Final = 0o640  # a web server that serves them is let in by the group, nobody else is
_FOLDER_MODE: Final = 0o750
_NAMES: Final = {
    DigestKind.DAILY: re.compile(r"daily-(\d{4})-(\d\d)-(\d\d)"),
    DigestKind.WEEKLY: re.compile(r"weekly-(\d{4})-W(\d\d)"),
    DigestKind.MONTHLY: re.compile(r"monthly-(\d{4})-(\d\d)"),
    DigestKind.YEARLY: re.compile(r"yearly-(\d{4})"),
}
_CONTROLS: Final = re.compile(r"[\x7f-\x9f\u2028\u2029]")
_LET_IN: Final = (
    "Let the daemon's user write there (under systemd, name the folder in ReadWritePaths)."
)
_REASONS: Final[Mapping[int, tuple[str, bool, str]]] = {
    errno.ENOSPC: ("the disk is full", False, "Make room; the next digest tries again."),
    errno.EDQUOT: ("the disk is full", False, "Make room; the next digest tries again."),
    errno.EACCES: ("it may not be written to", True, _LET_IN),
    errno.EPERM: ("it may not be written to", True, _LET_IN),
    errno.EROFS: ("it can only be read", True, _LET_IN),
    errno.ENOENT: ("it cannot be made there", True, "Make that folder, or name another."),
    errno.ENOTDIR: ("it is no folder", True, "Name a folder in digest.folder."),
    errno.EEXIST: ("it is no folder", True, "Name a folder in digest.folder."),
    errno.EISDIR: ("a folder has the name of a file of it", True, "Remove that folder."),
}
"""What went wrong, whether it stays wrong by itself, and what to do."""


@dataclass(frozen=True, slots=True)
class FinishedDigest:
    """A digest as it leaves: its words, its page with the images in it, and its JSON."""

    kind: DigestKind
    period: Period
    subject: str
    text: str
    page: str
    facts: Mapping[str, Any]
    written_at: datetime


def name_of(kind: DigestKind, period: Period) -> str:
    """Name the files of a digest, without an ending; names of a kind sort by time.

    "daily-2026-11-21", "weekly-2026-W47" (the week of ISO 8601), "monthly-2026-11", "yearly-2026".
    """
    first = period.first
    if kind is DigestKind.DAILY:
        return f"daily-{first.isoformat()}"
    if kind is DigestKind.WEEKLY:
        year, week, _ = first.isocalendar()
        return f"weekly-{year:04}-W{week:02}"
    if kind is DigestKind.MONTHLY:
        return f"monthly-{first.year:04}-{first.month:02}"
    return f"yearly-{first.year:04}"


def find_named(name: str) -> tuple[DigestKind, Period] | None:
    """Return the kind and the period that a name of `name_of` stands for; None for any other."""
    for kind, form in _NAMES.items():
        match = form.fullmatch(name)
        if match is None:
            continue
        numbers = [int(part) for part in match.groups()]
        try:
            if kind is DigestKind.WEEKLY:
                first = date.fromisocalendar(numbers[0], numbers[1], 1)
            else:
                first = date(*numbers, *[1] * (3 - len(numbers)))
        except ValueError:
            return None
        return kind, period_of(kind, first)
    return None


def write_digest(folder: Path, digest: FinishedDigest, installation: str) -> Path:
    """Keep a digest in a folder and bring the feed up to date; returns the path of its page.

    Each file is written whole or not at all, and replaced when the digest is written again. The
    JSON holds `subject` and `written_at` beside the facts. A missing folder is made.
    `installation` makes the feed's ids its own.

    Raises:
        DeliveryError: something could not be written; it says why and what to do.
    """
    name = name_of(digest.kind, digest.period)
    facts = {
        **digest.facts,
        "subject": digest.subject,
        "written_at": instant_json(digest.written_at),
    }
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _write(folder / f"{name}.html", digest.page)
        _write(folder / f"{name}.txt", f"{digest.subject}\n\n{digest.text}")
        _write(folder / f"{name}.json", _dump(facts))
        _write(folder / FEED, render_feed(_latest(folder), installation))
    except OSError as error:
        raise _refused(folder, error) from error
    return folder / f"{name}.html"


def _latest(folder: Path) -> list[Entry]:
    """Read the latest digests of a folder; one whose files are gone or damaged is left out."""
    found = []
    for path in folder.glob("*ly-*.json"):
        named = find_named(path.stem)
        if named is not None:
            found.append((named[1].last, list(DigestKind).index(named[0]), path))
    found.sort(reverse=True)
    entries = (_entry(path) for _, _, path in found[:LATEST])
    return [entry for entry in entries if entry is not None]


def _entry(path: Path) -> Entry | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return Entry(
            name=path.stem,
            title=str(facts["subject"]),
            updated=datetime.fromisoformat(facts["written_at"]).astimezone(UTC),
            page=path.with_suffix(".html").read_text(encoding="utf-8"),
        )
    except (OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None


def _dump(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, ensure_ascii=False, indent=2)
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            os.fchmod(descriptor, _FILE_MODE)
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())  # else a cut of the power could leave the new name empty
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _refused(folder: Path, error: OSError) -> DeliveryError:
    other = ((error.strerror or type(error).__name__).lower(), False, "Check digest.folder.")
    reason, permanent, fix = _REASONS.get(error.errno or 0, other)
    return DeliveryError(
        f"The digest cannot be kept in {folder}: {reason}.", permanent=permanent, fix=fix
    )
