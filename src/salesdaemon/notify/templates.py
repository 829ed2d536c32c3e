"""The owner's own words: templates of rules, checked beforehand and filled in with a sale.

Jinja is loaded by the first template, not by this module.
"""

import difflib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.errors import DomainError
from salesdaemon.notify.amounts import Voice, day_text, money_text, time_text
from salesdaemon.notify.escaping import clean
from salesdaemon.notify.sales import (
    all_bought,
    amount_of,
    cut,
    product_of,
    sales_in,
    totals_text,
)

log = logging.getLogger(__name__)

KA_CHING = "Ka-ching!"
_KA_CHING = re.compile(r"ka\W*ching", re.IGNORECASE)
_OTHER_SPELLING = re.compile(r"ka\W*ching[\s!.,:]*", re.IGNORECASE)

LONGEST_RESULT = 1000
"""Characters of what a template makes; the rest is cut off."""

FIELDS: Mapping[str, str] = {
    "amount": "what the sale brought, gross or net as `[alerts] amount` says; a net says so",
    "gross": "what the buyer paid, with the currency",
    "net": "what is left for you, with the currency",
    "refunded": "what went back to the buyer, with the currency",
    "currency": "the currency's code: `EUR`",
    "product": "the title of the first product",
    "products": "every product with its quantity",
    "quantity": "how many pieces were bought in all",
    "items": "how many different products were bought",
    "shop": "your name of the shop",
    "marketplace": "the marketplace, in lower case",
    "country": "the code of the buyer's country, `DE`; empty where it is not known",
    "sold_on": "the day of the sale",
    "time": "when it was paid, by your clock; empty where only the day is known",
    "kind": "what happened: `sale`, `renewal`, `free`, `refund`, `dispute`, …",
    "today_count": "the number of sales today",
    "today_total": "what today has brought so far",
    "estimated": "whether the fees, and so the net, are still estimated: `yes` or `no`",
    "passive": "whether the sale makes no work: `yes`, `no`, or empty where it cannot be told",
    "sale_id": "the marketplace's own id of the sale",
}
"""The names that a template may use, and what each stands for."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What a template is about: a sale and the kind of event."""

    kind: str
    sale: StoredSale
    today: Mapping[str, Totals]


def problem_of(template: str) -> str | None:
    """Say what is wrong with a template and how to mend it; None where nothing is.

    The text goes on from the template's key: "is longer than …", "uses the unknown field …".
    """
    if not template.strip():
        return "is empty; leave it out to have the usual words."
    from salesdaemon.notify import sandbox  # noqa: PLC0415 - Jinja is loaded by the first template

    try:
        sandbox.compiled(template)
    except sandbox.TemplateRefusedError as error:
        return str(error)
    unknown = next((name for name in sandbox.fields_in(template) if name not in FIELDS), None)
    if unknown is not None:
        return _unknown_field(unknown)
    return _fails_with_examples(template)


def render(template: str, happening: Happening, voice: Voice) -> str:
    """Fill a template in; plain text of bounded length, never empty.

    Raises:
        DomainError: the template cannot be used, fails with these values or says nothing.
    """
    from salesdaemon.notify import sandbox  # noqa: PLC0415 - Jinja is loaded by the first template

    try:
        text = sandbox.compiled(template).render(_values(happening, voice))
    except sandbox.TemplateRefusedError as error:
        raise DomainError(f"A template {error}") from error
    except Exception as error:  # whatever values do to it, the message must go out
        raise DomainError(f"A template failed ({type(error).__name__}).") from error
    text = cut(clean(text), LONGEST_RESULT)
    if not text:
        raise DomainError("A template came out empty.")
    return text


def own_words(
    template: str | None, happening: Happening, voice: Voice, *, rings: bool
) -> str | None:
    """Fill in a rule's template; None where there is none or its words cannot be used.

    A failing template never costs the message. Nothing but a ring says that it is one.
    """
    if template is None:
        return None
    try:
        text = render(template, happening, voice)
    except DomainError as error:
        log.warning("template_failed kind=%s what=%s", happening.kind, error.what)
        return None
    return text if rings or not _KA_CHING.search(text) else None


def own_ring_title(template: str | None, happening: Happening, voice: Voice) -> str | None:
    """Fill in a rule's title for a ring, which begins as every ring does."""
    text = own_words(template, happening, voice, rings=True)
    if text is None or text.startswith(KA_CHING):
        return text
    spelt = _OTHER_SPELLING.match(text)
    return f"{KA_CHING} {text[spelt.end() if spelt else 0 :]}".rstrip()


def _values(happening: Happening, voice: Voice) -> dict[str, object]:
    sale = happening.sale

    def money(amount_minor: int) -> str:
        return money_text(amount_minor, sale.currency, voice.locale)

    return {
        "amount": amount_of(sale, voice),
        "gross": money(sale.gross_minor),
        "net": money(sale.net_minor),
        "refunded": money(sale.refunded_minor),
        "currency": sale.currency,
        "product": product_of(sale),
        "products": all_bought(sale),
        "quantity": sum(item.quantity for item in sale.items),
        "items": len(sale.items),
        "shop": sale.shop,
        "marketplace": sale.marketplace,
        "country": sale.country or "",
        "sold_on": day_text(sale.sold_on, voice.locale),
        "time": time_text(sale.paid_at, voice) if sale.paid_at is not None else "",
        "kind": happening.kind,
        "today_count": sales_in(happening.today),
        "today_total": totals_text(happening.today, voice),
        "estimated": not sale.fees_exact,
        "passive": sale.passive,
        "sale_id": sale.sale_id,
    }


def _unknown_field(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"uses the unknown field '{name}'{hint}; the fields are {', '.join(FIELDS)}."


def _fails_with_examples(template: str) -> str | None:
    for happening in _examples():
        try:
            render(template, happening, Voice("net", "en_GB"))
        except DomainError as error:
            if error.__cause__ is not None:
                return (
                    "compares or cuts what cannot be; quantity, items and today_count are numbers, "
                    "estimated and passive are yes or no, all other fields are text."
                )
    return None


def _examples() -> tuple[Happening, ...]:
    """Make sales that differ in what may be missing, so that every branch gets its values."""
    planner = LineItem("1", "Weekly planner", 2, 2400, passive=True)
    known = StoredSale(
        marketplace="market",
        shop="prints",
        sale_id="1",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        paid_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        sold_on=date(2026, 11, 20),
        currency="EUR",
        gross_minor=2400,
        refunded_minor=0,
        refunded_exact=True,
        fees_minor=300,
        fees_refunded_minor=0,
        affiliate_minor=0,
        net_minor=2100,
        fees_exact=True,
        country="DE",
        items=(planner,),
    )
    commission = replace(planner, passive=False, quantity=1)
    unknown = replace(known, paid_at=None, country=None, fees_exact=False)
    today = {"EUR": Totals(sales=2, gross=4800, net=4200)}
    return (
        Happening("sale", known, today),
        Happening("renewal", replace(unknown, items=(commission, planner)), today),
        Happening("refund", replace(unknown, refunded_minor=1200, items=()), {}),
    )
