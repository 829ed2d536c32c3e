"""What Etsy is likely to charge for a sale, until its ledger says it exactly.

Left out because a receipt does not tell them: offsite ads and currency conversion.

Source: Etsy's Fees & Payments Policy as quoted in 2023-2026 by third parties, and for the
regulatory operating fee the help page 1500011073202; read 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from salesdaemon.domain.money import exponent, proportion

WHOLE: Final = 100_000
"""A share is counted in thousandths of a percent: this many make 100 %."""

# 6.5 % of items, shipping and gift wrap (since 2022-04-11; read 2026-11).
TRANSACTION: Final = 6500


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole units of a currency; of whichever the sale is in where that is None."""

    whole: Decimal
    currency: str | None = None

    def minor(self, currency: str) -> int:
        """Count minor units of a sale's currency; 0 for an amount in another one.

        That one follows the day's exchange rate, so it is left out rather than guessed.
        """
        if self.currency not in {None, currency}:
            return 0
        return round(self.whole.scaleb(exponent(currency)))


@dataclass(frozen=True, slots=True)
class Processing:
    """What Etsy Payments takes of one payment, tax included: a share and a fixed amount."""

    share: int
    fixed: Amount


# 0.20 USD for each unit sold, as the listing renews (read 2026-11).
RENEWAL: Final = Amount(Decimal("0.20"), "USD")

_EURO: Final = (
    *("AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU"),
    *("LV", "MT", "NL", "PT", "SI", "SK"),
)
# By the country of the seller's bank (read 2026-11).
PROCESSING: Final[Mapping[str, Processing]] = {
    "US": Processing(3000, Amount(Decimal("0.25"), "USD")),
    "GB": Processing(4000, Amount(Decimal("0.20"), "GBP")),
    "CA": Processing(3000, Amount(Decimal("0.25"), "CAD")),
    "AU": Processing(3000, Amount(Decimal("0.25"), "AUD")),
    **dict.fromkeys(_EURO, Processing(4000, Amount(Decimal("0.30"), "EUR"))),
}
OTHER_PROCESSING: Final = Processing(4000, Amount(Decimal(0)))
# Of items, shipping and gift wrap (read 2026-11).
REGULATORY: Final = {"GB": 320, "FR": 470, "IT": 320, "ES": 400, "TR": 1100}
# Which country a currency stands for where none is configured; the euro's stands for all of them.
_BY_CURRENCY: Final = {
    "USD": "US",
    "GBP": "GB",
    "CAD": "CA",
    "AUD": "AU",
    "EUR": "DE",
    "TRY": "TR",
}

_SHARE = re.compile(r"\s*(\d{1,2}(?:\.\d{1,3})?)\s*%\s*")
_AMOUNT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*([A-Z]{3})?\s*")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the owner knows better; None leaves a rate as it is."""

    transaction: int | None = None
    processing: Processing | None = None
    regulatory: int | None = None
    vat: int | None = None
    renewal: Amount | None = None


@dataclass(frozen=True, slots=True)
class _Terms:
    """The rates for sales in one currency; amounts in its minor units."""

    transaction: int
    processing: int
    fixed_minor: int
    regulatory: int
    vat: int
    renewal_minor: int


class Tariff:
    """The rates of one shop: those of its country, or of the one its currency stands for."""

    def __init__(self, country: str | None = None, overrides: Overrides | None = None) -> None:
        self._country = country
        self._overrides = overrides or Overrides()
        self._terms: dict[str, _Terms] = {}

    def estimate(
        self, gross_minor: int, currency: str, units: int, *, charged_minor: int | None = None
    ) -> int:
        """Estimate the fees of one paid sale in minor units; 0 for a free one.

        `charged_minor` is what the buyer paid with tax, the gross where that is None.
        """
        if gross_minor <= 0:
            return 0
        terms = self._terms.get(currency) or self._find_terms(currency)
        charged = gross_minor if charged_minor is None else charged_minor
        shares = gross_minor * (terms.transaction + terms.regulatory) + charged * terms.processing
        fees = proportion(shares, 1, WHOLE) + terms.fixed_minor + terms.renewal_minor * units
        return fees + proportion(fees, terms.vat, WHOLE)

    def _find_terms(self, currency: str) -> _Terms:
        known = self._overrides
        country = self._country or _BY_CURRENCY.get(currency, "")
        processing = known.processing or PROCESSING.get(country, OTHER_PROCESSING)
        regulatory = REGULATORY.get(country, 0) if known.regulatory is None else known.regulatory
        self._terms[currency] = _Terms(
            transaction=TRANSACTION if known.transaction is None else known.transaction,
            processing=processing.share,
            fixed_minor=processing.fixed.minor(currency),
            regulatory=regulatory,
            vat=known.vat or 0,
            renewal_minor=(known.renewal or RENEWAL).minor(currency),
        )
        return self._terms[currency]


STANDARD: Final = Tariff()
"""For a shop of which nothing is configured."""


def estimate(gross_minor: int, currency: str, units: int) -> int:
    """Estimate the fees of one paid sale, of which nothing but this is known, in minor units."""
    return STANDARD.estimate(gross_minor, currency, units)


def parse_share(text: str) -> int:
    """Read a share such as "6.5 %".

    Raises:
        ValueError: it is written in another way.
    """
    match = _SHARE.fullmatch(text)
    if match is None:
        raise ValueError('must be a share such as "6.5 %".')
    return int(Decimal(match[1]) * 1000)


def parse_amount(text: str) -> Amount:
    """Read an amount such as "0.20 USD", or "0.30" in whichever currency the sale is.

    Raises:
        ValueError: it is written in another way.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(
            'must be an amount such as "0.20 USD", or "0.30" in your shop\'s currency.'
        )
    return Amount(Decimal(match[1]), match[2])


def parse_processing(text: str) -> Processing:
    """Read what a payment costs, such as "4 % + 0.30", "3 % + 0.25 USD" or "4 %".

    Raises:
        ValueError: it is written in another way.
    """
    share, plus, fixed = text.partition("+")
    try:
        return Processing(parse_share(share), parse_amount(fixed if plus else "0"))
    except ValueError as error:
        what = 'must be a share, and what is added to it, such as "4 % + 0.30".'
        raise ValueError(what) from error
