"""Settings as text: nothing secret in it, and what is printed loads again."""

import stat
from pathlib import Path

import pytest

from salesdaemon.errors import ConfigError
from salesdaemon.settings_text import mask, others_can_read, render_toml
from tests.config_file import MAIL, SHOP, Load, loader


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def test_no_secret_is_told(load: Load) -> None:
    canary = "canary-7f3a"
    text = (
        f'[shops.one]\nmarketplace = "gumroad"\naccess_token = "{canary} {canary}"\n'
        f'[channels.phone]\nurl = "{canary}"\n[database]\nurl = "mysql://u:{canary}@h/d"\n'
        f'{MAIL}password = ["{canary}"]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert len(caught.value.problems) == 4
    assert canary not in str([caught.value, *caught.value.problems, caught.value.__cause__])


def test_settings_can_be_printed_without_their_secrets(load: Load) -> None:
    canary = "canary-7f3a"
    settings = load(
        f'[shops.one]\nmarketplace = "gumroad"\naccess_token = "{canary}"\n'
        f'[channels.phone]\nurl = "ntfy://{canary}"\n{MAIL}password = "{canary}"\n'
        f'[database]\nurl = "postgresql://u:{canary}@h/d?password={canary}"\n'
    )
    printed = render_toml(mask(settings))
    assert canary not in printed + repr(settings)
    assert 'url = "postgresql+psycopg://u:**********@h/d?password=**********"' in printed


def test_printed_settings_are_a_configuration(load: Load) -> None:
    settings = load(
        f'{SHOP}[products."templates:\\"Logo\\" – a\\nb*"]\neffort = "active"\n'
        f'[channels.phone]\nurl = "ntfy://t"\n{MAIL}'
    )
    printed = render_toml(mask(settings)).replace("**********", "ntfy://t")
    assert mask(load(printed)) == mask(settings)


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_everybody_can_read_is_noticed(tmp_path: Path, mode: int, told: bool) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(stat.S_IFREG | mode)
    assert others_can_read(path) is told
