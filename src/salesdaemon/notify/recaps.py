"""The words of a recap: what could not ring in its time, told as one story."""

from collections.abc import Sequence

from salesdaemon.domain.alerts import Cause, Facts, Group
from salesdaemon.domain.summary import StoredSale
from salesdaemon.notify import events
from salesdaemon.notify.amounts import Voice, count_text, number_text
from salesdaemon.notify.events import Told
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.sales import (
    count_of,
    counted,
    line_of,
    marked,
    one_sound,
    sales_in,
    shortened,
    sum_of,
    today_line,
)

_BEGINNINGS = {
    Cause.AWAY: "While you were away",
    Cause.QUIET: "While you slept",
    Cause.PAUSED: "While salesdaemon did not run",
    Cause.LATE: "What could not be told in time",
}
CURRENCIES_WITH_A_BEST = 3


def recap(group: Group, facts: Facts, voice: Voice) -> Message:
    """Word the one message about sales that could not ring when they came."""
    told = events.with_sales(group.entries, facts)
    rings = [each for each in told if each.entry.rings]
    sales = [each.sale for each in rings if each.sale is not None]
    title = ", ".join(filter(None, (f"Sales recap: {count_of(len(rings))}", sum_of(sales, voice))))
    cause = group.cause or Cause.LATE
    lines = [
        f"{_BEGINNINGS[cause]}: {_story(len(rings), sales, voice)}.",
        *_list(sales, len(rings), voice),
        *_others([each for each in told if not each.entry.rings], voice),
        *([today_line(facts.today, voice)] if sales_in(facts.today) else []),
    ]
    return Message(
        marked(title, cause.value, voice),
        "\n".join(lines),
        Tone.RING,
        sound=one_sound([each.entry for each in rings]),
    )


def _story(count: int, sales: Sequence[StoredSale], voice: Voice) -> str:
    countries = {sale.country for sale in sales if sale.country}
    parts = (
        counted(count, sum_of(sales, voice), voice),
        count_text(len(countries), "country", voice.locale) if len(countries) > 1 else "",
        _without_work(count, sum(sale.passive is True for sale in sales), voice),
    )
    return ", ".join(filter(None, parts))


def _without_work(count: int, passive_sales: int, voice: Voice) -> str:
    if passive_sales == 0:
        return ""
    if count == 1:
        return "without any work"
    share = "all" if passive_sales == count else number_text(passive_sales, voice.locale)
    return f"{share} of them without any work"


def _list(sales: Sequence[StoredSale], count: int, voice: Voice) -> list[str]:
    """Name each sale once, the best first."""
    bests = _bests(sales, voice)
    lines = [
        f"Best{f' in {sales[place].currency}' if len(bests) > 1 else ''}: "
        f"{line_of(sales[place], voice)}"
        for place in bests
    ]
    others = (line_of(sale, voice) for place, sale in enumerate(sales) if place not in bests)
    return shortened([*lines, *others], count)


def _bests(sales: Sequence[StoredSale], voice: Voice) -> list[int]:
    """Find the best sale, of each currency where there are several: they cannot be compared."""
    if len(sales) < 2:  # noqa: PLR2004 - a single sale is its own best
        return []
    best: dict[str, int] = {}
    for place, sale in enumerate(sales):
        before = best.get(sale.currency)
        if before is None or _worth(sale, voice) > _worth(sales[before], voice):
            best[sale.currency] = place
    return list(best.values())[:CURRENCIES_WITH_A_BEST]


def _worth(sale: StoredSale, voice: Voice) -> int:
    return sale.gross_minor if voice.amount == "gross" else sale.net_minor


def _others(told: Sequence[Told], voice: Voice) -> list[str]:
    return shortened([f"Also: {events.line(each, voice)}" for each in told])
