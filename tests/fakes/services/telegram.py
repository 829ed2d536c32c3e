"""Telegram's Bot API on loopback.

The fields and answers are those of https://core.telegram.org/bots/api ("Making requests",
"sendMessage", "HTML style", "ResponseParameters"), the limits those of
https://core.telegram.org/bots/faq ("My bot is hitting limits"), both as client libraries quote
them; nobody compared them with the service itself. The words of its refusals, which no page lists,
are as reported, for instance in https://github.com/botman/driver-telegram/issues/89.
"""

import html
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from tests.fakes.services.base import (
    Clock,
    Field,
    LoopbackService,
    RefusedError,
    Shown,
    Taken,
    Window,
    content_type,
    form_fields,
    json_object,
    machine_time,
    path,
    query,
    says,
    whole_seconds,
)
from tests.notify.listener import Received, Reply

LONGEST_TEXT = 4096
FIELDS = {
    "business_connection_id": Field(),
    "chat_id": Field((int, str), required=True),
    "message_thread_id": Field(int),
    "direct_messages_topic_id": Field(int),
    "text": Field(required=True),
    "parse_mode": Field(allowed=frozenset({"MarkdownV2", "HTML", "Markdown"})),
    "entities": Field(list),
    "link_preview_options": Field(dict),
    "disable_notification": Field(bool),
    "protect_content": Field(bool),
    "allow_paid_broadcast": Field(bool),
    "message_effect_id": Field(),
    "suggested_post_parameters": Field(dict),
    "reply_parameters": Field(dict),
    "reply_markup": Field(dict),
    # Documented until Bot API 7.0 (December 2023), whose changes say that link_preview_options
    # took its place; still understood.
    "disable_web_page_preview": Field(bool),
}
_STYLES = "b strong i em u ins s strike del span tg-spoiler a tg-emoji code pre blockquote"
_TAGS = frozenset(_STYLES.split())
_TAG = re.compile(r"<(/?)([a-z-]+)((?:\s[^<>]*)?)>")
# "The API currently supports only the following named HTML entities", and the numerical ones.
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_LIVE = re.compile(r"(?<!\w)@[A-Za-z]\w{4,31}")


class Telegram(LoopbackService):
    """One bot and the chats that have written to it: a negative number is a group.

    `pinged` keeps every mention that Telegram would have made of the text.
    """

    hosts: ClassVar = frozenset({"api.telegram.org"})

    def __init__(
        self,
        token: str = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
        chats: tuple[int, ...] = (12315544,),
        clock: Clock = machine_time,
    ) -> None:
        super().__init__(clock)
        self.token = token
        self.chats = set(chats)
        self.blocked_by: set[int] = set()
        self.moved: dict[int, int] = {}
        self.pinged: list[str] = []
        self._seconds: dict[int, Window] = defaultdict(lambda: Window(timedelta(seconds=5), 5))
        self._minutes: dict[int, Window] = defaultdict(lambda: Window(timedelta(minutes=1), 20))

    def take(self, received: Received) -> Reply:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", path(received))
        if not found or not re.fullmatch(r"\d+:[\w-]{35}", found[1]):
            raise failed(404, "Not Found")
        if found[1] != self.token:
            raise failed(401, "Unauthorized")
        if found[2].lower() != "sendmessage":
            raise failed(404, "Not Found: method not found")
        fields = self._fields(received)
        chat = self._find_chat(fields["chat_id"])
        text = plain_text(fields)
        self._limit(chat)
        self.pinged += _LIVE.findall(text)
        self.taken.append(Taken(fields, self._show(fields, text)))
        return says({"ok": True, "result": self._message(chat, text)})

    def _fields(self, received: Received) -> dict[str, Any]:
        if content_type(received) == "application/json":
            fields = json_object(received)
            if fields is None:
                raise failed(400, "Bad Request: can't parse JSON object")
        else:
            fields = {**query(received), **form_fields(received)}
        fault = self.inspect(fields, FIELDS)
        if fault == ("text", "missing"):
            raise failed(400, "Bad Request: message text is empty")
        if fault == ("chat_id", "missing"):
            raise failed(400, "Bad Request: chat_id is empty")
        if fault is not None and fault[0] == "parse_mode":
            raise failed(400, "Bad Request: unsupported parse_mode")
        if fault is not None:
            raise failed(400, f"Bad Request: can't parse field {fault[0]}")
        return fields

    def _find_chat(self, wanted: int | str) -> int:
        chat = int(wanted) if re.fullmatch(r"-?\d+", str(wanted)) else 0
        if chat in self.moved:
            raise failed(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved[chat],
            )
        if chat in self.blocked_by:
            raise failed(403, "Forbidden: bot was blocked by the user")
        if chat not in self.chats:
            raise failed(400, "Bad Request: chat not found")
        return chat

    def _limit(self, chat: int) -> None:
        now = self.clock()
        # One a second with short bursts above it; a group takes 20 a minute besides.
        windows = [self._seconds[chat]] + ([self._minutes[chat]] if chat < 0 else [])
        waits = [wait for window in windows if (wait := window.full_for(now)) is not None]
        if waits:
            seconds = whole_seconds(max(waits))
            raise failed(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for window in windows:
            window.sent.append(now)

    def _message(self, chat: int, text: str) -> dict[str, Any]:
        return {
            "message_id": len(self.taken),
            "from": {"id": int(self.token.partition(":")[0]), "is_bot": True},
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
            "date": int(self.clock().timestamp()),
            "text": text,
        }

    def _show(self, fields: Mapping[str, Any], text: str) -> Shown:
        # Telegram knows no title: ours is the first line, in bold.
        title, _, body = text.partition("\n")
        return Shown(self.clock(), title, body, loud=not fields.get("disable_notification", False))


def plain_text(fields: Mapping[str, Any]) -> str:
    """Return the text as shown: without the markup that HTML style allows.

    Raises:
        RefusedError: the markup is none of Telegram's, or the text too long or empty.
    """
    text = fields["text"].replace("\r\n", "\n")
    if fields.get("parse_mode") == "HTML":
        text = _parse_html(text)
    text = text.strip()
    if not text:
        raise failed(400, "Bad Request: message text is empty")
    if len(text) > LONGEST_TEXT:
        raise failed(400, "Bad Request: message is too long")
    return str(text)


def _parse_html(text: str) -> str:
    open_tags: list[str] = []
    for end, name, _ in _TAG.findall(text):
        if name not in _TAGS:
            raise _unparsable(f'Unsupported start tag "{name}"')
        if not end:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise _unparsable(f'Unmatched end tag "{name}"')
    bare = _TAG.sub("", text)
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    if "<" in bare:
        raise _unparsable("Unsupported start tag")
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), bare)


def _unparsable(words: str) -> RefusedError:
    return failed(400, f"Bad Request: can't parse entities: {words}")


def failed(status: int, words: str, **parameters: int) -> RefusedError:
    document: dict[str, Any] = {"ok": False, "error_code": status, "description": words}
    return RefusedError(status, document | ({"parameters": parameters} if parameters else {}))
