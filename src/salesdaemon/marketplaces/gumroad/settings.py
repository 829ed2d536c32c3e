"""A Gumroad account's table in the configuration."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import ConfigDict, Field

from salesdaemon.marketplaces.base import Duration, ShopSettings
from salesdaemon.marketplaces.fields import TELLS_ACCOUNT, Key, ServiceUrl


class GumroadSettings(ShopSettings):
    """Gumroad asks for an access token: create an application and generate its token."""

    model_config = ConfigDict(title="Gumroad")

    access_token: Key = Field(
        description="Your application's access token: Settings > Advanced > Applications. "
        "Its sight of your sales is all that is used; it can do more, so keep it safe.",
        json_schema_extra={TELLS_ACCOUNT: True},
    )
    request_gap: Duration = Field(
        default=timedelta(milliseconds=200),
        ge=timedelta(0),
        description='The pause between two requests; "0s" only for benchmarks.',
    )
    api_url: ServiceUrl = Field(
        default="https://api.gumroad.com", description="Where Gumroad's API answers."
    )


SETTINGS: Final = GumroadSettings
EXAMPLE: Final[Mapping[str, Mapping[str, object]]] = {
    "templates": {"marketplace": "gumroad", "access_token": "…", "request_gap": "200ms"}
}
