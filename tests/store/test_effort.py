"""Hours are kept, listed in the order of their days, and removed."""

from dataclasses import replace
from datetime import timedelta

from salesdaemon.store.effort import EffortEntry, add_effort, list_effort, remove_effort
from salesdaemon.store.engine import Store
from tests.factories import FRIDAY

PLANNER = EffortEntry("Planner", 360, FRIDAY, "Layout")
ICONS = EffortEntry("Icons", 45, FRIDAY - timedelta(days=1))


def test_entries_come_in_the_order_of_their_days_and_one_is_removed(store: Store) -> None:
    with store.write() as connection:
        add_effort(connection, PLANNER)
        add_effort(connection, ICONS)
    with store.write() as connection:
        first, second = list_effort(connection)
        assert [replace(one, id=None) for one in (first, second)] == [ICONS, PLANNER]
        assert first.id is not None
        assert remove_effort(connection, first.id) == first
        assert remove_effort(connection, first.id) is None
        assert list_effort(connection) == [second]
