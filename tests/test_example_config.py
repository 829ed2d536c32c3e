"""The example configuration is the manual, and what it shows works."""

from itertools import count
from pathlib import Path

import pytest

from salesdaemon.marketplaces import available
from salesdaemon.settings import Settings, load_settings, settings_model
from salesdaemon.settings_example import example_values, main, render_config
from salesdaemon.settings_schema import Schema, fields_of

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
NAMED = ("channels", "goals", "put_aside", "products")
"""The sections whose tables have names of the seller's own."""


def load(path: Path, text: str) -> Settings:
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {"HOME": "/home/u"}, secrets_directory=path.parent)


def filled_in(text: str) -> str:
    """Put a word of its own in the place of each …."""
    numbers = count()
    return "".join(f"filled{next(numbers)}" if char == "…" else char for char in text)


def test_the_example_is_current() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == render_config(example_values())


def test_the_example_loads_once_it_is_filled_in(tmp_path: Path) -> None:
    settings = load(tmp_path / "config.toml", filled_in(EXAMPLE.read_text(encoding="utf-8")))
    assert {shop.marketplace for shop in settings.shops.values()} == set(available())


def test_what_the_example_switches_off_loads_when_switched_on(tmp_path: Path) -> None:
    text = "\n".join(
        line[1:] if line.startswith("#") and (line[1:2].isalpha() or line[1:2] == "[") else line
        for line in filled_in(EXAMPLE.read_text(encoding="utf-8")).split("\n")
    )
    settings = load(tmp_path / "config.toml", text)
    assert settings.secrets.key_file == Path("/var/lib/salesdaemon/secret.key")


def test_every_key_is_in_the_example() -> None:
    lines = {line.lstrip("#") for line in EXAMPLE.read_text(encoding="utf-8").split("\n")}
    keys = {line.split(" = ")[0] for line in lines if " = " in line}
    schema = Schema(Settings)
    tables = [
        *(settings_model(slug) for slug in available()),
        *(schema.model((section,)) for section in fields_of(Settings)),
        *(schema.model((section, "x")) for section in NAMED),
        schema.model(("alerts", "kinds")),
        schema.model(("alerts", "rules", "0")),
    ]
    wanted = {key for model in tables if model for key in fields_of(model)}
    assert wanted - keys == {"kinds", "rules", "fees"}  # tables of their own


def test_every_key_has_a_sentence() -> None:
    schema = Schema(Settings)
    sections = [schema.model((section,)) for section in fields_of(Settings)]
    sections += [schema.model((section, "x")) for section in NAMED]
    sections += [schema.model(("alerts", "rules", "0"))]
    models = [settings_model(slug) for slug in available()]
    for model in [*models, *(section for section in sections if section)]:
        assert [key for key, info in fields_of(model).items() if not info.description] == []


def test_a_stale_example_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "config.example.toml is not current. "
        "Run `python -m salesdaemon.settings_example > config.example.toml`.\n"
    )
    assert main([]) == 0
    Path("config.example.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["--check"]) == 0
