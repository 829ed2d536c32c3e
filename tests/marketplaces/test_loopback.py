"""A loopback server starts ready, breaks connections when asked to and always stops."""

import asyncio
import threading
import time

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from salesdaemon.marketplaces.loopback import Running, reset_connection, serve

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"4"), (b"date", b"today")],
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/hang":
        await asyncio.sleep(3600)
    await send(START)
    if scope["path"] != "/whole":
        await send({"type": "http.response.body", "body": b"ha", "more_body": True})
        await reset_connection(scope, receive, abruptly=scope["path"] == "/reset")
        return
    await send({"type": "http.response.body", "body": b"good"})


def test_it_answers_as_soon_as_the_block_begins_and_adds_no_headers() -> None:
    with serve(app) as url:
        answer = httpx.get(f"{url}/whole")
    assert (answer.text, dict(answer.headers)) == ("good", {"content-length": "4", "date": "today"})


@pytest.mark.parametrize(
    ("path", "error"), [("/reset", httpx.ReadError), ("/hangup", httpx.RemoteProtocolError)]
)
def test_a_connection_ends_with_a_reset_or_like_a_hangup(path: str, error: type[Exception]) -> None:
    with serve(app) as url, httpx.Client(base_url=url) as client:
        with pytest.raises(error):
            client.get(path)
        assert client.get("/whole").text == "good"


def test_in_process_a_broken_connection_is_an_error() -> None:
    async def call() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            await client.get("/reset")

    with pytest.raises(ConnectionResetError):
        asyncio.run(call())


def test_it_stops_with_a_request_still_hanging() -> None:
    running = Running(app)
    ended: list[type[Exception]] = []

    def ask() -> None:
        try:
            httpx.get(f"{running.url}/hang", timeout=30)
        except httpx.TransportError as error:
            ended.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    while not running.requests_open:
        time.sleep(0.01)
    running.stop()
    asking.join(10)
    assert ended == [httpx.RemoteProtocolError]
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)
