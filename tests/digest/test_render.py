import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound
from jinja2.exceptions import SecurityError

from salesdaemon.digest.content import to_json
from salesdaemon.digest.render import (
    TEXT_COLUMNS,
    render_html,
    render_subject,
    render_text,
    standalone,
)
from salesdaemon.digest.titles import columns
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind, Gap
from salesdaemon.domain.money import exponent, to_decimal
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import LineItem
from salesdaemon.domain.summary import StaleShop, StoredSale
from tests.digest.cases import CASES, HOSTILE, LATE_SALE
from tests.digest.facts import FRIDAY, content, news, sale

GMAIL_CLIPS_AT = 102_000
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "th"),
    *("h1", "h2", "p", "div", "span", "bdi", "img"),
}
IMAGES = {"cid:chart-light@salesdaemon", "cid:chart-dark@salesdaemon"}


class Page(HTMLParser):
    """The text that a reader sees, and every tag and attribute behind it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.images: set[str | None] = set()
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "img":
            self.images.add(dict(attrs)["src"])
            assert dict(attrs)["alt"]
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


ITEMS = st.lists(
    st.tuples(
        st.text(st.characters(codec=None), max_size=60) | st.sampled_from([HOSTILE, "שלום"]),
        st.sampled_from([True, False, None]),
        st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def stored_sales(draw: st.DrawFn) -> StoredSale:
    items = tuple(
        LineItem(None, title or None, 1, gross, passive=passive)
        for title, passive, gross in draw(ITEMS)
    )
    gross = sum(item.gross_minor for item in items)
    fees = draw(st.integers(0, 5000))
    refunded = draw(st.sampled_from([0, gross // 3, gross]))
    return sale(
        gross - fees - refunded,
        gross=gross,
        fees=fees,
        refunded=refunded,
        currency=draw(st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF"])),
        shop=draw(st.sampled_from(["prints", "templates"])),
        exact=draw(st.booleans()),
        items=items,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(stored_sales(), max_size=8), st.sampled_from(["en_GB", "de_CH", "he_IL"]))
def test_text_and_html_hold_the_net_of_every_currency(sales: list[StoredSale], locale: str) -> None:
    day = content(sales)
    text = render_text(day, locale)
    page = Page(render_html(day, locale).html)
    wording = Wording(locale)
    for currency, totals in day.summary.totals.items():
        net = wording.amount(totals.net, currency)
        assert net in page.text
        assert net.replace("\u00a0", " ") in text
    assert max(columns(line) for line in text.splitlines()) <= TEXT_COLUMNS
    assert page.tags <= TAGS


@settings(max_examples=60, deadline=None)
@given(st.lists(stored_sales(), max_size=8))
def test_the_figures_in_json_add_up(sales: list[StoredSale]) -> None:
    said = to_json(content(sales))

    def added(groups: list[dict[str, Any]], currency: str, figure: str) -> Decimal:
        totals = (group["totals"].get(currency, {}) for group in groups)
        return sum((Decimal(line.get(figure, "0")) for line in totals), Decimal())

    for currency, line in said["totals"].items():
        figures = {name: Decimal(amount) for name, amount in line.items()}
        parts = ("passive_net", "active_net", "unclassified_net")
        truth = sum(entry.net_minor for entry in sales if entry.currency == currency)
        assert figures["net"] == to_decimal(truth, currency)
        assert sum(figures[part] for part in parts) == figures["net"]
        assert figures["gross"] - figures["refunded"] - figures["fees"] == figures["net"]
        for groups in (said["shops"], said["products"]):
            assert added(groups, currency, "net") == figures["net"]
            assert added(groups, currency, "gross") == figures["gross"]
        decimals = -int(figures["net"].as_tuple().exponent)
        assert decimals == exponent(currency)


@pytest.mark.parametrize("case", CASES)
def test_the_html_is_safe_for_mail(case: str) -> None:
    rendered = render_html(CASES[case](), "en_GB")
    html = rendered.html
    page = Page(html)
    assert page.tags <= TAGS
    assert not page.attributes & {"href", "background", "srcset", "action"}
    assert page.images == {f"cid:{name}" for name in rendered.images}
    assert page.images in (set(), IMAGES)
    assert "url(" not in html
    assert "@import" not in html
    assert len(html.encode()) < GMAIL_CLIPS_AT
    assert '<html lang="en"' in html
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize("currencies", [("EUR",), ("EUR", "JPY"), ("AUD", "CHF", "EUR", "USD")])
def test_the_largest_digest_is_not_clipped(currencies: tuple[str, ...]) -> None:
    titles = [f"{number}\U0001f469\u200d\U0001f680<&>\"'" * 60 for number in range(300)]
    sales = [
        sale(10**9 + number, product=title, currency=currency, shop=f"shop{number % 60}")
        for number, title in enumerate(titles)
        for currency in currencies
    ]
    day = content(sales, news=tuple(news("refund", title, net=-1) for title in titles))
    assert len(render_html(day, "en_GB").html.encode()) < GMAIL_CLIPS_AT


@pytest.mark.parametrize("case", CASES)
def test_no_line_of_the_text_is_wider_than_72_columns(case: str) -> None:
    lines = render_text(CASES[case](), "en_GB").splitlines()
    assert [line for line in lines if columns(line) > TEXT_COLUMNS] == []


def test_news_never_touches_the_totals() -> None:
    quiet = content([sale(965)])
    told = content([sale(965)], news=(LATE_SALE,))
    assert "€9.65 net" in render_text(told, "en_GB")
    assert "+€15.34  Late sale: Weekly planner" in render_text(told, "en_GB")
    assert render_subject(told, "en_GB") == render_subject(quiet, "en_GB")


def test_estimated_is_said_wherever_fees_are_estimated() -> None:
    text = render_text(CASES["estimated_fees"](), "en_GB")
    assert [line.strip() for line in text.splitlines() if "stimated" in line.lower()] == [
        "€32.44 net, after estimated fees",
        "COMPARED (NET, ESTIMATED)",
        "\N{MINUS SIGN}€6.48  fees, estimated",
        "€32.44  net, estimated",
        "BEST PRODUCTS (NET, ESTIMATED)",
        "COUNTRY (NET, ESTIMATED)",
        "- The fees of 2 orders are estimated until the marketplace has booked",
    ]
    assert "stimated" not in render_text(CASES["one_sale"](), "en_GB").lower()


def test_a_long_day_says_that_the_clocks_went_back() -> None:
    last = FRIDAY.replace(month=10, day=25)
    text = render_text(content([sale(day=last)], day=last), "en_GB")
    assert "- This day had 25 hours: the clocks went back." in text
    usual = render_text(content([], day=last - timedelta(days=1)), "en_GB")
    assert "hours" not in usual


def test_only_a_day_tells_of_the_clocks() -> None:
    last = FRIDAY.replace(month=10, day=25)
    for kind in (DigestKind.WEEKLY, DigestKind.MONTHLY):
        assert "clocks" not in render_text(content([sale(day=last)], kind=kind, day=last), "en_GB")


@pytest.mark.parametrize("case", CASES)
def test_headings_are_in_order_and_tables_are_told_apart(case: str) -> None:
    html = render_html(CASES[case](), "en_GB").html
    assert html.count("<h1 ") == 1
    assert "<h3" not in html
    assert html.index("<h1 ") < html.find("<h2 ", html.index("<h1 ")) or "<h2 " not in html
    for table in re.findall(r"<table[^>]*>(?:(?!<table).)*?</table>", html, re.DOTALL):
        assert 'role="presentation"' in table or 'scope="row"' in table


def test_commands_are_set_apart_and_nothing_in_them_is_markup() -> None:
    stale = (StaleShop("`<b>`", None), StaleShop("a ` b", None))
    html = render_html(content([], stale=stale, gap=Gap(Period(FRIDAY, FRIDAY), 1)), "en_GB").html
    assert ">salesdaemon report --from 2026-11-20 --to 2026-11-20</span>" in html
    assert ">&lt;b&gt;</span> could not be read yet" in html
    assert "a ` b could not be read yet" in html


def test_a_standalone_page_holds_its_images() -> None:
    page = render_html(CASES["ordinary_day"](), "en_GB")
    html = standalone(page)
    assert "cid:" not in html
    assert html.count("data:image/png;base64,iVBOR") == len(page.images) == 2


def test_an_owners_template_may_replace_a_part_of_ours() -> None:
    day = CASES["one_sale"]()
    text = '{% extends "digest.txt" %}{% block hero %}{{ view.sales }}!\n{% endblock %}'
    assert render_text(day, "en_GB", text).startswith("1 sale, without any work!\n\nCOMPARED")
    html = '{% extends "digest.html" %}{% block foot %}<p>{{ view.kind }}</p>{% endblock %}'
    assert "<p>daily</p>" in render_html(day, "en_GB", html).html
    assert render_subject(day, "en_GB", "{{ view.headlines[0].net }}\r\nBcc: x") == "€9.65 Bcc: x"


def test_an_owners_template_runs_in_a_sandbox() -> None:
    day = CASES["one_sale"]()
    with pytest.raises(SecurityError):
        render_text(day, "en_GB", "{{ view.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(TemplateNotFound):
        render_text(day, "en_GB", "{% include '../content.py' %}")


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "de_CH", "ja_JP", "ar", "fr_FR", "hi_IN"])
@pytest.mark.parametrize("case", ["ordinary_week", "yen", "four_currencies", "goals_day"])
def test_every_locale_keeps_english_words_and_its_own_numbers(case: str, locale: str) -> None:
    content_of_case = CASES[case]()
    net = render_subject(content_of_case, locale).partition(" ")[0].replace("\u00a0", " ")
    text = render_text(content_of_case, locale)
    assert net.split()[0] in text
    assert "HOW IT ADDS UP" in text
    assert max(columns(line) for line in text.splitlines()) <= TEXT_COLUMNS


def test_the_idle_daemon_carries_none_of_what_only_a_digest_needs() -> None:
    program = (
        "import sys, salesdaemon.digest.render, salesdaemon.digest.mailer;"
        "print({'jinja2', 'babel', 'css_inline', 'aiosmtplib', 'resvg_py'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "set()\n"
