"""The pages about phones: alike in shape, and right about what our code does with each service."""

import re
import tomllib
from pathlib import Path

import pytest

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.plugins import Address, quieten, read_address
from salesdaemon.notify.sounds import sound_argument
from salesdaemon.sounds import FILE_NAMES

FOLDER = Path(__file__).parents[1] / "docs" / "phones"
SERVICES = (
    *("pushover", "bark", "pushsafer", "ntfy", "gotify", "telegram"),
    *("signal", "discord", "slack", "matrix", "email"),
)
SHOWS_PAYLOADS = {"pushover", "ntfy", "telegram", "discord", "gotify", "bark"}
SHAPE = (
    *("What it can do", "Set it up", "The sound", "`on` and `silent`"),
    "When it stays silent",
)
ROWS = (
    *("a sound for sales", "silent messages", "through Do Not Disturb", "limits", "price"),
    *("`on`, a sale", "`on`, other news", "`silent`"),
)
NO_SOUND = "`sound` has no effect"
NEVER_SILENT = "no: there is no silent message"


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def channels_of(name: str) -> list[Channel]:
    """Return the channels of a page's pieces of configuration, with real-looking keys."""
    pieces = re.findall(r"^```toml\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL)
    tables = [table for piece in pieces for table in tomllib.loads(piece)["channels"].values()]
    return [Channel("phone", filled(table["url"]), table.get("sound")) for table in tables]


def address_of(name: str) -> Address:
    urls = re.findall(r'^url = "(.*)"$', text_of(name), re.MULTILINE)
    return read_address("phone", filled(urls[0]))


def filled(url: str) -> str:
    return url.replace("TOKEN/CHAT_ID", "123456789:abcdefg_hijklmnop/12315544")


def test_every_service_has_its_page_and_its_row() -> None:
    rows = re.findall(r"^\| \[.+?\]\((\w+)\.md\)", text_of("README"), re.MULTILINE)
    assert sorted(rows) == sorted(SERVICES)
    assert sorted(page.stem for page in FOLDER.glob("*.md")) == sorted((*SERVICES, "README"))


@pytest.mark.parametrize("name", SERVICES)
def test_the_pages_have_one_shape(name: str) -> None:
    headings = tuple(re.findall(r"^## (.+)$", text_of(name), re.MULTILINE))
    last = ("What leaves your server",) if name in SHOWS_PAYLOADS else ()
    assert headings == SHAPE + last
    ours = text_of(name).partition("## What leaves your server")[0]
    first_cells = re.findall(r"^\| ([^|]+?) \|", ours, re.MULTILINE)
    assert tuple(cell for cell in first_cells if cell not in {"level", "---"}) == ROWS
    assert "salesdaemon test-alert phone" in text_of(name)


@pytest.mark.parametrize("name", SERVICES)
def test_each_channel_on_a_page_can_be_used(name: str) -> None:
    channels = channels_of(name)
    assert channels
    assert [channel.problems() for channel in channels] == [[] for _ in channels]


@pytest.mark.parametrize("name", SERVICES)
def test_a_page_says_whether_salesdaemon_can_choose_the_sound(name: str) -> None:
    takes_none = sound_argument(address_of(name).plugin) is None
    assert (NO_SOUND in text_of(name)) == takes_none
    assert takes_none == (re.search(r"^sound = ", text_of(name), re.MULTILINE) is None)


@pytest.mark.parametrize("name", SERVICES)
def test_a_page_says_whether_a_message_can_be_silent(name: str) -> None:
    arguments: dict[str, object] = {}
    quieten(address_of(name), arguments)
    assert (NEVER_SILENT in text_of(name)) == (arguments == {})


def test_the_page_that_says_how_to_get_the_sound_names_every_file() -> None:
    assert [name for name in FILE_NAMES if name not in text_of("README")] == []
