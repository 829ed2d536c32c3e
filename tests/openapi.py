"""Hold requests and answers against Etsy's published OpenAPI document.

`check_exchange` is for every test that records what went over the wire. Where the live API is
known to differ from its document, the difference is listed here and nowhere else.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import Headers, ImmutableMultiDict

DOCUMENT = Path(__file__).parent / "data" / "etsy-openapi-trimmed.json"
HOST = "https://openapi.etsy.com"
LOGIN_PATHS = {"/oauth/connect", "/v3/public/oauth/token"}  # described in prose alone
# The document has such a list repeat its name for each id; by its own words, and in practice, the
# ids stand in one value with commas between them.
ID_LISTS = {"payment_ids", "ledger_entry_ids", "listing_ids"}
UNDOCUMENTED_STATUSES = {401, 403, 429, 502, 503}
RECEIPT_WORDS = {"paid", "completed", "open", "payment processing", "canceled"} | {
    "fully refunded",
    "partially refunded",
}


@cache
def document() -> OpenAPI:
    """Load the trimmed document once."""
    described = _described()
    # openapi-core knows no OAuth: on the wire it is a bearer token.
    bearer = {"type": "http", "scheme": "bearer"}
    schemes = described["components"]["securitySchemes"] | {"oauth2": bearer}
    components = described["components"] | {"securitySchemes": schemes}
    return OpenAPI.from_dict(described | {"components": components})


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return described


def check_exchange(  # noqa: PLR0917 - one exchange, in the order in which it is sent
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    status: int,
    response_headers: Mapping[str, str],
    response_body: bytes,
) -> None:
    """Fail unless a request and its answer are what Etsy's document allows.

    An unknown or repeated query parameter fails as well, which the document alone does not ask
    for. The two login addresses, which the document lacks, are let through.
    """
    if urlsplit(url).path in LOGIN_PATHS:
        return
    request = _request(method, url, headers, body)
    _check_query(request, url)
    document().validate_request(request)
    check_answer(method, url, status, response_headers, response_body)


def check_answer(
    method: str, url: str, status: int, response_headers: Mapping[str, str], response_body: bytes
) -> None:
    """Fail unless an answer is what Etsy's document allows, whatever was asked."""
    request = _request(method, url, {}, b"")
    content_type = Headers(dict(response_headers)).get("content-type", "")
    if str(status) not in _operation(request)["responses"]:
        _check_undocumented(status, response_body)
        return
    body = _as_documented(response_body)
    answer = MockResponse(body, status, dict(response_headers), content_type.partition(";")[0])
    document().validate_response(request, answer)


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> MockRequest:
    parts = urlsplit(url)
    named = Headers(dict(headers))
    request = MockRequest(
        HOST,
        method,
        parts.path,
        headers=dict(headers),
        data=body,
        content_type=named.get("content-type", "application/json").partition(";")[0],
    )
    request.parameters.query = ImmutableMultiDict(
        (name, part)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        for part in (value.split(",") if name in ID_LISTS else [value])
    )
    return request


def _operation(request: MockRequest) -> dict[str, Any]:
    path = request.path
    for pattern, operations in _described()["paths"].items():
        if _fits(pattern, path) and request.method in operations:
            operation: dict[str, Any] = operations[request.method]
            return operation
    raise AssertionError(f"{request.method} {path} is not in the document.")


def _fits(pattern: str, path: str) -> bool:
    expected, given = pattern.split("/"), path.split("/")
    return len(expected) == len(given) and all(
        want == got or (want.startswith("{") and got.isdigit())
        for want, got in zip(expected, given, strict=True)
    )


def _check_query(request: MockRequest, url: str) -> None:
    allowed = {
        parameter["name"]
        for parameter in _operation(request).get("parameters", [])
        if parameter["in"] == "query"
    }
    names = [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    assert set(names) <= allowed, f"unknown parameters {sorted(set(names) - allowed)}"
    assert len(names) == len(set(names)), f"repeated parameters in {names}"


def _check_undocumented(status: int, body: bytes) -> None:
    """Etsy answers 403 where only 401 stands in its document, and 429, 502 and 503 nowhere do."""
    assert status in UNDOCUMENTED_STATUSES, f"status {status} is not in the document"
    if body.startswith(b"{"):
        assert isinstance(json.loads(body)["error"], str)


def _as_documented(body: bytes) -> bytes:
    """Write a receipt's status in the document's spelling, as live ones are in any case."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    if not isinstance(answer, dict):
        return body
    rows = answer.get("results", [answer])
    for row in rows if isinstance(rows, list) else []:
        status = row.get("status") if isinstance(row, dict) and "receipt_type" in row else None
        if isinstance(status, str) and status.lower() in RECEIPT_WORDS:
            row["status"] = status.lower()
    return json.dumps(answer).encode()
