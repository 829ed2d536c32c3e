"""Second tries: when a request is sent again, and when what came is handed on as it is."""

import httpx
import pytest
import respx

from salesdaemon.errors import UnavailableError
from salesdaemon.http import Http

ADDRESS = "https://api.example.com/v2/sales"
WELL = httpx.Response(200, content=b"{}")


async def ask(*answers: httpx.Response | Exception, repeat: bool = True) -> tuple[str, int]:
    """Ask once; returns the status or the complaint, and how many requests that took."""
    with respx.mock:
        route = respx.get(ADDRESS).mock(side_effect=answers)
        async with Http(user_agent="test") as http:
            try:
                said = str((await http.request("GET", ADDRESS, repeat=repeat)).status)
            except UnavailableError as error:
                said = str(error)
        return said, route.call_count


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([WELL], ("200", 1), id="a good answer at once"),
        pytest.param([httpx.Response(503), WELL], ("200", 2), id="a passing 503"),
        pytest.param([httpx.Response(503)] * 2, ("503", 2), id="a lasting 503"),
        pytest.param([httpx.Response(404)], ("404", 1), id="a 404"),
        pytest.param([httpx.Response(429)], ("429", 1), id="a 429 that names no wait"),
        pytest.param(
            [httpx.Response(429, headers={"Retry-After": "0"}), WELL],
            ("200", 2),
            id="a 429 with a short wait",
        ),
        pytest.param(
            [httpx.Response(429, headers={"Retry-After": "86400"})],
            ("429", 1),
            id="a 429 with a long wait",
        ),
        pytest.param(
            [httpx.ConnectError("no"), WELL], ("200", 2), id="a passing broken connection"
        ),
        pytest.param(
            [httpx.ConnectError("no")] * 2,
            ("The connection to api.example.com broke (ConnectError).", 2),
            id="a lasting broken connection",
        ),
        pytest.param(
            [httpx.ReadTimeout("slow")],
            ("api.example.com did not answer in time.", 1),
            id="a request that may still be worked on",
        ),
    ],
)
async def test_only_what_may_pass_is_asked_again(
    answers: list[httpx.Response | Exception], expected: tuple[str, int]
) -> None:
    assert await ask(*answers) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(503), ("503", 1)),
        (
            httpx.ConnectError("no"),
            ("The connection to api.example.com broke (ConnectError).", 1),
        ),
    ],
    ids=["503", "broken connection"],
)
async def test_a_request_that_must_not_be_repeated_is_sent_once(
    answer: httpx.Response | Exception, expected: tuple[str, int]
) -> None:
    assert await ask(answer, repeat=False) == expected
