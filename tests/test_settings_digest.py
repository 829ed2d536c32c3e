"""The tables of the digest: when it comes, where it goes and what it puts aside."""

from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from salesdaemon.digest.mailer import build_mail
from salesdaemon.domain.digests import DigestKind, Schedule
from salesdaemon.domain.put_aside import Share
from salesdaemon.settings_digest import PutAsideSettings
from salesdaemon.settings_remarks import remarks_on
from salesdaemon.settings_text import mask, render_toml
from salesdaemon.settings_values import Unsubscribe
from tests.config_file import MAIL, SHOP, Load, loader, problems

ALL_OFF = '[digest]\ndaily = "off"\nweekly = "off"\nmonthly = "off"\nyearly = "off"\n'


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def test_every_kind_of_digest_has_a_schedule_of_its_own(load: Load) -> None:
    assert load(SHOP).digest.schedules == {
        DigestKind.DAILY: Schedule(DigestKind.DAILY, time(7, 30)),
        DigestKind.WEEKLY: Schedule(DigestKind.WEEKLY, time(8)),
        DigestKind.MONTHLY: Schedule(DigestKind.MONTHLY, time(8)),
        DigestKind.YEARLY: Schedule(DigestKind.YEARLY, time(8)),
    }


def test_a_digest_that_is_off_has_no_schedule(load: Load) -> None:
    settings = load(f'{SHOP}[digest]\nweekly = "off"\nyearly = " Off "\n')
    assert list(settings.digest.schedules) == [DigestKind.DAILY, DigestKind.MONTHLY]
    assert mask(settings)["digest"]["yearly"] == "off"


@pytest.mark.parametrize("written", ['"7:05"', '"07:05"', '" 07:05 "', "07:05:00"])
def test_the_time_of_the_daily_digest_is_a_time_of_the_day(load: Load, written: str) -> None:
    settings = load(f"{SHOP}[digest]\ndaily = {written}\n")
    assert settings.digest.schedules[DigestKind.DAILY] == Schedule(DigestKind.DAILY, time(7, 5))


@pytest.mark.parametrize(
    ("key", "written", "shown"),
    [
        ("weekly", "Sunday 9:00", "sun 09:00"),
        ("weekly", "FRI  09:00", "fri 09:00"),
        ("monthly", "31 08:00", "31 08:00"),
        ("monthly", "01 08:00", "1 08:00"),
        ("yearly", "1-2 08:00", "01-02 08:00"),
        ("yearly", "02-29 08:00", "02-29 08:00"),
    ],
)
def test_a_schedule_is_shown_as_we_write_it(load: Load, key: str, written: str, shown: str) -> None:
    settings = load(f'{SHOP}[digest]\n{key} = "{written}"\n')
    assert mask(settings)["digest"][key] == shown


def test_a_schedule_may_come_from_the_environment(load: Load) -> None:
    settings = load(SHOP, SALESDAEMON_DIGEST__WEEKLY="tue 6:00")
    assert str(settings.digest.schedules[DigestKind.WEEKLY]) == "tue 06:00"


DAILY = 'must be a time of the day such as "07:30", or "off".'
WEEKLY = 'must be a weekday and a time such as "mon 08:00", or "off".'
MONTHLY = 'must be a day of the month and a time such as "1 08:00", or "off".'
YEARLY = 'must be a month, a day and a time such as "01-01 08:00", or "off".'


@pytest.mark.parametrize(
    ("key", "written", "problem"),
    [
        ("daily", '"24:00"', DAILY),
        ("daily", '"mon 07:30"', DAILY),
        ("daily", '""', DAILY),
        ("daily", "730", DAILY),
        ("daily", '["07:30"]', DAILY),
        ("daily", "false", DAILY),
        ("weekly", '"mon 25:00"', WEEKLY),
        ("weekly", '"mon"', WEEKLY),
        ("weekly", '"08:00"', WEEKLY),
        ("weekly", "08:00:00", WEEKLY),
        (
            "weekly",
            '"funday 08:00"',
            "must begin with one of: mon, tue, wed, thu, fri, sat, sun.",
        ),
        ("monthly", '"first 08:00"', MONTHLY),
        ("monthly", "1", MONTHLY),
        ("monthly", '"32 08:00"', "never comes: a month has no day 32."),
        ("monthly", '"0 08:00"', "never comes: a month has no day 0."),
        ("yearly", '"1 08:00"', YEARLY),
        ("yearly", "2026-01-01T08:00:00", YEARLY),
        ("yearly", '"02-30 08:00"', "never comes: February has no day 30."),
        ("yearly", '"04-31 08:00"', "never comes: April has no day 31."),
        ("yearly", '"13-01 08:00"', "never comes: there is no month 13."),
        ("yearly", '"0-01 08:00"', "never comes: there is no month 0."),
    ],
)
def test_a_schedule_that_is_none_or_never_comes_is_a_mistake(
    load: Load, key: str, written: str, problem: str
) -> None:
    assert problems(load, f"{SHOP}[digest]\n{key} = {written}\n") == [f"digest.{key}: {problem}"]


