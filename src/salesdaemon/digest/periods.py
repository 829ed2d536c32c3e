"""What a day, a week, a month and a year are called, so that no digest speaks of another kind."""

from typing import Final

from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.period import Period

NOUNS: Final = {
    DigestKind.DAILY: "day",
    DigestKind.WEEKLY: "week",
    DigestKind.MONTHLY: "month",
    DigestKind.YEARLY: "year",
}


def title_of(kind: DigestKind, period: Period, wording: Wording) -> str:
    """Write a period as the heading of a digest."""
    name = name_of(kind, period, wording, with_year=True)
    before = {DigestKind.WEEKLY: "The week of ", DigestKind.YEARLY: "The year "}
    return before.get(kind, "") + name


def during(kind: DigestKind, period: Period, wording: Wording) -> str:
    """Say when, in a sentence: "on Friday 20 November", "in November"."""
    word = {DigestKind.DAILY: "on", DigestKind.WEEKLY: "in the week of"}.get(kind, "in")
    return f"{word} {name_of(kind, period, wording)}"


def name_of(kind: DigestKind, period: Period, wording: Wording, *, with_year: bool = False) -> str:
    """Name a period: "Friday 20 November", "16 to 22 November 2026", "November", "2026"."""
    if kind is DigestKind.DAILY:
        return wording.full_day(period.first) if with_year else wording.day(period.first)
    if kind is DigestKind.WEEKLY:
        return wording.dates(period, with_year=with_year)
    if kind is DigestKind.MONTHLY:
        return wording.month(period.first, with_year=with_year)
    return str(period.first.year)


def short_name_of(kind: DigestKind, period: Period, wording: Wording, *, with_year: bool) -> str:
    """Name a period in a table: "Fri 20 Nov"."""
    if kind is DigestKind.DAILY:
        return wording.short_day(period.first, with_year=with_year)
    return name_of(kind, period, wording, with_year=with_year)
