"""What leaves the machine: loud messages with their sound, silent ones as quietly as can be."""

import asyncio
import dataclasses
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.plugins import quietest
from tests.notify.listener import Listener

RING = Message("Ka-ching! €12.00", "Planner\nprints", Tone.RING)
SILENT = Message("Refund", "€12.00 went back", Tone.INFO, silent=True)
TROUBLE = Message("Login needed", "Run `salesdaemon auth prints`", Tone.FAILURE)

USER, TOKEN = "u" * 30, "a" * 30
POVER = f"pover://{USER}@{TOKEN}"
MAIL = "from=shop@example.com&to=me@example.com&mode=insecure"
DISCORD = "discord://1234567890/abcdefghijkl_token"


async def send(listener: Listener, url: str, sound: str | None, message: Message) -> Any:
    """Deliver one message and return the payload the service got."""
    listener.received.clear()
    await Channel("phone", url.replace("HOST", listener.host), sound).deliver(message)
    # A Matrix plugin logs in before it sends and out when it is thrown away.
    body = next(one for one in reversed(listener.received) if not one.url.endswith("/logout"))
    return body.form() if b"=" in body.body and not body.body.startswith(b"{") else body.json()


async def test_pushover_gets_the_sound_for_a_ring_and_the_lowest_priority_for_silence(
    world: Listener,
) -> None:
    common = {"token": TOKEN, "user": USER, "device": "ALL_DEVICES"}

    assert await send(world, POVER, "cashregister", RING) == {
        **common,
        "title": "Ka-ching! €12.00",
        "message": "Planner\nprints",
        "priority": "0",
        "sound": "cashregister",
    }
    assert await send(world, POVER, "cashregister", SILENT) == {
        **common,
        "title": "Refund",
        "message": "€12.00 went back",
        "priority": "-2",
        "sound": "none",
    }
    assert world.received[0].url == "https://api.pushover.net/1/messages.json"


async def test_trouble_leaves_with_the_services_own_sound(world: Listener) -> None:
    trouble = await send(world, POVER, "cashregister", TROUBLE)

    assert (trouble["sound"], trouble["priority"]) == ("pushover", "0")


async def test_a_ring_that_is_silent_makes_no_sound(world: Listener) -> None:
    ring = dataclasses.replace(RING, silent=True)

    payload = await send(world, POVER, "cashregister", ring)

    assert (payload["sound"], payload["priority"]) == ("none", "-2")


async def test_sound_and_priority_in_the_url_stay_for_a_ring_only(world: Listener) -> None:
    url = f"{POVER}?sound=kaching&priority=high"

    ring = await send(world, url, "cashregister", RING)
    trouble = await send(world, url, "cashregister", TROUBLE)
    silent = await send(world, url, "cashregister", SILENT)

    assert (ring["sound"], ring["priority"]) == ("kaching", "1")
    assert (trouble["sound"], trouble["priority"]) == ("pushover", "1")
    assert (silent["sound"], silent["priority"]) == ("none", "-2")


async def test_an_unknown_sound_does_not_cost_the_ring(world: Listener) -> None:
    assert "s" not in await send(world, "psafers://key", "nonsense", RING)


async def test_one_channel_keeps_loud_and_silent_apart(listener: Listener) -> None:
    channel = Channel("phone", f"ntfy://{listener.host}/sales?priority=high", None)

    for message in (RING, SILENT, RING, TROUBLE):
        await channel.deliver(message)

    priorities = [one.headers.get("X-Priority") for one in listener.received]
    assert priorities == ["high", "min", "high", "high"]


