"""Faults that the pretend shop commits on demand.

A fault waits for a request that it fits, and is spent after `times` of them. Those in
`WHOLE_ANSWER` replace or spoil any answer; the others change what `/sales` says.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

WHOLE_ANSWER = frozenset(
    {
        "429",
        "500",
        "502",
        "503",
        "hang",
        "reset",
        "truncated",
        "html",
        "success_false",
        "empty_body",
        "wrong_json",
    }
)
OF_SALES = frozenset(
    {"timed_out", "big_account", "wrong_types", "null_fields", "stuck", "repeated"}
)


@dataclass(slots=True)
class Fault:
    """One order to misbehave; None in `times` means for ever.

    `seconds` is how long to hang, or the Retry-After of a 429 or 503. `days` is the widest window
    that does not time out. `sale_id` and `fields` say whose fields become what.
    """

    kind: str
    times: int | None = None
    probability: float | None = None
    path_contains: str = ""
    seconds: float | None = None
    status: int | None = None
    days: int | None = None
    sale_id: str | None = None
    fields: dict[str, object] | None = None


class Faults:
    """The faults that wait, and how often each kind has happened (`fired`)."""

    def __init__(self, *, seed: int) -> None:
        self.fired: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._waiting: list[Fault] = []

    def add(
        self,
        kind: str,
        *,
        times: int | None = None,
        probability: float | None = None,
        path_contains: str = "",
        seconds: float | None = None,
        status: int | None = None,
        days: int | None = None,
        sale_id: str | None = None,
        fields: dict[str, object] | None = None,
    ) -> None:
        """Order a fault: once, unless `times` or a `probability` says otherwise.

        `path_contains` is looked for in the path with its query. A `big_account` lasts for ever.
        """
        if kind not in WHOLE_ANSWER | OF_SALES:
            raise ValueError(f"There is no fault {kind!r}.")
        if times is None and probability is None and kind != "big_account":
            times = 1
        fault = Fault(
            kind, times, probability, path_contains, seconds, status, days, sale_id, fields
        )
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget the faults that wait."""
        with self._lock:
            self._waiting.clear()

    def take(
        self,
        kinds: Collection[str],
        target: str,
        fits: Callable[[Fault], bool] = lambda _fault: True,
    ) -> Fault | None:
        """Spend and return the first waiting fault of these kinds that fits a request."""
        if not self._waiting:
            return None
        with self._lock:
            for fault in self._waiting:
                wanted = fault.kind in kinds and fault.path_contains in target
                if wanted and fits(fault) and self._is_due(fault):
                    return self._spend(fault)
        return None

    def _is_due(self, fault: Fault) -> bool:
        return fault.probability is None or self._random.random() < fault.probability

    def _spend(self, fault: Fault) -> Fault:
        self.fired[fault.kind] += 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
        return fault
