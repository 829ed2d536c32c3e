"""The diary of the fortnight: what the phones showed, as their owner would tell it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from salesdaemon.notify.sales import cut
from tests.factories import BERLIN
from tests.fakes.services.base import LoopbackService, Shown
from tests.notify.accounts import Books

LONGEST = 150
FORMS = ("ring", "burst", "recap", "event", "several")


@dataclass
class Line:
    """A message, or several single rings in a row."""

    channel: str
    shown: list[Shown]

    @property
    def at(self) -> datetime:
        return self.shown[0].at

    def text(self) -> str:
        first, last = self.shown[0], self.shown[-1]
        mark = "♪" if first.loud else " "
        if len(self.shown) == 1:
            return f"{_clock(first.at)}        {self.channel:8}{mark} {_said(first)}"
        span = f"{_clock(first.at)}–{_clock(last.at)}"
        titles = f"“{first.title}” … “{last.title}”"
        return f"{span:13}{self.channel:8}{mark} {len(self.shown)} rings: {titles}"


def write(services: Mapping[str, LoopbackService], noted: Mapping[datetime, str]) -> Iterator[str]:
    """Write the diary, a line for each message; single rings in a row share one."""
    lines = [line for name, each in services.items() for line in _lines(name, each.shown, noted)]
    told: list[tuple[datetime, int, str]] = [
        *((at, 0, f"{_clock(at)}  » {text}") for at, text in noted.items()),
        *((line.at, 1, line.text()) for line in lines),
    ]
    told.sort(key=lambda each: each[:2])
    for day, of_day in groupby(told, key=lambda each: each[0].astimezone(BERLIN).date()):
        yield f"\n{day:%a %d %b}"
        for _, _, text in of_day:
            yield f"  {text}"


def _lines(channel: str, shown: Sequence[Shown], noted: Mapping[datetime, str]) -> Iterator[Line]:
    run: list[Shown] = []
    for each in shown:
        if run and not (_is_single(each) and _together(run[0].at, each.at, noted)):
            yield Line(channel, run)
            run = []
        if _is_single(each):
            run.append(each)
        else:
            yield Line(channel, [each])
    if run:
        yield Line(channel, run)


def _is_single(shown: Shown) -> bool:
    return shown.title.startswith(("Ka-ching! ", "Sold: ")) and " sale" not in shown.title


def _together(first: datetime, then: datetime, noted: Mapping[datetime, str]) -> bool:
    same_day = first.astimezone(BERLIN).date() == then.astimezone(BERLIN).date()
    return same_day and not any(first < at <= then for at in noted)


def _said(shown: Shown) -> str:
    lines = list(filter(None, shown.body.split("\n")))
    if shown.title.startswith("Ka-ching! ") and not _is_single(shown):
        lines = [line for line in lines if line.startswith(("In this burst", "Today: "))]
    return cut(" · ".join([shown.title, *lines]), LONGEST)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%H:%M}"


def table(books: Books) -> Iterator[str]:
    """Account for every event: by kind, as what its entries were told."""
    forms = {row["id"]: row["form"] for row in books.messages}
    counts: Counter[tuple[str, str]] = Counter()
    for event in books.events.values():
        counts[event["kind"], "events"] += 1
        counts[event["kind"], "off"] += event["level"] == "off"
    for row in books.entries:
        told = forms[row["message_id"]] if row["message_id"] is not None else "failed"
        counts[row["kind"], told] += 1
    columns = ("events", "off", *FORMS, "failed")
    yield "".join([f"{'':12}", *(f"{name:>9}" for name in columns)])
    for kind in sorted({kind for kind, _ in counts}):
        yield "".join([f"{kind:12}", *(f"{counts[kind, name] or '-':>9}" for name in columns)])
    sums = Counter(
        {name: sum(n for (_, of), n in counts.items() if of == name) for name in columns}
    )
    yield "".join([f"{'together':12}", *(f"{sums[name] or '-':>9}" for name in columns)])
