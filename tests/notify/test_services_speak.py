"""What our channels send is what six services' own documents ask for, field by field."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.notify.message import Message, Tone
from tests.fakes.services.bark import Bark
from tests.fakes.services.base import LoopbackService
from tests.fakes.services.discord import Discord
from tests.fakes.services.telegram import Telegram
from tests.fakes.services.world import online
from tests.notify.speaking import RING, SILENT, SPOKEN, Spoken

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MESSAGES = {
    "ring": RING,
    "silent": SILENT,
    "trouble": Message(
        "Login needed: prints", "Run `salesdaemon auth prints` and sign in.", Tone.FAILURE
    ),
    "recap": Message(
        "Sales recap: 2 sales, €24.00",
        "While you slept\n09:00 · 1 × Mug · €12.00\n09:05 · 1 × Cup · €12.00",
        Tone.RING,
    ),
    "hostile": Message(
        "Ka-ching! **x** @everyone",
        "[a](//b) `c` _d_ <b>&amp; <@12345> @here\n# e 😀 \u202eevil\u202c כוס 2 < 3",
        Tone.RING,
    ),
}

PUSHOVER = {"token": "a" * 30, "user": "u" * 30, "device": "ALL_DEVICES"}
CASH = {"priority": "0", "sound": "cashregister"}
NTFY = {"topic": "sales-k7w2p9xq4m"}
TELEGRAM = {"chat_id": 12315544, "parse_mode": "HTML", "disable_web_page_preview": True}
DISCORD = {"tts": False, "allowed_mentions": {"parse": []}, "wait": "true"}
BARK = {"device_key": "ynJ5Ft4atkMkWeo2PAvFhF"}
PAID = {"sound": "paymentsuccess.caf"}


def same(name: str, title: str = "title", body: str = "message") -> dict[str, Any]:
    """Return a message's text unchanged, under the names that a service has for it."""
    return {title: MESSAGES[name].title, body: MESSAGES[name].body}


PLAIN_HOSTILE = {
    "title": "Ka-ching! **x** @everyone",
    "message": "[a](//b) `c` _d_ <b>&amp; <@12345> @here\n# e 😀 evil כוס 2 < 3",
}
BROKEN = "<\u200bb>&amp; <\u200b@\u200b12345> @\u200bhere"

FIELDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "pushover": {
        "ring": {**PUSHOVER, **CASH, **same("ring")},
        "silent": {**PUSHOVER, "priority": "-2", "sound": "none", **same("silent")},
        "trouble": {**PUSHOVER, "priority": "0", "sound": "pushover", **same("trouble")},
        "recap": {**PUSHOVER, **CASH, **same("recap")},
        "hostile": {**PUSHOVER, **CASH, **PLAIN_HOSTILE},
    },
    "ntfy": {
        "ring": {**NTFY, "priority": 4, **same("ring")},
        "silent": {**NTFY, "priority": 1, **same("silent")},
        "trouble": {**NTFY, "priority": 4, **same("trouble")},
        "recap": {**NTFY, "priority": 4, **same("recap")},
        "hostile": {**NTFY, "priority": 4, **PLAIN_HOSTILE},
    },
    "telegram": {
        "ring": {
            **TELEGRAM,
            "disable_notification": False,
            "text": "<b>Ka-ching! €12.00</b>\r\n"
            "1 × Weekly planner\r\ntemplates\r\nToday: 3 sales, €48.00 gross",
        },
        "silent": {
            **TELEGRAM,
            "disable_notification": True,
            "text": "<b>Refunded: €12.00</b>\r\n"
            "1 × Weekly planner\r\ntemplates, sold on 20 Nov 2026",
        },
        "trouble": {
            **TELEGRAM,
            "disable_notification": False,
            "text": "<b>Login needed: prints</b>\r\nRun `salesdaemon auth prints` and sign in.",
        },
        "recap": {
            **TELEGRAM,
            "disable_notification": False,
            "text": "<b>Sales recap: 2 sales, €24.00</b>\r\nWhile you slept\r\n"
            "09:00 · 1 × Mug · €12.00\r\n09:05 · 1 × Cup · €12.00",
        },
        "hostile": {
            **TELEGRAM,
            "disable_notification": False,
            "text": "<b>Ka-ching! **x** @\u200beveryone</b>\r\n"
            "[a](//b) `c` _d_ &lt;\u200bb&gt;&amp;amp; &lt;\u200b@\u200b12345&gt; @\u200bhere\r\n"
            "# e 😀 evil כוס 2 &lt; 3",
        },
    },
    "discord": {
        "ring": {
            **DISCORD,
            "content": "Ka-ching! €12.00\r\n"
            "1 × Weekly planner\ntemplates\nToday: 3 sales, €48.00 gross",
        },
        "silent": {
            **DISCORD,
            "flags": 4096,
            "content": "Refunded: €12.00\r\n1 × Weekly planner\ntemplates, sold on 20 Nov 2026",
        },
        "trouble": {
            **DISCORD,
            "content": "Login needed: prints\r\nRun \\`salesdaemon auth prints\\` and sign in.",
        },
        "recap": {
            **DISCORD,
            "content": "Sales recap: 2 sales, €24.00\r\nWhile you slept\n"
            "09:00 · 1 × Mug · €12.00\n09:05 · 1 × Cup · €12.00",
        },
        "hostile": {
            **DISCORD,
            "content": "Ka-ching! \\*\\*x\\*\\* @\u200beveryone\r\n"
            f"\\[a\\](//b) \\`c\\` \\_d\\_ {BROKEN}\n\\# e 😀 evil כוס 2 < 3",
        },
    },
    "gotify": {
        "ring": {"priority": 5, **same("ring")},
        "silent": {"priority": 0, **same("silent")},
        "trouble": {"priority": 5, **same("trouble")},
        "recap": {"priority": 5, **same("recap")},
        "hostile": {"priority": 5, **PLAIN_HOSTILE},
    },
    "bark": {
        "ring": {**BARK, **PAID, **same("ring", body="body")},
        "silent": {**BARK, "level": "passive", **same("silent", body="body")},
        "trouble": {**BARK, **same("trouble", body="body")},
        "recap": {**BARK, **PAID, **same("recap", body="body")},
        "hostile": {
            **BARK,
            **PAID,
            "title": PLAIN_HOSTILE["title"],
            "body": PLAIN_HOSTILE["message"],
        },
    },
}


