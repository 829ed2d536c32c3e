"""Where things are going: goals and their pace, streaks, records, what to put aside."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import is_estimated, lacking_rates
from salesdaemon.digest.periods import NOUNS, name_of
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Line, Section
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.goals import GoalProgress
from salesdaemon.domain.history import Record
from salesdaemon.domain.put_aside import PutAside

_LABEL_LENGTH = 60
_UNCONVERTED = "Sales in a currency without a rate are not in it."
_FIGURES = {"net": "net", "passive_net": "passive net", "gross": "gross"}


def follow_goals(content: DigestContent, wording: Wording) -> Section | None:
    """Tell how far each goal of the month is, and at what pace; of a year, in which months."""
    if not content.goals:
        return None
    if content.kind is DigestKind.YEARLY:
        lines = tuple(
            _year(list(months), wording)
            for _, months in groupby(content.goals, key=lambda each: each.goal.name)
        )
    else:
        lines = tuple(_goal(progress, wording) for progress in content.goals)
    title = "Goals" if len(lines) > 1 else "Goal"
    hint = "estimated" if is_estimated(content.summary) else ""
    converted = all(progress.converted for progress in content.goals)
    return Section(title, hint, sentences=() if converted else (_UNCONVERTED,), lines=lines)


def _goal(progress: GoalProgress, wording: Wording) -> Line:
    goal, currency = progress.goal, progress.goal.amount.currency
    reached = max(progress.reached, 0)
    percent = wording.percent(reached, goal.amount.amount_minor)
    amount = wording.amount(goal.amount.amount_minor, currency)
    month = wording.month(progress.month.first)
    return Line(
        name=clean(goal.label, _LABEL_LENGTH),
        details=(
            f"{percent} of {amount} {_FIGURES.get(goal.figure, goal.figure)} in {month}",
            *_pace(progress, wording),
        ),
        amounts=(wording.amount(progress.reached, currency),),
        share=min(100 * reached // goal.amount.amount_minor, 100),
    )


def _pace(progress: GoalProgress, wording: Wording) -> Iterator[str]:
    goal, currency = progress.goal, progress.goal.amount.currency
    missing = goal.amount.amount_minor - progress.reached
    days = (progress.month.last - progress.until).days
    if progress.reached_on is not None:
        yield f"Reached on {wording.day(progress.reached_on)}"
        return
    if not days:
        yield f"Missed by {wording.amount(missing, currency)}"
        return
    # Rounded up, so that it is enough.
    a_day = wording.amount(-(-missing // days), currency)
    needs = f"needs {a_day} a day for {wording.count(days, 'more day')}"
    if progress.projected is None:
        yield needs[0].upper() + needs[1:]
        return
    arrow = "▲" if progress.projected >= goal.amount.amount_minor else "▼"
    yield f"{arrow} On pace for about {wording.amount(progress.projected, currency)}; {needs}"


def _year(months: Sequence[GoalProgress], wording: Wording) -> Line:
    goal = months[0].goal
    reached = [each for each in months if each.reached_on is not None]
    amount = wording.amount(goal.amount.amount_minor, goal.amount.currency)
    names = listing([wording.month(each.month.first) for each in reached]) or "no month"
    if len(reached) == len(months):
        names = "every month"
    figure = _FIGURES.get(goal.figure, goal.figure)
    return Line(
        name=clean(goal.label, _LABEL_LENGTH),
        details=(
            f"{amount} {figure} a month",
            f"Reached in {names}",
        ),
        amounts=(f"{len(reached)} of {wording.count(len(months), 'month')}",),
        share=100 * len(reached) // len(months),
    )


def tell_streak(content: DigestContent, wording: Wording) -> Section | None:
    """Tell of days in a row with a sale, and of a period that stands out; soberly."""
    sentences, title = [], []
    streak = content.streak
    if streak is not None:
        title.append("Streak")
        sentences.append(
            f"{wording.count(streak.days, 'day')} in a row with a sale, "
            f"since {wording.day(streak.since)}."
        )
    if content.record is not None:
        title.append("record" if title else "Record")
        sentences.append(_record(content, content.record, wording))
    if not sentences:
        return None
    estimated = content.record is not None and is_estimated(content.summary)
    hint = "of an estimated net" if estimated else ""
    return Section(listing(title), hint, sentences=tuple(sentences))


def _record(content: DigestContent, record: Record, wording: Wording) -> str:
    noun = NOUNS[content.kind]
    beaten = wording.amount(record.beaten, content.summary.home_currency)
    if record.since is None:
        return f"The best {noun} so far; the best before it brought {beaten} net."
    since = name_of(content.kind, record.since, wording, with_year=True)
    that = "that of " if content.kind is DigestKind.WEEKLY else ""
    return f"The best {noun} since {that}{since}, which brought {beaten} net."


def put_aside(content: DigestContent, wording: Wording) -> Section | None:
    """Tell what to put aside for taxes and rainy days."""
    if not content.put_aside:
        return None
    summary = content.summary
    lines = tuple(_share(each, content, wording) for each in content.put_aside)
    left_out = listing(lacking_rates(summary))
    sentences = (f"{left_out} could not be converted and is not in it.",) if left_out else ()
    hint = "of estimated figures" if is_estimated(summary) else ""
    return Section("To put aside", hint, sentences=sentences, lines=lines)


def _share(each: PutAside, content: DigestContent, wording: Wording) -> Line:
    summary, share = content.summary, each.share
    figure = wording.amount(getattr(summary.home, share.figure), summary.home_currency)
    words = _FIGURES.get(share.figure, share.figure)
    return Line(
        name=clean(share.label, _LABEL_LENGTH),
        details=(f"{wording.share(share.percent)} of {figure} {words}",),
        amounts=(wording.amount(each.amount_minor, summary.home_currency),),
    )
