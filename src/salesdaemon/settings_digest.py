"""The table `[digest]`: when digests go out."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, InstanceOf

from salesdaemon.domain.digests import DigestKind, Schedule, parse_schedule
from salesdaemon.errors import DomainError
from salesdaemon.marketplaces.base import Duration, Section


def _schedule(kind: DigestKind) -> Callable[[object], Schedule | Literal["off"]]:
    """Make the reader of a digest's schedule; a daily one may be TOML's own local time."""

    def read(value: object) -> Schedule | Literal["off"]:
        if isinstance(value, Schedule):
            return value
        if isinstance(value, time):
            value = f"{value:%H:%M}"
        text = value.strip() if isinstance(value, str) else ""
        if text.lower() == "off":
            return "off"
        try:
            return parse_schedule(kind, text)
        except DomainError as error:
            raise ValueError(str(error)) from None

    return read


_Schedule = InstanceOf[Schedule] | Literal["off"]
_Daily = Annotated[_Schedule, BeforeValidator(_schedule(DigestKind.DAILY))]
_Weekly = Annotated[_Schedule, BeforeValidator(_schedule(DigestKind.WEEKLY))]
_Monthly = Annotated[_Schedule, BeforeValidator(_schedule(DigestKind.MONTHLY))]
_Yearly = Annotated[_Schedule, BeforeValidator(_schedule(DigestKind.YEARLY))]


class DigestSettings(Section):
    """The mail that says what was earned."""

    daily: _Daily = Field(
        default=Schedule(DigestKind.DAILY, time(7, 30)),
        description='When yesterday\'s goes out, in your time zone; or "off".',
    )
    weekly: _Weekly = Field(
        default=Schedule(DigestKind.WEEKLY, time(8), weekday=0),
        description='When last week\'s goes out: weekday, time. Weeks begin on Monday. Or "off".',
    )
    monthly: _Monthly = Field(
        default=Schedule(DigestKind.MONTHLY, time(8), day=1),
        description="When last month's goes out: day of the month, time. 31 is the last day of "
        'shorter months, too. Or "off".',
    )
    yearly: _Yearly = Field(
        default=Schedule(DigestKind.YEARLY, time(8), month=1, day=1),
        description='When last year\'s goes out: month, day, time. Or "off".',
    )
    empty_day: Literal["short", "skip"] = Field(
        default="short", description="After a day without sales: a short mail, or none (skip)."
    )
    wait_for_stale: Duration = Field(
        default=timedelta(hours=2),
        ge=timedelta(0),
        description="How long to wait for a shop that does not answer before it goes out without.",
    )

    @property
    def schedules(self) -> dict[DigestKind, Schedule]:
        """When each kind of digest goes out; those that are off are left out."""
        found = {kind: getattr(self, kind.value) for kind in DigestKind}
        return {kind: schedule for kind, schedule in found.items() if schedule != "off"}