@pytest.fixture(params=SPOKEN)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def spoken(name: str) -> Spoken:
    return SPOKEN[name]


@pytest.fixture
def service(spoken: Spoken) -> Iterator[LoopbackService]:
    service = spoken.make()
    with online(service):
        yield service


@pytest.mark.parametrize("message", MESSAGES)
async def test_a_service_gets_every_field_as_its_document_asks(
    name: str, spoken: Spoken, service: LoopbackService, message: str
) -> None:
    answer = await spoken.channel().deliver(MESSAGES[message])

    shown = service.last.shown
    words = PLAIN_HOSTILE if message == "hostile" else same(message)
    assert answer.endswith("answered 200 OK.")
    assert [taken.fields for taken in service.taken] == [FIELDS[name][message]]
    assert service.undocumented == set()
    assert shown.title.replace("\u200b", "") == words["title"]
    assert shown.body.replace("\u200b", "") == words["message"]
    assert shown.loud == (message != "silent")


LETTERS = (
    "Weekly planner 2027 ",
    "Größenänderungsübersicht é ",
    "מחברת שבועית ",
    "👩‍👩‍👧‍👦😀",
    "<>&",
    "\"'\\",
    "*_~`|[]",
    "@everyone <@12345> ",
    "1\n",
)


FAR_TOO_LONG = 33_000


async def test_a_text_that_is_far_too_long_is_cut_and_taken(
    spoken: Spoken, service: LoopbackService
) -> None:
    minutes = (NOW + timedelta(minutes=each) for each in itertools.count())
    service.clock = lambda: next(minutes)
    channel = spoken.channel()
    for letters in LETTERS:
        text = (letters * FAR_TOO_LONG)[:FAR_TOO_LONG]
        await channel.deliver(Message(text, text, Tone.RING))

    assert [(len(one.body) > 200, one.body[-1]) for one in service.shown] == [
        (True, "…") for _ in LETTERS
    ]
    assert service.refused == []
    assert service.undocumented == set()


@pytest.mark.parametrize("name", ["discord", "telegram"])
async def test_nobody_is_pinged(spoken: Spoken, service: Discord | Telegram) -> None:
    text = "@everyone @here <@12345> <@&12345> @somebody"

    await spoken.channel().deliver(Message(f"Ka-ching! {text}", text, Tone.RING))

    assert service.pinged == []


@pytest.mark.parametrize("name", ["discord"])
async def test_discord_pings_whom_the_owner_names_and_nobody_else(service: Discord) -> None:
    spoken = Spoken(Discord, f"{SPOKEN['discord'].url}?ping=<@777>")

    await spoken.channel().deliver(Message("Ka-ching!", "@everyone <@12345>", Tone.RING))

    assert service.pinged == ["<@777>"]


@pytest.mark.parametrize("name", ["bark"])
async def test_level_and_group_of_a_bark_url_stay_but_silent_is_passive(service: Bark) -> None:
    spoken = Spoken(Bark, f"{SPOKEN['bark'].url}?level=timeSensitive&group=sales", "birdsong")

    await spoken.channel().deliver(MESSAGES["ring"])
    await spoken.channel().deliver(MESSAGES["silent"])

    assert [(t.fields["level"], t.fields["group"], t.shown.sound) for t in service.taken] == [
        ("timeSensitive", "sales", "birdsong.caf"),
        ("passive", "sales", None),
    ]
