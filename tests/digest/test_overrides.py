from collections.abc import Callable
from pathlib import Path

import pytest

from salesdaemon.digest import overrides
from salesdaemon.digest.overrides import (
    HTML,
    NAMES,
    SUBJECT,
    TEXT,
    TemplateProblem,
    check_templates,
    render_digest,
)
from salesdaemon.digest.render import render_html, render_subject, render_text
from salesdaemon.digest.sample import sample_digests
from salesdaemon.domain.digests import DigestKind
from tests.digest.cases import CASES

DAY = CASES["ordinary_day"]()
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write templates of an owner; returns their folder."""

    def write(**files: str | bytes) -> Path:
        for key, content in files.items():
            path = tmp_path / {"subject": SUBJECT, "text": TEXT, "html": HTML}[key]
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def problem_with(folder: Path) -> str:
    """Return the only problem of a day's digest, which is ours then, and of the check."""
    made = render_digest(DAY, "en_GB", folder)
    assert (made.subject, made.text, made.page) == (
        render_subject(DAY, "en_GB"),
        render_text(DAY, "en_GB"),
        render_html(DAY, "en_GB"),
    )
    (problem,) = made.problems
    assert check_templates(folder, "en_GB") == [problem]
    return str(problem)


# Templates that work


def test_without_a_folder_the_digest_is_ours() -> None:
    made = render_digest(DAY, "en_GB")
    assert made.text == render_text(DAY, "en_GB")
    assert made.problems == ()


def test_each_template_stands_for_its_own_part(write: Write) -> None:
    folder = write(subject="\n{{ view.title }}\n  in {{ view.timezone }}\n")
    made = render_digest(DAY, "en_GB", folder)
    assert made.subject == "Friday 20 November 2026 in Europe/Berlin"
    assert made.text == render_text(DAY, "en_GB")
    assert made.page == render_html(DAY, "en_GB")
    assert made.problems == ()
    folder = write(text="{{ view.title }}", html="<p class='x'>{{ view.title }}</p>")
    made = render_digest(DAY, "en_GB", folder)
    assert made.text == "Friday 20 November 2026\n"
    assert "<p " in made.page.html
    assert "Friday 20 November 2026</p>" in made.page.html
    assert check_templates(folder, "en_GB") == []


def test_a_template_may_change_a_part_of_ours(write: Write) -> None:
    folder = write(
        html='{% extends "digest.html" %}{% block hero %}{{ super() }}<p>& more</p>{% endblock %}',
        text='{% extends "digest.txt" %}{% block hero %}Dear me,\n{{ super() }}{% endblock %}',
    )
    assert check_templates(folder, "en_GB") == []
    made = render_digest(DAY, "en_GB", folder)
    assert made.text.splitlines()[0] == "Dear me,"
    assert "€71.20" in made.text
    assert "more</p>" in made.page.html
    assert made.page.images == render_html(DAY, "en_GB").images


def test_titles_stay_words_in_the_owners_page_too(write: Write) -> None:
    folder = write(html="<body>{% for line in view.products.lines %}{{ line.name }}{% endfor %}")
    page = render_digest(CASES["hostile_titles"](), "en_GB", folder).page.html
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_template_may_reckon(write: Write) -> None:
    made = render_digest(DAY, "en_GB", write(text="{{ 6 * 7 }} {{ 2 ** 10 }} {{ '-' * 5 }}"))
    assert made.text == "42 1024 -----\n"


def test_an_editors_mark_at_the_beginning_is_no_text(write: Write) -> None:
    folder = write(subject=b"\xef\xbb\xbf{{ view.title }}")
    assert render_digest(DAY, "en_GB", folder).subject == "Friday 20 November 2026"


