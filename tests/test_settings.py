"""The configuration file: what it accepts, and how it says what is wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.errors import ConfigError
from salesdaemon.settings import load_settings
from salesdaemon.settings_text import mask, render_toml
from tests.config_file import MAIL, SHOP, Load, loader, problems


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def test_a_shop_is_all_that_is_needed(load: Load, tmp_path: Path) -> None:
    data = tmp_path / ".local/share/salesdaemon"
    kinds = {
        "sale": "on",
        "renewal": "on",
        "free": "off",
        "refund": "silent",
        "dispute": "silent",
        "dispute_won": "silent",
        "cancelled": "silent",
        "payout": "silent",
        "milestone": "on",
        "silence": "on",
        "trouble": "on",
    }
    assert mask(load(SHOP)) == {
        "timezone": "UTC",
        "currency": "EUR",
        "locale": "en_GB",
        "database": {"url": f"sqlite:///{data}/sales.db"},
        "secrets": {"key_file": f"{data}/secret.key"},
        "shops": {
            "templates": {
                "marketplace": "gumroad",
                "poll_every": "60s",
                "access_token": "**********",
                "request_gap": "200ms",
                "api_url": "https://api.gumroad.com",
            }
        },
        "channels": {},
        "alerts": {
            "channels": [],
            "amount": "gross",
            "quiet_hours": [],
            "trouble_in_quiet_hours": "hold",
            "burst": 5,
            "emoji": False,
            "kinds": kinds,
            "rules": [],
        },
        "goals": {},
        "digest": {
            "daily": "07:30",
            "weekly": "mon 08:00",
            "monthly": "1 08:00",
            "yearly": "01-01 08:00",
            "empty_day": "short",
            "wait_for_stale": "2h",
            "channels": [],
        },
        "put_aside": {},
        "products": {},
        "effort": {},
        "exchange": {"source": "ecb", "url": "https://www.ecb.europa.eu/stats/eurofxref"},
        "web": {"host": "127.0.0.1", "port": 8713},
    }


def test_values_become_what_the_program_works_with(load: Load) -> None:
    settings = load(
        'timezone = "Europe/Berlin"\ncurrency = "usd"\nlocale = "de-DE"\n'
        '[shops.prints]\nmarketplace = "etsy"\nkeystring = " key "\nshared_secret = "secret"\n'
        'poll_every = "2m"\napi_url = "http://127.0.0.1:9/"\n'
        '[channels.phone]\nurl = "ntfy://topic"\n'
        '[products."prints:*planner*"]\neffort = "active"\n'
        '[effort]\nhour = " 30.5  eur "\n'
        '[digest]\ndaily = "off"\nweekly = "OFF"\nmonthly = "off"\nyearly = "off"\n' + MAIL
    )
    shop: Any = settings.shops["prints"]
    assert (settings.zone, settings.currency, settings.locale) == (
        ZoneInfo("Europe/Berlin"),
        "USD",
        "de_DE",
    )
    assert (shop.keystring.get_secret_value(), shop.poll_every, shop.api_url) == (
        "key",
        timedelta(minutes=2),
        "http://127.0.0.1:9",
    )
    assert settings.alerts.channels == ("phone",)
    assert settings.products["prints:*planner*"].effort == "active"
    assert settings.effort.hour == "30.50 EUR"
    assert settings.digest.schedules == {}
    assert settings.mail is not None
    assert (settings.mail.sender, settings.mail.to) == ("me@example.com", ("me@example.com",))


def test_an_address_twice_gets_one_digest(load: Load) -> None:
    mail = load(SHOP + MAIL.replace('["me@', '["me@example.com", "you@example.com", "me@')).mail
    assert mail is not None
    assert mail.to == ("me@example.com", "you@example.com")


@pytest.mark.parametrize(
    ("written", "opened"),
    [
        ("sqlite:///sales.db", "sqlite:///sales.db"),
        ("sqlite:////srv/sales.db", "sqlite:////srv/sales.db"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
    ],
)
def test_a_database_is_opened_by_the_driver_that_is_installed(
    load: Load, written: str, opened: str
) -> None:
    settings = load(f'{SHOP}[database]\nurl = "{written}"\n')
    assert settings.database.url.get_secret_value() == opened


@pytest.mark.parametrize(
    ("url", "key_file"),
    [
        ("sqlite:////srv/shop/sales.db", "/srv/shop/secret.key"),
        ("sqlite:///sales.db", "secret.key"),
        ("postgresql://u:p@h/d", "/state/secret.key"),
    ],
)
def test_the_key_is_kept_beside_the_store(load: Load, url: str, key_file: str) -> None:
    settings = load(f'{SHOP}[database]\nurl = "{url}"\n', STATE_DIRECTORY="/state:/other")
    assert settings.secrets.key_file == Path(key_file)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/state", "XDG_DATA_HOME": "/data"}, "/state"),
        ({"XDG_DATA_HOME": "/data"}, "/data/salesdaemon"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/home/u"}, "/home/u/.local/share/salesdaemon"),
    ],
)
def test_the_store_is_kept_in_the_data_directory(
    load: Load, environ: dict[str, str], folder: str
) -> None:
    url = load(SHOP, **environ).database.url.get_secret_value()
    assert url == f"sqlite:///{folder}/sales.db"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'timezone = "Europe/Berln"',
            ("timezone: is no IANA time zone; did you mean `Europe/Berlin`?"),
        ),
        (
            'timezone = "/etc/passwd"',
            ("timezone: is no IANA time zone; write it as Europe/Berlin or America/New_York."),
        ),
        ('currency = "euros"', "currency: must be a currency's three letters, such as EUR."),
        ('currency = "XYZ"', "currency: is no currency of ISO 4217; write it as EUR or USD."),
        ('currency = "XTS"', "currency: is no currency of ISO 4217; write it as EUR or USD."),
        ('locale = "xx_XX"', "locale: is no known locale; write it as en_GB or de_DE."),
        ('timezon = "UTC"', "timezon: unknown key; did you mean `timezone`?"),
        (
            '_env_file = "x"',
            (
                "_env_file: unknown key; known here: timezone, currency, locale, "
                "database, secrets, shops, channels, mail, alerts, goals, digest, put_aside, "
                "products, effort, exchange, heartbeat, web."
            ),
        ),
        ("[mial]\nhost = 1", "mial: unknown key; did you mean `mail`?"),
        ("[alerts.kinds]\nsales = 'on'", "alerts.kinds.sales: unknown key; did you mean `sale`?"),
        ("[alerts.kinds]\nsale = true", "alerts.kinds.sale: must be one of: on, silent, off."),
        ("[alerts]\nburst = -1", "alerts.burst: must be at least 0."),
        ("[alerts]\nburst = 1.5", "alerts.burst: must be a whole number."),
        ("[alerts]\namount = 5", "alerts.amount: must be one of: gross, net."),
        ("[web]\nport = 70000", "web.port: must be at most 65535."),
        (
            "[digest]\nwait_for_stale = 'soon'",
            ('digest.wait_for_stale: Write a length of time as "60s", "15m", "2h" or "1d".'),
        ),
        ("[secrets]\nkey_file = ''", "secrets.key_file: must name a file."),
        ("[digest]\nempty_day = 'long'", "digest.empty_day: must be one of: short, skip."),
        ("[products.x]\neffort = 'some'", "products.x.effort: must be one of: passive, active."),
        ("[products]\nx = 'active'", "products.x: must be a table."),
        *(
            (
                f"[effort]\nhour = '{hour}'",
                'effort.hour: must be an amount and a currency such as "30 EUR".',
            )
            for hour in ("30", "EUR", "-30 EUR", "thirty EUR", "3e1 EUR", "")
        ),
        (
            "[effort]\nhour = '30 XYZ'",
            'effort.hour: is in no currency of ISO 4217; write it as "30 EUR".',
        ),
        ("[effort]\nhour = '0.00 EUR'", "effort.hour: must be more than nothing."),
        (
            "[effort]\nhour = '0.5 JPY'",
            "effort.hour: is finer than the smallest unit of its currency.",
        ),
        *(
            (
                f"[channels.{name}]\nurl = 'ntfy://t'",
                f"channels.{name}: a name is up to 64 of a-z, 0-9 and _, and begins with a letter.",
            )
            for name in ("Phone", "p" * 65)
        ),
        (
            "[channels.phone]\nurl = 'topic'",
            ("channels.phone.url: must be an Apprise URL such as ntfy://TOPIC."),
        ),
        ("[channels.phone]\nsound = 'till'", "channels.phone.url: is missing."),
        (
            "[database]\nurl = 'mysql://u@h/d'",
            (
                "database.url: must be sqlite:///PATH or "
                "postgresql+psycopg://USER:PASSWORD@HOST/NAME."
            ),
        ),
        (
            "[database]\nurl = 'sqlite://'",
            (
                "database.url: must be sqlite:///PATH or "
                "postgresql+psycopg://USER:PASSWORD@HOST/NAME."
            ),
        ),
        (
            "[database]\nurl = 'sqlite:///:memory:'",
            ("database.url: must name the file of the SQLite database, as in sqlite:///sales.db."),
        ),
        (MAIL.replace('["me@example.com"]', "[]"), "mail.to: must hold at least one entry."),
        (
            MAIL.replace('["me@example.com"]', '["me"]'),
            ("mail.to[1]: must be an e-mail address such as me@example.com."),
        ),
        (MAIL + "password = ' '", "mail.password: is empty."),
        (
            MAIL + "password = '…'",
            ("mail.password: still holds the … of the example; put your own there."),
        ),
        (MAIL + "security = 'ssl'", "mail.security: must be one of: none, starttls, tls."),
    ],
)
def test_a_mistake_is_told_by_its_key(load: Load, text: str, problem: str) -> None:
    assert problems(load, f"{text}\n{SHOP}") == [problem]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('marketplace = "etsi"', "marketplace: unknown marketplace; did you mean `etsy`?"),
        ("poll_every = '9s'", "marketplace: is missing; known: etsy, gumroad."),
        ("marketplace = ['etsy']", "marketplace: must be text in quotes."),
        ("marketplace = 'gumroad'", "access_token: is missing."),
        ("marketplace = 'gumroad'\naccess_token = ''", "access_token: is empty."),
        (
            "marketplace = 'gumroad'\naccess_token = 'a b'",
            ("access_token: holds characters that no key has; copy it again."),
        ),
        (
            "marketplace = 'gumroad'\naccess_token = 'a'\npoll_evry = '1m'",
            ("poll_evry: unknown key; did you mean `poll_every`?"),
        ),
        (
            "marketplace = 'gumroad'\naccess_token = 'a'\npoll_every = '0s'",
            ("poll_every: must be at least 1 second."),
        ),
        (
            "marketplace = 'gumroad'\naccess_token = 'a'\napi_url = 'http://example.com'",
            ("api_url: must begin with https:// (plain http only reaches this machine itself)."),
        ),
        (
            "marketplace = 'gumroad'\naccess_token = 'a'\napi_url = 'http://127.0.0.1.example.com'",
            "api_url: must begin with https:// (plain http only reaches this machine itself).",
        ),
        (
            "marketplace = 'gumroad'\naccess_token = 'a'\napi_url = 'https://[x'",
            ("api_url: must be an address such as https://shop.example.com."),
        ),
        (
            (
                "marketplace = 'etsy'\nkeystring = 'a'\nshared_secret = 'b'\nredirect_uri = "
                "'http://shop.example.com/callback'"
            ),
            (
                "redirect_uri: must begin with https:// (plain "
                "http only reaches this machine itself)."
            ),
        ),
    ],
)
def test_a_mistake_in_a_shop_is_told_by_its_key(load: Load, table: str, problem: str) -> None:
    assert problems(load, f"[shops.one]\n{table}\n") == [f"shops.one.{problem}"]


def test_every_problem_is_told_at_once(load: Load) -> None:
    text = (
        'currency = "e"\n[shops.one]\nmarketplace = "etsy"\n[mail]\nport = 0\n'
        '[alerts]\nchannels = ["phnoe"]\nquiet_hours = "x"\n[digest]\nweekly = "mon"\n'
        '[channels.phone]\nurl = ""\n'
    )
    assert sorted(problems(load, text)) == [
        "alerts.channels: there is no [channels.phnoe]; did you mean `phone`?",
        (
            "alerts.quiet_hours: These are no hours of the day. "
            'Write hours as "22:30-07:00" or "mon-fri 22:30-07:00".'
        ),
        "channels.phone.url: is empty.",
        "currency: must be a currency's three letters, such as EUR.",
        'digest.weekly: must be a weekday and a time such as "mon 08:00", or "off".',
        "mail.from: is missing.",
        "mail.host: is missing.",
        "mail.port: must be at least 1.",
        "mail.to: is missing.",
        "shops.one.keystring: is missing.",
        "shops.one.shared_secret: is missing.",
    ]


def test_a_configuration_without_shops_is_wrong(load: Load) -> None:
    assert problems(load, "") == ["shops: no [shops.<name>] table; run `salesdaemon init`."]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('marketplace = "gumroad"\naccess_token = "same"\n', "access_token"),
        ('marketplace = "etsy"\nkeystring = "k"\nshared_secret = "s"\nshop_id = 7\n', "shop_id"),
    ],
)
def test_an_account_belongs_in_one_table(load: Load, table: str, key: str) -> None:
    assert problems(load, f"[shops.one]\n{table}[shops.two]\n{table}") == [
        f"shops.two.{key}: is the same as in [shops.one]; an account belongs in one table."
    ]


def test_one_app_may_serve_several_shops(load: Load) -> None:
    table = 'marketplace = "etsy"\nkeystring = "k"\nshared_secret = "s"\n'
    assert list(load(f"[shops.one]\n{table}[shops.two]\n{table}").shops) == ["one", "two"]


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("off")
KEYS = st.sampled_from(
    [
        *("shops", "mail", "alerts", "kinds", "digest", "a", "marketplace", "url", "channels"),
        *(
            "daily",
            "put_aside",
            "percent",
            "rules",
            "kind",
            "shop",
            "hours",
            "quiet_hours",
            "goals",
            "amount",
            "heartbeat",
        ),
    ]
)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["etsy", "gumroad"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(values=st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_stands_in_the_file_only_a_config_error_comes_of_it(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(render_toml(_without_null(values)), encoding="utf-8")
    with pytest.raises(ConfigError):
        load_settings(path, {}, secrets_directory=path)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items()}
    if isinstance(value, list):
        tables = [_without_null(each) for each in value if isinstance(each, dict)]
        return tables or [_without_null(each) for each in value]
    return 0 if value is None else value
