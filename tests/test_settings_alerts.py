"""Quiet hours, rules, goals and the heartbeat: what is accepted, and how mistakes are told."""

import json
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.domain.goals import Goal
from salesdaemon.domain.hours import EVERY_DAY, Hours, parse_hours
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import Rule, Style
from salesdaemon.settings_text import mask, render_toml
from tests.config_file import SHOP, Load, loader, problems

CHANNEL = '[channels.phone]\nurl = "ntfy://topic"\n'
KINDS = (
    "known here: sale, renewal, free, refund, dispute, dispute_won, cancelled, payout, milestone, "
    "silence, trouble."
)
KEYS = (
    "known here: name, kind, shop, marketplace, product, min_amount, effort, "
    "first_sale_of_product, first_sale_in_country, weekdays, hours, level, channels, sound, "
    "title, body."
)
WEEKEND = frozenset({5, 6})
WEEKDAYS = frozenset(range(5))


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def rule(text: str) -> str:
    return f"{SHOP}{CHANNEL}[[alerts.rules]]\n{text}\n"


@pytest.mark.parametrize(
    ("written", "quiet"),
    [
        ('"22:30-07:00"', [Hours(EVERY_DAY, time(22, 30), time(7))]),
        (
            '["mon-fri 22:30-07:00", "sat,sun 0:00-09:00"]',
            [Hours(WEEKDAYS, time(22, 30), time(7)), Hours(WEEKEND, time(), time(9))],
        ),
        ('"sat,sun 00:00-24:00"', [Hours(WEEKEND, time(), time())]),
        ("[]", []),
    ],
)
def test_quiet_hours_are_one_stretch_or_several(
    load: Load, written: str, quiet: list[Hours]
) -> None:
    settings = load(f"{SHOP}[alerts]\nquiet_hours = {written}\n")
    assert settings.quiet == tuple(quiet)


@pytest.mark.parametrize("written", ['["mon 1:00-2:00", "sat,sun 3:00-4:00"]'])
def test_quiet_hours_may_come_from_the_environment(load: Load, written: str) -> None:
    settings = load(SHOP, SALESDAEMON_ALERTS__QUIET_HOURS=written)
    assert settings.alerts.quiet_hours == ("mon 01:00-02:00", "sat,sun 03:00-04:00")
    one = load(SHOP, SALESDAEMON_ALERTS__QUIET_HOURS="sat,sun 3:00-4:00")
    assert one.alerts.quiet_hours == ("sat,sun 03:00-04:00",)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            '"07:00-07:00"',
            "From 07:00 to 07:00 is no time at all. Give another end.",
        ),
        (
            '["22:00-07:00", "noon"]',
            (
                "Entry 2: These are no hours of the day. "
                'Write hours as "22:30-07:00" or "mon-fri 22:30-07:00".'
            ),
        ),
        (
            '["sun-thu 22:00-07:00", "mon-fri 6:00-8:00"]',
            (
                '"mon-thu,sun 22:00-07:00" and "mon-fri 06:00-08:00" overlap; '
                "let one begin when the other ends, or name other weekdays."
            ),
        ),
        (
            '["00:00-24:00"]',
            (
                "They never end, so nothing would ever ring; leave some time out, "
                'or set kinds to "silent" in [alerts.kinds].'
            ),
        ),
        ("7", "must be a list."),
        (
            '"[22:00-07:00"',
            'These are no hours of the day. Write hours as "22:30-07:00" or "mon-fri 22:30-07:00".',
        ),
    ],
    ids=["empty", "unreadable", "overlapping", "endless", "number", "broken list"],
)
def test_quiet_hours_that_cannot_be_are_told_with_the_fix(
    load: Load, written: str, problem: str
) -> None:
    text = f"{SHOP}[alerts]\nquiet_hours = {written}\n"
    assert problems(load, text) == [f"alerts.quiet_hours: {problem}"]


