"""The words of rings, recaps and quieter messages. Pure: facts in, a message out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from salesdaemon.domain.changes import EventKind
from salesdaemon.domain.money import to_decimal
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.domain.sums import totals_by_currency
from salesdaemon.notify.escaping import clean_line
from salesdaemon.notify.message import Message, Tone

LONGEST_PRODUCT = 120
LINES_OF_A_LIST = 15

_EVERYWHERE = {
    "EUR": "€",
    "GBP": "£",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "MXN": "MX$",
    "BRL": "R$",
    "HKD": "HK$",
    "TWD": "NT$",
    "CNY": "CN¥",
    "INR": "₹",
    "ILS": "₪",
    "PHP": "₱",
    "KRW": "₩",
}
_SIGNS = {
    "en_GB": {**_EVERYWHERE, "USD": "US$", "JPY": "JP¥"},
    "en_US": {**_EVERYWHERE, "USD": "$", "JPY": "¥"},
}
"""What English puts before an amount, as Unicode's CLDR has it; all else is left to Babel."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How amounts are told: gross or net, and in whose writing."""

    amount: Literal["gross", "net"]
    locale: str


def money_text(amount_minor: int, currency: str, locale: str) -> str:
    """Write an amount as people of a locale do."""
    sign = _SIGNS.get(locale, {}).get(currency)
    if sign is not None:
        minus = "-" if amount_minor < 0 else ""
        return f"{minus}{sign}{to_decimal(abs(amount_minor), currency):,}"
    from babel.numbers import format_currency  # noqa: PLC0415 - 5 MB that the usual ring does without

    return format_currency(to_decimal(amount_minor, currency), currency, locale=locale)


def ring(sale: StoredSale, today: Mapping[str, Totals], voice: Voice) -> Message:
    """Word the ring of one sale."""
    return Message(f"Ka-ching! {_amount(sale, voice)}", _sale_body(sale, today, voice), Tone.RING)


def quiet_sale(sale: StoredSale, today: Mapping[str, Totals], voice: Voice) -> Message:
    """Word a sale that is told without a sound."""
    body = _sale_body(sale, today, voice)
    return Message(f"Sold: {_amount(sale, voice)}", body, Tone.INFO, silent=True)


def burst(sales: Sequence[StoredSale], today: Mapping[str, Totals], voice: Voice) -> Message:
    """Word the one ring of many sales at once."""
    title = f"Ka-ching! {_count(len(sales))}, {_sum(sales, voice)}"
    return Message(title, _list_body(sales, today, voice), Tone.RING)


def recap(sales: Sequence[StoredSale], today: Mapping[str, Totals], voice: Voice) -> Message:
    """Word the one message about sales that could not ring when they came."""
    title = f"Sales recap: {_count(len(sales))}, {_sum(sales, voice)}"
    return Message(title, _list_body(sales, today, voice), Tone.RING)


def happened(kind: EventKind, sale: StoredSale, voice: Voice, *, silent: bool) -> Message:
    """Word anything else that happened to a sale; it never ka-chings."""
    amount = money_text(sale.gross_minor, sale.currency, voice.locale)
    refunded = money_text(sale.refunded_minor, sale.currency, voice.locale)
    part = sale.status is Status.PARTIALLY_REFUNDED
    titles = {
        EventKind.SALE: f"Sold: {amount}",
        EventKind.RENEWAL: f"Renewed: {amount}",
        EventKind.FREE: "A free download",
        EventKind.REFUND: f"Refunded: {refunded} of {amount}" if part else f"Refunded: {refunded}",
        EventKind.DISPUTE: f"Disputed: {amount}",
        EventKind.DISPUTE_WON: f"Dispute won: {amount}",
        EventKind.CANCELLED: f"Cancelled: {amount}",
    }
    body = f"{_products(sale)}\n{sale.shop}, sold on {sale.sold_on.isoformat()}"
    return Message(titles[kind], body, Tone.INFO, silent=silent)


def trouble(title: str, body: str, *, silent: bool) -> Message:
    """Word something that the owner has to know about."""
    return Message(title, body, Tone.INFO if silent else Tone.WARNING, silent=silent)


def notice(title: str, body: str, *, silent: bool) -> Message:
    """Word something that is good to know."""
    return Message(title, body, Tone.INFO, silent=silent)


def trial_ring(channel: str, voice: Voice) -> Message:
    """Word a ka-ching that only tries a channel."""
    amount = money_text(1200, "EUR", voice.locale)
    body = f"This is a test: 1 × Weekly planner\nChannel {channel} works."
    return Message(f"Ka-ching! {amount}", body, Tone.RING)


def _amount(sale: StoredSale, voice: Voice) -> str:
    if voice.amount == "gross":
        return money_text(sale.gross_minor, sale.currency, voice.locale)
    net = money_text(sale.net_minor, sale.currency, voice.locale)
    return f"{net} net{_estimated(not sale.fees_exact)}"


def _sum(sales: Sequence[StoredSale], voice: Voice) -> str:
    return _totals_text(totals_by_currency(sales), voice)


def _totals_text(totals: Mapping[str, Totals], voice: Voice) -> str:
    amounts = [
        money_text(line.gross if voice.amount == "gross" else line.net, currency, voice.locale)
        for currency, line in totals.items()
    ]
    text = " + ".join(amounts) or "0"
    if voice.amount == "gross":
        return text
    return f"{text} net{_estimated(any(line.estimated for line in totals.values()))}"


def _estimated(is_estimated: bool) -> str:  # noqa: FBT001 - the flag is all there is to it
    return " (estimated)" if is_estimated else ""


def _count(count: int) -> str:
    return f"{count} sale{'s' if count != 1 else ''}"


def _sale_body(sale: StoredSale, today: Mapping[str, Totals], voice: Voice) -> str:
    gone = {
        Status.REFUNDED: " (already refunded)",
        Status.CANCELLED: " (already cancelled)",
        Status.DISPUTED: " (already disputed)",
    }
    shop = f"{sale.shop}{gone.get(sale.status, '')}"
    return f"{_products(sale)}\n{shop}\n{_today(today, voice)}"


def _list_body(sales: Sequence[StoredSale], today: Mapping[str, Totals], voice: Voice) -> str:
    lines = [
        f"{_amount(sale, voice)} · {_products(sale)} · {sale.shop}"
        for sale in sales[:LINES_OF_A_LIST]
    ]
    if len(sales) > LINES_OF_A_LIST:
        lines.append(f"and {len(sales) - LINES_OF_A_LIST} more")
    return "\n".join([*lines, _today(today, voice)])


def _today(today: Mapping[str, Totals], voice: Voice) -> str:
    count = sum(line.sales for line in today.values())
    kind = "" if voice.amount == "net" else " gross"
    return f"Today: {_count(count)}, {_totals_text(today, voice)}{kind}"


def _products(sale: StoredSale) -> str:
    if not sale.items:
        return "an untitled product"
    first = sale.items[0]
    name = clean_line(first.product or "") or "an untitled product"
    if len(name) > LONGEST_PRODUCT:
        name = name[: LONGEST_PRODUCT - 1].rstrip() + "…"
    more = f" and {len(sale.items) - 1} more" if len(sale.items) > 1 else ""
    return f"{first.quantity} × {name}{more}"
