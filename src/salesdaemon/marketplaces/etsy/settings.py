"""An Etsy shop's table in the configuration."""

from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, ConfigDict, Field

from salesdaemon.marketplaces.base import Section, ShopSettings
from salesdaemon.marketplaces.etsy.fees import (
    Overrides,
    Tariff,
    parse_amount,
    parse_processing,
    parse_share,
)
from salesdaemon.marketplaces.fields import ASKED, TELLS_ACCOUNT, GuardedUrl, Key, ServiceUrl

T = TypeVar("T")


def _readable(parse: Callable[[str], object]) -> AfterValidator:
    """Check a text and keep it as the owner wrote it."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _country(text: str) -> str:
    code = text.strip().upper()
    if len(code) != 2 or not (code.isascii() and code.isalpha()):  # noqa: PLR2004 - ISO 3166-1 alpha-2
        raise ValueError('must be a country of two letters such as "DE".')
    return "GB" if code == "UK" else code


Share = Annotated[str, _readable(parse_share)]


class EtsyFees(Section):
    """Etsy's fees as you know them better; estimates use it until Etsy's books are exact."""

    transaction: Share | None = Field(
        default=None,
        description="Etsy's share of items, shipping and gift wrap.",
        examples=["6.5 %"],
    )
    processing: Annotated[str, _readable(parse_processing)] | None = Field(
        default=None,
        description="What Etsy Payments takes of a payment; by default your country's.",
        examples=["4 % + 0.30"],
    )
    regulatory: Share | None = Field(
        default=None,
        description="The regulatory operating fee; by default your country's, if it has one.",
        examples=["0.32 %"],
    )
    vat: Share | None = Field(
        default=None,
        description="Tax that Etsy adds to its fees; by default none.",
        examples=["20 %"],
    )
    renewal: Annotated[str, _readable(parse_amount)] | None = Field(
        default=None,
        description="What the renewal of a listing costs for each unit sold. The default of "
        "0.20 USD counts only in a shop that sells in US dollars; name it here in your currency.",
        examples=["0.18 EUR"],
    )

    def overrides(self) -> Overrides:
        """Return what is set, read."""
        return Overrides(
            transaction=_given(parse_share, self.transaction),
            processing=_given(parse_processing, self.processing),
            regulatory=_given(parse_share, self.regulatory),
            vat=_given(parse_share, self.vat),
            renewal=_given(parse_amount, self.renewal),
        )


def _given(parse: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else parse(text)


class EtsySettings(ShopSettings):
    """Etsy asks for an app of your own: a Seller App takes minutes at etsy.com/developers."""

    model_config = ConfigDict(title="Etsy")

    keystring: Key = Field(
        description="Your app's keystring, under Your Apps at https://www.etsy.com/developers."
    )
    shared_secret: Key = Field(description="Your app's shared secret, shown beside the keystring.")
    redirect_uri: GuardedUrl = Field(
        default="http://localhost:3003/oauth/callback",
        description="One of your app's callback URLs, to the letter; any https address works "
        "with `auth --paste`.",
        json_schema_extra={ASKED: True},
    )
    shop_id: int | None = Field(
        default=None,
        ge=1,
        description="The shop's number; found by itself.",
        examples=[12345],
        json_schema_extra={TELLS_ACCOUNT: True},
    )
    country: Annotated[str, AfterValidator(_country)] | None = Field(
        default=None,
        description="The country of your bank account, for estimated fees; without it the one "
        "that your shop's currency stands for.",
        examples=["DE"],
    )
    api_url: ServiceUrl = Field(
        default="https://openapi.etsy.com", description="Where Etsy's API answers."
    )
    auth_url: ServiceUrl = Field(
        default="https://www.etsy.com", description="Where you sign in to Etsy."
    )
    fees: EtsyFees = Field(
        default=EtsyFees(), description="What you know better about Etsy's fees."
    )

    def tariff(self) -> Tariff:
        """Return the rates by which fees are estimated."""
        return Tariff(self.country, self.fees.overrides())


SETTINGS: Final = EtsySettings
EXAMPLE: Final[Mapping[str, Mapping[str, object]]] = {
    "prints": {
        "marketplace": "etsy",
        "keystring": "…",
        "shared_secret": "…",
        "poll_every": "60s",
        "redirect_uri": "http://localhost:3003/oauth/callback",
        "fees": {},
    }
}
