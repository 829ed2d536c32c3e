"""What docs/digest.md says is so."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from salesdaemon.digest import refusals
from salesdaemon.digest.files import name_of
from salesdaemon.digest.overrides import HTML, NAMES, TEXT, check_templates
from salesdaemon.digest.push import render_push
from salesdaemon.digest.view import View
from salesdaemon.domain.digests import DigestKind, period_of
from tests.digest.facts import FRIDAY
from tests.digest.test_push import a_day

PAGE = (Path(__file__).parents[2] / "docs" / "digest.md").read_text(encoding="utf-8")
TEMPLATES = (Path(refusals.__file__).parent / "templates").glob("digest.*ml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_push_on_the_page_is_a_real_one() -> None:
    title, body = render_push(a_day(), "en_GB")
    assert blocks("text") == [f"{title}\n{body}\n"]


@pytest.mark.parametrize("template", blocks("jinja"))
def test_the_templates_on_the_page_work(template: str, tmp_path: Path) -> None:
    (tmp_path / TEXT).write_text(template, encoding="utf-8")
    assert check_templates(tmp_path, "en_GB") == []


def test_everything_that_a_template_is_given_is_named_on_the_page() -> None:
    named = set(re.findall(r"view\.(\w+)", section("In your own words")))
    assert {field.name for field in fields(View)} == named
    assert all(f"`{name}`" in PAGE for name in NAMES)


def test_every_block_that_may_be_replaced_is_named_on_the_page() -> None:
    page = next(TEMPLATES).read_text(encoding="utf-8")
    found = re.findall(r"{% block (\w+) %}", page)
    assert len(found) > 10
    assert [name for name in found if f"`{name}`" not in section("In your own words")] == []
    assert HTML in PAGE


def test_the_files_on_the_page_are_named_as_they_are() -> None:
    names = [f"`{name_of(kind, period_of(kind, FRIDAY))}.html`" for kind in DigestKind]
    assert ", ".join(names) in PAGE


def test_every_refusal_on_the_page_is_one_that_the_code_tells() -> None:
    source = Path(refusals.__file__).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z].*?) \|", section("Mail that arrives"), re.MULTILINE)
    told = [words for row in rows[1:] for words in re.split(r", (?:or )?", row)]
    assert len(told) > 8
    assert [words for words in told if words not in source] == []
