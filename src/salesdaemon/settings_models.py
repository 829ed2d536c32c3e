"""The tables of the configuration, in the order of the manual.

`config.example.toml` is made from these fields, their defaults, examples and descriptions.
"""

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SerializeAsAny
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from salesdaemon.domain.goals import Goal
from salesdaemon.domain.hours import Hours, parse_hours
from salesdaemon.domain.put_aside import Share
from salesdaemon.domain.rules import RuleBook
from salesdaemon.marketplaces.base import Duration, Section, ShopSettings
from salesdaemon.marketplaces.fields import Secret, ServiceUrl
from salesdaemon.settings_alerts import AlertSettings, GoalSettings
from salesdaemon.settings_digest import DigestSettings, PutAsideSettings, to_share
from salesdaemon.settings_rules import to_goal, to_rule_book
from salesdaemon.settings_values import (
    DEFAULT_LOCALE,
    ChannelUrl,
    Currency,
    DatabaseUrl,
    Email,
    Emails,
    HeartbeatUrl,
    KeyFile,
    Locale,
    Name,
    Text,
    TimeZone,
    Unsubscribe,
    Worth,
)


class DatabaseSettings(Section):
    """Where sales are kept."""

    url: DatabaseUrl = Field(
        description="An SQLite file (sqlite:///relative or sqlite:////absolute), or "
        "postgresql+psycopg://USER:PASSWORD@HOST/NAME with salesdaemon[postgresql] installed.",
        examples=["sqlite:////var/lib/salesdaemon/sales.db"],
        json_schema_extra={"default": "sales.db in the data directory"},
    )


class SecretsSettings(Section):
    """What protects the logins that we obtain."""

    key_file: KeyFile = Field(
        description="The key that encrypts those logins; made with mode 0600 on first use. "
        "Keep a copy apart from the database's.",
        examples=["/var/lib/salesdaemon/secret.key"],
        json_schema_extra={"default": "secret.key beside the SQLite file"},
    )


class ChannelSettings(Section):
    """A way to ring you; the table's name is your own: a-z, 0-9 and _."""

    url: ChannelUrl = Field(
        description="Any Apprise URL, which names the service and your account there; a secret.",
        examples=["pover://USER@TOKEN"],
    )
    sound: Text | None = Field(
        default=None,
        description="The sound of a ring, by the service's own name for it, where it can play one.",
        examples=["cashregister"],
    )


class MailSettings(Section):
    """The digest's own way out. Without this table none is mailed."""

    host: Text = Field(
        description="The mail server that takes your messages.", examples=["smtp.example.com"]
    )
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls",
        description="How the connection is guarded: starttls (mostly port 587), tls (mostly 465) "
        "or none.",
    )
    username: Text | None = Field(
        default=None, description="The name to log in with, where it asks for one.", examples=["…"]
    )
    password: Secret | None = Field(default=None, description="Its password.", examples=["…"])
    sender: Email = Field(
        alias="from",
        description="The address that digests come from.",
        examples=["salesdaemon@example.com"],
    )
    to: Emails = Field(description="Who gets the digests.", examples=[["me@example.com"]])
    unsubscribe: Unsubscribe | None = Field(
        default=None,
        description="Where a mail program's own button to unsubscribe leads: a mailto: or https: "
        'address, or "off" for no such button.',
        examples=["mailto:me@example.com?subject=No%20more%20digests"],
        json_schema_extra={"default": "a mail to `from`"},
    )


class ProductSettings(Section):
    """What you know better about products: the table's name is "SHOP:TITLE", with * and ?."""

    effort: Literal["passive", "active"] = Field(
        description="Whether one more sale makes no work (passive) or some (active).",
        examples=["active"],
    )


class EffortSettings(Section):
    """What your time is worth, for the day on which a product has paid its hours back."""

    hour: Worth | None = Field(
        default=None,
        description="What an hour of yours is worth; without it no product has such a day.",
        examples=["30 EUR"],
        json_schema_extra={"default": "nothing"},
    )


class ExchangeSettings(Section):
    """Where exchange rates come from, for totals in your home currency."""

    source: Literal["ecb", "off"] = Field(
        default="ecb",
        description="The European Central Bank's reference rates (ecb), or only what "
        "`salesdaemon rates import` brings (off).",
    )
    url: ServiceUrl = Field(
        default="https://www.ecb.europa.eu/stats/eurofxref",
        description="The folder of the files eurofxref-daily.xml, eurofxref-hist-90d.xml and "
        "eurofxref-hist.zip.",
    )


class HeartbeatSettings(Section):
    """A sign of life to a service outside, which alarms you when it stops coming."""

    url: HeartbeatUrl = Field(
        description="The address that the service gave you (Healthchecks, Uptime Kuma); it is "
        "asked for while all is well. A secret.",
        examples=["https://hc.example.com/ping/…"],
    )
    every: Duration = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=10),
        description="How often.",
    )


class WebSettings(Section):
    """Where /healthz, /readyz, /metrics and the sound to download answer."""

    host: Text = Field(
        default="127.0.0.1", description="The address to listen on; 0.0.0.0 inside a container."
    )
    port: int = Field(
        default=8713, ge=0, le=65535, description="The port to listen on; 0 = any that is free."
    )


class Settings(BaseSettings):
    """The whole configuration, as `load_settings` fills it."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    timezone: TimeZone = Field(
        default="UTC",
        description="Your IANA time zone: days and digests are yours.",
        examples=["Europe/Berlin"],
    )
    currency: Currency = Field(default="EUR", description="The home currency of totals.")
    locale: Locale = Field(
        default=DEFAULT_LOCALE, description="How numbers and dates are written for you."
    )
    database: DatabaseSettings
    secrets: SecretsSettings
    shops: dict[Name, SerializeAsAny[ShopSettings]]
    channels: dict[Name, ChannelSettings] = {}
    mail: MailSettings | None = None
    alerts: AlertSettings = AlertSettings()
    goals: dict[Name, GoalSettings] = {}
    digest: DigestSettings = DigestSettings()
    put_aside: dict[Name, PutAsideSettings] = {}
    products: dict[Text, ProductSettings] = {}
    effort: EffortSettings = EffortSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    heartbeat: HeartbeatSettings | None = None
    web: WebSettings = WebSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is handed in alone: `load_settings` reads and merges the sources.

        The table of a shop is read by its marketplace's model, which may stand in another source.
        """
        return (init_settings,)

    @property
    def zone(self) -> ZoneInfo:
        """The seller's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def quiet(self) -> tuple[Hours, ...]:
        """When rings are held back, on the wall clock of the seller's time zone."""
        return tuple(map(parse_hours, self.alerts.quiet_hours))

    @property
    def monthly_goals(self) -> tuple[Goal, ...]:
        """The goals for each month, in the order of the configuration."""
        return tuple(to_goal(name, table) for name, table in self.goals.items())

    @property
    def put_aside_shares(self) -> tuple[Share, ...]:
        """What is put aside, in the order of the configuration."""
        return tuple(to_share(name, table) for name, table in self.put_aside.items())

    def rule_book(self) -> RuleBook:
        """Make the rules by which news is told."""
        return to_rule_book(self.alerts, self.zone)
