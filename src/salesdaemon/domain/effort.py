"""How much work one more sale of a product makes: the owner's word, then the marketplace's."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

_SHOP_GLOB = re.compile(r"([a-z0-9_*?]+):(.*)", re.DOTALL)


def classify(
    passive: bool | None,  # noqa: FBT001 - the flag is the value that is looked at, not an option
    *,
    shop: str,
    product: str | None,
    overrides: Mapping[str, bool],
) -> tuple[bool | None, str]:
    """Say whether an item is passive, and why.

    `overrides` maps patterns such as `templates:Logo commission*` or `*planner*` to passive;
    the first that fits wins. A pattern without a shop fits every shop.
    """
    for pattern, chosen in overrides.items():
        shop_glob, product_glob = _parts(pattern)
        if fnmatchcase(shop, shop_glob) and fnmatchcase(product or "", product_glob):
            return chosen, f"your configuration: {pattern}"
    if passive is None:
        return None, "the marketplace does not say"
    if passive:
        return True, "digital and not personalised"
    return False, "physical or personalised"


def _parts(pattern: str) -> tuple[str, str]:
    """Split a pattern into shop and product; a colon further on belongs to the product."""
    match = _SHOP_GLOB.fullmatch(pattern)
    return (match[1], match[2]) if match else ("*", pattern)
