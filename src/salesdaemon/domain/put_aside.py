"""What the owner puts aside of what came in: for taxes, for a rainy day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from salesdaemon.domain.money import proportion
from salesdaemon.domain.summary import Totals


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage to put aside; `name` is its key in the configuration.

    `figure` is net, passive_net or gross.
    """

    name: str
    label: str
    percent: Decimal
    figure: str = "net"


@dataclass(frozen=True, slots=True)
class PutAside:
    """What a share comes to, in minor units of the home currency."""

    share: Share
    amount_minor: int


def put_aside(shares: Sequence[Share], home: Totals) -> tuple[PutAside, ...]:
    """Return what each share of a period comes to, half to even; nothing of a loss."""
    return tuple(PutAside(share, _part_of(getattr(home, share.figure), share)) for share in shares)


def _part_of(amount_minor: int, share: Share) -> int:
    part = Fraction(share.percent) / 100
    return proportion(max(amount_minor, 0), part.numerator, part.denominator)
