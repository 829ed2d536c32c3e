"""`check`: every part is tried, and what is not well comes with its fix."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import GUMROAD, Installation, Ran, mail
from tests.cli.shops import GumroadShop, gumroad_shop
from tests.end_to_end.post import PostOffice


@pytest.fixture
def gumroad() -> Iterator[GumroadShop]:
    with gumroad_shop() as shop:
        yield shop


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.stop()


def lines(ran: Ran) -> list[tuple[str, str]]:
    return [(line["result"], line["part"]) for line in ran.json]


def of(ran: Ran, part: str) -> dict[str, Any]:
    (line,) = [line for line in ran.json if line["part"] == part]
    assert isinstance(line, dict)
    return line


def test_all_is_well(cli: Installation, gumroad: GumroadShop, post: PostOffice) -> None:
    cli.configure(
        gumroad.table(), '[channels.phone]\nurl = "json://127.0.0.1:1/"\n', mail(post.port)
    )
    ran = cli.run("check", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran) == [
        ("ok", "config"),
        ("ok", "database"),
        *[("ok", "shop templates")] * 4,
        ("ok", "channel phone"),
        ("ok", "mail"),
    ]
    assert ran.json[5]["what"] == "Its account is cHJldGVuZCBzZWxsZXIgMQ==."
    assert post.mails == []


def test_offline_nothing_leaves_this_machine(cli: Installation) -> None:
    cli.configure(GUMROAD, mail(25))
    ran = cli.run("check", "--offline", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert lines(ran) == [
        ("ok", "config"),
        ("ok", "database"),
        ("skipped", "shop templates"),
        ("warning", "channels"),
        ("skipped", "mail"),
    ]


def test_a_line_says_how_to_mend_it(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table(token="wrong"))
    ran = cli.run("check")
    assert ran.code == 1
    assert ran.lines[0] == "result\tpart\twhat\tfix"
    (failed,) = [line.split("\t") for line in ran.lines if line.startswith("failed")]
    assert failed[1] == "shop templates"
    assert len(failed) == 4
    assert failed[3]


def test_a_config_that_others_can_read_is_warned_of(cli: Installation) -> None:
    cli.configure()
    cli.config.chmod(0o644)
    ran = cli.run("check", "--offline", "--format", "json")
    assert ran.code == 0
    assert ran.json[1] == {
        "result": "warning",
        "part": "config",
        "what": "Every user of this machine can read config.toml.",
        "fix": "Run `chmod o-rwx config.toml`.",
    }


def test_polling_more_often_than_once_a_minute_is_warned_of(cli: Installation) -> None:
    cli.configure(GUMROAD + 'poll_every = "59s"\n')
    ran = cli.run("check", "--offline", "--format", "json")
    assert ran.code == 0
    assert ran.json[1]["what"] == "Shop templates is polled more often than once a minute."


def test_a_database_that_cannot_be_written_fails(cli: Installation) -> None:
    cli.configure(url="sqlite:////proc/nowhere/sales.db")
    ran = cli.run("check", "--offline", "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    assert of(ran, "database")["result"] == "failed"


def test_a_channel_that_cannot_work_fails(cli: Installation) -> None:
    cli.configure(GUMROAD, '[channels.phone]\nurl = "nosuchservice://x"\n')
    ran = cli.run("check", "--offline", "--format", "json")
    assert ran.code == 1
    assert of(ran, "channel phone")["result"] == "failed"


def test_a_mail_server_that_is_away_fails(
    cli: Installation, gumroad: GumroadShop, post: PostOffice
) -> None:
    post.close()
    cli.configure(gumroad.table(), mail(post.port))
    ran = cli.run("check", "--format", "json")
    line = of(ran, "mail")
    assert (ran.code, line["result"]) == (1, "failed")
    assert line["what"] == f"The mail server 127.0.0.1:{post.port} refuses connections."


def test_one_account_under_two_names_fails(cli: Installation, gumroad: GumroadShop) -> None:
    with gumroad_shop("another-token") as same_account:
        cli.configure(gumroad.table("one"), same_account.table("two", "another-token"))
        assert cli.run("poll", "one").code == 0
        ran = cli.run("check", "--format", "json")
    assert ran.code == 1
    (failed,) = [line for line in ran.json if line["result"] == "failed"]
    assert (failed["part"], failed["fix"]) == (
        "shop two",
        "Remove [shops.two] from the configuration.",
    )


def test_checking_binds_nothing(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table("one"))
    assert cli.run("check").code == 0
    cli.configure(gumroad.table("two"))
    assert cli.run("check").code == 0
    assert cli.run("poll").code == 0
    assert [shop["shop"] for shop in cli.run("status", "--format", "json").json["shops"]] == ["two"]


def test_digests_that_cannot_leave_are_warned_of(cli: Installation) -> None:
    cli.configure(GUMROAD, '[digest]\ndaily = "07:30"\n')
    ran = cli.run("check", "--offline", "--format", "json")
    line = of(ran, "digest")
    assert (ran.code, line["result"]) == (0, "warning")
    assert line["what"] == ("Daily, weekly, monthly and yearly are on, but no digest can leave.")


def test_the_folder_of_digests_is_tried_and_not_made(cli: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "new/digests"
    cli.configure(GUMROAD, f'[digest]\nfolder = "{folder}"\n')
    line = of(cli.run("check", "--offline", "--format", "json"), "digest")
    assert line["what"] == (f"{folder} can be written; it is made when the first digest comes.")
    assert not folder.parent.exists()
    folder.mkdir(parents=True)
    line = of(cli.run("check", "--offline", "--format", "json"), "digest")
    assert (line["result"], line["what"]) == ("ok", f"{folder} can be written.")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("config.toml", "not a directory"),
        ("config.toml/digests", "not a directory"),
        ("/proc/nowhere/digests", "no such file or directory"),
    ],
)
def test_a_folder_of_digests_that_cannot_be_written_fails(
    cli: Installation, folder: str, reason: str
) -> None:
    cli.configure(GUMROAD, f'[digest]\nfolder = "{folder}"\n')
    ran = cli.run("check", "--offline", "--format", "json")
    line = of(ran, "digest")
    assert (ran.code, line["result"]) == (1, "failed")
    assert line["what"] == f"{folder} cannot be written: {reason}."


def test_a_channel_that_only_digests_use_is_told(cli: Installation) -> None:
    cli.configure(
        GUMROAD,
        '[channels.desk]\nurl = "json://127.0.0.1:1/"\n',
        '[alerts]\nchannels = []\n[digest]\nchannels = ["desk"]\n',
    )
    line = of(cli.run("check", "--offline", "--format", "json"), "channel desk")
    assert line["what"].startswith("Its url is understood. Digests go there, and nothing else.")


def test_a_folder_without_templates_is_warned_of(cli: Installation) -> None:
    cli.configure(GUMROAD, mail(25), '[digest]\ntemplates = "mine"\n')
    ran = cli.run("check", "--offline", "--format", "json")
    line = of(ran, "digest")
    assert (ran.code, line["result"]) == (0, "warning")
    assert line["what"].startswith("The folder mine holds no template")
