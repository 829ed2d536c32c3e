"""What the templates show: words and amounts, already written for people."""

from dataclasses import dataclass

_WIDEST_BESIDE = 11  # characters of an amount that half of 320 pixels holds


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a net by the work it took; `share` is its percentage of the bar."""

    name: str
    amount: str
    label: str
    share: int
    is_some: bool


@dataclass(frozen=True, slots=True)
class Headline:
    """The net of one currency and its parts, passive first; `size` fits it to a phone."""

    currency: str
    net: str
    caption: str
    size: str
    parts: tuple[Part, ...]

    @property
    def columns(self) -> int:
        """Tell how many parts fit beside one another on a phone."""
        return 1 if any(len(part.amount) > _WIDEST_BESIDE for part in self.parts) else 2

    @property
    def has_bar(self) -> bool:
        """Tell whether the parts can be drawn as shares of a whole."""
        return sum(part.share for part in self.parts) > 0


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sum from gross to net."""

    amount: str
    label: str


@dataclass(frozen=True, slots=True)
class Sum:
    """How the net of one currency comes about; the last step is the net."""

    currency: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The net of one currency then, and how today's differs; the arrow repeats the words."""

    then: str
    arrow: str
    words: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An earlier day beside this one."""

    title: str
    day: str
    sales: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A shop or a product with its net in each currency."""

    name: str
    units: str
    detail: str
    amounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewsRow:
    """What became known about a sale of an earlier day; `amount` is the change of the net."""

    what: str
    product: str
    shop: str
    day: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a digest shows, in order. Empty text and empty tuples are not shown.

    `quiet` holds the sentences of a day without sales, and then there are no figures.
    """

    subject: str
    day: str
    preview: str
    teaser: str
    quiet_title: str
    quiet: tuple[str, ...]
    headlines: tuple[Headline, ...]
    sales: str
    attention: str
    sums: tuple[Sum, ...]
    comparisons: tuple[Comparison, ...]
    shops: tuple[Row, ...]
    more_shops: str
    products: tuple[Row, ...]
    more_products: str
    net_label: str
    compared_label: str
    news: tuple[NewsRow, ...]
    more_news: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    timezone: str
