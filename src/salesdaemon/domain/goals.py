"""A goal that the owner set for a month, such as "Rent covered", and how far the month is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from salesdaemon.domain.digests import DigestKind, last_periods, period_of
from salesdaemon.domain.history import DayFigures, days_within
from salesdaemon.domain.money import Money, proportion
from salesdaemon.domain.period import Period

YOUNGEST: Final = 5
"""How many days of a month must be over before its pace says anything."""

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Goal:
    """What a month is to bring; `amount` is of the home currency.

    `name` is its key in the configuration, `label` what a message calls it; `figure` is net,
    passive_net or gross.
    """

    name: str
    label: str
    amount: Money
    figure: str


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """How far a month is on the way to a goal, in minor units of the home currency.

    `until` is the last day that counts in `reached`; `projected` is what the whole month comes to
    at this pace, None where it is over or too young to say; `reached_on` the day since which the
    goal is reached, None where it is not, or was and is no more. `converted` is false where sales
    in a currency without a rate are not in it.
    """

    goal: Goal
    month: Period
    until: date
    reached: int
    projected: int | None
    reached_on: date | None
    converted: bool = True


def follow_goals(
    goals: Sequence[Goal], history: Sequence[DayFigures], kind: DigestKind, period: Period
) -> tuple[GoalProgress, ...]:
    """Return how far each goal is in the month that a period ends in, or in each of a year.

    Goals keep their order; the months of a year follow one another for each of them. A month
    counts up to the last day of the period, the pace by the days of the calendar until then.
    What could not be converted is in no figure. `history` holds days in order, each once; a day
    without sales may be left out.
    """
    months = last_periods(
        DigestKind.MONTHLY,
        period_of(DigestKind.MONTHLY, period.last),
        _MONTHS if kind is DigestKind.YEARLY else 1,
    )
    return tuple(
        _follow(goal, history, month, min(month.last, period.last))
        for goal in goals
        for month in months
    )


def _follow(goal: Goal, history: Sequence[DayFigures], month: Period, until: date) -> GoalProgress:
    reached, reached_on = 0, None
    days = days_within(history, Period(month.first, until))
    for each in days:
        reached += getattr(each.figures, goal.figure)
        if reached < goal.amount.amount_minor:
            reached_on = None
        elif reached_on is None:
            reached_on = each.day
    converted = all(each.figures.converted for each in days)
    projected = _project(reached, month, until)
    return GoalProgress(goal, month, until, reached, projected, reached_on, converted)


def _project(reached: int, month: Period, until: date) -> int | None:
    if until == month.last or until.day < YOUNGEST:
        return None
    return proportion(reached, month.last.day, until.day)