# Service, sound, and the part of the payload that makes the noise: of a ring, of a silent message.
NOISE: list[tuple[str, str | None, dict[str, Any], dict[str, Any]]] = [
    ("psafers://key", "cashregister", {"s": "11"}, {"s": "0", "pr": "-2"}),
    ("psafers://key?vibration=3", "whah", {"s": "42", "v": "3"}, {"s": "0", "pr": "-2"}),
    ("bark://HOST/key", "paymentsuccess", {"sound": "paymentsuccess.caf"}, {"level": "passive"}),
    (
        "bark://HOST/key?level=critical&call=yes",
        "paymentsuccess",
        {"sound": "paymentsuccess.caf", "level": "critical", "call": 1},
        {"level": "passive"},
    ),
    ("gotify://HOST/token", None, {"priority": 5}, {"priority": 0}),
    ("gotify://HOST/token?priority=high", None, {"priority": 8}, {"priority": 0}),
    (f"prowl://{'a' * 40}", None, {"priority": "0"}, {"priority": "-2"}),
    (
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        None,
        {"disable_notification": False},
        {"disable_notification": True},
    ),
    (DISCORD, None, {"tts": False}, {"tts": False, "flags": 4096}),
    (f"{DISCORD}?flags=4&tts=yes", None, {"tts": True, "flags": 4}, {"tts": False, "flags": 4100}),
    ("json://HOST", "x", {"type": "success"}, {"type": "info"}),
]
LOUD_ONLY = {"s", "v", "sound", "level", "call", "flags", "priority", "pr"}


@pytest.mark.parametrize(
    ("url", "sound", "loud", "quiet"), NOISE, ids=[case[0].partition("?")[0][:20] for case in NOISE]
)
async def test_a_ring_sounds_and_a_silent_message_does_not(
    world: Listener, url: str, sound: str | None, loud: dict[str, Any], quiet: dict[str, Any]
) -> None:
    ring = await send(world, url, sound, RING)
    silent = await send(world, url, sound, SILENT)

    def noise(payload: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
        return {name: payload[name] for name in payload if name in LOUD_ONLY | set(expected)}

    assert noise(ring, loud) == loud
    assert noise(silent, quiet) == quiet


async def test_lametric_plays_exactly_the_sound_that_was_named(world: Listener) -> None:
    ring = await send(world, "lametric://key@HOST", "dog1", RING)
    silent = await send(world, "lametric://key@HOST?sound=cash&priority=critical", None, SILENT)

    assert ring["model"]["sound"] == {"category": "notifications", "id": "dog", "repeat": 1}
    assert "sound" not in silent["model"]
    assert silent["priority"] == "info"


async def test_pushy_sends_the_sound_in_the_notification(world: Listener) -> None:
    ring = await send(world, "pushy://key/@topic", "kaching.caf", RING)
    silent = await send(world, "pushy://key/@topic", "kaching.caf", SILENT)

    assert ring["notification"]["sound"] == "kaching.caf"
    assert "sound" not in silent["notification"]


async def test_a_silent_matrix_message_is_a_notice(world: Listener) -> None:
    world.replies[0].body = '{"room_id": "!r:h", "event_id": "$e", "access_token": "x"}'
    url = "matrix://user:token@HOST/!room:host?discovery=no&mode=off"

    loud = await send(world, url, None, RING)
    quiet = await send(world, url, None, SILENT)

    assert (loud["msgtype"], quiet["msgtype"]) == ("m.text", "m.notice")


async def test_a_silent_mail_is_marked_as_unimportant() -> None:
    received: list[Mail] = []

    class Inbox:
        async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
            self, _server: SMTP, _session: Session, envelope: Envelope
        ) -> str:
            received.append(message_from_bytes(cast("bytes", envelope.content)))
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Inbox(), loop=loop), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        channel = Channel("mail", f"mailto://127.0.0.1:{port}/?{MAIL}", None)
        assert await channel.deliver(RING) == "E-Mail took it."
        await channel.deliver(SILENT)

    assert [mail["X-Priority"] for mail in received] == [None, "5 (Lowest)"]
    assert [mail["Importance"] for mail in received] == [None, "low"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({-2: "low", -1: "moderate", 0: "normal", 2: "emergency"}, "low"),
        (("max", "high", "default", "low", "min"), "min"),
        (("active", "timeSensitive", "passive", "critical"), "passive"),
        ((1, 2, 3, 4, 5), "1"),
        ((2, 1, 0, -1, -2), "-2"),
        (("P1", "P2", "P3", "P4", "P5"), "P5"),
        ({-2: "lowest", -1: "low", 0: "normal"}, "lowest"),
        (("high", "normal"), "normal"),
    ],
)
def test_the_quietest_value_is_found_by_name_or_number(values: Any, expected: str) -> None:
    assert quietest(values) == expected
