"""Which days a digest is about, and which it is compared with; weeks begin on Monday."""

from datetime import date, timedelta

from tests.years.reckoned_days import DAY, Span


def span_of(kind: str, day: date) -> Span:
    """Return the day, week, month or year that a day is in."""
    if kind == "daily":
        return day, day
    if kind == "weekly":
        monday = day - timedelta(days=day.isoweekday() - 1)
        return monday, monday + timedelta(days=6)
    if kind == "monthly":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - DAY
    return date(day.year, 1, 1), date(day.year, 12, 31)


def before(kind: str, span: Span) -> Span:
    return span_of(kind, span[0] - DAY)


def moved(span: Span, days: int) -> Span:
    return span[0] + timedelta(days=days), span[1] + timedelta(days=days)


def year_before(kind: str, span: Span) -> Span:
    """Return the same weekdays 52 weeks earlier, or the same month of the year before."""
    if kind in {"daily", "weekly"}:
        return moved(span, -364)
    return span_of("monthly", span[0].replace(year=span[0].year - 1))


def last_spans(kind: str, span: Span, count: int) -> list[Span]:
    """Return so many in a row, oldest first; the last is the one given."""
    found = [span]
    while len(found) < count:
        found.insert(0, before(kind, found[0]))
    return found
