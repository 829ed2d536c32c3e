"""Hostile text on real payloads: what a service gets can neither ping nor format nor overflow."""

import json
from urllib.parse import unquote_plus

import pytest

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.message import Message, Tone
from tests.notify.listener import Listener

LIVE = ("@everyone", "@here", "@room", "@all", "@channel", "<@123>", "<!here>", "<at ", "@**all**")
HOSTILE = Message(
    f"Ka-ching! **bold** {' '.join(LIVE)}",
    f"Mug _it_ `c` ||s|| [x](http://l)\n# head\n{' '.join(LIVE)}",
    Tone.RING,
)

MENTIONING = [
    "discord://1234567890/abcdefghijkl_token",
    "discord://1234567890/abcdefghijkl_token?format=markdown",
    "mmost://HOST/abcdefghijklmnopqrstuvwx/",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
    "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general?format=markdown",
    "rocket://abcdefgh/abcdefghij@HOST/#sales",
    "matrix://HOST/token?mode=hookshot",
    "matrix://user:token@HOST?mode=slack",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "workflows://host:443/643afe4a2e4a4ba2b3ef/sigsigsigsigsigsigsig/",
    "gchat://workspace/key/tokentoken",
    "zulip://botname@apprise/a6igaLXCXUZZzZZzzzzzZ6UeVhoWzzzz/#general",
    "guilded://1234567890/abcdefghijkl_token",
    "fluxer://0123456789/abcdefghijkl_token",
    "revolt://bottoken1234/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    f"webex://{'a' * 80}",
    "nctalk://user:pass@HOST/room",
    f"kook://{'a' * 20}/123",
    "ryver://apprise/ckhrjW8w672m6HG",
    "synology://HOST/token",
    "mastodon://token@HOST",
    "misskey://token@HOST",
    f"dingtalk://{'a' * 15}",
    f"feishu://{'a' * 20}",
    f"lark://{'a' * 36}",
    f"wecombot://{'a' * 36}",
    "notifiarr://apikey1234/#123456",
    "humhub://token@HOST/1",
    "github://token@owner/repo",
]


async def sent(listener: Listener, url: str, message: Message) -> str:
    """Deliver and return everything that was sent, decoded."""
    if url.startswith("slack://T"):
        listener.replies[0].body = "ok"  # what Slack's webhooks say instead of JSON
    await Channel("phone", url.replace("HOST", listener.host), None).deliver(message)
    text = unquote_plus(listener.received[-1].body.decode())
    return json.dumps(json.loads(text), ensure_ascii=False) if text.startswith("{") else text


@pytest.mark.parametrize("url", MENTIONING, ids=lambda url: url.partition("//")[0])
async def test_nobody_is_pinged_by_a_products_name(world: Listener, url: str) -> None:
    payload = await sent(world, url, HOSTILE)

    assert "Mug" in payload
    assert [form for form in LIVE if form in payload] == []


async def test_discord_shows_the_text_as_it_was_written(world: Listener) -> None:
    await Channel("d", MENTIONING[1], None).deliver(
        Message("Ka-ching! €12.00", "**bold** @everyone <@123>", Tone.RING)
    )

    assert world.only.json() == {
        "tts": False,
        "allowed_mentions": {"parse": []},
        "content": ("Ka-ching! €12.00\r\n\\*\\*bold\\*\\* @\u200beveryone <\u200b@\u200b123>"),
    }


@pytest.mark.parametrize(
    "url",
    [
        "mmost://HOST/abcdefghijklmnopqrstuvwx/",
        "rocket://abcdefgh/abcdefghij@HOST/#sales",
        "workflows://host:443/643afe4a2e4a4ba2b3ef/sigsigsigsigsigsigsig/",
        "zulip://botname@apprise/a6igaLXCXUZZzZZzzzzzZ6UeVhoWzzzz/#general",
        "fluxer://0123456789/abcdefghijkl_token",
        "nctalk://user:pass@HOST/room",
    ],
    ids=lambda url: url.partition("//")[0],
)
async def test_markdown_is_escaped_where_the_service_would_show_it(
    world: Listener, url: str
) -> None:
    body = "**bold** `code` €12.00 (A-4)"

    payload = await sent(world, url, Message("Ka-ching!", body, Tone.RING))

    raw = payload.replace("\\\\", "\\")
    assert r"\*\*bold\*\* \`code\` €12.00 (A-4)" in raw


async def test_telegram_gets_entities_instead_of_tags(world: Listener) -> None:
    await Channel("t", "tgram://123456789:abcdefg_hijklmnop/12315544/", None).deliver(
        Message("Ka-ching! <3>", "Mug <&", Tone.RING)
    )

    assert world.only.json()["text"] == "<b>Ka-ching! &lt;3&gt;</b>\r\nMug &lt;&amp;"


async def test_json_gets_the_cleaned_text_as_it_is(listener: Listener) -> None:
    await Channel("j", f"json://{listener.host}", None).deliver(
        Message(" Ka-ching!\n\0€12.00\u202e ", "**Mug** @everyone\ud83d\t<b>", Tone.RING)
    )

    received = listener.only.json()
    assert (received["title"], received["message"], received["type"]) == (
        "Ka-ching! €12.00",
        "**Mug** @everyone\ufffd <b>",
        "success",
    )


async def test_no_address_of_anyone_else_is_sent_along(world: Listener) -> None:
    for url in (MENTIONING[0], MENTIONING[3], "json://HOST", f"mmost://HOST/{'a' * 24}"):
        assert "github" not in await sent(world, url, HOSTILE)


LONG = Message("T" * 6000, "*wörd* & <tag> @x " * 600, Tone.RING)


@pytest.mark.parametrize(
    ("url", "field", "limit"),
    [
        (MENTIONING[0], "content", 2000),
        ("pover://uuuu@aaaa", "message", 1024),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/?overflow=split", "text", 4096),
        ("mmost://HOST/abcdefghijklmnopqrstuvwx/", "text", 4000),
        ("rocket://abcdefgh/abcdefghij@HOST/#sales", "text", 1000),
    ],
    ids=["discord", "pover", "tgram", "mmost", "rocket"],
)
async def test_a_long_message_arrives_once_and_cut(
    world: Listener, url: str, field: str, limit: int
) -> None:
    await Channel("long", url.replace("HOST", world.host), None).deliver(LONG)

    received = world.only
    text = (received.form() if field == "message" else received.json())[field]
    assert limit * 0.9 < len(text) <= limit
    assert text.endswith("…")


async def test_ntfy_gets_less_than_it_would_turn_into_an_attachment(listener: Listener) -> None:
    await Channel("n", f"ntfy://{listener.host}/sales?overflow=split", None).deliver(LONG)

    received = listener.only.json()
    assert len(received["message"].encode()) <= 4000
    assert received["message"].endswith("…")
    assert len(received["title"]) == 200


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("", "Mug", ("", "Mug")),
        ("Ka-ching!", "", ("", "Ka-ching!")),
        ("\0", "\u202e", ("", "(no text)")),
    ],
    ids=["no title", "no body", "nothing"],
)
async def test_an_empty_part_does_not_keep_the_rest_from_arriving(
    listener: Listener, title: str, body: str, expected: tuple[str, str]
) -> None:
    await Channel("j", f"json://{listener.host}", None).deliver(Message(title, body, Tone.RING))

    received = listener.only.json()
    assert (received["title"], received["message"]) == expected
