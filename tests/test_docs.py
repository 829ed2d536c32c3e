"""What the pages say is so: links lead somewhere, commands and keys exist, examples are real."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from salesdaemon.cli.app import run_command_line
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.domain.sums import totals_by_currency
from salesdaemon.marketplaces import available
from salesdaemon.notify.texts import Voice, ring
from salesdaemon.settings import load_settings

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "salesdaemon"
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *SOURCE.glob("**/*.md"))
    if page.is_file()
)
LONGEST_ARCHITECTURE = 110
TRADEMARK = (
    "The term 'Etsy' is a trademark of Etsy, Inc. This Application uses Etsy's API, but is not "
    "endorsed or certified by Etsy."
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"``(.+?)``|`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_CALL = re.compile(
    r"(?:^|&& )(?:sudo )?"
    r"(?:docker compose exec salesdaemon salesdaemon|docker compose run --rm salesdaemon"
    r"|(?:[^ =]*/)?salesdaemon(?:ctl)?) ([a-z-].*)"
)
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in _FENCE.findall(text) if language in languages]


def spans(text: str) -> list[str]:
    return [double or single for double, single in _SPAN.findall(_FENCE.sub("", text))]


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables, heads and rules left out."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return [cell for cell in rows if "`" in cell]


# Links


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists():
            yield target
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in {slug(heading) for heading in headings}:
                yield target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            found = (page.parent / target.partition("#")[0]).resolve()
            pages = found.glob("*.md") if found.is_dir() else [found]
            new = {each for each in pages if each.suffix == ".md" and each.is_file()} - reached
            reached |= new
            waiting += new
    assert [name_of(page) for page in PAGES if page not in reached] == []


# Commands


@cache
def help_of(*command: str) -> str | None:
    """Return what `--help` prints, None where there is no such command."""
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(StringIO()), pytest.MonkeyPatch.context() as env:
        env.setenv("COLUMNS", "200")
        code = run_command_line([*command, "--help"])
    return printed.getvalue() if code == 0 else None


def commands_in(*group: str) -> list[str]:
    listed = (help_of(*group) or "").partition("Commands:\n")[2]
    return re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE)


def all_commands() -> Iterator[tuple[str, ...]]:
    for name in commands_in():
        inner = commands_in(name)
        yield from ((name, each) for each in inner)
        if not inner:
            yield (name,)


def mentioned(page: Path) -> list[str]:
    """Return every call of our command on a page, a line each, from its first word on."""
    text = page.read_text(encoding="utf-8")
    lines = [line for body in blocks(text, "sh", "") for line in body.splitlines()]
    found = (_CALL.search(line) for line in (*lines, *spans(text)))
    return [call[1] for call in found if call]


def wrong_mention(words: str) -> str | None:
    """Say what is wrong with a command as written; None where nothing is."""
    words = re.sub(r"^--config \S+ ?", "", words)
    name, *rest = [word.strip("[]") for word in words.split()] or [""]
    if name.startswith("--"):
        return None if name in (help_of() or "") else words
    if name not in commands_in():
        return words
    inner = commands_in(name)
    shown = help_of(name, rest[0]) if inner and rest else help_of(name)
    if shown is None:
        return words
    return None if all(flag in shown for flag in _FLAG.findall(words)) else words


def test_the_readme_names_every_command() -> None:
    table = spans(section(text_of("README.md"), "Commands"))
    shown = {tuple(re.sub(r"[^a-z -].*", "", cell).split()[:2]) for cell in table}
    shown |= {words[:1] for words in shown}
    assert [" ".join(words) for words in all_commands() if words not in shown] == []


def test_the_commands_of_the_readme_take_the_options_it_shows() -> None:
    cells = first_cells(section(text_of("README.md"), "Commands"))
    commands = [span for cell in cells for span in spans(cell)]
    assert [words for words in commands if wrong_mention(words)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_on_a_page_exists(page: Path) -> None:
    assert [words for words in mentioned(page) if wrong_mention(words)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of("Makefile"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    lines = [line for body in blocks(text, "sh") for line in body.splitlines()]
    named = [line.split()[1] for line in (*lines, *spans(text)) if line.startswith("make ")]
    assert [target for target in named if target not in targets] == []


# Configuration


def load(folder: Path, text: str) -> None:
    """Load a piece of a configuration with its … filled in; raises where a key is unknown."""
    if "[shops." not in text:
        text += '\n[shops.other]\nmarketplace = "gumroad"\naccess_token = "…"\n'
    path = folder / "config.toml"
    path.write_text(text.replace("…", "filled-in"), encoding="utf-8")
    load_settings(path, {"HOME": str(folder)}, secrets_directory=folder)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(body, id=f"{name_of(page)}-{number}")
        for page in PAGES
        for number, body in enumerate(blocks(page.read_text(encoding="utf-8"), "toml"), 1)
    ],
)
def test_every_piece_of_configuration_loads(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)


def test_every_key_of_the_example_is_real(tmp_path: Path) -> None:
    example = text_of("config.example.toml")
    switched_on = re.sub(r"^#(?=[a-z\[])", "", example, flags=re.MULTILINE)
    numbers = iter(range(1000))
    filled = re.sub("…", lambda _: f"filled-{next(numbers)}", switched_on)
    assert len(tomllib.loads(filled)["shops"]) == len(available())
    load(tmp_path, filled)


# What the pages promise about the code


def test_the_trademark_line_stands_in_the_readme_word_for_word() -> None:
    assert TRADEMARK in text_of("README.md").splitlines()


def test_the_architecture_fits_on_one_page() -> None:
    assert len(text_of("ARCHITECTURE.md").splitlines()) <= LONGEST_ARCHITECTURE


def exists(path: str) -> bool:
    """Say whether a path of ARCHITECTURE.md, such as `domain/sale`, stands for something."""
    vendors = available() if "<vendor>" in path else [""]
    return all(
        any(
            any(place.glob(name)) if "*" in name else (place / name).exists()
            for place in (SOURCE, ROOT, SOURCE / "marketplaces" / available()[0])
            for name in (path.replace("<vendor>", vendor), f"{path.replace('<vendor>', vendor)}.py")
        )
        for vendor in vendors
    )


def paths_in_architecture() -> set[str]:
    text = text_of("ARCHITECTURE.md")
    drawn = re.findall(r"(?<= )[a-z]+/[a-z<>/_]+(?= )", "".join(blocks(text, "text")))
    written = [span for span in spans(text) if re.search(r"/|\.py$|\.toml$", span)]
    rule = [
        span for span in spans(section(text, "The import rule")) if re.fullmatch("[a-z]+", span)
    ]
    return {path.rstrip("/") for path in (*drawn, *written, *rule)}


def test_everything_that_the_architecture_names_exists() -> None:
    paths = paths_in_architecture()
    assert [path for path in sorted(paths) if not exists(path)] == []
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages - {path.split("/")[0] for path in paths} == set()


def sold(sale_id: str, title: str, gross_minor: int) -> StoredSale:
    return StoredSale(
        marketplace="gumroad",
        shop="templates",
        sale_id=sale_id,
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        paid_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        sold_on=date(2026, 11, 20),
        currency="EUR",
        gross_minor=gross_minor,
        refunded_minor=0,
        refunded_exact=True,
        fees_minor=0,
        fees_refunded_minor=0,
        affiliate_minor=0,
        net_minor=gross_minor,
        fees_exact=True,
        country=None,
        items=(LineItem("1", title, 1, gross_minor, passive=True),),
    )


def test_the_readme_shows_a_ring_as_it_is_sent() -> None:
    today = [sold("1", "Sticker sheet", 1900), sold("2", "Icon pack", 1700)]
    today.append(sold("3", "Weekly planner 2027", 1200))
    message = ring(today[-1], totals_by_currency(today), Voice("gross", "en_GB"))
    glance = blocks(section(text_of("README.md"), "At a glance"), "text")
    assert glance[0] == f"{message.title}\n{message.body}\n"


def test_the_readme_shows_the_beginning_of_a_real_digest() -> None:
    golden = "tests/digest/golden/ordinary_day"
    glance = blocks(section(text_of("README.md"), "At a glance"), "text")
    whole = f"{text_of(f'{golden}.subject').strip()}\n{text_of(f'{golden}.txt')}"
    assert glance[1] in {whole[: len(glance[1])], text_of(f"{golden}.txt")[: len(glance[1])]}


@pytest.mark.parametrize("vendor", available())
def test_every_refusal_in_a_guide_is_one_that_the_code_tells(vendor: str) -> None:
    sources = [
        path.read_text(encoding="utf-8") for path in SOURCE.glob(f"marketplaces/{vendor}/*.py")
    ]
    joined = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources))
    table = section(text_of(f"docs/{vendor}.md"), "What a refusal means")
    told = [span for cell in first_cells(table) for span in spans(cell)]
    assert len(told) > 3
    assert [words for words in told if words not in joined] == []
