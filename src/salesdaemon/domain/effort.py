"""How much work one more sale of a product makes: the owner's word, then the marketplace's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

_SHOP_GLOB = re.compile(r"([a-z0-9_*?]+):(.*)", re.DOTALL)

PHYSICAL = "physical"
"""What a catalogue calls goods. An order tells better which of several variants was sold."""


@dataclass(frozen=True, slots=True)
class CatalogueWord:
    """What a marketplace's catalogue says of a product; `passive` is None where it does not tell.

    `reason` is short and for people.
    """

    passive: bool | None
    reason: str

    @property
    def beats_the_order(self) -> bool:
        """Tell whether it makes active what by its order would be passive."""
        return self.passive is False and self.reason != PHYSICAL


def classify(
    passive: bool | None,  # noqa: FBT001 - the flag is the value that is looked at, not an option
    *,
    shop: str,
    product: str | None,
    overrides: Mapping[str, bool],
    catalogue: CatalogueWord | None = None,
) -> tuple[bool | None, str]:
    """Say whether an item is passive, and why.

    `passive` is what the order says. `overrides` maps patterns such as
    `templates:Logo commission*` or `*planner*` to passive; the first that fits wins. A pattern
    without a shop fits every shop.
    """
    for pattern, chosen in overrides.items():
        if fits(pattern, shop=shop, product=product):
            return chosen, f"your configuration: {pattern}"
    if passive is False:
        return False, "physical or personalised"
    if catalogue is not None and (passive is None or catalogue.beats_the_order):
        if catalogue.passive is not None:
            return catalogue.passive, f"the catalogue: {catalogue.reason}"
        return None, f"the marketplace does not say: {catalogue.reason}"
    if passive:
        return True, "digital and not personalised"
    return None, "the marketplace does not say"


def fits(pattern: str, *, shop: str, product: str | None) -> bool:
    """Tell whether a pattern such as `templates:Logo*` or `*planner*` means this product."""
    shop_glob, product_glob = _parts(pattern)
    return fnmatchcase(shop, shop_glob) and fnmatchcase(product or "", product_glob)


def _parts(pattern: str) -> tuple[str, str]:
    """Split a pattern into shop and product; a colon further on belongs to the product."""
    match = _SHOP_GLOB.fullmatch(pattern)
    return (match[1], match[2]) if match else ("*", pattern)
