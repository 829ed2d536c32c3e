"""What Etsy is likely to charge for a sale, until its ledger says it exactly.

Left out because a receipt does not tell them: offsite ads, regulatory operating fees, currency
conversion and VAT on the fees.

Source: Etsy's Fees & Payments Policy as quoted in 2023-2026 by third parties; read 2026-11.
"""

from dataclasses import dataclass

from salesdaemon.domain.money import proportion

# 6.5 % of items, shipping and gift wrap (since 2022-04-11; read 2026-11).
TRANSACTION_PER_MILLE = 65
# 0.20 USD for each unit sold, as the listing renews (read 2026-11). In another currency it
# follows the day's exchange rate, so there it is left out rather than guessed.
RENEWAL_MINOR = 20
RENEWAL_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Processing:
    """What Etsy Payments takes of one payment; `fixed_minor` in minor units."""

    per_mille: int
    fixed_minor: int


# By the shop's currency, which stands for the bank's country (read 2026-11).
PROCESSING = {
    "USD": Processing(30, 25),
    "EUR": Processing(40, 30),
    "GBP": Processing(40, 20),
    "CAD": Processing(30, 25),
    "AUD": Processing(30, 25),
}
OTHER_PROCESSING = Processing(40, 0)


def estimate(gross_minor: int, currency: str, units: int) -> int:
    """Estimate the fees of one paid sale in minor units; 0 for a free one."""
    if gross_minor <= 0:
        return 0
    processing = PROCESSING.get(currency, OTHER_PROCESSING)
    share = proportion(gross_minor, TRANSACTION_PER_MILLE + processing.per_mille, 1000)
    renewal = RENEWAL_MINOR * units if currency == RENEWAL_CURRENCY else 0
    return share + processing.fixed_minor + renewal
