"""What needs attention, what is missing, and what else explains the figures."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import currencies_of, lacking_rates
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Section
from salesdaemon.digest.wording import Wording, length_of_day, listing
from salesdaemon.domain.attention import Attention, Concern
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.period import resolve

_NAME_LENGTH = 40
_REASON_LENGTH = 300
_MOST_NAMED: Final = 3
_NOUNS: Final = {
    Concern.LOGIN: ("login to renew", "logins to renew"),
    Concern.CHANNEL: ("channel that fails", "channels that fail"),
    Concern.SET_ASIDE: ("shop with orders set aside", "shops with orders set aside"),
    Concern.UNCLASSIFIED: ("product to classify", "products to classify"),
}


def summarise_concerns(content: DigestContent, wording: Wording) -> str:
    """Say in one line near the top what needs attention; empty where nothing does."""
    counted = [
        wording.count(number, *nouns)
        for concern, nouns in _NOUNS.items()
        if (number := sum(each.concern is concern for each in content.attention))
    ]
    if content.stale:
        counted.insert(0, f"{wording.count(len(content.stale), 'shop')} missing from these figures")
    return f"Needs attention: {listing(counted)}; see below." if counted else ""


def list_concerns(content: DigestContent, wording: Wording) -> Section | None:
    """Say what its owner should do about each."""
    said = {
        Concern.LOGIN: _login,
        Concern.CHANNEL: _channel,
        Concern.SET_ASIDE: _set_aside,
    }
    sentences = [
        said[each.concern](each, content, wording)
        for each in content.attention
        if each.concern in said
    ]
    sentences += _unclassified(content, wording)
    return Section("What needs attention", sentences=tuple(sentences)) if sentences else None


def _login(each: Attention, content: DigestContent, wording: Wording) -> str:
    shop = clean(each.subject, _NAME_LENGTH)
    # What is to be done may be something else than to sign in.
    action = _reason(each) or f"Run `salesdaemon auth {shop}` and sign in again."
    return f"{shop} cannot be read{_since(each.since, content, wording)}. {action}"


def _channel(each: Attention, content: DigestContent, wording: Wording) -> str:
    verb = "waits" if each.count == 1 else "wait"
    waiting = f", and {wording.count(each.count, 'message')} {verb}" if each.count else ""
    since = _since(each.since, content, wording)
    name = clean(each.subject, _NAME_LENGTH)
    return f"The channel {name} fails{since}{waiting}. {_reason(each)}".rstrip()


def _set_aside(each: Attention, _content: DigestContent, wording: Wording) -> str:
    shop = clean(each.subject, _NAME_LENGTH)
    orders = wording.count(each.count, "order")
    verb = "was" if each.count == 1 else "were"
    reason = _reason(each) or "`salesdaemon status` names them and why; they are tried again."
    return f"{orders} of {shop} could not be understood and {verb} set aside. {reason}"


def _unclassified(content: DigestContent, wording: Wording) -> Iterator[str]:
    titles = [
        clean(each.subject, _NAME_LENGTH) or "(no title)"
        for each in content.attention
        if each.concern is Concern.UNCLASSIFIED
    ]
    if titles:
        named = titles[:_MOST_NAMED]
        hidden = len(titles) - len(named)
        if hidden:
            named.append(f"{wording.number(hidden)} more")
        verb = "is" if len(titles) == 1 else "are"
        yield (
            f"{listing(named)} {verb} not yet classified: say under [products] in the "
            "configuration whether one more sale makes work."
        )


def _since(moment: datetime | None, content: DigestContent, wording: Wording) -> str:
    if moment is None:
        return ""
    return f" since {wording.moment(moment.astimezone(ZoneInfo(content.timezone)))}"


def _reason(each: Attention) -> str:
    return clean(each.what, _REASON_LENGTH)


def list_missing(content: DigestContent, wording: Wording) -> Section | None:
    """Say which shops are missing since when."""
    zone = ZoneInfo(content.timezone)
    sentences = []
    for shop in content.stale:
        name = clean(shop.shop, _NAME_LENGTH)
        if shop.last_good_poll is None:
            sentences.append(f"{name} could not be read yet. Its sales follow as news.")
        else:
            since = wording.moment(shop.last_good_poll.astimezone(zone))
            sentences.append(
                f"{name} has not answered since {since}. What it sold since then follows as news."
            )
    if not sentences:
        return None
    return Section("Missing from these figures", sentences=tuple(sentences))


def list_notes(content: DigestContent, wording: Wording) -> Section | None:
    """Explain what else is to be known of the figures."""
    sentences = (
        *_gap(content, wording),
        *_estimated(content, wording),
        *_unconverted(content, wording),
        *_classes(content),
        *_clock(content),
        *_behind(content),
    )
    return Section("Notes", sentences=sentences) if sentences else None


def _gap(content: DigestContent, wording: Wording) -> Iterator[str]:
    gap = content.gap
    if gap is not None:
        days = gap.days
        missed = f"{content.kind.value} digest"
        yield (
            f"{wording.count(gap.digests, missed)} did not go out, for {wording.days(days)}, "
            "because the daemon did not run. "
            f"The figures: `salesdaemon report --from {days.first} --to {days.last}`"
        )


def _estimated(content: DigestContent, wording: Wording) -> Iterator[str]:
    estimated = sum(line.estimated for line in content.summary.totals.values())
    if estimated:
        yield (
            f"The fees of {wording.count(estimated, 'order')} are estimated until the "
            "marketplace has booked them; what that changes is told as news."
        )


def _unconverted(content: DigestContent, wording: Wording) -> Iterator[str]:
    summary = content.summary
    lacking = lacking_rates(summary)
    if not lacking:
        return
    home = summary.home_currency
    known = [currency for currency in currencies_of(summary) if currency not in lacking]
    if known and known != [home]:
        net = wording.amount(summary.home.net, home)
        passive = wording.amount(summary.home.passive_net, home)
        yield (
            f"{listing(known)} together: {net} net, {passive} of it passive, "
            "at the rates of the day."
        )
    verb = "has" if len(lacking) == 1 else "have"
    yield (
        f"{listing(lacking)} {verb} no rate, so there is no total in {home}. "
        "Run `salesdaemon rates` to see which are known."
    )


def _classes(content: DigestContent) -> Iterator[str]:
    told = any(each.concern is Concern.UNCLASSIFIED for each in content.attention)
    if not told and any(line.unclassified_net for line in content.summary.totals.values()):
        yield (
            "Not yet classified: say under [products] in the configuration whether one more sale "
            "makes work."
        )


def _clock(content: DigestContent) -> Iterator[str]:
    """Say that a day is 23 or 25 hours long where the clocks change."""
    if content.kind is not DigestKind.DAILY:
        return
    zone, day = ZoneInfo(content.timezone), content.summary.period.first
    start, end = (resolve(day + timedelta(days=days), time(), zone) for days in (0, 1))
    length = length_of_day((end - start) / timedelta(hours=1))
    if length:
        yield length


def _behind(content: DigestContent) -> Iterator[str]:
    if content.behind:
        yield (
            "Earlier days are still being added up, so the chart, trends, goals and records are "
            "left out this time."
        )
