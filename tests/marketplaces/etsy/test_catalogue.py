"""Whether one more sale of a listing makes work, as the catalogue has it."""

from typing import Any

import pytest

from salesdaemon.errors import UnavailableError
from salesdaemon.marketplaces.base import CatalogueEntry
from salesdaemon.marketplaces.etsy.catalogue import to_entry
from salesdaemon.marketplaces.etsy.wire import Listing
from tests.fakes.http import Asked, FakeReply, ScriptedHttp, says
from tests.marketplaces.etsy.connecting import ACCESS, connection, feed_of

BATCH = "https://openapi.etsy.com/v3/application/listings/batch"
DOWNLOAD = CatalogueEntry(passive=True, reason="a download")


def listing(listing_id: int | None, **changes: Any) -> dict[str, Any]:
    return {
        "listing_id": listing_id,
        "title": "Planner",
        "listing_type": "download",
        "when_made": "2020_2026",
        "is_personalizable": False,
    } | changes


def listings(*rows: Any) -> FakeReply:
    return says({"count": len(rows), "results": list(rows)})


@pytest.mark.parametrize(
    ("shown", "passive", "reason"),
    [
        (Listing(listing_type="download", is_personalizable=False), True, "a download"),
        (Listing(listing_type="download"), True, "a download"),
        (Listing(listing_type="download", is_personalizable=True), None, "may be personalised"),
        (Listing(listing_type="Download", when_made="made_to_order"), False, "made to order"),
        (Listing(listing_type="physical"), False, "physical"),
        (Listing(listing_type="physical", when_made="made_to_order"), False, "made to order"),
        (Listing(listing_type="both"), None, "both digital and physical"),
        (Listing(), None, "the listing does not tell"),
        (Listing(listing_type="hologram"), None, "the listing does not tell"),
    ],
)
def test_a_listing_is_classified_with_the_reason(
    shown: Listing, passive: bool | None, reason: str
) -> None:
    assert to_entry(shown) == CatalogueEntry(passive, reason)


async def test_listings_are_asked_for_by_hundreds_with_the_key_alone() -> None:
    def answer(asked: Asked) -> FakeReply:
        wanted = asked.params["listing_ids"].split(",")
        return listings(*(listing(int(each)) for each in wanted if each != "7"))

    http = ScriptedHttp(answer, answer)
    wanted = [str(each) for each in range(1, 131)]
    found = await feed_of(connection(http)).fetch_catalogue([*wanted, "1", "Planner", "", "0", "²"])
    assert found == {each: DOWNLOAD for each in wanted if each != "7"}
    assert [(asked.url, asked.params["listing_ids"]) for asked in http.asked] == [
        (BATCH, ",".join(wanted[:100])),
        (BATCH, ",".join(wanted[100:])),
    ]
    key = {"x-api-key": "pretend-keystring:pretend-secret"}
    assert [asked.headers for asked in http.asked] == [key, key]


@pytest.mark.parametrize("status", [401, 403])
async def test_the_login_is_shown_where_the_key_alone_is_refused(status: int) -> None:
    http = ScriptedHttp(says({"error": "Login."}, status), listings(listing(5)))
    assert await feed_of(connection(http)).fetch_catalogue(["5"]) == {"5": DOWNLOAD}
    assert http.asked[1].headers["authorization"] == f"Bearer {ACCESS}"


async def test_nothing_is_asked_where_no_id_is_a_number() -> None:
    assert await feed_of(connection(ScriptedHttp())).fetch_catalogue(["Planner", "-1"]) == {}


async def test_a_batch_that_is_gone_is_left_out_and_one_that_is_odd_is_read_as_far_as_it_goes() -> (
    None
):
    gone = ScriptedHttp(says({"error": "Could not find listings"}, 404))
    assert await feed_of(connection(gone)).fetch_catalogue(["5"]) == {}
    rows = (listing(5, is_personalizable="CANARY"), listing(None), "CANARY", listing(99))
    found = await feed_of(connection(ScriptedHttp(listings(*rows)))).fetch_catalogue(["5"])
    assert found == {"5": DOWNLOAD}


async def test_a_broken_server_is_told() -> None:
    with pytest.raises(UnavailableError):
        await feed_of(connection(ScriptedHttp(says({}, 500)))).fetch_catalogue(["5"])
