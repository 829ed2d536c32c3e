"""Write the latest digests as an Atom feed (RFC 4287). Pure."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from salesdaemon.domain.report import instant_json

LATEST: Final = 30
"""How many digests a feed lists."""

_NO_XML: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_BODY: Final = re.compile(r"<body\b[^>]*>(.*)</body\s*>", re.IGNORECASE | re.DOTALL)
_HIDDEN: Final = re.compile(r'<div class="(?:teaser|dark-chart)"[^>]*>.*?</div>', re.DOTALL)
"""What our page hides by its styles, which feed readers leave out."""
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A digest in the feed; `name` is that of its files, which never changes."""

    name: str
    title: str
    updated: datetime
    page: str


def render_feed(entries: Sequence[Entry], installation: str) -> str:
    """Write a feed of digests, in the order given; the latest should stand first.

    An entry holds what the body of its page shows. Ids follow from the installation and the
    entry's name, so that a digest that is written again is the same entry.
    """
    updated = max((entry.updated for entry in entries), default=_LONG_AGO)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        "<title>salesdaemon digests</title>",
        f"<id>{_id(installation, 'feed')}</id>",
        f"<updated>{instant_json(updated)}</updated>",
        "<author><name>salesdaemon</name></author>",
        "<generator>salesdaemon</generator>",
        *(_entry(entry, installation) for entry in entries[:LATEST]),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _entry(entry: Entry, installation: str) -> str:
    body = _BODY.search(entry.page)
    content = _HIDDEN.sub("", body[1] if body else entry.page)
    return "\n".join(
        (
            "<entry>",
            f'<title type="text">{_text(entry.title)}</title>',
            f"<id>{_id(installation, entry.name)}</id>",
            f"<updated>{instant_json(entry.updated)}</updated>",
            f'<category term="{_text(entry.name.partition("-")[0])}"/>',
            f'<link rel="alternate" type="text/html" href="{quote(entry.name)}.html"/>',
            f'<content type="html">{_text(content)}</content>',
            "</entry>",
        )
    )


def _id(installation: str, name: str) -> str:
    return uuid5(NAMESPACE_URL, f"salesdaemon:{installation}:{name}").urn


def _text(text: str) -> str:
    """Write text for XML, without the characters that XML cannot hold at all."""
    return html.escape(_NO_XML.sub("", text))
