"""What goes wrong on purpose: faults that a test or the demo plants in the pretend API."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from salesdaemon.marketplaces.loopback import reset_connection

Kind = Literal[
    "429",
    "500",
    "502",
    "503",
    "hang",
    "reset",
    "truncated",
    "html",
    "wrong_types",
    "null_fields",
    "stuck",
    "empty_body",
    "shift",
    "lost_token_answer",
    "wrong_json",
]
KINDS: tuple[str, ...] = get_args(Kind)
API_PATHS = "/v3/application/"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, no secret
JSON = "application/json"
STITCH = (
    "<!DOCTYPE html><html><head><title>Etsy</title></head><body>"
    "<h1>Uh oh! A stitch has gone awry. Please try again later.</h1></body></html>"
)
WRONG_TYPES: dict[str, object] = {
    "grandtotal": "twelve",
    "transactions": "none",
    "created_timestamp": "yesterday",
    "amount": "much",
}
NULL_FIELDS = ("grandtotal", "transactions", "created_timestamp", "status", "amount")
REFUSALS = {
    "500": (500, JSON, '{"error":"Server Error"}'),
    "502": (502, "text/html", STITCH),
    "503": (503, JSON, '{"error":"Service Unavailable"}'),
    "html": (200, "text/html", STITCH),
    "empty_body": (200, JSON, ""),
    "wrong_json": (200, JSON, '[{"unexpected":"list"}]'),
}
# How much of the answer arrives, and whether the end is a reset or looks like a hang-up.
BREAKS = {"reset": (0.5, True), "truncated": (0.5, False), "lost_token_answer": (0.0, True)}


@dataclass(slots=True)
class Fault:
    """One planted fault.

    `times` None means without end; `probability` is tried at each request that matches.
    `seconds` is the length of a hang, or the `retry-after` of a refusal, which has none where it
    is None. `fields` and `receipt_id` choose what wrong types or nulls befall.
    """

    kind: str
    times: int | None
    probability: float
    path_contains: str
    seconds: float | None = None
    status: int | None = None
    daily: bool = False
    count: int = 3
    fields: tuple[str, ...] = ()
    receipt_id: int | None = None
    happened: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        """Whether it will not happen again."""
        return self.times is not None and self.happened >= self.times


class Faults:
    """The faults that wait to happen; the first that matches a request strikes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.planted: list[Fault] = []

    def add(
        self,
        kind: str,
        *,
        times: int | None = None,
        probability: float | None = None,
        path_contains: str | None = None,
        seconds: float | None = None,
        status: int | None = None,
        daily: bool = False,
        count: int = 3,
        fields: Iterable[str] = (),
        receipt_id: int | None = None,
    ) -> Fault:
        """Plant a fault: once, unless `times` or `probability` (then without end) says otherwise.

        It strikes calls below /v3/application/, a lost token answer the token endpoint, unless
        `path_contains` (matched against path and query) says otherwise.

        Raises:
            ValueError: no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"No fault is called {kind!r}; there are {', '.join(KINDS)}.")
        if path_contains is None:
            path_contains = TOKEN_PATH if kind == "lost_token_answer" else API_PATHS
        fault = Fault(
            kind,
            1 if times is None and probability is None else times,
            1.0 if probability is None else probability,
            path_contains,
            seconds,
            status,
            daily,
            count,
            tuple(fields),
            receipt_id,
        )
        self.planted.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything work again."""
        self.planted.clear()

    def strike(self, target: str) -> Fault | None:
        """Pick the fault for one request, told by its path and query, and count it."""
        for fault in self.planted:
            if fault.is_spent or fault.path_contains not in target:
                continue
            if fault.probability >= 1 or self._random.random() < fault.probability:
                fault.happened += 1
                return fault
        return None


class Broken(Response):
    """An answer of which only a part, or nothing, arrives before the connection breaks."""

    def __init__(self, answer: Response, *, share: float, abruptly: bool) -> None:
        super().__init__(answer.body, answer.status_code)
        self.raw_headers = answer.raw_headers  # with the content-length of the whole answer
        self._sent = bytes(answer.body)[: int(len(answer.body) * share)]
        self._abruptly = abruptly

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part, then break the connection."""
        if self._sent:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": [*self.raw_headers, (b"connection", b"close")],
                }
            )
            await send({"type": "http.response.body", "body": self._sent, "more_body": True})
        await reset_connection(scope, receive, abruptly=self._abruptly)


def refusal(fault: Fault) -> Response | None:
    """Answer in place of the API; None where the fault lets the request through first."""
    if fault.kind == "429":
        return _too_many(fault)
    if fault.kind not in REFUSALS:
        return None
    status, media_type, body = REFUSALS[fault.kind]
    return Response(body, fault.status or status, _wait(fault), media_type)


def spoil(fault: Fault, answer: Response, path: str) -> Response:
    """Change an answer that the API has given."""
    if fault.kind in BREAKS:
        share, abruptly = BREAKS[fault.kind]
        return Broken(answer, share=share, abruptly=abruptly)
    if answer.status_code != 200:  # noqa: PLR2004 - the one status with a page to spoil
        return answer
    body = bytes(answer.body)
    if fault.kind == "stuck":
        return Response(fault.pages.setdefault(path, body), 200, media_type=JSON)
    if fault.kind in {"wrong_types", "null_fields"}:
        return Response(_with_one_spoilt(fault, body), 200, media_type=JSON)
    return answer


def _wait(fault: Fault) -> dict[str, str]:
    return {} if fault.seconds is None else {"retry-after": f"{fault.seconds:.0f}"}


def _too_many(fault: Fault) -> Response:
    what = "daily rate limit" if fault.daily else "per second rate limit"
    headers = _wait(fault) | ({"x-remaining-today": "0"} if fault.daily else {})
    body = json.dumps({"error": f"Exceeded {what}"})
    return Response(body, fault.status or 429, headers, media_type=JSON)


def _with_one_spoilt(fault: Fault, body: bytes) -> bytes:
    page = json.loads(body)
    rows = page.get("results", [page])
    chosen = [row for row in rows if fault.receipt_id in (None, row.get("receipt_id"))]
    if not chosen:
        fault.happened -= 1
        return body
    row = chosen[len(chosen) // 2]
    if fault.kind == "wrong_types":
        spoilt = {key: WRONG_TYPES.get(key, {"wrong": "type"}) for key in fault.fields}
        row |= spoilt or {key: value for key, value in WRONG_TYPES.items() if key in row}
    else:
        row |= {key: None for key in fault.fields or NULL_FIELDS if fault.fields or key in row}
    return json.dumps(page).encode()
