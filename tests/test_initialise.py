"""`init`: a few answers become a configuration that loads."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from salesdaemon.domain.digests import DigestKind
from salesdaemon.errors import SalesDaemonError
from salesdaemon.initialise import initialise, local_zone, write_private
from salesdaemon.settings import load_settings
from salesdaemon.settings_remarks import remarks_on


@dataclass
class Answers:
    """A person who answers by key, in order where a key is asked again; else takes the default."""

    by_key: Mapping[str, Sequence[str]]
    chosen: Sequence[str] = ("gumroad",)
    yes: Mapping[str, bool] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def ask(self, text: str, default: str | None = None, *, hidden: bool = False) -> str:
        if hidden:
            self.hidden.append(text)
        turn = self.asked.get(text, 0)
        self.asked[text] = turn + 1
        answers = self.by_key.get(text, ())
        if turn < len(answers):
            return answers[turn]
        assert default is not None, f"no answer to {text}"
        return default

    def confirm(self, text: str, *, default: bool) -> bool:
        return next((yes for word, yes in self.yes.items() if word in text), default)

    def choose(self, text: str, options: Mapping[str, str]) -> Sequence[str]:
        assert options == {"etsy": "Etsy", "gumroad": "Gumroad"}
        return self.chosen


LITTLE = {"mail": False, "URL": False}
BOTH: dict[str, Sequence[str]] = {
    "timezone": ("Europe/Berln", "Europe/Berlin"),
    "currency": ("usd",),
    "A name of your own for your shop at Etsy": ("My Shop", "my_shop"),
    "keystring": ("canary-key",),
    "shared_secret": ("", "canary-secret"),
    "access_token": ("canary-token",),
    "url": ("pover://user@canary",),
    "host": ("smtp.example.com",),
    "port": ("many", "465"),
    "security": ("tls",),
    "username": ("me",),
    "password": ("canary-password",),
    "from": ("me@example.com",),
    "to": ("a@example.com, b@example.com",),
}


def test_the_answers_become_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "new/config.toml"
    answers = Answers(BOTH, chosen=("etsy", "gumroad"))
    steps = initialise(path, answers, {"HOME": str(tmp_path)}, local_time=tmp_path)
    settings = load_settings(path, {"HOME": str(tmp_path)}, secrets_directory=tmp_path)
    shops: dict[str, Any] = dict(settings.shops)
    assert (settings.timezone, settings.currency) == ("Europe/Berlin", "USD")
    assert shops["my_shop"].shared_secret.get_secret_value() == "canary-secret"
    assert shops["my_shop"].redirect_uri == "http://localhost:3003/oauth/callback"
    assert shops["templates"].access_token.get_secret_value() == "canary-token"
    assert settings.channels["phone"].url.get_secret_value() == "pover://user@canary"
    assert settings.channels["phone"].sound == "cashregister"
    assert settings.mail is not None
    assert (settings.mail.port, settings.mail.security) == (465, "tls")
    assert settings.mail.to == ("a@example.com", "b@example.com")
    command = f"salesdaemon --config {path}"
    assert steps == [
        f"{path} is written; nobody but you can read it. Next:",
        f"{command} auth my_shop: sign in, or check the token.",
        f"{command} auth templates: sign in, or check the token.",
        f"{command} check: try the database, every shop and every channel.",
        f"{command} test-alert: hear the first ka-ching.",
        f"{command} run: start the daemon.",
    ]


def test_secrets_are_asked_for_unseen_and_never_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    answers = Answers(BOTH, chosen=("etsy", "gumroad"))
    steps = initialise(path, answers, {"HOME": str(tmp_path)}, local_time=tmp_path)
    assert answers.hidden == [
        "keystring",
        "shared_secret",
        "shared_secret",
        "access_token",
        "url",
        "password",
    ]
    assert "canary" not in "".join([*answers.told, *steps])
    assert "shared_secret is empty." in answers.told
    assert "timezone is no IANA time zone; did you mean `Europe/Berlin`?" in answers.told


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    initialise(path, Answers({"access_token": ("t",)}, yes=LITTLE), {}, local_time=tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_not_asked_for_stands_in_the_file_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    initialise(path, Answers({"access_token": ("t",)}, yes=LITTLE), {}, local_time=tmp_path)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [line for line in lines if line and not line.startswith("#")] == [
        'timezone = "UTC"',
        'currency = "EUR"',
        "[shops.templates]",
        'marketplace = "gumroad"',
        'access_token = "t"',
        "[digest]",
        'daily = "off"',
        'weekly = "off"',
        'monthly = "off"',
        'yearly = "off"',
    ]
    assert {"#[mail]", "#port = 587", "#[channels.phone]", '#locale = "en_GB"'} <= set(lines)


@pytest.mark.parametrize("mailed", [True, False])
def test_digests_come_as_was_answered(tmp_path: Path, *, mailed: bool) -> None:
    path = tmp_path / "config.toml"
    answers = Answers(BOTH, yes={"mail": mailed})
    initialise(path, answers, {"HOME": str(tmp_path)}, local_time=tmp_path)
    settings = load_settings(path, {"HOME": str(tmp_path)}, secrets_directory=tmp_path)
    assert len(settings.digest.schedules) == (len(DigestKind) if mailed else 0)
    assert list(remarks_on(settings)) == []


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine", encoding="utf-8")
    assert initialise(path, Answers({}), {}) == [f"{path} was left as it is."]
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_file_that_is_there_is_replaced_after_a_yes(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine", encoding="utf-8")
    path.chmod(0o644)
    answers = Answers({"access_token": ("t",)}, yes={**LITTLE, "Replace": True})
    initialise(path, answers, {}, local_time=tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(SalesDaemonError, match=r"config\.toml cannot be written: file exists\."):
        write_private(path, "ours", replace=False)
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("environ", "linked", "zone"),
    [
        ({"TZ": "America/New_York"}, None, "America/New_York"),
        ({"TZ": ":Asia/Tokyo"}, None, "Asia/Tokyo"),
        ({"TZ": "CET-1CEST"}, "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({}, "../usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({}, None, "UTC"),
    ],
)
def test_the_time_zone_is_guessed_from_the_machine(
    tmp_path: Path, environ: dict[str, str], linked: str | None, zone: str
) -> None:
    local_time = tmp_path / "localtime"
    if linked:
        local_time.symlink_to(linked)
    assert local_zone(environ, local_time) == zone