def test_a_rule_has_every_condition_and_effect(load: Load) -> None:
    settings = load(
        f'timezone = "Europe/Berlin"\n{SHOP}{CHANNEL}'
        "[[alerts.rules]]\n"
        'name = "big"\nkind = ["sale", "renewal"]\nshop = "templates"\nmarketplace = "gumroad"\n'
        'product = ["*planner*", "Logo, big"]\nmin_amount = "20 eur"\neffort = "active"\n'
        'first_sale_of_product = true\nfirst_sale_in_country = true\nweekdays = "mon-fri"\n'
        'hours = ["9:00-12:00", "22:00-02:00"]\nlevel = "on"\nchannels = ["phone"]\n'
        'sound = "bell"\ntitle = "{{ product }}"\nbody = "{{ amount }}"\n'
        '[[alerts.rules]]\nkind = "trouble"\nweekdays = ["sat", "sun"]\nlevel = "silent"\n'
        '[[alerts.rules]]\nproduct = "Logo, big*"\neffort = "passive"\nhours = "mon 9:00-10:00"\n'
        'level = "off"\n'
    )
    book = settings.rule_book()
    assert (book.channels, book.zone) == (("phone",), ZoneInfo("Europe/Berlin"))
    assert (book.levels["free"], book.levels["trouble"], len(book.levels)) == ("off", "on", 11)
    assert book.rules == (
        Rule(
            name="big",
            kinds=frozenset({"sale", "renewal"}),
            shops=frozenset({"templates"}),
            marketplaces=frozenset({"gumroad"}),
            products=("*planner*", "Logo, big"),
            min_amount=Money(2000, "EUR"),
            passive=False,
            first_of_product=True,
            first_in_country=True,
            hours=(Hours(WEEKDAYS, time(9), time(12)), Hours(WEEKDAYS, time(22), time(2))),
            level="on",
            channels=("phone",),
            style=Style("bell", "{{ product }}", "{{ amount }}"),
        ),
        Rule(
            kinds=frozenset({"trouble"}),
            hours=(Hours(WEEKEND, time(), time()),),
            level="silent",
        ),
        Rule(
            products=("Logo, big*",),
            passive=True,
            hours=(parse_hours("mon 09:00-10:00"),),
            level="off",
        ),
    )


def test_rules_may_come_from_the_environment_as_json(load: Load) -> None:
    rules = json.dumps([{"shop": "templates", "level": "silent"}])
    settings = load(SHOP, SALESDAEMON_ALERTS__RULES=rules)
    assert settings.rule_book().rules == (Rule(shops=frozenset({"templates"}), level="silent"),)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (
            '[{"shop": "templates", "lvel": "on", "level": "on"}]',
            "alerts.rules[1].lvel: unknown key; did you mean `level`?",
        ),
        (
            '[{"shop": "template", "level": "on"}]',
            "alerts.rules[1].shop: there is no [shops.template]; did you mean `templates`?",
        ),
        ('[{"level": "on"}', 'alerts.rules: must be a list such as ["one", "two"].'),
        ("templates", "alerts.rules[1]: must be a table."),
    ],
)
def test_a_mistake_in_rules_of_the_environment_names_the_variable(
    load: Load, rules: str, problem: str
) -> None:
    assert problems(load, SHOP, SALESDAEMON_ALERTS__RULES=rules) == [
        f"{problem} (Set by SALESDAEMON_ALERTS__RULES.)"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('shop = "templates"', ": sets nothing; give it level, channels, sound, title or body."),
        ('level = "loud"', ".level: must be one of: on, silent, off."),
        ('level = "on"\nblaring = 1', f".blaring: unknown key; {KEYS}"),
        (
            'level = "on"\nkind = "sales"',
            ".kind: there is no kind of news `sales`; did you mean `sale`?",
        ),
        ('level = "on"\nkind = ["x"]', f".kind: there is no kind of news `x`; {KINDS}"),
        ('level = "on"\nkind = []', ".kind: must hold at least one entry."),
        (
            'level = "on"\nshop = "template"',
            ".shop: there is no [shops.template]; did you mean `templates`?",
        ),
        (
            'level = "on"\nmarketplace = "gumrod"',
            ".marketplace: there is no marketplace `gumrod`; did you mean `gumroad`?",
        ),
        ('channels = ["phnoe"]', ".channels: there is no [channels.phnoe]; did you mean `phone`?"),
        (
            'level = "on"\nmin_amount = "20"',
            '.min_amount: must be an amount and a currency such as "30 EUR".',
        ),
        ('level = "on"\neffort = "none"', ".effort: must be one of: passive, active."),
        (
            'level = "on"\nfirst_sale_of_product = "maybe"',
            ".first_sale_of_product: must be true or false.",
        ),
        (
            'level = "on"\nfirst_sale_in_country = []',
            ".first_sale_in_country: must be true or false.",
        ),
        (
            'level = "on"\nweekdays = "weekend"',
            '.weekdays: These are no weekdays. Write weekdays as "mon-fri" or "sat,sun".',
        ),
        (
            'level = "on"\nhours = "9-18"',
            (
                '.hours: These are no hours of the day. Write hours as "22:30-07:00" or '
                '"mon-fri 22:30-07:00".'
            ),
        ),
        (
            'level = "on"\nweekdays = "mon"\nhours = "tue 9:00-18:00"',
            ": names weekdays in `hours` and in `weekdays`; keep one of the two.",
        ),
        ('title = " "', ".title: is empty."),
    ],
)
def test_a_mistake_in_a_rule_is_told_by_its_place(load: Load, text: str, problem: str) -> None:
    assert problems(load, rule(text)) == [f"alerts.rules[1]{problem}"]


