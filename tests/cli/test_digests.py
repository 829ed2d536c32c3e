"""`digest`: printed, written or sent."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.commands import GUMROAD, Installation, mail
from tests.end_to_end.post import PostOffice
from tests.factories import SOLD_AT, item, sale

DAY = ("--date", "2026-11-20")


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.stop()


def test_the_text_begins_with_its_subject(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    ran = cli.run("digest", "daily", *DAY)
    assert (ran.code, ran.err) == (0, "")
    assert "€9.65" in ran.lines[0]
    assert ran.lines[1:3] == ["", "Friday 20 November 2026"]


def test_the_json_is_that_of_the_report_of_its_day(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    value = cli.run("digest", "daily", *DAY, "--format", "json").json
    day = ("--from", "2026-11-20", "--to", "2026-11-20")
    report = cli.run("report", *day, "--format", "json").json
    assert {name: value[name] for name in report} == report
    assert {"kind", "compared", "news"} <= set(value) - set(report)


def test_it_may_be_written_to_a_file(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(items=(item(product="<b>Planner</b>"),)))
    ran = cli.run("digest", "daily", *DAY, "--format", "html", "--out", "daily.html")
    page = (cli.folder / "daily.html").read_text(encoding="utf-8")
    assert (ran.code, ran.out, ran.err) == (0, "", "daily.html is written.\n")
    assert "&lt;b&gt;Planner&lt;/b&gt;" in page


def test_by_default_it_is_that_of_the_last_finished_day(cli: Installation) -> None:
    cli.configure()
    value = cli.run("digest", "daily", "--format", "json").json
    status = json.loads(cli.run("report", "--format", "json").out)
    assert value["from"] == value["to"] < status["to"]


def test_a_day_that_is_still_to_come_ends_with_2(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("digest", "daily", "--date", "2999-01-01")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "2999-01-01 is still to come. Give an earlier --date.\n"


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("daily", "2026-11-20", "2026-11-20"),
        ("weekly", "2026-11-16", "2026-11-22"),
        ("monthly", "2026-11-01", "2026-11-30"),
        ("yearly", "2026-01-01", "2026-12-31"),
    ],
)
def test_it_is_that_of_the_period_that_contains_a_day(
    cli: Installation, kind: str, first: str, last: str
) -> None:
    cli.configure()
    cli.keep(sale())
    value = cli.run("digest", kind, *DAY, "--format", "json").json
    assert (value["kind"], value["from"], value["to"]) == (kind, first, last)
    assert value["totals"]["EUR"]["net"] == "9.65"


@pytest.mark.parametrize("kind", ["weekly", "monthly", "yearly"])
def test_by_default_the_last_finished_one_ends_before_today(cli: Installation, kind: str) -> None:
    cli.configure()
    value = cli.run("digest", kind, "--format", "json").json
    today = json.loads(cli.run("report", "--format", "json").out)["to"]
    assert value["from"] < value["to"] < today


def test_the_name_of_the_file_may_say_the_format(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    for name in ("daily.json", "daily.html", "daily.txt"):
        assert cli.run("digest", "daily", *DAY, "--out", name).code == 0
    assert json.loads((cli.folder / "daily.json").read_text(encoding="utf-8"))["kind"] == "daily"
    assert (cli.folder / "daily.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "€9.65" in (cli.folder / "daily.txt").read_text(encoding="utf-8")


def test_a_page_for_the_browser_holds_its_images(
    cli: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    cli.configure()
    cli.keep(sale(), sale("s2", paid_at=SOLD_AT - timedelta(days=3)))
    ran = cli.run("digest", "daily", *DAY, "--open")
    assert (ran.code, ran.err) == (0, "There is no browser here; open this address in one:\n")
    page = Path(ran.out.strip().removeprefix("file://"))
    assert page.stat().st_mode & 0o077 == 0
    text = page.read_text(encoding="utf-8")
    page.unlink()
    assert "data:image/png;base64," in text
    assert "cid:" not in text


def test_without_a_way_out_nothing_is_sent(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("digest", "daily", *DAY, "--send")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "A digest has no way out. Add a [mail] section, or `channels` or a `folder` in [digest]; "
        "or leave --send out.\n"
    )


def test_it_is_sent_once(cli: Installation, post: PostOffice) -> None:
    cli.configure(GUMROAD, mail(post.port))
    cli.keep(sale())
    first = cli.run("digest", "daily", *DAY, "--send")
    again = cli.run("digest", "daily", *DAY, "--send")
    assert (first.code, first.err, again.code) == (0, "", 0)
    assert first.out.startswith("me@example.com: ")
    assert again.out.startswith("me@example.com: went out already at ")
    (mailed,) = post.mails
    assert "€9.65" in mailed["subject"]


def test_a_mail_server_that_is_away_ends_with_1(cli: Installation, post: PostOffice) -> None:
    post.close()
    cli.configure(GUMROAD, mail(post.port))
    ran = cli.run("digest", "daily", *DAY, "--send")
    assert (ran.code, ran.out) == (1, "")
    assert "refuses connections" in ran.err
