"""Draw histories of days, with few values, so that ties, gaps and losses are common."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from salesdaemon.domain.history import DayFigures, Figures

FIRST = date(2023, 11, 18)


def _figures(sales: int, net: int, lacking: int) -> Figures:
    return Figures(
        sales=sales,
        gross=net + 2 * sales,
        net=net,
        passive_net=net - sales,
        active_net=sales,
        unclassified_net=3 * net,
        converted=lacking != 7,  # seldom, and nothing that a draw shrinks to
    )


@st.composite
def histories(draw: st.DrawFn, longest_gap: int = 2, most: int = 60) -> list[DayFigures]:
    """Draw days in order, each once, at most so far apart."""
    day = FIRST + timedelta(days=draw(st.integers(0, 60)))
    found: list[DayFigures] = []
    brought = st.builds(_figures, st.integers(0, 3), st.integers(-3, 9), st.integers(0, 400))
    least = draw(st.sampled_from([0, most // 2, most]))
    steps = st.tuples(st.integers(1, longest_gap), brought)
    for gap, figures in draw(st.lists(steps, min_size=least, max_size=most)):
        found.append(DayFigures(day, figures))
        day += timedelta(days=gap)
    return found


def last_day_of(history: Sequence[DayFigures]) -> date:
    """Return the last day of a history, or some day where there is none."""
    return history[-1].day if history else FIRST
