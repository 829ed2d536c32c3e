"""The tables `[digest]` and `[put_aside.<name>]`, and what is wrong with them taken together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BeforeValidator, Field, InstanceOf, ValidationError

from salesdaemon.domain.digests import DigestKind, Schedule, parse_schedule
from salesdaemon.domain.put_aside import Share
from salesdaemon.errors import DomainError, Problem
from salesdaemon.marketplaces.base import Duration, Section
from salesdaemon.settings_values import WHOLE, Folder, Percent, Text, Texts

WAYS_OUT: Final = (
    'Add a [mail] table, or `channels` or a `folder` in [digest], or switch it "off" there.'
)
TEMPLATES: Final = ("digest.html.jinja", "digest.txt.jinja", "subject.txt.jinja")
"""What a folder of the owner's templates may hold."""

_Table = TypeVar("_Table", bound=Section)


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
    channels: Texts = Field(
        default=(),
        description="Channels that get each digest as a short message without sound.",
        examples=[["phone"]],
        json_schema_extra={"default": "none"},
    )
    folder: Folder | None = Field(
        default=None,
        description="A folder that gets each digest as .html, .txt and .json, and feed.xml (Atom) "
        "of the latest 30.",
        examples=["/srv/digests"],
        json_schema_extra={"default": "none"},
    )
    templates: Folder | None = Field(
        default=None,
        description="A folder of templates of your own: what it holds of digest.html.jinja, "
        "digest.txt.jinja and subject.txt.jinja is used instead of ours.",
        examples=["/etc/salesdaemon/templates"],
        json_schema_extra={"default": "none"},
    )

    @property
    def schedules(self) -> dict[DigestKind, Schedule]:
        """When each kind of digest goes out; those that are off are left out."""
        found = {kind: getattr(self, kind.value) for kind in DigestKind}
        return {kind: schedule for kind, schedule in found.items() if schedule != "off"}

    @property
    def leaves_without_mail(self) -> bool:
        """Whether digests go anywhere but into mails."""
        return bool(self.channels) or self.folder is not None


class PutAsideSettings(Section):
    """A share to put aside of what came in; the table's name is your own."""

    percent: Percent = Field(
        description="How much of it, in percent; all shares together are 100 at most.",
        examples=[25],
    )
    label: Text | None = Field(
        default=None,
        description="What digests call it; without it the table's name.",
        examples=["Tax"],
    )
    figure: Literal["net", "passive_net", "gross"] = Field(
        default="net", description="Of what: net, the passive part of it, or gross."
    )


def to_share(name: str, table: PutAsideSettings) -> Share:
    """Make a share as it is reckoned with."""
    return Share(name, table.label or name, table.percent, table.figure)


def put_aside_problems(tables: Mapping[str, object]) -> Iterator[Problem]:
    """Find shares that come to more than there is; a broken table is reported elsewhere."""
    shares = [_read(PutAsideSettings, table) for table in tables.values()]
    total = sum(share.percent for share in shares if share is not None)
    if total > WHOLE:
        what = f"all shares together are {total:f} percent; they may be {WHOLE} at most."
        yield Problem("put_aside", what)


def way_out_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Find digests that somebody switched on though none can leave.

    `values` are as the configuration holds them, without defaults: what is on by itself is only
    remarked upon, in `settings_remarks`.
    """
    given = values.get("digest", {})
    table = _read(DigestSettings, given)
    if table is None or values.get("mail") is not None or table.leaves_without_mail:
        return
    wanted = [kind for kind in table.schedules if kind.value in given]
    if wanted:
        yield Problem("digest", f"{no_way_out(wanted)} {WAYS_OUT}")


def no_way_out(kinds: Sequence[DigestKind]) -> str:
    """Say that these digests, at least one, go nowhere."""
    *others, last = kinds
    listed = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return f"{listed} on, but no digest can leave."


def _read(model: type[_Table], table: object) -> _Table | None:
    try:
        return model.model_validate(table)
    except ValidationError:
        return None
