import asyncio
import socket

import httpx
import pytest

from tests.loopback_only import OutboundConnectionError, take_refused

FAR = ("192.0.2.1", 80)


def test_a_connection_beyond_this_machine_is_refused_and_remembered() -> None:
    with socket.socket() as sock, pytest.raises(OutboundConnectionError):
        sock.connect(FAR)
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(OutboundConnectionError):
        sock.sendto(b"x", FAR)
    with pytest.raises(OutboundConnectionError):
        socket.getaddrinfo("api.example.com", 443)
    assert take_refused() == ["192.0.2.1:80", "192.0.2.1:80", "the name 'api.example.com'"]


async def test_it_is_remembered_also_where_a_library_makes_another_error_of_it() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("https://api.example.com/")
        with pytest.raises(httpx.ConnectError):
            await client.get("http://192.0.2.1/")
    assert take_refused() == ["the name 'api.example.com'", "192.0.2.1:80"]


async def test_loopback_and_names_that_exist_nowhere_are_no_offence() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
    server.close()
    await server.wait_closed()
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("no-such-host.invalid", 80)
    assert take_refused() == []
