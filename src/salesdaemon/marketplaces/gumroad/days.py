"""The days by which Gumroad's lists are narrowed."""

from datetime import UTC, timedelta

from salesdaemon.marketplaces.base import Window


def days_of(window: Window) -> dict[str, str]:
    """Name the UTC days that a window touches: Gumroad knows no finer grain.

    `after` includes its day, whatever its name says; `before` does not.
    """
    params = {}
    if window.first is not None:
        params["after"] = window.first.astimezone(UTC).date().isoformat()
    if window.end is not None:
        last = (window.end - timedelta.resolution).astimezone(UTC).date()
        params["before"] = (last + timedelta(days=1)).isoformat()
    return params