CHANNEL = '[channels.phone]\nurl = "ntfy://topic"\n'
HOME = Path.home()
NOWHERE = (
    "but no digest can leave. "
    'Add a [mail] table, or `channels` or a `folder` in [digest], or switch it "off" there.'
)


def test_by_default_a_digest_goes_nowhere_but_into_mails(load: Load) -> None:
    digest = load(SHOP + MAIL).digest
    assert (digest.channels, digest.folder, digest.templates) == ((), None, None)
    assert not digest.leaves_without_mail


def test_a_digest_may_go_to_channels_and_into_a_folder(load: Load) -> None:
    table = '[digest]\nchannels = ["phone", "phone"]\nfolder = "~/digests"\ntemplates = "mine"\n'
    digest = load(SHOP + CHANNEL + table).digest
    assert digest.channels == ("phone",)
    assert digest.folder == HOME / "digests"
    assert digest.templates == Path("mine")
    assert digest.leaves_without_mail


def test_a_missing_folder_of_templates_keeps_nothing_from_starting(load: Load) -> None:
    settings = load(SHOP + MAIL + '[digest]\ntemplates = "/nowhere/at/all"\n')
    assert [remark.key for remark in remarks_on(settings)] == ["digest.templates"]


def test_a_folder_with_one_template_needs_no_remark(load: Load, tmp_path: Path) -> None:
    settings = load(f'{SHOP}{MAIL}[digest]\ntemplates = "{tmp_path}"\n')
    told = "holds no template that we can read, so ours are used."
    files = "digest.html.jinja, digest.txt.jinja, subject.txt.jinja"
    assert [str(remark) for remark in remarks_on(settings)] == [
        f"digest.templates: the folder {tmp_path} {told} It may hold {files}."
    ]
    (tmp_path / "subject.txt.jinja").write_text("{{ view.title }}", encoding="utf-8")
    assert list(remarks_on(settings)) == []


def test_a_template_with_a_mistake_is_remarked_upon(load: Load, tmp_path: Path) -> None:
    settings = load(f'{SHOP}{MAIL}[digest]\ntemplates = "{tmp_path}"\n')
    (tmp_path / "subject.txt.jinja").write_text("\n{{ view.titel }}", encoding="utf-8")
    (remark,) = remarks_on(settings)
    assert remark.key == "digest.templates"
    assert remark.what == (
        "the template subject.txt.jinja, line 2 uses a name that is not there: "
        "a View has no attribute 'titel' (did you mean 'title'?)."
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            "",
            f"digest: daily, weekly, monthly and yearly are on, {NOWHERE}",
        ),
        (
            '[digest]\ndaily = "off"\nmonthly = "off"\nyearly = "off"\n',
            f"digest: weekly is on, {NOWHERE}",
        ),
        (
            f"{ALL_OFF}{MAIL}",
            (
                "mail: every digest is off, so none is mailed. "
                'Give one a time, such as daily = "07:30" in [digest].'
            ),
        ),
    ],
)
def test_digests_that_cannot_leave_are_remarked_upon(load: Load, table: str, told: str) -> None:
    assert [str(remark) for remark in remarks_on(load(SHOP + table))] == [told]


