"""Decide what is said about trouble: once, again each day while it lasts, and its end. Pure.

Whatever may go wrong (a shop, a channel, the disk) has a `Spell`, which its owner keeps between
two looks. `judge` compares it with what was found now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

TELL_AGAIN = timedelta(hours=24)
SOONEST_AGAIN = timedelta(hours=1)
"""What comes and goes is told once an hour at most."""
FORGET_AFTER = timedelta(days=7)
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Step(StrEnum):
    """What is to be said now."""

    NOTHING = "nothing"
    FIRST = "first"
    AGAIN = "again"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Spell:
    """Since when something is wrong, None while it is well, and when it was last told.

    `told_at` outlives the spell, so that it may be older than `since`.
    """

    since: datetime | None = None
    told_at: datetime | None = None

    @property
    def is_told(self) -> bool:
        """Tell whether its owner knows of what is wrong now."""
        return self.since is not None and self.told_at is not None and self.told_at >= self.since


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, in words.

    `title` says of what in a few words, `what` is the reason and `fix` what to do, whole sentences.
    `over` is the title of the message that it is well again, and `after` what that means. It is
    told once it has lasted for `patience`.
    """

    title: str
    what: str
    fix: str
    over: str
    after: str = ""
    patience: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Note:
    """What to tell of what; `event` names it, so that the same is never entered twice.

    `over` says that it brings good news: what was wrong works again.
    """

    key: str
    event: str
    title: str
    body: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """A spell, and the title of the message that it is over."""

    spell: Spell
    over: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a look at many things comes to: what to tell, and what to remember until the next."""

    notes: tuple[Note, ...] = ()
    remembered: Mapping[str, Remembered] = field(default_factory=dict)


def judge(
    spell: Spell, now: datetime, *, wrong: bool, patience: timedelta = timedelta(0)
) -> tuple[Spell, Step]:
    """Return the spell as it is now, and what to say about it."""
    told, told_at = spell.is_told, _past(spell.told_at, now)
    if not wrong:
        return Spell(None, told_at), Step.OVER if told else Step.NOTHING
    since = _past(spell.since, now) or now
    if now < _due(since, told_at, patience, told=told):
        return Spell(since, told_at), Step.NOTHING
    return Spell(since, now), Step.AGAIN if told else Step.FIRST


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment, or now if it is yet to come: the clock was set back since."""
    return None if moment is None else min(moment, now)


def _due(since: datetime, told_at: datetime | None, patience: timedelta, *, told: bool) -> datetime:
    if told_at is None:
        return since + patience
    return told_at + TELL_AGAIN if told else max(since + patience, told_at + SOONEST_AGAIN)


def note(key: str, trouble: Trouble, step: Step, spell: Spell, now: datetime) -> Note:
    """Word what `judge` says about a spell, which is the one that went into it."""
    lasted = span(now - (spell.since or now))
    event = f"{'works' if step is Step.OVER else 'trouble'}:{key}:{int(now.timestamp())}"
    if step is Step.OVER:
        body = f"It lasted {lasted}. {trouble.after}".rstrip()
        return Note(key, event, trouble.over, body, over=True)
    body = f"{trouble.what} {trouble.fix}".strip()
    if step is Step.AGAIN:
        return Note(key, event, f"Still: {trouble.title}", f"For {lasted} now. {body}")
    return Note(key, event, trouble.title, body)


def review(
    found: Mapping[str, Trouble | None], remembered: Mapping[str, Remembered], now: datetime
) -> Review:
    """Compare everything looked at, None where it is well, with what is remembered.

    What could not be looked at is left out of `found` and stays as it was, for a week at most.
    """
    notes: list[Note] = []
    kept = {key: old for key, old in remembered.items() if key not in found and _fresh(old, now)}
    for key, trouble in found.items():
        before = remembered.get(key, Remembered(Spell(), ""))
        about = trouble or Trouble("", "", "", before.over)
        spell, step = judge(before.spell, now, wrong=trouble is not None, patience=about.patience)
        if step is not Step.NOTHING:
            notes.append(note(key, about, step, before.spell, now))
        if trouble is not None or (spell.told_at and now - spell.told_at < SOONEST_AGAIN):
            kept[key] = Remembered(spell, about.over)
    return Review(tuple(notes), kept)


def _fresh(old: Remembered, now: datetime) -> bool:
    latest = max((at for at in (old.spell.since, old.spell.told_at) if at), default=None)
    return latest is not None and now - latest < FORGET_AFTER


def span(length: timedelta) -> str:
    """Write a length of time for people, roughly: "40 minutes", "5 hours", "2 days"."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if length >= 2 * unit or (length >= unit and unit is not _DAY):
            count = length // unit
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"
