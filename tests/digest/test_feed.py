import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.digest.feed import LATEST, Entry, render_feed
from salesdaemon.digest.render import render_html, standalone
from tests.digest.cases import CASES, HOSTILE

ATOM = "{http://www.w3.org/2005/Atom}"
AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


def entry(name: str = "daily-2026-11-20", title: str = "€86.40", page: str = "<p>€86.40") -> Entry:
    return Entry(name=name, title=title, updated=AT, page=page)


def parsed(*entries: Entry, installation: str = "i1") -> ET.Element:
    return ET.fromstring(render_feed(entries, installation).encode())


def test_a_feed_has_all_that_atom_asks_for() -> None:
    later = AT + timedelta(days=1)
    feed = parsed(Entry("weekly-2026-W47", "A week", later, "<p>week"), entry())
    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}title") == "salesdaemon digests"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-22T06:30:00Z"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "salesdaemon"
    week, day = feed.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}title") for each in (week, day)] == ["A week", "€86.40"]
    assert [each.findtext(f"{ATOM}updated") for each in (week, day)] == [
        "2026-11-22T06:30:00Z",
        "2026-11-21T06:30:00Z",
    ]
    link, category, content = (day.find(f"{ATOM}{tag}") for tag in ("link", "category", "content"))
    assert link is not None
    assert link.attrib == {
        "rel": "alternate",
        "type": "text/html",
        "href": "daily-2026-11-20.html",
    }
    assert category is not None
    assert category.attrib == {"term": "daily"}
    assert content is not None
    assert (content.attrib, content.text) == ({"type": "html"}, "<p>€86.40")


def ids(feed: ET.Element) -> list[UUID]:
    return [UUID(found.text) for found in feed.iter(f"{ATOM}id") if found.text]


def test_an_entry_keeps_its_id_whatever_becomes_of_its_words() -> None:
    first = ids(parsed(entry()))
    assert ids(parsed(entry(title="corrected", page="<p>other"))) == first
    others = [*ids(parsed(entry(name="daily-2026-11-21"))), *ids(parsed(entry(), installation="2"))]
    assert len({*first, *others}) == 5  # the feed of i1 is in both of its lists


def test_an_entry_holds_the_body_of_its_page_alone() -> None:
    page = "<html><head><style>p{}</style></head><BODY class='x'>\n<p>net</p></BODY></html>"
    content = parsed(entry(page=page)).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert content.text == "\n<p>net</p>"


def test_what_a_page_hides_by_its_styles_is_not_in_the_feed() -> None:
    page = standalone(render_html(CASES["ordinary_week"](), "en_GB"))
    assert all(f'<div class="{name}"' in page for name in ("teaser", "dark-chart", "light-chart"))
    content = parsed(entry(page=page)).findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "Written by your own salesdaemon." in content
    assert content.count("<img") == page.count("<img") - 1
    assert "dark-chart" not in content
    assert 'class="teaser"' not in content


def test_no_feed_is_longer_than_its_readers_want() -> None:
    feed = parsed(*(entry(name=f"daily-{number}") for number in range(LATEST + 5)))
    assert len(feed.findall(f"{ATOM}entry")) == LATEST


def test_a_feed_of_nothing_is_a_feed() -> None:
    assert parsed().findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


@given(st.text(), st.text())
def test_whatever_a_title_holds_the_feed_is_xml(title: str, page: str) -> None:
    found = parsed(entry(title=title, page=f"<body>{page}</body>")).find(f"{ATOM}entry")
    assert found is not None
    assert len(found) == 6


def test_a_hostile_title_is_words_and_nothing_else() -> None:
    found = parsed(entry(title=HOSTILE)).find(f"{ATOM}entry/{ATOM}title")
    assert found is not None
    assert list(found) == []
    assert "<script>alert(1)</script>" in (found.text or "")
