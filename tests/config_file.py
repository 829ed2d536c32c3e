"""Write a configuration file and load it, with no other source than what a test hands in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from salesdaemon.errors import ConfigError
from salesdaemon.settings import Settings, load_settings

SHOP = '[shops.templates]\nmarketplace = "gumroad"\naccess_token = "from-toml"\n'
MAIL = '[mail]\nhost = "smtp.example.com"\nfrom = "me@example.com"\nto = ["me@example.com"]\n'

Load = Callable[..., Settings]


def loader(folder: Path) -> Load:
    """Return what loads a text from `config.toml`; files of secrets stand in `secrets`."""

    def loaded(text: str = SHOP, **environ: str) -> Settings:
        path = folder / "config.toml"
        path.write_text(text, encoding="utf-8")
        environ = {"HOME": str(folder), **environ}
        return load_settings(path, environ, secrets_directory=folder / "secrets")

    return loaded


def problems(load: Load, text: str, **environ: str) -> list[str]:
    """Return what is said about a configuration that does not load."""
    with pytest.raises(ConfigError) as caught:
        load(text, **environ)
    return [str(problem) for problem in caught.value.problems]
