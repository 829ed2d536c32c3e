"""The words of milestones, payouts and quiet shops. Pure: facts in, a title and a body out."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.milestones import (
    Anniversary,
    BestDay,
    FirstOfProduct,
    GoalReached,
    Milestone,
    Product,
    SalesReached,
)
from salesdaemon.domain.money import Money
from salesdaemon.domain.silence import Quiet
from salesdaemon.notify.amounts import Voice, count_text, day_text, money_text, number_text
from salesdaemon.notify.escaping import clean_line
from salesdaemon.notify.sales import UNTITLED, cut, shortened

LONGEST_PRODUCT = 80
_FIGURES = {"net": "Net", "passive_net": "Passive net", "gross": "Gross"}
_FAR_AWAY = timedelta(days=2)


class Words(NamedTuple):
    """A title, and what is said below it."""

    title: str
    body: str


def milestones(reached: Sequence[Milestone], voice: Voice) -> Words:
    """Word what was reached at one moment, the weightiest first, as one message."""
    all_words = [_milestone(each, voice) for each in reached]
    if len(all_words) == 1:
        return all_words[0]
    more = f" and {number_text(len(all_words) - 1, voice.locale)} more"
    lines = shortened([f"{title}: {body}" for title, body in all_words])
    return Words(all_words[0].title + more, "\n".join(lines))


def _milestone(reached: Milestone, voice: Voice) -> Words:
    match reached:
        case SalesReached():
            return _sales(reached.count, voice)
        case GoalReached():
            return _goal(reached, voice)
        case BestDay():
            return _best_day(reached, voice)
        case FirstOfProduct():
            product = reached.product
            return Words(f"First sale of {_name(product)}", f"At {product.shop}, just now.")
        case Anniversary():
            return _anniversary(reached, voice)


def _sales(count: int, voice: Voice) -> Words:
    if count == 1:
        return Words("Your first sale", "Somebody bought from you: may many follow.")
    number = number_text(count, voice.locale)
    return Words(f"Your {number}th sale", f"All shops together have sold {number} times.")


def _goal(reached: GoalReached, voice: Voice) -> Words:
    goal = reached.goal
    title = f"{clean_line(goal.label)}: {_money(reached.reached, voice)} of"
    figure = _FIGURES.get(goal.figure, goal.figure)
    body = f"{figure} in {reached.month:%B %Y}, all shops."
    return Words(f"{title} {_money(goal.amount, voice)}", body)


def _best_day(best: BestDay, voice: Voice) -> Words:
    day, before_on = day_text(best.day, voice.locale), day_text(best.before_on, voice.locale)
    body = (
        f"{day} has brought more net than any day before it. "
        f"The best until now was {before_on} with {_money(best.before, voice)}."
    )
    return Words(f"Best day so far: {_money(best.net, voice)}", body)


def _anniversary(each: Anniversary, voice: Voice) -> Words:
    years = count_text(each.years, "year", voice.locale)
    sold = count_text(each.sales, "sale", voice.locale)
    since = day_text(each.since, voice.locale)
    return Words(
        f"{_name(each.product)}: {years} on sale", f"{sold} at {each.product.shop} since {since}."
    )


def payout(shop: str, paid: Payout, today: date, voice: Voice) -> Words:
    """Word a payout: how much, from where, and when it arrives where that is known."""
    title = f"Payout: {money_text(paid.amount_minor, paid.currency, voice.locale)}"
    return Words(title, f"From {shop}.{_arrival(paid, today, voice)}")


def _arrival(paid: Payout, today: date, voice: Voice) -> str:
    if paid.arrives_on is None:
        return ""
    verb = "It arrived on" if paid.arrives_on < today else "It arrives on"
    estimated = " (estimated)" if paid.estimated else ""
    return f" {verb} {day_text(paid.arrives_on, voice.locale)}{estimated}."


def quiet_shop(
    shop: str, quiet: Quiet, last_good_poll: datetime, now: datetime, voice: Voice
) -> Words:
    """Word that nobody has bought for longer than a shop's rhythm explains."""
    due = count_text(round(quiet.expected), "sale", voice.locale)
    were = "was" if round(quiet.expected) == 1 else "were"
    body = (
        f"Nobody has bought at {shop} for {_length(quiet.lasted, voice)}; "
        f"by its own rhythm about {due} {were} due. "
        f"Polling works: last good poll {_ago(now - last_good_poll, voice)}. "
        "Look at the shop as a buyer would: is it open, are its listings up, does paying work?"
    )
    return Words(f"{shop} is unusually quiet", body)


def _length(length: timedelta, voice: Voice) -> str:
    """Write a long time as people say it: in days, or below two of them in hours."""
    if length >= _FAR_AWAY:
        return count_text(length.days, "day", voice.locale)
    if length >= timedelta(hours=2):
        return count_text(int(length / timedelta(hours=1)), "hour", voice.locale)
    return count_text(max(1, int(length / timedelta(minutes=1))), "minute", voice.locale)


def _ago(length: timedelta, voice: Voice) -> str:
    return f"{_length(length, voice)} ago" if length >= timedelta(minutes=1) else "just now"


def _money(amount: Money, voice: Voice) -> str:
    return money_text(amount.amount_minor, amount.currency, voice.locale)


def _name(product: Product) -> str:
    return cut(clean_line(product.title or ""), LONGEST_PRODUCT) or UNTITLED
