"""What the templates show: words and amounts, already written for people.

An owner's own template is given the same: `view` is a `View`. Empty text, empty tuples and None
stand for what this digest has nothing to say about, and are not shown.
"""

from dataclasses import dataclass, fields

_WIDEST_BESIDE, _WIDEST_LARGE = 11, 9
"""Characters of an amount that half of 320 pixels holds, in its usual size and in a large one."""


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
    """A net and its parts, passive first; `size` fits it to a phone."""

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
    def is_roomy(self) -> bool:
        """Tell whether the first part can be written larger than the others on a phone."""
        return self.columns == 1 or all(len(part.amount) <= _WIDEST_LARGE for part in self.parts)

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
class Line:
    """A line of a section: what it is about, what is to be said of it, and its amounts.

    `label` stands before the name and says what kind of thing it is. `aside` stands below the
    amounts, `share` is the percentage that a bar is long; 0 draws none.
    """

    name: str
    details: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    label: str = ""
    share: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it: sentences, then lines, then how many are left out."""

    title: str
    hint: str = ""
    sentences: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of the last days, weeks or months.

    `light` and `dark` are the content ids of two images of it, which `alt` says in words; `spark`
    draws it in one line of text, `span` says from when to when it reaches.
    """

    title: str
    hint: str
    light: str
    dark: str
    alt: str
    spark: str
    span: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a digest shows.

    `kind` is daily, weekly, monthly or yearly. `quiet` holds the sentences of a period without
    sales, and then there are no figures. `converted` names the net of every currency where the
    headline is their conversion; without it there is a headline for each currency.
    """

    kind: str
    subject: str
    title: str
    preview: str
    teaser: str
    attention: str
    timezone: str
    quiet_title: str = ""
    quiet: tuple[str, ...] = ()
    headlines: tuple[Headline, ...] = ()
    converted: str = ""
    sales: str = ""
    compared: Section | None = None
    chart: Chart | None = None
    sums: tuple[Sum, ...] = ()
    shops: Section | None = None
    products: Section | None = None
    extras: Section | None = None
    countries: Section | None = None
    news: Section | None = None
    payouts: Section | None = None
    costs: Section | None = None
    goals: Section | None = None
    streak: Section | None = None
    movements: Section | None = None
    concentration: Section | None = None
    hourly: Section | None = None
    put_aside: Section | None = None
    concerns: Section | None = None
    missing: Section | None = None
    notes: Section | None = None

    @property
    def has_details(self) -> bool:
        """Tell whether anything stands below what stands first."""
        return any(isinstance(getattr(self, each.name), Section | Chart) for each in fields(self))
