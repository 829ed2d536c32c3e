"""Templates: what they may say, what they may not do, and how an owner is told."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.summary import StoredSale
from salesdaemon.errors import DomainError
from salesdaemon.notify.templates import (
    FIELDS,
    LONGEST_RESULT,
    Happening,
    problem_of,
    render,
)
from tests.factories import item, stored_sale
from tests.notify.told import GROSS, NET, TODAY

SALE = stored_sale(
    "s1",
    gross_minor=2400,
    refunded_minor=500,
    items=(item(1200, quantity=2), item(1200, product="Stickers", passive=None)),
)


def filled(template: str, sale: StoredSale = SALE, **changes: Any) -> str:
    return render(template, Happening("sale", sale, TODAY), replace(GROSS, **changes))


def refusal(template: str) -> str:
    problem = problem_of(template)
    assert problem is not None
    return problem


# Fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "€24.00"),
        ("gross", "€24.00"),
        ("net", "€16.65"),
        ("refunded", "€5.00"),
        ("currency", "EUR"),
        ("product", "Weekly planner"),
        ("products", "2 × Weekly planner, 1 × Stickers"),
        ("quantity", "3"),
        ("items", "2"),
        ("shop", "templates"),
        ("marketplace", "gumroad"),
        ("country", "DE"),
        ("sold_on", "20 Nov 2026"),
        ("time", "10:00"),
        ("kind", "sale"),
        ("today_count", "3"),
        ("today_total", "€36.00"),
        ("estimated", "no"),
        ("passive", "-"),
        ("sale_id", "s1"),
    ],
)
def test_every_field_is_filled_in(field: str, value: str) -> None:
    assert field in FIELDS
    assert filled(f"{{{{ {field} }}}}-").removesuffix("-") == value.removesuffix("-")
    assert problem_of(f"{{{{ {field} }}}}") is None


def test_a_template_can_use_all_fields_at_once() -> None:
    everything = " ".join(f"{{{{ {field} }}}}" for field in FIELDS)
    assert problem_of(everything) is None


def test_what_is_unknown_is_empty() -> None:
    unknown = replace(SALE, paid_at=None, country=None)
    template = "{{ country | default('nowhere') }} {{ time }}{% if country %}!{% endif %}"
    assert filled(template, unknown) == "nowhere"


def test_a_template_can_choose() -> None:
    template = "{% if estimated %}about {% endif %}{{ net }}{{ ' 🌙' if passive else '' }}"
    assert filled(template, stored_sale()) == "€9.65 🌙"
    work = stored_sale(fees_exact=False, items=(item(passive=False),))
    assert filled(template, work) == "about €9.65"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ shop | upper }}", "TEMPLATES"),
        ("{{ shop | title }}", "Templates"),
        ("{{ product | lower }}", "weekly planner"),
        ("{{ product | truncate(7) }}", "Weekly…"),
        ("{{ product | truncate(length=99) }}", "Weekly planner"),
        ("{{ '' | default('none') }}", "none"),
        ("{{ quantity ~ '/' ~ items }}", "3/2"),
        ("{{ 'many' if quantity > 2 and kind == 'sale' else 'few' }}", "many"),
        ("{{ 'one' if not items > 1 or country in 'FR' else 'two' }}", "two"),
        ("{# a note #}{{ shop }}", "templates"),
        ("{% raw %}{{ shop }}{% endraw %}", "{{ shop }}"),
    ],
)
def test_filters_and_conditions_work(template: str, text: str) -> None:
    assert problem_of(template) is None
    assert filled(template) == text


def test_amounts_are_told_as_everywhere_else() -> None:
    template = "{{ amount }} · {{ gross }} · {{ net }} · {{ today_total }}"
    sale = stored_sale(fees_exact=False)
    assert filled(template, sale, amount="net") == (
        "€9.65 net (estimated) · €12.00 · €9.65 · €28.95 net"
    )
    assert filled("{{ gross }}", stored_sale(gross_minor=123456), locale="de_DE") == (
        "1.234,56\xa0€"
    )


def test_what_a_title_holds_is_never_a_template() -> None:
    hostile = stored_sale(items=(item(product="{{ sale_id }}{% for x in y %}"),))
    assert filled("{{ product }}", hostile) == "{{ sale_id }}{% for x in y %}"


# What is refused

KNOWN = f"the fields are {', '.join(FIELDS)}."
NOT_CLOSED = (
    "cannot be read on line 2: what opens with {{ or {% is never closed; write a field as "
    "{{ amount }}, a condition as {% if country %}…{% endif %}."
)
NO_SENSE = (
    "compares or cuts what cannot be; quantity, items and today_count are numbers, "
    "estimated and passive are yes or no, all other fields are text."
)
NO_FILTER = (
    "uses the unknown filter 'reverse'; the filters are default, lower, title, truncate, upper."
)
TOO_DEEP = "is nested too deeply; make it simpler."


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("", "is empty; leave it out to have the usual words."),
        (" \n", "is empty; leave it out to have the usual words."),
        ("x" * 2001, "is longer than 2000 characters; shorten it."),
        ("{{ amout }}", f"uses the unknown field 'amout' (did you mean 'amount'?); {KNOWN}"),
        ("{{ buyer_mail }}", f"uses the unknown field 'buyer_mail'; {KNOWN}"),
        ("{{ shop | reverse }}", NO_FILTER),
        ("{{ country if country }}", 'has an `if` without `else` on line 1; add `else ""`.'),
        ("fine\n{{ shop", NOT_CLOSED),
        ("fine\n{% if shop %}", NOT_CLOSED),
        ("{{ gross > 20 }}", NO_SENSE),
        ("{{ product | truncate('x') }}", NO_SENSE),
        ("{{ " + "(" * 400 + "shop" + ")" * 400 + " }}", TOO_DEEP),
        ("{{ " + "not " * 400 + "shop }}", TOO_DEEP),
    ],
)
def test_a_wrong_template_is_refused_with_what_to_do(template: str, problem: str) -> None:
    assert refusal(template) == problem


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ ''.__class__.__mro__ }}", "a dot after a value"),
        ("{{ ''['__class__'] }}", "square brackets after a value"),
        ("{{ shop.format() }}", "a call"),
        ("{{ range(10) }}", "a call"),
        ("{{ self.__init__.__globals__ }}", "a dot after a value"),
        ("{% for x in '123' %}{{ x }}{% endfor %}", "a loop"),
        ("{% for x in range(10**9) %}{% endfor %}", "a loop"),
        ("{% set x = 1 %}", "`set`"),
        ("{% set x %}1{% endset %}", "`set`"),
        ("{% macro m() %}{% endmacro %}", "a macro"),
        ("{% call shop() %}{% endcall %}", "a call"),
        ("{% include 'config.toml' %}", "`include`"),
        ("{% import 'config.toml' as c %}", "`import`"),
        ("{% from 'config.toml' import c %}", "`import`"),
        ("{% extends 'config.toml' %}", "`extends`"),
        ("{% block b %}{% endblock %}", "a block"),
        ("{% with x = 1 %}{% endwith %}", "`with`"),
        ("{% filter upper %}x{% endfilter %}", "a statement"),
        ("{% autoescape true %}{% endautoescape %}", "a statement"),
        ("{{ shop is defined }}", "`is`"),
        ("{{ 'x' * 10**10 }}", "a computation"),
        ("{{ 2 ** 2 ** 99 }}", "a computation"),
        ("{{ '%099999999d' % 1 }}", "a computation"),
        ("{{ quantity + 1 }}", "a computation"),
        ("{{ [shop] }}", "a list"),
        ("{{ (shop, shop) }}", "a list"),
        ("{{ {'a': shop} }}", "a dictionary"),
    ],
)
def test_a_template_can_only_name_filter_and_choose(template: str, what: str) -> None:
    assert refusal(template) == (
        f"has {what} on line 1, which is not allowed; use fields, filters, `~`, comparisons "
        "and `if` alone."
    )
    with pytest.raises(DomainError):
        filled(template)


@pytest.mark.parametrize("name", ["self", "loop", "range", "dict", "lipsum", "cycler", "caller"])
def test_jinjas_own_names_are_no_fields(name: str) -> None:
    assert refusal(f"{{{{ {name} }}}}").startswith(f"uses the unknown field '{name}'")


@pytest.mark.parametrize("kind", ["both", "a", "b"])
def test_a_mistake_is_found_in_every_branch(kind: str) -> None:
    wrong = {"both": ("passive > gross", "passive > gross"), "a": ("passive > gross", "1")}
    first, second = wrong.get(kind, ("1", "passive > gross"))
    template = f"{{% if country %}}{{{{ {first} }}}}{{% else %}}{{{{ {second} }}}}{{% endif %}}"
    assert refusal(template).startswith("compares or cuts what cannot be")


# What it may cost


def test_what_a_template_writes_is_bounded() -> None:
    template = "{{ products }}" * 140
    long = stored_sale(items=tuple(item(product="ß" * 10_000) for _ in range(20)))
    text = filled(template, long)
    assert len(text) == LONGEST_RESULT
    assert text.endswith("…")


@pytest.mark.parametrize("template", ["{{ '' }}", "{{ country }}", " {{ country }}\n"])
def test_a_template_that_says_nothing_is_not_used(template: str) -> None:
    with pytest.raises(DomainError, match="came out empty"):
        filled(template, replace(SALE, country=None))


def test_an_error_does_not_tell_what_the_template_was_filled_with() -> None:
    with pytest.raises(DomainError) as raised:
        filled("{{ product > 1 }}", stored_sale(items=(item(product="CANARY"),)))
    assert str(raised.value) == "A template failed (TypeError)."


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "if", "else", "endif", "for", "in", "(", ")", "[", "]", "|"),
        *("'", '"', "~", "**", "*", "99", "0.5", "-", ".", ",", ":", "\n", "\\", "{#", "#}"),
        *("__class__", "range", "truncate", "default", "upper", "not", "==", ">", "raw"),
        *FIELDS,
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map(" ".join))
def test_what_has_no_problem_can_be_filled_in_and_the_rest_says_why(template: str) -> None:
    problem = problem_of(template)
    assert problem is None or problem.endswith(".")
    for voice in (GROSS, NET):
        try:
            text = render(template, Happening("refund", SALE, {}), voice)
        except DomainError as refused:
            said = str(refused)
        else:
            assert 0 < len(text) <= LONGEST_RESULT
            continue
        assert problem is not None or "came out empty" in said