@pytest.mark.parametrize(
    "table",
    [
        MAIL,
        ALL_OFF,
        CHANNEL + '[digest]\nchannels = ["phone"]\n',
        '[digest]\nfolder = "/srv/digests"\n',
    ],
)
def test_digests_that_can_leave_need_no_remark(load: Load, table: str) -> None:
    assert list(remarks_on(load(SHOP + table))) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("off", "off"),
        ("OFF", "off"),
        ("mailto:me@example.com", "mailto:me@example.com"),
        ("mailto:me@example.com?subject=No%20more", "mailto:me@example.com?subject=No%20more"),
        (" https://example.com/stop?who=me ", "https://example.com/stop?who=me"),
    ],
)
def test_a_reader_may_be_sent_anywhere_to_unsubscribe(load: Load, written: str, kept: str) -> None:
    mail = load(f'{SHOP}{MAIL}unsubscribe = "{written}"\n').mail
    assert mail is not None
    assert mail.unsubscribe == kept


@given(st.text(st.characters(max_codepoint=127), min_size=1, max_size=30))
def test_every_address_to_unsubscribe_that_is_taken_fits_into_a_mail(text: str) -> None:
    for address in (text, f"mailto:me@example.com?{text}", f"https://example.com/{text}"):
        try:
            taken = TypeAdapter(Unsubscribe).validate_python(address)
        except ValidationError:
            continue
        mail = build_mail(
            *("subject", "text", "html"),
            sender="me@example.com",
            recipient="me@example.com",
            message_id="<x@example.com>",
            date=datetime(2026, 11, 21, tzinfo=UTC),
            unsubscribe=taken,
        )
        if taken != "off":
            assert mail["List-Unsubscribe"] == f"<{taken}>"


def test_without_an_address_to_unsubscribe_the_default_is_made_at_use(load: Load) -> None:
    mail = load(SHOP + MAIL).mail
    assert mail is not None
    assert mail.unsubscribe is None


NO_ADDRESS = 'must be "mailto:me@example.com", an address with https://, or "off".'
NO_LETTER = "is too long, or holds what no address has; write a space as %20."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{MAIL}unsubscribe = "me@example.com"', f"mail.unsubscribe: {NO_ADDRESS}"),
        (f'{MAIL}unsubscribe = "mailto:me"', f"mail.unsubscribe: {NO_ADDRESS}"),
        (f'{MAIL}unsubscribe = "http://example.com"', f"mail.unsubscribe: {NO_ADDRESS}"),
        (f'{MAIL}unsubscribe = "https://[x"', f"mail.unsubscribe: {NO_ADDRESS}"),
        (f'{MAIL}unsubscribe = ""', "mail.unsubscribe: is empty."),
        (f'{MAIL}unsubscribe = "mailto:a@b.c?subject=no more"', f"mail.unsubscribe: {NO_LETTER}"),
        (f'{MAIL}unsubscribe = "mailto:a@b.c>\\r\\nBcc: x@y.z"', f"mail.unsubscribe: {NO_LETTER}"),
        (f'{MAIL}unsubscribe = "https://x.org/{"x" * 900}"', f"mail.unsubscribe: {NO_LETTER}"),
        (f'{MAIL}unsubscribe = "https://example.com/ä"', f"mail.unsubscribe: {NO_LETTER}"),
        (
            f'{CHANNEL}[digest]\nchannels = ["phnoe"]',
            "digest.channels: there is no [channels.phnoe]; did you mean `phone`?",
        ),
        (
            '[digest]\nchannels = ["phone"]',
            "digest.channels: there is no [channels.phone]; there are none here.",
        ),
        ("[digest]\nchannels = 5", "digest.channels: must be a list."),
        ('[digest]\nfolder = ""', "digest.folder: must name a folder."),
        ("[digest]\nfolder = 5", "digest.folder: must be a path in quotes."),
        ('[digest]\nfolder = "a\\u0000b"', "digest.folder: must name a folder."),
        ('[digest]\ntemplates = "/"', "digest.templates: must name a folder."),
    ],
)
def test_a_mistake_in_a_way_out_is_told_by_its_key(load: Load, text: str, problem: str) -> None:
    assert problems(load, f"{SHOP}{text}\n") == [problem]


