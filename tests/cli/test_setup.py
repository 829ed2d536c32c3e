"""`init` and `config`: before anything else works."""

import stat

import pytest

from tests.cli.commands import GUMROAD, Installation, mail

ANSWERS = "Europe/Berlin\n\n2\nmy_templates\ncanary-token\nn\nn\n"


def test_a_few_answers_become_a_configuration(cli: Installation) -> None:
    ran = cli.run("init", stdin=ANSWERS)
    assert ran.code == 0
    assert ran.lines[:2] == [
        "config.toml is written; nobody but you can read it. Next:",
        "salesdaemon auth my_templates: sign in, or check the token.",
    ]
    assert "canary" not in ran.out + ran.err
    assert stat.S_IMODE(cli.config.stat().st_mode) == 0o600
    assert cli.run("config", "check").out == "config.toml: fine, 1 shop.\n"
    assert not cli.database.exists()


def test_without_answers_nothing_is_written(cli: Installation) -> None:
    ran = cli.run("init", stdin="Europe/Berlin\n")
    assert (ran.code, ran.out, cli.config.exists()) == (1, "", False)
    assert ran.err.endswith("There are no more answers. Run this command on a terminal.\n")


def test_an_answer_that_is_none_is_asked_for_again(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("init", stdin="perhaps\nno\n")
    assert (ran.code, ran.lines) == (0, ["config.toml was left as it is."])
    assert ran.err.count("config.toml is there already.") == 2


def test_the_configuration_is_shown_without_its_secrets(cli: Installation) -> None:
    cli.configure(GUMROAD, '[channels.phone]\nurl = "pover://user@canary"\n')
    ran = cli.run("config", "show")
    assert (ran.code, ran.err) == (0, "")
    assert "canary" not in ran.out
    assert "pretend-token" not in ran.out
    assert 'access_token = "**********"' in ran.lines
    shown = cli.run("config", "show", "--format", "json").json
    assert shown["channels"]["phone"] == {"url": "**********"}
    assert shown["timezone"] == "Europe/Berlin"


def test_a_configuration_without_mistakes_is_fine(cli: Installation) -> None:
    cli.configure(GUMROAD, '[alerts]\nquiet_hours = "22:30-07:00"\n')
    ran = cli.run("config", "check")
    assert (ran.code, ran.out) == (0, "config.toml: fine, 1 shop.\n")


def test_digests_that_are_on_by_themselves_and_cannot_leave_are_remarked_upon(
    cli: Installation,
) -> None:
    cli.configure()
    ran = cli.run("config", "check")
    assert (ran.code, ran.out) == (0, "config.toml: fine, 1 shop.\n")
    assert ran.err == (
        "Remark: digest: daily, weekly, monthly and yearly are on, but no digest can leave. Add a "
        '[mail] table, or `channels` or a `folder` in [digest], or switch it "off" there.\n'
    )


def test_a_digest_that_was_switched_on_and_cannot_leave_is_a_problem(cli: Installation) -> None:
    cli.configure(GUMROAD, '[digest]\ndaily = "off"\nweekly = "sun 20:00"\n')
    ran = cli.run("config", "check")
    assert (ran.code, ran.out) == (78, "")
    assert ran.err.splitlines()[1] == (
        "digest: weekly is on, but no digest can leave. Add a [mail] table, or `channels` or a "
        '`folder` in [digest], or switch it "off" there.'
    )
    assert cli.run("config", "show").code == 0


def test_a_digest_switched_on_by_a_variable_names_it(
    cli: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.configure()
    monkeypatch.setenv("SALESDAEMON_DIGEST__DAILY", "7:30")
    ran = cli.run("config", "check")
    assert ran.code == 78
    assert ran.err.endswith("(Set by SALESDAEMON_DIGEST__DAILY.)\n")


@pytest.mark.parametrize(
    "table",
    [
        mail(25),
        '[digest]\nfolder = "digests"\n',
        '[channels.phone]\nurl = "json://127.0.0.1:1/"\n[digest]\nchannels = ["phone"]\n',
        '[digest]\ndaily = "off"\nweekly = "off"\nmonthly = "off"\nyearly = "off"\n',
    ],
)
def test_digests_that_can_leave_are_fine(cli: Installation, table: str) -> None:
    cli.configure(GUMROAD, table)
    ran = cli.run("config", "check")
    assert (ran.code, ran.out, ran.err) == (0, "config.toml: fine, 1 shop.\n", "")


def test_a_wrong_configuration_is_not_shown(cli: Installation) -> None:
    cli.configure("[nope]\n")
    for command in ("show", "check"):
        ran = cli.run("config", command)
        assert (ran.code, ran.out) == (78, "")
        assert ran.err.splitlines()[0] == "2 problems in config.toml."


def test_services_and_sounds_that_there_are_not_are_told_with_all_other_problems(
    cli: Installation,
) -> None:
    cli.configure(
        GUMROAD,
        '[channels.phone]\nurl = "pover://user@token"\nsound = "cashregster"\n'
        '[channels.desk]\nurl = "ntfy://topic"\nsound = "any"\n'
        '[channels.wall]\nurl = "gottify://example.com/token"\nsound = "any"\n'
        "[channels.broken]\nurl = 5\n",
        '[alerts]\nchannels = ["desk"]\nburst = "x"\n'
        '[[alerts.rules]]\nsound = "bik"\nchannels = ["phone", "desk", "phnoe"]\nkind = "sale"\n'
        '[[alerts.rules]]\nsound = "bik"\n'
        '[[alerts.rules]]\nsound = "bik"\nlevel = "silent"\nkind = "trouble"\n'
        "[[alerts.rules]]\nsound = 5\n",
    )
    ran = cli.run("config", "check")
    assert (ran.code, ran.out) == (78, "")
    first, *told = ran.err.splitlines()
    assert first == "7 problems in config.toml."
    assert [line.partition(": ")[0] for line in told] == [
        "alerts.rules[1].channels",
        "channels.broken.url",
        "alerts.burst",
        "alerts.rules[4].sound",
        "channels.phone.sound",
        "channels.wall.url",
        "alerts.rules[1].sound",
    ]
    known = "It plays"
    assert told[4].startswith(
        "channels.phone.sound: Pushover knows no sound 'cashregster'. "
        "Did you mean 'cashregister'? It plays "
    )
    assert told[5].startswith("channels.wall.url: ")
    assert told[6].startswith(
        "alerts.rules[1].sound: on channel phone: Pushover knows no sound 'bik'. "
    )
    assert known in told[6]


def test_a_rule_s_sound_is_looked_for_on_every_channel_that_rings(cli: Installation) -> None:
    cli.configure(
        GUMROAD,
        '[channels.phone]\nurl = "pover://user@token"\n'
        '[channels.bark]\nurl = "barks://key@example.com"\n'
        '[[alerts.rules]]\nsound = "magic"\n',
    )
    ran = cli.run("config", "check")
    assert ran.code == 78
    assert len(ran.err.splitlines()) == 2
    assert ran.err.splitlines()[1].startswith(
        "alerts.rules[1].sound: on channel bark: Bark knows no sound 'magic'. "
    )
    checked = cli.run("check", "--offline", "--format", "json")
    assert checked.code == 1
    assert [line["part"] for line in checked.json if line["result"] == "failed"] == ["rules"]
