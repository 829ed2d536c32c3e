"""What docs/alerts.md shows is what is sent."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

from salesdaemon.domain.alerts import Cause, Course, Form
from salesdaemon.domain.rules import Style
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.notify.amounts import Voice, day_text, money_text, time_text
from salesdaemon.notify.message import Message
from salesdaemon.notify.templates import FIELDS, problem_of
from tests.factories import SOLD_AT, item, stored_sale
from tests.notify.told import GROSS, entry, facts_of, worded, worded_sales

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")
SHOWN = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PLANNER = stored_sale(gross_minor=2400, shop="prints", country="DE", items=(item(2400),))
FOUR_MINUTES_PAST_TWO = SOLD_AT + timedelta(hours=4, minutes=2)


def written(message: Message) -> str:
    return f"{message.title}\n{message.body}\n"


def totals(sales: int, gross: int) -> dict[str, Totals]:
    return {"EUR": Totals(sales=sales, gross=gross)}


def test_the_page_shows_a_ring_and_a_ring_in_own_words() -> None:
    assert written(worded_sales(Form.RING, PLANNER, today=totals(3, 4800))) == SHOWN[0]
    template = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[-1])
    rule = template["alerts"]["rules"][0]
    style = Style(None, rule["title"], rule["body"])
    told = worded(Form.RING, [entry(style=style)], facts_of(PLANNER, today=totals(3, 4800)))
    assert written(told) == SHOWN[3]


def test_the_page_shows_the_recap_of_a_night() -> None:
    def sold(gross: int, country: str | None, product: str, **changes: object) -> StoredSale:
        one = item(gross, product=product, **changes)
        shop = "templates" if product == "Weekly planner" else "prints"
        return stored_sale(gross_minor=gross, country=country, items=(one,), shop=shop)

    sales = (
        sold(1240, "DE", "Weekly planner"),
        sold(1000, "US", "Sticker sheet", quantity=2),
        PLANNER,
        *(sold(1000, country, "Icon pack") for country in ("GB", None, "NL")),
        sold(1000, "FR", "Logo", passive=False),
    )
    told = worded_sales(Form.RECAP, *sales, cause=Cause.QUIET, today=totals(7, 8640))
    lines = written(told).splitlines()
    assert "\n".join([*lines[:5], "…", lines[-1], ""]) == SHOWN[1]


def test_the_page_shows_a_burst_that_goes_on() -> None:
    course = Course(37, totals(37, 41200), FOUR_MINUTES_PAST_TWO, FOUR_MINUTES_PAST_TWO)
    sale = stored_sale(shop="prints")
    told = worded_sales(Form.BURST, sale, sale, today=totals(41, 46000), course=course)
    assert written(told) == SHOWN[2]


def test_the_page_names_every_field_of_a_template() -> None:
    table = PAGE.partition("| field | what it is |\n| --- | --- |\n")[2].partition("\n\n")[0]
    rows = [re.fullmatch(r"\| `(\w+)` \| (.*) \|", row) for row in table.splitlines()]
    assert {row[1]: row[2] for row in rows if row} == dict(FIELDS)


def test_what_the_page_says_behind_a_field_works() -> None:
    pieces = re.findall(r"`(\{\{ [^`…]* \}\})`", PAGE)
    assert len(pieces) >= 4
    assert [each for each in pieces if problem_of(each.replace("\\|", "|"))] == []


def test_the_page_writes_amounts_and_days_as_they_are_sent() -> None:
    table = PAGE.partition("| `locale` | an amount | a day and a time |\n")[2].partition("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[1:]]
    assert [row[0] for row in rows] == ["`en_GB`", "`en_US`", "`de_DE`"]
    for locale, amount, moment in ((row[0].strip("`"), *row[1:]) for row in rows):
        voice = Voice("gross", locale, zone=GROSS.zone)
        day = day_text(FOUR_MINUTES_PAST_TWO.date(), locale)
        clock = time_text(FOUR_MINUTES_PAST_TWO, voice)
        shown = f"{money_text(123450, 'EUR', locale)}{day}, {clock}"
        # A narrow or no-break space looks like any other on a page.
        assert re.sub(r"\s", " ", shown) == f"{amount}{moment}"
