"""How channels fare: since when one fails, until when it waits, and what the others tell of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from salesdaemon.domain.trouble import Spell, Step, Trouble, judge, note
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.news import Announcement
from salesdaemon.store.tables import channels

TELL_AFTER = timedelta(minutes=10)
"""A channel that may work again by itself is told of once it has failed for this long."""


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """How a channel fares; `failures` in a row. `told_at` may be of an earlier time of failing."""

    channel: str
    failures: int = 0
    not_before: datetime | None = None
    failing_since: datetime | None = None
    problem: str | None = None
    told_at: datetime | None = None

    @property
    def spell(self) -> Spell:
        """Since when it fails, and when that was told."""
        return Spell(self.failing_since, self.told_at)


def find_channel(connection: Connection, channel: str) -> ChannelRecord:
    """Return how a channel fares; one that never failed is well."""
    row = connection.execute(select(channels).where(channels.c.channel == channel)).first()
    return ChannelRecord(**row._mapping) if row is not None else ChannelRecord(channel)  # noqa: SLF001 - public API


def find_channels(connection: Connection, names: Iterable[str]) -> dict[str, ChannelRecord]:
    """Return how some channels fare, in the order in which they are named."""
    rows = connection.execute(select(channels))
    found = {row.channel: ChannelRecord(**row._mapping) for row in rows}  # noqa: SLF001 - as above
    return {name: found.get(name, ChannelRecord(name)) for name in names}


def save_channel(connection: Connection, record: ChannelRecord) -> None:
    """Keep how a channel fares."""
    statement = upsert_for(connection)(channels).values(asdict(record))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel"],
            set_={name: statement.excluded[name] for name in asdict(record) if name != "channel"},
        )
    )


def note_failure(
    connection: Connection,
    channel: str,
    problem: str,
    now: datetime,
    *,
    permanent: bool,
    not_before: datetime | None = None,
) -> Announcement | None:
    """Note that a channel failed; returns what to announce on the others, if it is time to.

    A refusal that is `permanent` is told at once, another failure once it has lasted. The
    channel is to be left alone before `not_before`.
    """
    before = find_channel(connection, channel)
    patience = timedelta(0) if permanent else TELL_AFTER
    spell, step = judge(before.spell, now, wrong=True, patience=patience)
    after = replace(
        before,
        failures=before.failures + 1,
        not_before=not_before,
        failing_since=spell.since,
        problem=problem,
        told_at=spell.told_at,
    )
    save_channel(connection, after)
    return trouble_of_channel(after, step, before.spell, now)


def note_success(connection: Connection, channel: str, now: datetime) -> Announcement | None:
    """Note that a channel took a message; returns what to announce if it was told to fail."""
    before = find_channel(connection, channel)
    if before.failing_since is None and before.not_before is None:
        return None
    spell, step = judge(before.spell, now, wrong=False)
    save_channel(connection, ChannelRecord(channel, told_at=spell.told_at))
    return trouble_of_channel(before, step, before.spell, now)


def review_channels(
    connection: Connection, names: Sequence[str], now: datetime
) -> list[tuple[str, Announcement]]:
    """Return what to announce of channels that go on failing, each with the channel's name."""
    announcements = []
    for before in find_channels(connection, names).values():
        if before.failing_since is None:
            continue
        spell, step = judge(before.spell, now, wrong=True, patience=TELL_AFTER)
        announcement = trouble_of_channel(before, step, before.spell, now)
        if announcement is not None:
            save_channel(connection, replace(before, told_at=spell.told_at))
            announcements.append((before.channel, announcement))
    return announcements


def others(connection: Connection, channel: str, names: Sequence[str]) -> tuple[str, ...]:
    """Name the channels on which to tell that one fails: those that work, else all the others."""
    records = find_channels(connection, [name for name in names if name != channel])
    working = tuple(name for name, record in records.items() if record.failing_since is None)
    return working or tuple(records)


def trouble_of_channel(
    record: ChannelRecord, step: Step, spell: Spell, now: datetime
) -> Announcement | None:
    """Word what is to be said about a channel; None for nothing. `spell` is as it was before."""
    if step is Step.NOTHING:
        return None
    channel = record.channel
    trouble = Trouble(
        title=f"Channel {channel} does not work",
        what=record.problem or "It fails.",
        fix=f"`salesdaemon test-alert {channel}` tries it; `salesdaemon alerts --failed --retry` "
        "sends what it had refused.",
        over=f"Channel {channel} works again",
        after="What waited for it is sent now.",
    )
    told = note(f"channel:{channel}", trouble, step, spell, now)
    return Announcement("trouble", told.event, told.title, told.body, now, over=told.over)
