"""What was told, held against what happened: every event is told once, or off, or failed."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from salesdaemon.notify.amounts import money_text
from salesdaemon.notify.message import Message, Tone
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import events, messages, outbox, sales

Row = Mapping[str, Any]
ABOUT_CHANNELS = ("trouble:channel:", "works:channel:")
"""How the names of events begin that the relay itself enters."""
RINGING = ("ring", "burst", "recap")
QUIET_FOR = timedelta(seconds=150)


class Books:
    """Everything that a store says of what happened and of what was told."""

    def __init__(self, store: Store) -> None:
        with store.read() as connection:

            def rows(table: Any) -> list[Row]:
                found = connection.execute(select(table).order_by(table.c.id))
                return [dict(row._mapping) for row in found]

            self.events = {row["event"]: row for row in rows(events)}
            entered = rows(outbox)
            self.messages = rows(messages)
            self.sales = {
                (row.account_id, row.external_id): row for row in connection.execute(select(sales))
            }
        self.entries = [row for row in entered if row["kind"] != "burst_end"]
        self.ends = [row for row in entered if row["kind"] == "burst_end"]
        self.by_message: dict[int, list[Row]] = defaultdict(list)
        for row in entered:
            if row["message_id"] is not None:
                self.by_message[row["message_id"]].append(row)

    def check_events(self, expected: Mapping[str, tuple[str, ...]]) -> None:
        """Each event was judged once, and entered for the channels of its verdict."""
        ours = {name for name in self.events if not name.startswith(ABOUT_CHANNELS)}
        assert ours == set(expected)
        entered: dict[str, set[str]] = {name: set() for name in self.events}
        for row in self.entries:
            entered[row["event"]].add(row["channel"])
        assert {name: entered[name] for name in ours} == {
            name: set(channels) for name, channels in expected.items()
        }

    def check_told(self) -> None:
        """Each entry was told in a message of its channel, or failed and its owner knows."""
        channel_of = {row["id"]: row["channel"] for row in self.messages}
        for row in [*self.entries, *self.ends]:
            if row["delivered_at"] is None:
                assert row["failed_at"] is not None, f"{row['event']} waits"
                assert row["message_id"] is None
                self._check_failure_is_told(row)
            else:
                assert row["failed_at"] is None
                assert channel_of[row["message_id"]] == row["channel"]

    def _check_failure_is_told(self, row: Row) -> None:
        about = f"trouble:channel:{row['channel']}:"
        told = [event["seen_at"] for name, event in self.events.items() if name.startswith(about)]
        assert told, f"{row['event']} failed and nobody was told"
        assert min(told) <= row["failed_at"]

    def check_messages(self, channel: str, taken: Sequence[Message]) -> None:
        """What a phone took is what the store says was sent; each stands for what it says."""
        sent = [row for row in self.messages if row["channel"] == channel]
        assert [(each.title, each.body) for each in taken] == [
            (row["title"], row["body"]) for row in sent
        ]
        ended = {row["event"] for row in self.ends}
        for course in _courses(sent):
            if _bursts(course) > 1:
                assert f"burst_end:{channel}:{course[-1]['id']}" in ended
        for row, message in zip(sent, taken, strict=True):
            self._check_message(row, message)
            if row["form"] in {"burst", "burst_end"}:
                self._check_course(row, sent)

    def _check_message(self, row: Row, message: Message) -> None:
        told = self.by_message[row["id"]]
        rings = [each for each in told if _rings(each)]
        form = row["form"]
        assert row["sales"] == len(rings)
        assert (message.tone is Tone.RING) == (form in RINGING)
        assert message.silent == all(each["level"] == "silent" for each in told)
        if form == "burst_end":
            assert {each["kind"] for each in told} == {"burst_end"}
        elif form == "event":
            assert len(told) == 1
            assert not rings
        elif form == "several":
            assert len(told) > 1
            assert not rings
            assert _first_number(message.title) == len(told)
        elif form == "ring":
            assert rings == told
            assert len(told) == 1
            assert self._amounts(rings) == [message.title.partition("! ")[2]]
        else:
            assert (form == "recap") or rings == told
            assert _first_number(message.title) == len(rings)
            for amount in self._amounts(rings):
                assert amount in message.title

    def _check_course(self, row: Row, sent: Sequence[Row]) -> None:
        """A burst that goes on adds up what was told of it; its end counts all of that."""
        courses = _courses(sent[: sent.index(row)])
        if row["form"] == "burst_end":
            last = next(course for course in courses if _bursts(course) > 1)
            assert row["title"].startswith("The rush is over: ")
            assert _first_number(row["title"]) == sum(each["sales"] for each in last)
            return
        told = re.search(r"In this burst so far: ([\d,]+) sales", row["body"])
        course = courses[0] if courses else []
        goes_on = _bursts(course) > 0 and row["sent_at"] - course[0]["sent_at"] <= QUIET_FOR
        if goes_on:
            assert told is not None
            assert _first_number(told[1]) == row["sales"] + sum(each["sales"] for each in course)
        else:
            assert told is None

    def _amounts(self, rows: Sequence[Row]) -> list[str]:
        """Write the sum of what sales brought, one for each currency."""
        sums: dict[str, int] = defaultdict(int)
        for row in rows:
            sale = self.sales[row["account_id"], row["external_id"]]
            sums[sale.currency] += sale.gross_minor
        return [money_text(minor, currency, "en_GB") for currency, minor in sums.items()]


def _courses(sent: Sequence[Row]) -> list[list[Row]]:
    """Part rings by the pauses between them; the last come first."""
    found: list[list[Row]] = []
    for row in reversed(sent):
        if row["form"] not in {"ring", "burst"}:
            continue
        if found and found[-1][-1]["sent_at"] - row["sent_at"] <= QUIET_FOR:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _bursts(course: Sequence[Row]) -> int:
    return sum(row["form"] == "burst" for row in course)


def _rings(row: Row) -> bool:
    return row["kind"] in {"sale", "renewal"} and row["level"] == "on"


def _first_number(title: str) -> int:
    found = re.search(r"\d[\d,]*", title)
    assert found is not None, title
    return int(found[0].replace(",", ""))
