"""The pages show what leaves the server: the very requests that the services received."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from tests.fakes.services.world import online
from tests.notify.listener import Received
from tests.notify.speaking import RING, SILENT, SPOKEN, TELEGRAM_TOKEN

PAGES = Path(__file__).parents[2] / "docs" / "phones"
BEGIN, END = "<!-- payload: ring -->\n", "<!-- payload: end -->\n"
MESSAGES = {"A ring, sent for a sale:": RING, "A message that is `silent`:": SILENT}

# What every HTTP client adds, and what only leads the test to loopback.
LEFT_OUT = {"host", "accept", "accept-encoding", "connection", "content-length", "x-original-url"}
STANDS_FOR: Mapping[str, Mapping[str, str]] = {
    "pushover": {
        base64.b64encode(b"a" * 30 + b":").decode(): "(TOKEN, encoded)",
        "a" * 30: "TOKEN",
        "u" * 30: "USER_KEY",
    },
    "ntfy": {"sales-k7w2p9xq4m": "TOPIC"},
    "telegram": {TELEGRAM_TOKEN: "TOKEN", "12315544": "CHAT_ID"},
    "discord": {"123456789012345678": "WEBHOOK_ID", "w" * 68: "WEBHOOK_TOKEN"},
    "gotify": {"AbcdefghijklmnO": "TOKEN"},
    "bark": {"ynJ5Ft4atkMkWeo2PAvFhF": "DEVICE_KEY"},
}


def written(received: Received) -> Iterator[str]:
    """Write a request down, a form decoded and a field of it a line."""
    yield f"{received.method} {received.url}"
    for name, value in sorted(received.headers.items()):
        if name.lower() not in LEFT_OUT:
            yield f"{name}: {value}"
    yield ""
    body = received.body.decode()
    if body.startswith("{"):
        yield json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    else:
        yield from (
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in parse_qsl(body)
        )


@pytest.mark.parametrize("name", SPOKEN)
async def test_a_page_shows_what_its_service_received(
    name: str, pytestconfig: pytest.Config
) -> None:
    service, channel = SPOKEN[name].make(), SPOKEN[name].channel()
    said = ""
    with online(service):
        for heading, message in MESSAGES.items():
            await channel.deliver(message)
            request = "\n".join(written(service.received[-1]))
            for secret, word in STANDS_FOR[name].items():
                request = request.replace(secret, word)
            said += f"{heading}\n\n```http\n{request}\n```\n\n"

    page = PAGES / f"{name}.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    kept, _, after = rest.partition(END)
    if pytestconfig.getoption("--update-golden"):
        page.write_text(f"{before}{BEGIN}{said}{END}{after}", encoding="utf-8")
        kept = said
    assert kept == said
