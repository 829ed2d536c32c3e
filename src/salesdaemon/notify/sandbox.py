"""The only place of a push that runs Jinja: templates with no loops, no calls and a known end.

Loaded when the first template is checked or rendered, so that a daemon without any does without.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from salesdaemon.notify.sales import cut

LONGEST_TEMPLATE = 2000
DEEPEST_NESTING = 30

# Nothing here repeats, calls or grows: what a template writes is never much longer than itself
# and the fields it names, whatever it says.
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If),
    *(nodes.CondExpr, nodes.Filter, nodes.Compare, nodes.Operand, nodes.Keyword),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Concat),
)
_FORBIDDEN_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.CallBlock: "a call",
    nodes.Getattr: "a dot after a value",
    nodes.Getitem: "square brackets after a value",
    nodes.Assign: "`set`",
    nodes.AssignBlock: "`set`",
    nodes.Macro: "a macro",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`import`",
    nodes.Extends: "`extends`",
    nodes.Block: "a block",
    nodes.With: "`with`",
    nodes.Test: "`is`",
    nodes.List: "a list",
    nodes.Tuple: "a list",
    nodes.Dict: "a dictionary",
}


_TOO_DEEP = "is nested too deeply; make it simpler."


class TemplateRefusedError(Exception):
    """A template cannot be used; the text goes on from "the template …" and says what to do."""


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # A push is plain text: each channel escapes it for its own service.
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,
        undefined=StrictUndefined,
        finalize=_written,
        keep_trailing_newline=False,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    return environment


def _written(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _truncate(value: object, length: int = 40) -> str:
    return cut(str(value), max(length, 1))


def _default(value: object, other: object = "") -> object:
    return other if value is None or value == "" else value


FILTERS = {
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "title": lambda value: str(value).title(),
    "truncate": _truncate,
    "default": _default,
}
"""What may stand behind a `|`; each gives back about as much as it gets."""


@lru_cache(maxsize=64)
def compiled(source: str) -> Template:
    """Compile a template after looking at all that it does.

    Raises:
        TemplateRefusedError: it cannot be read, or does what no template may.
    """
    if len(source) > LONGEST_TEMPLATE:
        raise TemplateRefusedError(f"is longer than {LONGEST_TEMPLATE} characters; shorten it.")
    try:
        _inspect(_environment().parse(source))
        return _environment().from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateRefusedError(_unreadable(error)) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise TemplateRefusedError(_TOO_DEEP) from error
    except (TemplateError, ValueError) as error:
        raise TemplateRefusedError("cannot be read; write a field as {{ amount }}.") from error


def fields_in(source: str) -> list[str]:
    """Return the names that a template reads, which is one that `compiled` takes."""
    tree = _environment().parse(source)
    # Jinja's own `find_undeclared_variables` leaves out those names that Jinja defines.
    return list(dict.fromkeys(name.name for name in tree.find_all(nodes.Name)))


def _unreadable(error: TemplateSyntaxError) -> str:
    said = (error.message or "").strip().rstrip(".")
    if said.startswith("No filter named"):
        name = said.removeprefix("No filter named").strip()
        return f"uses the unknown filter {name}; the filters are {', '.join(sorted(FILTERS))}."
    if said.lower().startswith("unexpected end of template"):
        said = "what opens with {{ or {% is never closed"
    return (
        f"cannot be read on line {error.lineno}: {said[:1].lower()}{said[1:]}; write a field as "
        "{{ amount }}, a condition as {% if country %}…{% endif %}."
    )


def _inspect(tree: nodes.Template) -> None:
    for node, depth in _walk(tree):
        if depth > DEEPEST_NESTING:
            raise TemplateRefusedError(_TOO_DEEP)
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise TemplateRefusedError(
                f'has an `if` without `else` on line {node.lineno}; add `else ""`.'
            )
        if not isinstance(node, _ALLOWED):
            other = "a computation" if isinstance(node, nodes.Expr) else "a statement"
            what = _FORBIDDEN_WORDS.get(type(node), other)
            raise TemplateRefusedError(
                f"has {what} on line {node.lineno or 1}, which is not allowed; use fields, "
                "filters, `~`, comparisons and `if` alone."
            )


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        # Reversed, so that what stands first is named first.
        waiting += [(child, depth + 1) for child in reversed(list(node.iter_child_nodes()))]