@pytest.mark.parametrize("header", ["[alerts.rules]", "[alerts.rules.big]"])
def test_rules_written_as_a_table_are_told_how_to_be_written(load: Load, header: str) -> None:
    assert problems(load, f'{SHOP}{CHANNEL}{header}\nlevel = "silent"\n') == [
        "alerts.rules: write [[alerts.rules]] with two brackets: a rule is one of a list."
    ]


def test_a_rule_s_words_are_checked(load: Load) -> None:
    text = rule('title = "{{ prodct }}"\nbody = "{{ amount"')
    found = problems(load, text)
    assert len(found) == 2
    assert found[0].startswith("alerts.rules[1].title: ")
    assert "product" in found[0]
    assert found[1].startswith("alerts.rules[1].body: ")


def test_a_rule_that_can_never_match_is_named_with_what_shadows_it(load: Load) -> None:
    text = (
        f"{SHOP}{CHANNEL}"
        '[[alerts.rules]]\nname = "all planners"\nproduct = "*planner*"\nlevel = "silent"\n'
        '[[alerts.rules]]\nlevel = "nonsense"\n'
        '[[alerts.rules]]\nkind = "sale"\nlevel = "on"\n'
        '[[alerts.rules]]\nname = "big"\nproduct = "big planner"\nmin_amount = "20 EUR"\n'
        'channels = ["phone"]\n'
        '[[alerts.rules]]\nkind = ["renewal", "refund"]\nlevel = "on"\n'
        '[[alerts.rules]]\nkind = ["sale", "refund"]\nlevel = "on"\n'
        '[[alerts.rules]]\nkind = "payout"\neffort = "passive"\nlevel = "on"\n'
    )
    assert problems(load, text) == [
        (
            'alerts.rules[4]: rule "big" can never match: alerts.rules[1] "all planners" takes all '
            "that it fits. Put it before that one, or remove it."
        ),
        (
            "alerts.rules[6]: it can never match: alerts.rules[3] and alerts.rules[5] together "
            "take all that it fits. Put it before them, or remove it."
        ),
        (
            "alerts.rules[7]: it can never match: its kinds have no products, amount or effort. "
            "Change it or remove it."
        ),
        "alerts.rules[2].level: must be one of: on, silent, off.",
    ]


def test_rules_are_not_judged_while_a_shop_is_of_no_known_marketplace(load: Load) -> None:
    text = rule('shop = "templates"\nmarketplace = "gumroad"\nlevel = "on"')
    assert problems(load, text.replace('"gumroad"', '"gumrod"', 1)) == [
        "shops.templates.marketplace: unknown marketplace; did you mean `gumroad`?"
    ]


@pytest.mark.parametrize(
    ("currency", "problem"),
    [
        ("euros", "must be a currency's three letters, such as EUR."),
        ("XYZ", "is no currency of ISO 4217; write it as EUR or USD."),
    ],
)
def test_a_goal_is_not_compared_with_a_currency_that_is_none(
    load: Load, currency: str, problem: str
) -> None:
    text = f'currency = "{currency}"\n{SHOP}[goals.rent]\namount = "850 USD"\n'
    assert problems(load, text) == [f"currency: {problem}"]


