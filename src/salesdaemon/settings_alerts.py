"""The tables below `[alerts]`, and goals: what rings, where, how and when."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from salesdaemon.domain.hours import EVERY_DAY, parse_hours
from salesdaemon.marketplaces.base import Section
from salesdaemon.settings_schema import suggest
from salesdaemon.settings_values import (
    HoursTexts,
    Names,
    OneOrMore,
    QuietHours,
    Text,
    Texts,
    Weekdays,
    Worth,
    as_list,
)

Level = Literal["on", "silent", "off"]


class AlertKinds(Section):
    """What rings: on (with sound), silent (without) or off, for each kind of news."""

    sale: Level = Field(default="on", description="A paid sale.")
    renewal: Level = Field(default="on", description="A membership was paid again.")
    free: Level = Field(default="off", description="A download for nothing.")
    refund: Level = Field(default="silent", description="Money went back to a buyer.")
    dispute: Level = Field(default="silent", description="A buyer's bank took the money back.")
    dispute_won: Level = Field(default="silent", description="And had to return it.")
    cancelled: Level = Field(default="silent", description="A paid sale was cancelled.")
    payout: Level = Field(default="silent", description="A marketplace paid you out.")
    milestone: Level = Field(
        default="on",
        description="A first sale, a round number of them, a best day, an anniversary, a goal "
        "reached.",
    )
    silence: Level = Field(
        default="on", description="A shop without a sale for longer than its own history explains."
    )
    trouble: Level = Field(
        default="on",
        description="A shop or a channel that fails, a login near its end, a full disk.",
    )


def _kinds(names: tuple[str, ...]) -> tuple[str, ...]:
    known = list(AlertKinds.model_fields)
    for name in names:
        if name not in known:
            raise ValueError(f"there is no kind of news `{name}`; {suggest(name, known)}")
    return names


class RuleSettings(Section):
    """A rule: news that meets all its conditions is told as it says. The first that fits wins."""

    name: Text | None = Field(
        default=None,
        description="What you call it, for `salesdaemon rules explain`.",
        examples=["big planners"],
    )
    kind: Annotated[Names, AfterValidator(_kinds)] | None = Field(
        default=None,
        description="Condition: the kinds of news, as in [alerts.kinds]. Without it a rule is for "
        "all that happens to orders, and makes nothing but sales and renewals louder.",
        examples=[["sale", "renewal"]],
    )
    shop: Names | None = Field(
        default=None, description="Condition: your name of the shop, or several.", examples=["…"]
    )
    marketplace: Names | None = Field(
        default=None, description="Condition: the marketplace, or several.", examples=["…"]
    )
    product: OneOrMore | None = Field(
        default=None,
        description="Condition: what the title of one of the products looks like, with * and ?, "
        "or several.",
        examples=["*planner*"],
    )
    min_amount: Worth | None = Field(
        default=None,
        description="Condition: at least this gross, converted at the rate of the day.",
        examples=["20 EUR"],
    )
    effort: Literal["passive", "active"] | None = Field(
        default=None,
        description="Condition: every item makes no work (passive), or one makes some (active).",
        examples=["passive"],
    )
    first_sale_of_product: bool = Field(
        default=False, description="Condition: a product was sold for the first time."
    )
    first_sale_in_country: bool = Field(
        default=False, description="Condition: the first sale to a country."
    )
    weekdays: Weekdays | None = Field(
        default=None, description="Condition: on these days.", examples=["mon-fri"]
    )
    hours: HoursTexts | None = Field(
        default=None,
        description="Condition: between these times of the day, or several; past midnight they "
        "belong to the day they begin on.",
        examples=["09:00-18:00"],
    )
    level: Level | None = Field(
        default=None,
        description="What it does: on, silent or off instead of the kind's level.",
        examples=["on"],
    )
    channels: Names | None = Field(
        default=None,
        description="What it does: tell these channels instead of alerts.channels.",
        examples=[["phone"]],
    )
    sound: Text | None = Field(
        default=None,
        description="What it does: ring with another sound, by the service's own name for it.",
        examples=["cashregister"],
    )
    title: Text | None = Field(
        default=None,
        description="What it does: another title; a sale's begins with Ka-ching! all the same.",
        examples=["{{ product }}: {{ amount }}"],
    )
    body: Text | None = Field(
        default=None,
        description="What it does: another text.",
        examples=["{{ quantity }} × {{ product }} at {{ shop }}, {{ today_total }} today"],
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if all(getattr(self, key) is None for key in _EFFECTS):
            raise ValueError(f"sets nothing; give it {', '.join(_EFFECTS[:-1])} or {_EFFECTS[-1]}.")
        return self

    @model_validator(mode="after")
    def _weekdays_once(self) -> Self:
        if self.weekdays and any(
            parse_hours(each).weekdays != EVERY_DAY for each in self.hours or ()
        ):
            raise ValueError("names weekdays in `hours` and in `weekdays`; keep one of the two.")
        return self


_EFFECTS: Final = ("level", "channels", "sound", "title", "body")


def _rules(value: object) -> object:
    if isinstance(value, dict):
        raise ValueError("write [[alerts.rules]] with two brackets: a rule is one of a list.")  # noqa: TRY004 - pydantic tells of ValueErrors
    return as_list(value)


class AlertSettings(Section):
    """What rings, where and how."""

    channels: Texts = Field(
        default=(),
        description="The channels that ring.",
        examples=[["phone"]],
        json_schema_extra={"default": "all of them"},
    )
    amount: Literal["gross", "net"] = Field(
        default="gross",
        description="What a ring shows: gross, or net after fees; a net amount says so.",
    )
    quiet_hours: QuietHours = Field(
        default=(),
        description="When rings are held back, to be told as one recap afterwards; also a list "
        'such as ["mon-fri 22:30-07:00", "sat,sun 00:00-09:00"]. Past midnight they belong to the '
        "day they begin on.",
        examples=["22:30-07:00"],
        json_schema_extra={"default": "never"},
    )
    trouble_in_quiet_hours: Literal["hold", "tell"] = Field(
        default="hold",
        description="Trouble waits for the end of the quiet hours, too (hold), or breaks through "
        "(tell).",
    )
    burst: int = Field(
        default=5,
        ge=0,
        description="More sales than this within a minute become one message; 0 = never.",
    )
    emoji: bool = Field(default=False, description="Whether messages may hold an emoji.")
    kinds: AlertKinds = Field(
        default=AlertKinds(), description="What rings: on, silent or off, for each kind of news."
    )
    rules: Annotated[tuple[RuleSettings, ...], BeforeValidator(_rules)] = Field(
        default=(), description="What is told otherwise; the first rule that fits wins."
    )


class GoalSettings(Section):
    """A goal for each month, told when it is reached; the table's name is your own."""

    amount: Worth = Field(
        description="What the month is to bring, in your home currency.", examples=["850 EUR"]
    )
    label: Text | None = Field(
        default=None,
        description="What the message calls it; without it the table's name.",
        examples=["Rent covered"],
    )
    figure: Literal["net", "passive_net", "gross"] = Field(
        default="net",
        description="What counts towards it: net, the passive part of it, or gross.",
    )
