"""A goal that the owner set for a month, such as "Rent covered"."""

from dataclasses import dataclass

from salesdaemon.domain.money import Money


@dataclass(frozen=True, slots=True)
class Goal:
    """What a month is to bring; `amount` is of the home currency.

    `name` is its key in the configuration, `label` what a message calls it; `figure` is net,
    passive_net or gross.
    """

    name: str
    label: str
    amount: Money
    figure: str