def test_goals_are_compared_in_the_home_currency(load: Load) -> None:
    settings = load(
        f'currency = "usd"\n{SHOP}[goals.rent]\namount = "850 USD"\nlabel = "Rent covered"\n'
        '[goals.coffee]\namount = "30.50 USD"\nfigure = "passive_net"\n'
    )
    assert settings.monthly_goals == (
        Goal("rent", "Rent covered", Money(85000, "USD"), "net"),
        Goal("coffee", "coffee", Money(3050, "USD"), "passive_net"),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[goals.rent]\namount = "850 USD"',
            "goals.rent.amount: must be in EUR, the `currency` that totals are in.",
        ),
        (
            '[goals.rent]\namount = "850"',
            'goals.rent.amount: must be an amount and a currency such as "30 EUR".',
        ),
        (
            '[goals.rent]\namount = "850 XYZ"',
            'goals.rent.amount: is in no currency of ISO 4217; write it as "30 EUR".',
        ),
        ("[goals.rent]\nlabel = 'Rent'", "goals.rent.amount: is missing."),
        (
            "[goals.rent]\namount = '850 EUR'\nfigure = 'fees'",
            "goals.rent.figure: must be one of: net, passive_net, gross.",
        ),
        (
            "[goals.Rent]\namount = '850 EUR'",
            "goals.Rent: a name is up to 64 of a-z, 0-9 and _, and begins with a letter.",
        ),
    ],
)
def test_a_mistake_in_a_goal_is_told_by_its_key(load: Load, text: str, problem: str) -> None:
    assert problems(load, f"{SHOP}{text}\n") == [problem]


@pytest.mark.parametrize(
    "url",
    [
        "https://hc.example.com/ping/1?a=b",
        "http://127.0.0.1:3001/api/push/x",
        "http://192.168.1.5/ping",
        "http://uptime/ping",
        "http://uptime.local/ping",
    ],
)
def test_a_heartbeat_goes_over_https_or_within_the_home_network(load: Load, url: str) -> None:
    heartbeat = load(f'{SHOP}[heartbeat]\nurl = "{url}"\n').heartbeat
    assert heartbeat is not None
    assert (heartbeat.url.get_secret_value(), heartbeat.every) == (url, timedelta(seconds=60))
    assert url not in repr(heartbeat)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'url = "http://hc.example.com/ping"',
            "url: must begin with https:// (plain http only reaches machines of your own network).",
        ),
        *(
            (
                f'url = "{url}"',
                "url: must be an address such as https://hc.example.com/ping/ID.",
            )
            for url in ("hc.example.com", "ftp://x", "https://", "https://[x", "https://a b/c")
        ),
        ('url = "…"', "url: still holds the … of the example; put your own there."),
        ('every = "60s"', "url: is missing."),
        ('url = "https://x.example.com"\nevery = "9s"', "every: must be at least 10 seconds."),
    ],
)
def test_a_mistake_in_the_heartbeat_is_told_by_its_key(load: Load, text: str, problem: str) -> None:
    assert problems(load, f"{SHOP}[heartbeat]\n{text}\n") == [f"heartbeat.{problem}"]


def test_the_heartbeat_s_address_may_stand_in_a_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hc.example.com/ping\n", encoding="utf-8")
    settings = load(f'{SHOP}[heartbeat]\nurl_file = "{tmp_path}/url"\n')
    assert settings.heartbeat is not None
    assert settings.heartbeat.url.get_secret_value() == "https://hc.example.com/ping"


def test_printed_rules_and_goals_are_a_configuration(load: Load) -> None:
    settings = load(
        f"{SHOP}{CHANNEL}"
        '[alerts]\nquiet_hours = "22:30-07:00"\nemoji = true\ntrouble_in_quiet_hours = "tell"\n'
        '[[alerts.rules]]\nproduct = "a \\"b\\" [c]*"\nhours = "9:00-18:00"\nchannels = ["phone"]\n'
        '[[alerts.rules]]\nweekdays = "sat,sun"\nlevel = "silent"\n'
        '[goals.rent]\namount = "850 EUR"\n[heartbeat]\nurl = "https://hc.example.com/x"\n'
    )
    printed = render_toml(mask(settings))
    assert printed.count("[[alerts.rules]]") == 2
    assert mask(load(printed.replace("**********", "https://x.example.com"))) == mask(settings)
    assert "hc.example.com" not in printed


def test_rules_without_words_need_no_library_for_them(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(rule('shop = "templates"\nlevel = "silent"'), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from salesdaemon.settings import load_settings; "
        f"load_settings(Path({str(path)!r}), {{'HOME': '/'}}).rule_book(); "
        "print(sorted({'jinja2', 'babel', 'apprise', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
