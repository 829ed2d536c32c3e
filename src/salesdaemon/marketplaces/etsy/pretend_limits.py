"""Etsy's two request limits: per second and per rolling day, for each key or token."""

from collections import deque
from dataclasses import dataclass
from itertools import takewhile

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The headers of every answer, and why a request is refused: `second`, `day` or neither."""

    headers: dict[str, str]
    refused: str = ""


class Limits:
    """Counts the requests of each caller; None means that no limit is set."""

    def __init__(self, per_second: int | None, per_day: int | None) -> None:
        self.per_second = per_second
        self.per_day = per_day
        self.misspelt = False
        self._taken: dict[str, deque[float]] = {}

    def take(self, caller: str, now: float) -> Verdict:
        """Count one request at an epoch second; a refused one does not count."""
        if self.per_second is None and self.per_day is None:
            return Verdict({})
        taken = self._taken.setdefault(caller, deque())
        while taken and taken[0] <= now - DAY:
            taken.popleft()
        second = sum(1 for _ in takewhile(lambda moment: moment > now - 1, reversed(taken)))
        if self.per_second is not None and second >= self.per_second:
            return Verdict(self._headers(second, len(taken)) | {"retry-after": "1"}, "second")
        if self.per_day is not None and len(taken) >= self.per_day:
            wait = max(1, int(taken[0] + DAY - now) + 1) if taken else int(DAY)
            return Verdict(self._headers(second, len(taken)) | {"retry-after": str(wait)}, "day")
        taken.append(now)
        return Verdict(self._headers(second + 1, len(taken)))

    def _headers(self, second: int, day: int) -> dict[str, str]:
        headers = {}
        if self.per_second is not None:
            name = "x-remaining-this-secon" if self.misspelt else "x-remaining-this-second"
            headers["x-limit-per-second"] = str(self.per_second)
            headers[name] = str(max(0, self.per_second - second))
        if self.per_day is not None:
            headers["x-limit-per-day"] = str(self.per_day)
            headers["x-remaining-today"] = str(max(0, self.per_day - day))
        return headers
