"""The services on loopback refuse what the real ones would, or their praise would mean nothing."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from tests.fakes.services.ntfy import Ntfy
from tests.fakes.services.world import online
from tests.notify.speaking import SPOKEN, TELEGRAM_TOKEN

SENDMESSAGE = f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/sendMessage"
WEBHOOK = f"https://discord.com/api/webhooks/123456789012345678/{'w' * 68}"
PUSHOVER = "https://api.pushover.net/1/messages.json"
KEYS = {"token": "a" * 30, "user": "u" * 30}
GOTIFY = "https://gotify.example.com/message?token=AbcdefghijklmnO"
BARK = "https://api.day.app/push"
BARK_KEY = {"device_key": "ynJ5Ft4atkMkWeo2PAvFhF"}

# Service, address, what is posted, and what the real service answers: status and words.
WRONG: list[tuple[str, str, Mapping[str, Any], int, str]] = [
    ("pushover", PUSHOVER, {"data": {**KEYS, "message": " "}}, 400, "message cannot be blank"),
    ("pushover", PUSHOVER, {"data": {**KEYS, "message": "x" * 1025}}, 400, "message is too long"),
    (
        "pushover",
        PUSHOVER,
        {"data": {**KEYS, "message": "x", "title": "x" * 251}},
        400,
        "title is too long",
    ),
    (
        "pushover",
        PUSHOVER,
        {"data": {**KEYS, "message": "x", "priority": "3"}},
        400,
        "priority is invalid",
    ),
    (
        "pushover",
        PUSHOVER,
        {"data": {**KEYS, "message": "x", "priority": "2"}},
        400,
        "at least 30 seconds",
    ),
    (
        "pushover",
        PUSHOVER,
        {"data": {**KEYS, "message": "x", "user": "short"}},
        400,
        "user identifier is invalid",
    ),
    ("telegram", SENDMESSAGE, {"json": {"chat_id": 12315544}}, 400, "message text is empty"),
    (
        "telegram",
        SENDMESSAGE,
        {"json": {"chat_id": 12315544, "text": "x" * 4097}},
        400,
        "message is too long",
    ),
    (
        "telegram",
        SENDMESSAGE,
        {"json": {"chat_id": 12315544, "text": "<p>x</p>", "parse_mode": "HTML"}},
        400,
        "Unsupported start tag",
    ),
    (
        "telegram",
        SENDMESSAGE,
        {"json": {"chat_id": 12315544, "text": "2 < 3", "parse_mode": "HTML"}},
        400,
        "can't parse entities",
    ),
    (
        "telegram",
        SENDMESSAGE,
        {"json": {"chat_id": 12315544, "text": "x", "parse_mode": "BBCode"}},
        400,
        "unsupported parse_mode",
    ),
    (
        "telegram",
        SENDMESSAGE.replace("sendMessage", "sing"),
        {"json": {}},
        404,
        "method not found",
    ),
    ("discord", WEBHOOK, {"json": {"content": ""}}, 400, "Cannot send an empty message"),
    ("discord", WEBHOOK, {"json": {"content": "x" * 2001}}, 400, "Must be 2000 or fewer"),
    ("discord", WEBHOOK, {"json": {"content": "x", "flags": 1}}, 400, "Invalid Form Body"),
    ("discord", WEBHOOK, {"data": "no json"}, 400, "invalid JSON"),
    (
        "discord",
        WEBHOOK,
        {
            "json": {
                "content": "x",
                "allowed_mentions": {"parse": ["users"], "users": ["1"]},
            }
        },
        400,
        "Invalid Form Body",
    ),
    ("ntfy", "https://ntfy.sh/", {"json": {"topic": "a/b"}}, 400, "topic invalid"),
    (
        "ntfy",
        "https://ntfy.sh/",
        {"json": {"topic": "sales", "priority": 6}},
        400,
        "invalid priority",
    ),
    (
        "ntfy",
        "https://ntfy.sh/sales",
        {"data": "x", "headers": {"X-Priority": "loud"}},
        400,
        "invalid priority",
    ),
    ("ntfy", "https://ntfy.sh/", {"data": "no json"}, 400, "must be valid JSON"),
    (
        "ntfy",
        "https://ntfy.sh/",
        {"json": {"topic": "sales", "message": "x" * 8192}},
        413,
        "JSON body too large",
    ),
    ("gotify", GOTIFY, {"json": {"title": "x"}}, 400, "Field 'message' is required"),
    (
        "gotify",
        GOTIFY,
        {"json": {"message": "x", "priority": "high"}},
        400,
        "Field 'priority' is not valid",
    ),
    ("bark", BARK, {"json": {"body": "x"}}, 400, "device key is empty"),
    ("bark", BARK, {"json": {**BARK_KEY, "body": "x", "level": "loud"}}, 400, "level"),
    (
        "bark",
        BARK,
        {"json": {**BARK_KEY, "body": "x" * 4096}},
        500,
        "PayloadTooLarge",
    ),
]


@pytest.mark.parametrize(
    ("name", "url", "sent", "status", "words"),
    WRONG,
    ids=[f"{case[0]}-{case[4]}".replace(" ", "_") for case in WRONG],
)
def test_a_wrong_request_is_refused_as_the_real_service_does(
    name: str, url: str, sent: Mapping[str, Any], status: int, words: str
) -> None:
    service = SPOKEN[name].make()
    with online(service):
        answer = requests.post(url, timeout=10, **sent)

    assert answer.status_code == status
    assert words in answer.text
    assert service.taken == []


def test_ntfy_takes_the_same_message_by_headers() -> None:
    service = Ntfy()
    headers = {"Title": "=?UTF-8?B?4oKsMTI=?=", "Priority": "urgent"}
    with online(service):
        requests.post("https://ntfy.sh/sales", "Planner €".encode(), headers=headers, timeout=10)

    assert service.last.fields == {
        "topic": "sales",
        "message": "Planner €",
        "title": "€12",
        "priority": 5,
    }
