"""Where settings come from, and which source wins."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from salesdaemon.errors import ConfigError
from salesdaemon.settings import Settings, find_config, load_settings
from tests.config_file import MAIL, SHOP, Load, loader, problems

SECRET_FILE = "salesdaemon_shops__templates__access_token"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def token(settings: Settings, shop: str = "templates") -> str:
    found: Any = settings.shops[shop]
    return str(found.access_token.get_secret_value())


def test_the_environment_wins_over_secret_files_and_those_over_the_file(
    load: Load, tmp_path: Path
) -> None:
    assert token(load()) == "from-toml"
    for folder in ("secrets", "credentials"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / SECRET_FILE).write_text(f"from-{folder}\n", encoding="utf-8")
    assert token(load()) == "from-secrets"
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert token(load(**environ)) == "from-credentials"
    environ["SALESDAEMON_SHOPS__TEMPLATES__ACCESS_TOKEN"] = "from-environment"
    assert token(load(**environ)) == "from-environment"


def test_the_environment_alone_is_enough() -> None:
    environ = {
        "SALESDAEMON_SHOPS__TEMPLATES__MARKETPLACE": "gumroad",
        "SALESDAEMON_SHOPS__TEMPLATES__ACCESS_TOKEN": "token",
        "SALESDAEMON_SHOPS__TEMPLATES__POLL_EVERY": "1s",
        "SALESDAEMON_CHANNELS__PHONE__URL": "ntfy://topic",
        "SALESDAEMON_ALERTS__KINDS__FREE": "silent",
        "SALESDAEMON_ALERTS__BURST": "0",
        "SALESDAEMON_TIMEZONE": "Europe/Berlin",
        "HOME": "/home/u",
    }
    settings = load_settings(None, environ, secrets_directory=Path("/nonexistent"))
    assert (token(settings), settings.timezone) == ("token", "Europe/Berlin")
    assert (settings.alerts.burst, settings.alerts.kinds.free) == (0, "silent")


@pytest.mark.parametrize("to", ["a@x.org, b@x.org", '["a@x.org", "b@x.org"]'])
def test_a_list_may_come_from_the_environment(load: Load, to: str) -> None:
    mail = load(SHOP + MAIL, SALESDAEMON_MAIL__TO=to, SALESDAEMON_MAIL__FROM="c@x.org").mail
    assert mail is not None
    assert (mail.to, mail.sender) == (("a@x.org", "b@x.org"), "c@x.org")


def test_a_table_may_come_from_the_environment_as_json(load: Load) -> None:
    products = '{"templates:Logo*": {"effort": "active"}}'
    settings = load(SHOP, SALESDAEMON_PRODUCTS=products)
    assert settings.products["templates:Logo*"].effort == "active"


def test_a_name_with_two_underscores_is_found_in_the_environment(load: Load) -> None:
    text = SHOP.replace("templates", "my__shop_")
    settings = load(text, SALESDAEMON_SHOPS__MY__SHOP___ACCESS_TOKEN="from-environment")
    assert token(settings, "my__shop_") == "from-environment"


def test_only_variables_that_look_like_ours_are_looked_at(load: Load) -> None:
    settings = load(SALESDAEMON_VERSION="1", SALESDAEMON_CONFIG="/x", OTHER__KEY="1")
    assert settings == load()


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SALESDAEMON_MIAL__HOST", "x", "mial: unknown key; did you mean `mail`?"),
        ("SALESDAEMON_WEB__PROT", "1", "web.prot: unknown key; did you mean `port`?"),
        ("SALESDAEMON_WEB__PORT", "x", "web.port: must be a whole number."),
        ("SALESDAEMON_TIMEZONE__X", "x", "timezone: must be text in quotes."),
        (
            "SALESDAEMON_WEB",
            "x",
            ("web: is a table: name the key after two more underscores, or give JSON."),
        ),
    ],
)
def test_a_mistake_in_a_variable_is_told_with_its_name(
    load: Load, variable: str, value: str, problem: str
) -> None:
    told = problems(load, SHOP, **{variable: value})
    assert told == [f"{problem} (Set by {variable}.)"]


def test_a_key_below_a_plain_value_is_told(load: Load) -> None:
    environ = {"SALESDAEMON_TIMEZONE": "UTC", "SALESDAEMON_TIMEZONE__X": "x"}
    assert problems(load, SHOP, **environ) == [
        "timezone.x: stands below a key that is no table. (Set by SALESDAEMON_TIMEZONE__X.)"
    ]


def test_a_variable_for_a_shop_that_is_not_there_makes_one(load: Load) -> None:
    assert problems(load, SHOP, SALESDAEMON_SHOPS__NEW__POLL_EVERY="9s") == [
        "shops.new.marketplace: is missing; known: etsy, gumroad."
    ]


def test_every_secret_may_stand_in_a_file_of_its_own(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_text("ntfy://secret\n", encoding="utf-8")
    settings = load(
        f'[shops.one]\nmarketplace = "gumroad"\naccess_token_file = "{path}"\n'
        f'[channels.phone]\nurl_file = "{path}"\n{MAIL}password_file = "{path}"\n'
    )
    assert settings.mail is not None
    assert settings.mail.password is not None
    found = [settings.channels["phone"].url, settings.mail.password]
    assert [secret.get_secret_value() for secret in found] == ["ntfy://secret"] * 2
    assert token(settings, "one") == "ntfy://secret"


def test_a_variable_may_name_the_file_of_a_secret(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_text("from-file\n", encoding="utf-8")
    settings = load(SHOP, SALESDAEMON_SHOPS__TEMPLATES__ACCESS_TOKEN_FILE=str(path))
    assert token(settings) == "from-file"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            'access_token_file = "/nonexistent/x"',
            (
                "shops.one.access_token_file: /nonexistent/x "
                "cannot be read: no such file or directory."
            ),
        ),
        ("access_token_file = 5", "shops.one.access_token_file: must be a path in quotes."),
        (
            'access_token = "a"\naccess_token_file = "/x"',
            ("shops.one.access_token_file: is given beside `access_token`; keep one of the two."),
        ),
        (
            'access_token = "a"\napi_url_file = "/x"',
            ("shops.one.api_url_file: unknown key; did you mean `api_url`?"),
        ),
        (
            'access_token_fil = "/x"',
            ("shops.one.access_token_fil: unknown key; did you mean `access_token_file`?"),
        ),
    ],
)
def test_a_mistake_about_a_secrets_file_is_told(load: Load, lines: str, problem: str) -> None:
    told = problems(load, f'[shops.one]\nmarketplace = "gumroad"\n{lines}\n')
    assert problem in told
    assert set(told) <= {problem, "shops.one.access_token: is missing."}


def test_a_lost_secret_is_told_once(load: Load) -> None:
    lines = 'marketplace = "gumroad"\naccess_token_file = "/nonexistent/x"\n'
    assert len(problems(load, f"[shops.one]\n{lines}")) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a = 1\nb = \n", "is not valid TOML: line 2, column 5: invalid value."),
        (b"a = 1\nb = ", "is not valid TOML: line 2, column 5: invalid value."),
        (b"[a]\n[a]\n", "is not valid TOML: line 2, column 3: cannot declare ('a',) twice."),
        (b'a = "\xff"', "is not UTF-8 text."),
    ],
    ids=["value", "end", "twice", "latin-1"],
)
def test_a_file_that_is_no_toml_is_told_in_one_line(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert [str(each) for each in caught.value.problems] == [f"{path} {problem}"]


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert token(load_settings(path, {}, secrets_directory=tmp_path)) == "from-toml"


def test_a_file_that_is_not_there_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert [str(each) for each in caught.value.problems] == [
        f"there is no file {path}. Run `salesdaemon init` to write one."
    ]


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {})
    assert [str(each) for each in caught.value.problems] == [
        f"{tmp_path} cannot be read: is a directory."
    ]


def test_without_any_configuration_the_places_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {"HOME": "/home/u"}, secrets_directory=Path("/nonexistent"))
    assert [str(each) for each in caught.value.problems] == [
        (
            "no configuration file found; looked for $SALESDAEMON_CONFIG, config.toml, "
            "/home/u/.config/salesdaemon/config.toml, /etc/salesdaemon/config.toml. "
            "Run `salesdaemon init` to write one."
        )
    ]


def test_the_configuration_is_looked_for_from_the_nearest_place_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}
    assert find_config(environ, None) is None
    in_home = tmp_path / "xdg/salesdaemon/config.toml"
    in_home.parent.mkdir(parents=True)
    in_home.touch()
    assert find_config(environ, None) == in_home
    Path("config.toml").touch()
    assert find_config(environ, None) == Path("config.toml")
    environ["SALESDAEMON_CONFIG"] = "/named"
    assert find_config(environ, None) == Path("/named")
    assert find_config(environ, Path("/explicit")) == Path("/explicit")


def test_loading_the_usual_configuration_imports_little(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SHOP, encoding="utf-8")
    code = (
        "import sys, os, pathlib, salesdaemon.settings as s;"
        "s.load_settings(pathlib.Path(sys.argv[1]), os.environ);"
        "print({'babel', 'httpx', 'sqlalchemy', 'apprise', 'rich', 'typer'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
    )
    assert ran.stdout == "set()\n"
