"""Exact amounts: integer minor units inside, decimal strings outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow

from salesdaemon.errors import CurrencyMismatchError, DomainError

# ISO 4217 currencies whose minor unit is not a hundredth (read 2026-11).
_NO_DECIMALS = {
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
}
_THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_EXPONENTS = {**dict.fromkeys(_NO_DECIMALS, 0), **dict.fromkeys(_THREE_DECIMALS, 3)}

# Decimal's own context would round a text of more than 28 digits without a word.
_EXACT = Context(prec=60, traps=[InvalidOperation, Inexact, Overflow])


def exponent(currency: str) -> int:
    """Return how many decimals an amount in this currency has (USD 2, JPY 0, KWD 3)."""
    return _EXPONENTS.get(currency, 2)


def to_text(amount_minor: int, currency: str) -> str:
    """Write an amount as a decimal string with the currency's own decimals: "12.00", "1500"."""
    decimals = exponent(currency)
    if decimals == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}"


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """Give an amount in whole units, exactly."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def rescale(amount: int, divisor: int, currency: str) -> int:
    """Turn `amount / divisor` whole units into minor units.

    Raises:
        DomainError: the divisor is not a power of ten, or the amount is finer than the
            currency's minor unit.
    """
    if divisor < 1 or 10 ** (len(str(divisor)) - 1) != divisor:
        raise DomainError(f"A divisor must be a power of ten, and {currency} came with another.")
    scale: int = 10 ** exponent(currency)
    minor, rest = divmod(amount * scale, divisor)
    if rest:
        raise DomainError(f"An amount is finer than the smallest unit of {currency}.")
    return minor


def proportion(amount_minor: int, part: int, whole: int) -> int:
    """Return `amount_minor * part / whole`, rounded half to even to the minor unit.

    Exact for any size of integers: no float or Decimal context is involved. `whole` is positive.
    """
    quotient, rest = divmod(amount_minor * part, whole)
    if 2 * rest > whole or (2 * rest == whole and quotient % 2):
        quotient += 1
    return quotient


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to non-negative weights, losing no cent.

    Each share is rounded down and the rest goes to the largest weight, ties to the first.
    Without any weight all of it goes to the first share. `weights` is not empty.
    """
    total = sum(weights)
    largest = max(range(len(weights)), key=lambda index: (weights[index], -index))
    shares = [amount_minor * weight // total if total else 0 for weight in weights]
    shares[largest] += amount_minor - sum(shares)
    return shares


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: `amount_minor` counts cents for USD, yen for JPY, fils for KWD."""

    amount_minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a decimal string such as "12.00".

        Raises:
            DomainError: the text is no number, or finer than the currency's minor unit.
        """
        try:
            minor = Decimal(text).scaleb(exponent(currency), _EXACT)
        except DecimalException as error:
            raise DomainError(f"An amount in {currency} is not a number.") from error
        if not minor.is_finite() or minor != minor.to_integral_value():
            raise DomainError(f"An amount is finer than the smallest unit of {currency}.")
        return cls(int(minor), currency)

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatchError(self.currency, other.currency)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __str__(self) -> str:
        return to_text(self.amount_minor, self.currency)
