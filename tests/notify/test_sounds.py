"""Our own sound, by its name, at the services whose owner can have put it there."""

from dataclasses import replace
from typing import Any

import pytest

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone
from tests.notify.listener import Listener

RING = Message("Ka-ching! €12.00", "Planner\nprints", Tone.RING)
SILENT = Message("Refund", "€12.00 went back", Tone.INFO, silent=True)
TROUBLE = Message("Login needed", "Run `salesdaemon auth prints`", Tone.FAILURE)

POVER = f"pover://{'u' * 30}@{'a' * 30}"
PUSHY = "pushy://key/@topic"
BARK = "bark://HOST/key"


async def sent(world: Listener, url: str, sound: str | None, message: Message) -> Any:
    """Deliver one message and return the sound that the service was asked for."""
    world.received.clear()
    await Channel("phone", url.replace("HOST", world.host), sound).deliver(message)
    if url.startswith("pover"):
        return world.only.form()["sound"]
    payload = world.only.json()
    return payload.get("notification", payload).get("sound")


@pytest.mark.parametrize("sound", ["kaching", "kaching.caf", " KaChing "])
@pytest.mark.parametrize(
    ("url", "name"),
    [(POVER, "kaching"), (BARK, "kaching.caf"), (PUSHY, "kaching.caf")],
    ids=["pushover", "bark", "pushy"],
)
async def test_our_own_sound_leaves_under_the_name_that_the_service_knows(
    world: Listener, url: str, name: str, sound: str
) -> None:
    assert await sent(world, url, sound, RING) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [(f"{POVER}?sound=Kaching", "kaching"), (f"{BARK}?sound=kaching", "kaching.caf")],
    ids=["pushover", "bark"],
)
async def test_a_url_may_name_our_own_sound_too(world: Listener, url: str, name: str) -> None:
    assert Channel("phone", url, None).problems() == []
    assert await sent(world, url, None, RING) == name


async def test_only_a_ring_plays_it(world: Listener) -> None:
    url = f"{BARK}?sound=kaching"
    assert [await sent(world, url, "kaching", message) for message in (TROUBLE, SILENT)] == [
        None,
        None,
    ]
    assert await sent(world, POVER, "kaching", TROUBLE) == "pushover"
    assert await sent(world, POVER, "kaching", SILENT) == "none"


async def test_bark_keeps_dropping_what_is_neither_its_own_nor_ours(world: Listener) -> None:
    assert await sent(world, f"{BARK}?sound=kachinga", None, RING) is None


@pytest.mark.parametrize(
    ("url", "note"),
    [
        (POVER, "Pushover plays kaching if you uploaded it: docs/phones/pushover.md."),
        (
            "barks://example.com/key",
            "Bark plays kaching.caf if you imported it into the app: docs/phones/bark.md.",
        ),
        (PUSHY, "Pushy plays kaching.caf if the app that you built holds it."),
    ],
    ids=["pushover", "bark", "pushy"],
)
def test_check_cannot_know_whether_it_is_there_and_says_so(url: str, note: str) -> None:
    named, in_url = Channel("phone", url, "kaching"), Channel("phone", f"{url}?sound=kaching", None)
    assert (named.problems(), named.notes()) == ([], [note])
    assert (in_url.problems(), in_url.notes()) == ([], [note])


@pytest.mark.parametrize(
    ("url", "sound", "problem"),
    [
        (
            "barks://host/key",
            "kasching",
            (
                "Bark knows no sound 'kasching'. Did you mean 'kaching'? "
                "It plays alarm, anticipate, bell, birdsong, bloom, calypso, chime, choo "
                'and others. A sound that you imported as kaching.caf is "kaching".'
            ),
        ),
        (
            "psafers://key",
            "kaching",
            (
                "Pushsafer knows no sound 'kaching'. "
                "It plays silent, ahem, applause, arrow, baby, bell, bicycle, bike and others."
            ),
        ),
    ],
    ids=["bark", "pushsafer"],
)
def test_where_it_cannot_be_played_check_names_what_can(url: str, sound: str, problem: str) -> None:
    assert Channel("phone", url, sound).problems() == [problem]


@pytest.mark.parametrize(
    ("url", "sound", "chosen", "heard"),
    [
        (POVER, "cashregister", "magic", "magic"),
        (f"{POVER}?sound=bike", "cashregister", "magic", "magic"),
        (POVER, "cashregister", "no such sound", "cashregister"),
        (BARK, None, "kaching", "kaching.caf"),
    ],
    ids=["before the channel's", "before the url's", "unless it has none such", "our own"],
)
async def test_a_rule_may_choose_the_sound_of_a_ring(
    world: Listener, url: str, sound: str | None, chosen: str, heard: str
) -> None:
    assert await sent(world, url, sound, replace(RING, sound=chosen)) == heard
