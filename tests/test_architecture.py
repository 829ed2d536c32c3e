"""Imports point inward, and each library and vendor has its one place; read from the sources."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from salesdaemon import marketplaces

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = SOURCE / "salesdaemon"
MODULES = sorted(PACKAGE.rglob("*.py"))
VENDORS = marketplaces.available()
OUTSIDE = (
    *(
        "application",
        "cli",
        "collecting",
        "daemon",
        "demo",
        "digesting",
        "dispatching",
        "exchange",
        "heartbeat",
        "importing",
    ),
    *("initialise", "metrics", "monitoring", "observing", "reconciling", "waiting"),
)
MAY_IMPORT = {
    # What each package may import of ours, beside itself; packages not named may import anything.
    "errors": set[str](),
    "domain": {"errors"},
    "marketplaces": {"domain", "errors"},
    "store": {"domain", "errors"},
    "notify": {"domain", "errors"},
    "digest": {"domain", "errors"},
    "http": {"errors"},
    "log": set(),
    "sounds": set(),
    "poller": {"domain", "errors", "marketplaces", "store"},
}
ONLY_IN = {
    "httpx": ["http"],
    "stamina": ["http"],
    "sqlalchemy": ["store"],
    "alembic": ["store"],
    "cryptography": ["store"],
    "apprise": ["notify"],
    "requests": ["notify"],
    "aiosmtplib": ["digest"],
    "jinja2": ["digest", "notify"],
    "css_inline": ["digest"],
    "resvg_py": ["digest"],
    "typer": ["cli"],
    "apscheduler": ["daemon"],
    "prometheus_client": ["metrics"],
}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
}


@dataclass(frozen=True)
class Import:
    """One imported module or name, by its whole dotted path, and where that stands."""

    name: str
    line: int


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(module: str) -> str:
    """Return the top-level package or module of ours; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    found: list[Import] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by relative name"
            found += (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
    return tuple(found)


def ours(path: Path) -> Iterator[tuple[str, Import]]:
    """Go through the imports of our own packages, by their top-level name."""
    for found in imports_of(path):
        if found.name.split(".")[0] == "salesdaemon":
            yield package_of(found.name), found


def vendor_of(path: Path) -> str | None:
    parts = path.relative_to(PACKAGE).parts
    return parts[1] if parts[0] == "marketplaces" and parts[1] in VENDORS else None


def test_there_is_something_to_read() -> None:
    assert len(MODULES) > 50
    assert len(VENDORS) >= 2


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_inward(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        if package_of(name_of(path)) == package
        for target, found in ours(path)
        if target not in allowed
    ]
    assert wrong == []


def test_nothing_inside_imports_the_outside() -> None:
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        if package_of(name_of(path)) in MAY_IMPORT
        for target, found in ours(path)
        if target in OUTSIDE
    ]
    assert wrong == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_one_place(library: str) -> None:
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        for found in imports_of(path)
        if found.name.split(".")[0] == library and package_of(name_of(path)) not in ONLY_IN[library]
    ]
    assert wrong == []


def test_the_domain_imports_nothing_but_the_standard_library() -> None:
    pure = {
        *("babel", "pydantic", "msgspec", "httpx", "sqlalchemy", "jinja2", "asyncio", "logging"),
        *("os", "pathlib", "socket", "subprocess", "random", "time"),
    }
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        if package_of(name_of(path)) == "domain"
        for found in imports_of(path)
        if found.name.split(".")[0] in pure
    ]
    assert wrong == []


def test_the_domain_neither_reads_a_clock_nor_waits_nor_opens_a_file() -> None:
    wrong = []
    for path in MODULES:
        if package_of(name_of(path)) != "domain":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and _reads_a_clock_or_file(node.func):
                wrong.append(f"{name_of(path)}:{node.lineno} calls {ast.unparse(node.func)}")
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                wrong.append(f"{name_of(path)}:{node.lineno} waits")
    assert wrong == []


def _reads_a_clock_or_file(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in {"open", "print", "input"}
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and (called.value.id, called.attr) in CLOCKS
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendors_name_stands_in_its_own_folder_alone(vendor: str) -> None:
    name = re.compile(re.escape(vendor), re.IGNORECASE)
    wrong = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in {".py", ".txt", ".html", ".j2", ".toml"}
        and vendor_of(path) != vendor
        and not path.name.startswith("demo")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if name.search(line)
    ]
    assert wrong == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors_do_not_know_each_other(vendor: str) -> None:
    others = [f"salesdaemon.marketplaces.{other}" for other in VENDORS if other != vendor]
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        if vendor_of(path) == vendor
        for found in imports_of(path)
        if any(found.name.startswith(other) for other in others)
    ]
    assert wrong == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_pretend_vendor_shares_nothing_with_what_talks_to_it(vendor: str) -> None:
    folder = f"salesdaemon.marketplaces.{vendor}."
    loopback = "salesdaemon.marketplaces.loopback."
    wrong = []
    for path in MODULES:
        if vendor_of(path) != vendor:
            continue
        pretends = path.name.startswith("pretend")
        for _, found in ours(path):
            of_pretend = found.name.startswith((f"{folder}pretend", loopback))
            if pretends != of_pretend:
                wrong.append(f"{name_of(path)}:{found.line} imports {found.name}")
    wrong = [line for line in wrong if ".pretend" in line]
    assert wrong == []


def test_the_wire_is_read_by_its_own_folder_alone_and_the_client_knows_no_sale() -> None:
    wrong = [
        f"{name_of(path)}:{found.line} imports {found.name}"
        for path in MODULES
        if path.name in {"client.py", "wire.py"} and vendor_of(path)
        for found in imports_of(path)
        if found.name.startswith("salesdaemon.domain.sale")
    ]
    assert wrong == []


def test_no_package_imports_in_a_circle() -> None:
    graph = {
        name_of(path): {
            target
            for _, found in _at_the_top(path)
            for target in (found.name, found.name.rpartition(".")[0])
            if (SOURCE / Path(*target.split("."))).with_suffix(".py").is_file()
        }
        for path in MODULES
        if path.name != "__init__.py"
    }
    assert list(_circles(graph)) == []


def _at_the_top(path: Path) -> Iterator[tuple[str, Import]]:
    """Go through the imports that happen when a module is loaded."""
    body = tree_of(path).body
    lines = {node.lineno for node in body if isinstance(node, ast.Import | ast.ImportFrom)}
    return ((package, found) for package, found in ours(path) if found.line in lines)


def _circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    done: set[str] = set()

    def walk(module: str, trail: list[str]) -> Iterator[list[str]]:
        if module in trail:
            yield [*trail[trail.index(module) :], module]
            return
        if module in done:
            return
        for target in sorted(graph.get(module, ())):
            yield from walk(target, [*trail, module])
        done.add(module)

    for start in graph:
        yield from walk(start, [])


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {
        name_of(path): count
        for path in MODULES
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_modules_are_named_for_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert [name_of(path) for path in MODULES if path.stem in vague] == []


def test_the_registry_finds_what_is_in_the_folders() -> None:
    folders = [path.parent.name for path in PACKAGE.glob("marketplaces/*/__init__.py")]
    assert sorted(folders) == VENDORS
    for first, second in pairwise(VENDORS):
        assert marketplaces.load(first).settings is not marketplaces.load(second).settings
