"""Second tries: when a request is sent again, and when what came is handed on as it is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

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


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def dated(offset: timedelta, **headers: str) -> httpx.Response:
    """Answer with a clock that is ahead of ours."""
    date = format_datetime(NOW + offset, usegmt=True)
    return httpx.Response(200, headers={"Date": date, **headers})


async def offset_after(*answers: httpx.Response, later: timedelta = timedelta(0)) -> float | None:
    """Ask one host after the other; returns by how many minutes our clock then seems behind."""
    now = NOW
    with respx.mock:
        async with Http(user_agent="test", clock=lambda: now) as http:
            for place, answer in enumerate(answers):
                respx.get(f"https://host{place}.example.com/").mock(return_value=answer)
                await http.request("GET", f"https://host{place}.example.com/")
            now += later
            offset = http.clock_offset()
    return None if offset is None else offset / MINUTE


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([], None, id="nobody asked"),
        pytest.param([dated(timedelta(0))], 0, id="right"),
        pytest.param([dated(5 * MINUTE)], 5, id="behind"),
        pytest.param([dated(-5 * MINUTE)], -5, id="ahead"),
        pytest.param([dated(timedelta(0)), dated(MINUTE), dated(400 * MINUTE)], 1, id="one odd"),
        pytest.param([dated(-400 * MINUTE), dated(MINUTE)], 1, id="one odd of two"),
        pytest.param([dated(5 * MINUTE, Age="300")], None, id="from a cache"),
        pytest.param([httpx.Response(200, headers={"Date": "soon"})], None, id="no date"),
        pytest.param([httpx.Response(200)], None, id="none told"),
    ],
)
async def test_our_clock_is_compared_with_those_of_the_servers(
    answers: list[httpx.Response], expected: float | None
) -> None:
    assert await offset_after(*answers) == expected


async def test_what_was_said_long_ago_tells_nothing_of_our_clock_now() -> None:
    assert await offset_after(dated(5 * MINUTE), later=29 * MINUTE) == 5
    assert await offset_after(dated(5 * MINUTE), later=31 * MINUTE) is None


async def test_the_date_of_an_answer_that_is_tried_again_counts_as_well() -> None:
    assert await offset_after(httpx.Response(429, headers=dated(5 * MINUTE).headers)) == 5
