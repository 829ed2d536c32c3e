"""Hold what people read in a digest against what we worked out."""

import re
from fractions import Fraction
from typing import Any

from tests.years.letters import Row, rows, sections, words_of
from tests.years.reckoned_amounts import amounts, of_text

Told = dict[str, Any]
WORDS = {
    "gross": "gross",
    "refunds": "refunded",
    "fees": "fees",
    "fees given back": "fees_refunded",
    "affiliates": "affiliate",
    "net": "net",
}
SHARES = {
    "net": "net",
    "passive": "passive_net",
    "active": "active_net",
    "not yet classified": "unclassified_net",
}
MORE = re.compile(r"and (\d+) more products?")


def check_page(page: str, text: str, ours: set[str]) -> None:
    """Hold the amounts of the page, of which those that matter most are in the text, too."""
    shown_there = set(amounts(words_of(page)))
    assert not shown_there - ours
    found = sections(text)
    important = {row.amount for name in ("", "SHOPS", "GOALS") for row in rows(found.get(name, []))}
    assert important <= shown_there


def check_subject(subject: str, told: Told) -> None:
    """Hold the net in the subject, the sales, and how many of them made no work."""
    sales = sum(line["sales"] for line in told["totals"].values())
    passive = told["passive_sales"]
    if sales:
        assert sorted(amounts(subject)) == sorted(nets(told))
        assert f"{sales:,} sale{'' if sales == 1 else 's'}" in subject
    if sales > 1 and passive:
        assert f"{'all' if passive == sales else f'{passive:,}'} without any work" in subject


def nets(told: Told) -> list[str]:
    """Return the net at home, or in each currency where not all could be converted."""
    home = told["home"]
    if not home["unconverted"]:
        return [of_text(home["net"], home["currency"])]
    return [of_text(line["net"], code) for code, line in told["totals"].items()]


# The text, row by row


def check_rows(found: dict[str, list[str]], told: Told) -> None:
    check_head(rows(found[""]), told)
    for code, line in told["totals"].items():
        check_sum(rows(found.get(f"HOW IT ADDS UP, {code}", [])), line, code)
    check_shops(rows(found.get("SHOPS", [])), told)
    check_products(found.get("BEST PRODUCTS", []), told)
    check_goals(rows(found.get("GOALS", [])), told)
    aside = rows(found.get("TO PUT ASIDE", []))
    home = told["home"]["currency"]
    assert [row.amount for row in aside] == [
        of_text(share["amount"], home) for share in told["put_aside"] if Fraction(share["amount"])
    ] or not aside
    hours = rows(found.get("NET PER HOUR", []))
    assert [row.amount for row in hours] == [
        of_text(net, code) for rate in told["hourly"] for code, net in rate["net_per_hour"].items()
    ]


def check_head(found: list[Row], told: Told) -> None:
    """Hold the amounts at the top, passive and active beside each other, and their signs."""
    home = told["home"]
    blocks = [(home["currency"], home)] if not home["unconverted"] else [*told["totals"].items()]
    expected = {
        (code, label): line[name] for code, line in blocks for label, name in SHARES.items()
    }
    codes = iter(sorted((code for code, _ in blocks), key=lambda each: each != home["currency"]))
    code = ""
    met = set()
    for row in found:
        label = next(label for label in SHARES if row.label.startswith(label))
        code = next(codes) if label == "net" else code
        value = expected[code, label]
        assert row.amount == of_text(value, code)
        assert row.negative == (Fraction(value) < 0)
        met.add((code, label))
    assert {key for key, value in expected.items() if Fraction(value)} <= met


def check_sum(found: list[Row], line: Told, code: str) -> None:
    """Hold the sum from gross to net: what is taken off is negative, and it adds up."""
    for row in found:
        name = WORDS[row.label.partition(", ")[0]]
        assert row.amount == of_text(line[name], code)
    if found:
        named = {WORDS[row.label.partition(", ")[0]] for row in found}
        assert {name for name in WORDS.values() if Fraction(line[name])} <= named
        *parts, net = (-signed(row) if row.negative else signed(row) for row in found)
        assert sum(parts) == net


def signed(row: Row) -> Fraction:
    return Fraction("".join(each for each in row.amount if each.isdigit() or each == "."))


def check_shops(found: list[Row], told: Told) -> None:
    if not found:
        return
    expected = [
        (of_text(line["net"], code), shop["shop"], line["sales"])
        for shop in told["shops"]
        for code, line in shop["totals"].items()
    ]
    assert [(row.amount, row.label) for row in found] == [each[:2] for each in expected]
    for row, (_, _, sales) in zip(found, expected, strict=True):
        assert f"{sales:,} sale{'' if sales == 1 else 's'}" in row.words or not sales


def check_products(lines: list[str], told: Told) -> None:
    """Hold the amount and the units of each product that is listed, and that none is missing."""
    known = [
        (of_text(line["net"], code), product["units"], product["shop"])
        for product in told["products"]
        for code, line in product["totals"].items()
    ]
    alone = len(told["shops"]) == 1
    for row in rows(lines):
        fits = {
            f"{units:,} item{'' if units == 1 else 's'}"
            for amount, units, shop in known
            if amount == row.amount and (alone or shop in row.words)
        }
        assert any(each in row.words for each in fits), row
    more = [int(found[1]) for line in lines if (found := MORE.fullmatch(line.strip()))]
    if lines:
        assert len(rows(lines)) + sum(more) == len(told["products"])


def check_goals(found: list[Row], told: Told) -> None:
    home = told["home"]["currency"]
    reached = {of_text(goal["reached"], home) for goal in told["goals"]}
    assert {row.amount for row in found} <= reached
    if told["kind"] != "yearly":
        assert len(found) == len(told["goals"]) or not found