def test_shares_to_put_aside_are_read_in_order(load: Load) -> None:
    settings = load(
        f'{SHOP}[put_aside.tax]\npercent = 25\nlabel = "Tax"\n'
        '[put_aside.rainy_day]\npercent = "7.5 %"\nfigure = "passive_net"\n'
        "[put_aside.rest]\npercent = 0.1\nfigure = 'gross'\n"
    )
    assert settings.put_aside_shares == (
        Share("tax", "Tax", Decimal(25), "net"),
        Share("rainy_day", "rainy_day", Decimal("7.5"), "passive_net"),
        Share("rest", "rest", Decimal("0.1"), "gross"),
    )
    assert [table["percent"] for table in mask(settings)["put_aside"].values()] == [
        25,
        "7.5",
        "0.1",
    ]


@pytest.mark.parametrize("written", ["25", "25 %", " 25% "])
def test_a_share_may_come_from_the_environment(load: Load, written: str) -> None:
    settings = load(SHOP, SALESDAEMON_PUT_ASIDE__TAX__PERCENT=written)
    assert settings.put_aside_shares == (Share("tax", "tax", Decimal(25)),)


def test_a_share_s_name_may_hold_two_underscores(load: Load) -> None:
    text = f"{SHOP}[put_aside.rainy__day]\npercent = 5\n"
    settings = load(text, SALESDAEMON_PUT_ASIDE__RAINY__DAY__LABEL="Rainy day")
    assert settings.put_aside_shares == (Share("rainy__day", "Rainy day", Decimal(5)),)


@given(
    percent=st.decimals("0.01", 100, allow_nan=False, places=2).filter(lambda share: share > 0),
)
def test_a_percentage_is_kept_to_the_letter(percent: Decimal) -> None:
    assert PutAsideSettings.model_validate({"percent": str(percent)}).percent == percent
    assert PutAsideSettings.model_validate({"percent": float(percent)}).percent == percent


NO_PERCENTAGE = 'must be a percentage such as 25 or "7.5 %".'
TOO_MUCH = "must be more than 0 and at most 100."


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        *((written, TOO_MUCH) for written in ("101", "100.01", "0", "-5", '"0 %"')),
        *(
            (written, NO_PERCENTAGE)
            for written in ("true", "nan", "inf", "1e-7", '""', '"a quarter"', '"7,5"', "[25]")
        ),
    ],
)
def test_a_share_that_is_no_percentage_is_a_mistake(load: Load, written: str, problem: str) -> None:
    text = f"{SHOP}[put_aside.tax]\npercent = {written}\n"
    assert problems(load, text) == [f"put_aside.tax.percent: {problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[put_aside.tax]\nlabel = 'Tax'", "put_aside.tax.percent: is missing."),
        (
            "[put_aside.tax]\npercent = 5\nfigure = 'fees'",
            "put_aside.tax.figure: must be one of: net, passive_net, gross.",
        ),
        (
            "[put_aside.tax]\npercentage = 5\npercent = 5",
            "put_aside.tax.percentage: unknown key; did you mean `percent`?",
        ),
        (
            "[put_aside.Tax]\npercent = 5",
            "put_aside.Tax: a name is up to 64 of a-z, 0-9 and _, and begins with a letter.",
        ),
        ("[put_aside]\ntax = 25", "put_aside.tax: must be a table."),
        (
            "[put_aside.tax]\npercent = 60\n[put_aside.rainy_day]\npercent = 50.5",
            "put_aside: all shares together are 110.5 percent; they may be 100 at most.",
        ),
    ],
)
def test_a_mistake_in_what_is_put_aside_is_told_by_its_key(
    load: Load, text: str, problem: str
) -> None:
    assert problems(load, f"{SHOP}{text}\n") == [problem]


def test_all_of_it_may_be_put_aside(load: Load) -> None:
    text = f"{SHOP}[put_aside.tax]\npercent = 33.3\n[put_aside.rest]\npercent = 66.7\n"
    assert len(load(text).put_aside_shares) == 2


def test_a_printed_digest_is_a_configuration(load: Load) -> None:
    settings = load(
        f'{SHOP}{CHANNEL}{MAIL}unsubscribe = "off"\n[digest]\nweekly = "sun 20:00"\n'
        'yearly = "off"\nchannels = ["phone"]\nfolder = "/srv/digests"\ntemplates = "/srv/mine"\n'
        "[put_aside.tax]\npercent = 12.25\n"
    )
    values = mask(settings)
    again = load(render_toml(values).replace("**********", "ntfy://topic"))
    assert mask(again) == values
