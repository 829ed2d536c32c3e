"""Phrases about sales that messages share: what was sold, for how much, what today brought."""

from collections.abc import Mapping, Sequence

from salesdaemon.domain.alerts import Waiting
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.domain.sums import totals_by_currency
from salesdaemon.notify.amounts import Voice, count_text, money_text
from salesdaemon.notify.escaping import clean_line

LONGEST_PRODUCT = 120
LONGEST_PRODUCTS = 300
LINES_OF_A_LIST = 15
UNTITLED = "an untitled product"

_GONE = {
    Status.REFUNDED: " (already refunded)",
    Status.CANCELLED: " (already cancelled)",
    Status.DISPUTED: " (already disputed)",
}
_EMOJI = {
    "sale": "💰",
    "renewal": "🔁",
    "burst": "🎊",
    "burst_end": "🏁",
    "quiet": "🌅",
    "away": "🏖️",
    "paused": "🔌",
    "late": "🐌",
    "free": "🎁",
    "refund": "💸",
    "dispute": "🚩",
    "dispute_won": "🏆",
    "cancelled": "🚫",
    "payout": "🏦",
    "milestone": "🎉",
    "silence": "🕰️",
    "trouble": "🔧",
}


def amount_of(sale: StoredSale, voice: Voice) -> str:
    """Write what a sale brought, gross or net as configured; a net says that it is one."""
    if voice.amount == "gross":
        return money_text(sale.gross_minor, sale.currency, voice.locale)
    net = money_text(sale.net_minor, sale.currency, voice.locale)
    return f"{net} net{_estimated(not sale.fees_exact)}"


def sum_of(sales: Sequence[StoredSale], voice: Voice) -> str:
    """Write what sales brought together, currencies side by side."""
    return totals_text(totals_by_currency(sales), voice)


def totals_text(totals: Mapping[str, Totals], voice: Voice) -> str:
    """Write totals, currencies side by side; empty where there is none."""
    text = " + ".join(
        money_text(line.gross if voice.amount == "gross" else line.net, currency, voice.locale)
        for currency, line in totals.items()
    )
    if voice.amount == "gross" or not text:
        return text
    return f"{text} net{_estimated(any(line.estimated for line in totals.values()))}"


def counted(count: int, amount: str, voice: Voice) -> str:
    """Join a number of sales and their sum: "7 sales, €86.40"."""
    return ", ".join(filter(None, (count_text(count, "sale", voice.locale), amount)))


def count_of(rings: int) -> str:
    """Write a number of sales for a title, without separators: machines read titles, too."""
    return f"{rings} sale{'' if rings == 1 else 's'}"


def today_line(today: Mapping[str, Totals], voice: Voice) -> str:
    """Write what the seller's day has brought so far."""
    amount = totals_text(today, voice)
    kind = " gross" if amount and voice.amount == "gross" else ""
    return f"Today: {counted(sales_in(today), amount, voice)}{kind}"


def sales_in(totals: Mapping[str, Totals]) -> int:
    """Count the sales of all currencies."""
    return sum(line.sales for line in totals.values())


def product_of(sale: StoredSale) -> str:
    """Name the first product of a sale, on one line."""
    return _title(sale.items[0].product) if sale.items else UNTITLED


def bought(sale: StoredSale) -> str:
    """Write what was bought, short: "2 × Weekly planner and 1 more"."""
    if not sale.items:
        return UNTITLED
    more = f" and {len(sale.items) - 1} more" if len(sale.items) > 1 else ""
    return f"{sale.items[0].quantity} × {product_of(sale)}{more}"


def all_bought(sale: StoredSale) -> str:
    """Write everything that was bought: "2 × Weekly planner, 1 × Sticker sheet"."""
    named = ", ".join(f"{item.quantity} × {_title(item.product)}" for item in sale.items)
    return cut(named, LONGEST_PRODUCTS) or UNTITLED


def shop_of(sale: StoredSale) -> str:
    """Name the shop of a sale, and what became of the sale if it is gone by now."""
    return f"{sale.shop}{_GONE.get(sale.status, '')}"


def line_of(sale: StoredSale, voice: Voice) -> str:
    """Write a sale on one line."""
    return f"{amount_of(sale, voice)} · {bought(sale)} · {shop_of(sale)}"


def shortened(lines: Sequence[str], count: int | None = None) -> list[str]:
    """Return the first lines of a list, and how many more there are of `count`."""
    shown = list(lines[:LINES_OF_A_LIST])
    more = (len(lines) if count is None else count) - len(shown)
    if more <= 0:
        return shown
    return [*shown, f"and {more} more" if shown else f"{more} not listed"]


def marked(title: str, occasion: str, voice: Voice) -> str:
    """Put the emoji of an occasion behind a title where the owner likes them."""
    return f"{title} {_EMOJI[occasion]}" if voice.emoji and occasion in _EMOJI else title


def one_sound(entries: Sequence[Waiting]) -> str | None:
    """Return the sound that rules want for all of these rings; None where they differ."""
    wanted = {entry.style.sound for entry in entries}
    return wanted.pop() if len(wanted) == 1 else None


def cut(text: str, length: int) -> str:
    """Return a text, or its beginning with an ellipsis where it is longer."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _title(product: str | None) -> str:
    return cut(clean_line(product or ""), LONGEST_PRODUCT) or UNTITLED


def _estimated(is_estimated: bool) -> str:  # noqa: FBT001 - the flag is all there is to it
    return " (estimated)" if is_estimated else ""
