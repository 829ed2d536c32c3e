"""A push service on loopback: it checks what it gets against its documents, and answers in kind."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.notify.listener import Listener, Received, Reply

Clock = Callable[[], datetime]


def machine_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Shown:
    """One message as the phone shows it. `sound` is None where the phone chooses it itself."""

    at: datetime
    title: str
    body: str
    loud: bool
    sound: str | None = None


@dataclass(frozen=True)
class Taken:
    """One message that the service accepted: its fields as documented, and what comes of it."""

    fields: Mapping[str, Any]
    shown: Shown


class RefusedError(Exception):
    """The service does not take the request; carries what it answers."""

    def __init__(
        self, status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {document}")
        self.reply = says(document, status, headers)


def says(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(
        status,
        json.dumps(document),
        {"Content-Type": "application/json", **(headers or {})},
    )


@dataclass(frozen=True)
class Field:
    """What a document says of one field. Lengths count characters."""

    kind: type | tuple[type, ...] = str
    required: bool = False
    longest: int | None = None
    allowed: Container[Any] | None = None
    pattern: str | None = None

    def fault(self, value: Any) -> str | None:
        if isinstance(value, bool) and self.kind is not bool:
            return "type"
        if not isinstance(value, self.kind):
            return "type"
        if isinstance(value, str | list) and self.longest is not None and len(value) > self.longest:
            return "length"
        if self.allowed is not None and value not in self.allowed:
            return "value"
        if self.pattern is not None and not re.fullmatch(self.pattern, str(value)):
            return "value"
        return None


@dataclass
class Window:
    """Counts messages of the last while, to refuse what is too much."""

    length: timedelta
    limit: int
    sent: deque[datetime] = field(default_factory=deque)

    def full_for(self, now: datetime) -> float | None:
        """Return for how many seconds nothing more fits, None where something does."""
        while self.sent and self.sent[0] <= now - self.length:
            self.sent.popleft()
        if len(self.sent) < self.limit:
            return None
        return (self.sent[0] + self.length - now).total_seconds()


class LoopbackService(Listener):
    """The shared part: what was received, taken and refused, and faults to order.

    `undocumented` names the fields that the service's document does not know. The real services
    pass over them; a test says that there are none.
    """

    hosts: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, clock: Clock = machine_time) -> None:
        super().__init__()
        self.clock = clock
        self.taken: list[Taken] = []
        self.refused: list[Reply] = []
        self.undocumented: set[str] = set()
        self.faults: deque[Reply] = deque()
        self._one_at_a_time = threading.Lock()

    @property
    def last(self) -> Taken:
        return self.taken[-1]

    @property
    def shown(self) -> list[Shown]:
        return [taken.shown for taken in self.taken]

    def answer(self, received: Received) -> Reply:
        with self._one_at_a_time:
            self.received.append(received)
            self.arrived.set()
            reply = self.faults.popleft() if self.faults else self._judge(received)
            reply.headers.setdefault("Date", format_datetime(self.clock(), usegmt=True))
            return reply

    def take(self, received: Received) -> Reply:
        """Check one request, keep what it brings, and say what the service would say."""
        raise NotImplementedError

    def inspect(
        self, fields: Mapping[str, Any], known: Mapping[str, Field]
    ) -> tuple[str, str] | None:
        """Return the first field that is not as documented, and what is wrong with it."""
        self.undocumented |= fields.keys() - known.keys()
        for name, one in known.items():
            if name not in fields:
                if one.required:
                    return name, "missing"
            elif fault := one.fault(fields[name]):
                return name, fault
        return None

    def _judge(self, received: Received) -> Reply:
        try:
            return self.take(received)
        except RefusedError as refused:
            self.refused.append(refused.reply)
            return refused.reply


def header(received: Received, *names: str) -> str | None:
    """Return the first of these headers that was sent, whatever its case."""
    sent = {name.lower(): value for name, value in received.headers.items()}
    return next((sent[name.lower()] for name in names if name.lower() in sent), None)


def query(received: Received) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(received.url).query, keep_blank_values=True))


def path(received: Received) -> str:
    return urlsplit(received.url).path


def json_object(received: Received) -> dict[str, Any] | None:
    """Return the body's JSON object, None where it is none."""
    try:
        document = json.loads(received.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def form_fields(received: Received) -> dict[str, str]:
    return dict(parse_qsl(received.body.decode(), keep_blank_values=True))


def content_type(received: Received) -> str:
    return (header(received, "Content-Type") or "").partition(";")[0].strip().lower()


def whole_seconds(seconds: float) -> int:
    return int(-(-seconds // 1))
