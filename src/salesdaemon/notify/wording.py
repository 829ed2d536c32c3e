"""Fit a message to one service: cleaned, escaped and short enough to arrive in one piece."""

import importlib
from collections.abc import Callable

from salesdaemon.notify.escaping import clean, clean_line, shorten
from salesdaemon.notify.message import Message
from salesdaemon.notify.plugins import Plugin
from salesdaemon.notify.services import Service

_TITLE_LIMIT = 250
# What Apprise puts between a title and a body that share a field: tags, a heading mark, CR LF.
_SEAM = 20
_NOTHING = "(no text)"


def word(message: Message, plugin: Plugin, service: Service) -> tuple[str, str]:
    """Return title and body as Apprise should get them, with `body_format="text"`.

    The body is never empty, which Apprise refuses: a message without one shows its title there.
    """
    title, body = clean_line(message.title), clean(message.body)
    if not body:
        title, body = "", title or _NOTHING
    convert = _conversion(plugin)
    merged = plugin.title_maxlen <= 0
    title = shorten(title, _fits(service.title, _title_room(plugin)))
    title = service.title(title)
    room = plugin.body_maxlen
    if title and (merged or plugin.overflow_amalgamate_title):
        room -= len(convert(title) if merged else title) + _SEAM
    body = shorten(body, _fits(lambda text: convert(service.body(text)), room))
    if service.max_bytes is not None:
        body = shorten(body, _fits_bytes(service, service.max_bytes - service.weigh(title)))
    return title, service.body(body)


def _title_room(plugin: Plugin) -> int:
    if plugin.title_maxlen > 0:
        return plugin.title_maxlen
    return min(_TITLE_LIMIT, plugin.body_maxlen // 2)


def _fits(render: Callable[[str], str], room: int) -> Callable[[str], bool]:
    return lambda text: len(render(text)) <= room


def _fits_bytes(service: Service, room: int) -> Callable[[str], bool]:
    return lambda text: service.weigh(service.body(text)) <= room


def _conversion(plugin: Plugin) -> Callable[[str], str]:
    """Return what Apprise will make of plain text: entities and escapes need room as well."""
    between = importlib.import_module("apprise.conversion").convert_between
    target = plugin.resolve_format("text")

    def convert(text: str) -> str:
        return plugin.dialect_convert(between("text", target, text), target)

    return convert
