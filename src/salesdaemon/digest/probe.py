"""Try a mail server without sending anything."""

import asyncio

from salesdaemon.digest.mailer import MailServer, _client_errors, _connected
from salesdaemon.digest.refusals import explain


async def try_server(server: MailServer) -> None:
    """Connect, secure the connection and log in, as a mail would.

    Raises:
        DeliveryError: the server could not be reached, or refused; it says what to do.
    """
    try:
        async with asyncio.timeout(4 * server.timeout_seconds), _connected(server):
            pass
    except (OSError, ValueError, _client_errors()) as error:
        raise explain(error, server.host, server.port) from error
