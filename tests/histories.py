"""Draw histories of days, with few values, so that ties, gaps and losses are common."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from salesdaemon.domain.history import DayFigures, Figures

FIRST = date(2023, 11, 18)
_NETS = (0, *range(1, 10), -1, -2, -3)
_LACKING = 400
"""The amounts of one day in so many are not known at home."""


def _figures(drawn: int) -> Figures:
    """Make a day of one number, which is drawn much sooner than three."""
    drawn, sales = divmod(drawn, 4)
    lacking, place = divmod(drawn, len(_NETS))
    net = _NETS[place]
    return Figures(
        sales=sales,
        gross=net + 2 * sales,
        net=net,
        passive_net=net - sales,
        active_net=sales,
        unclassified_net=3 * net,
        converted=lacking != 391,  # seldom, and nothing that draws are drawn to
    )


@st.composite
def histories(draw: st.DrawFn, longest_gap: int = 2, most: int = 60) -> list[DayFigures]:
    """Draw days in order, each once, at most so far apart."""
    day = FIRST + timedelta(days=draw(st.integers(0, 60)))
    found: list[DayFigures] = []
    least = draw(st.sampled_from([0, most // 2, most]))
    steps = st.integers(0, longest_gap * 4 * len(_NETS) * _LACKING - 1)
    for step in draw(st.lists(steps, min_size=least, max_size=most)):
        brought, gap = divmod(step, longest_gap)
        found.append(DayFigures(day, _figures(brought)))
        day += timedelta(days=gap + 1)
    return found


def last_day_of(history: Sequence[DayFigures]) -> date:
    """Return the last day of a history, or some day where there is none."""
    return history[-1].day if history else FIRST