# Templates that do not


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% if %}", ", line 1 cannot be read: expected an expression"),
        ("a\n{{ view.title", ", line 2 cannot be read: "),
        ("\n\n{{ vew.title }}", ", line 3 uses a name that is not there: 'vew' is undefined"),
        ("{{ vew }}", "(did you mean 'view'?)."),
        ("{{ view.titel }}", "a View has no attribute 'titel' (did you mean 'title'?)."),
        ("{{ view.shops.nope }}", "uses a name that is not there: "),
        ("{{ view.title | shout }}", ", line 1 cannot be read: no filter named 'shout'."),
        ("{{ view.__class__ }}", " fails: access to attribute '__class__' of 'View'"),
        ("{{ 1 / 0 }}", ", line 1 fails: division by zero (ZeroDivisionError)."),
        ("{% include '/etc/passwd' %}", " uses the template /etc/passwd; only digest.html and"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", " calls itself without an end"),
        ("{{ 9 ** 9 ** 9 ** 9 }}", " fails: the power is too large (OverflowError)."),
        ("{{ 10 ** 9999999999 }}", " fails: the power is too large (OverflowError)."),
        ("{{ 'a' * 99999999999 }}", " fails: what is repeated gets too long (OverflowError)."),
        ("\n  \n", " comes out empty; let it say something, or remove it."),
        ("", " comes out empty; "),
        (b"\xff\xfe", " is not written in UTF-8; save it as such."),
        ("x" * 200_001, " is longer than 200,000 bytes; shorten it."),
        ("{% for _ in range(2000) %}{{ '-' * 999 }}{% endfor %}", " makes more than 1,000,000 "),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("part", ["text", "html"])
def test_a_mistake_costs_the_owners_words_and_nothing_else(
    write: Write, part: str, template: str | bytes, told: str
) -> None:
    problem = problem_with(write(**{part: template}))
    assert problem.startswith({"text": TEXT, "html": HTML}[part])
    assert told in problem


@pytest.mark.parametrize("character", ["\\0", "\\ud83d"])
def test_a_character_that_no_mail_can_hold_is_a_mistake(write: Write, character: str) -> None:
    problem = problem_with(write(text=f"A{{{{ '{character}' }}}}"))
    assert problem == f"{TEXT} makes a character that no mail can hold; leave it out."


def test_a_subject_that_says_nothing_is_ours(write: Write) -> None:
    assert problem_with(write(subject="{# nothing #}\n")).startswith(f"{SUBJECT} comes out empty")


def test_a_loop_without_an_end_is_ended(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "PATIENCE_SECONDS", 0.05)
    loops = "{% for a in range(99999) %}" * 3 + "{% endfor %}" * 3
    told = "takes too long; does a loop in it end?"
    assert told in problem_with(write(subject=f"{loops} x"))
    macros = "{% macro a(n) %}{{ a(n + 1) ~ a(n + 1) if n < 99 }}{% endmacro %}{{ a(0) }}"
    assert told in problem_with(write(subject=macros))


def test_a_section_that_a_quiet_day_lacks_is_found_by_the_check(write: Write) -> None:
    folder = write(text="{{ view.products.title }}")
    assert render_digest(DAY, "en_GB", folder).problems == ()
    (problem,) = check_templates(folder, "en_GB")
    assert "ask with `{% if … %}` first" in problem.what
    (problem,) = render_digest(CASES["empty_day"](), "en_GB", folder).problems
    assert "'None' has no attribute 'title'" in problem.what


def test_a_template_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / TEXT).mkdir()
    assert problem_with(tmp_path) == f"{TEXT} cannot be read: is a directory."


def test_a_folder_that_is_none_leaves_every_word_to_us(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        assert render_digest(DAY, "en_GB", folder).problems == ()


# What is told once


def fingerprint(folder: Path) -> str:
    (problem,) = render_digest(DAY, "en_GB", folder).problems
    return problem.fingerprint


def test_a_problem_is_the_same_until_the_file_or_the_mistake_changes(write: Write) -> None:
    first = fingerprint(write(text="{{ nope }}"))
    assert fingerprint(write(text="{{ nope }}")) == first
    assert fingerprint(write(text="{{ nope }} ")) != first
    assert fingerprint(write(text="{{ view.title }}", html="{{ nope }}")) != first


# What the check alone finds


def test_a_folder_that_is_none_or_holds_nothing_to_use_is_named(tmp_path: Path) -> None:
    def told(folder: Path) -> list[str]:
        return [str(problem) for problem in check_templates(folder, "en_GB")]

    assert told(tmp_path / "none") == ["none cannot be read: no such file or directory."]
    assert told(tmp_path)[0].endswith(f" holds none of {', '.join(NAMES)}.")


def test_a_name_that_is_nearly_right_is_named(write: Write) -> None:
    folder = write(subject="{{ view.title }}")
    (folder / "digest.htm.jinja").write_text("", encoding="utf-8")
    (folder / "notes.txt").write_text("", encoding="utf-8")
    (problem,) = check_templates(folder, "en_GB")
    assert problem == TemplateProblem(
        "digest.htm.jinja",
        None,
        f"is used for nothing (did you mean {HTML}?); the names are {', '.join(NAMES)}.",
        problem.fingerprint,
    )


def test_the_samples_show_a_bit_of_everything() -> None:
    *full, quiet = sample_digests()
    assert [content.kind for content in full] == list(DigestKind)
    for content in full:
        text = render_text(content, "en_GB")
        for word in ("Rent", "Tax", "Mystery box", "71%", "Germany", "advertising", "▲"):
            assert word in text or content.kind is DigestKind.DAILY
    assert "No sale was seen" in render_text(quiet, "en_GB")
