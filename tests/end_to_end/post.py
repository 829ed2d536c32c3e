"""The owner's mail server: real SMTP on loopback, in a thread."""

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


def reserve_port() -> socket.socket:
    """Bind a port without listening: nobody is given it, and who names it may still listen there.

    On Linux that is so between sockets that all set SO_REUSEADDR, as servers do.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


class PostOffice:
    """Takes mail; may be closed for a while. `on_accepted` strikes before the answer leaves."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.on_accepted: Callable[[], None] = lambda: None
        self._reserved = reserve_port()
        self.port: int = self._reserved.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.open()

    def open(self) -> None:
        async def listen() -> asyncio.Server:
            return await self._loop.create_server(self._protocol, "127.0.0.1", self.port)

        self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)

    def close(self) -> None:
        """Listen no more, as a mail server that is down."""

        async def leave(server: asyncio.Server) -> None:
            server.close()
            await server.wait_closed()

        if self._server is not None:
            asyncio.run_coroutine_threadsafe(leave(self._server), self._loop).result(10)
        self._server = None

    def stop(self) -> None:
        self.close()

        async def finish() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reserved.close()

    async def handle_DATA(  # noqa: N802 - the server calls it by this name
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.on_accepted()
        return "250 2.0.0 queued as 4711"

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="localhost", loop=self._loop)
