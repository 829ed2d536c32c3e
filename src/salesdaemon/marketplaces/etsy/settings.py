"""An Etsy shop's table in the configuration."""

from collections.abc import Mapping
from typing import Final

from pydantic import ConfigDict, Field

from salesdaemon.marketplaces.base import ShopSettings
from salesdaemon.marketplaces.fields import ASKED, TELLS_ACCOUNT, GuardedUrl, Key, ServiceUrl


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
    api_url: ServiceUrl = Field(
        default="https://openapi.etsy.com", description="Where Etsy's API answers."
    )
    auth_url: ServiceUrl = Field(
        default="https://www.etsy.com", description="Where you sign in to Etsy."
    )


SETTINGS: Final = EtsySettings
EXAMPLE: Final[Mapping[str, Mapping[str, object]]] = {
    "prints": {
        "marketplace": "etsy",
        "keystring": "…",
        "shared_secret": "…",
        "poll_every": "60s",
        "redirect_uri": "http://localhost:3003/oauth/callback",
    }
}
