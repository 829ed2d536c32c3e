"""What `auth` and `check` say about a token."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx

from salesdaemon.errors import AuthError, UnavailableError
from salesdaemon.marketplaces import load
from salesdaemon.marketplaces.base import Account, Authorised, Connection, Finding
from tests.marketplaces.gumroad.connections import NO_BROWSER, TOKEN, connect
from tests.marketplaces.gumroad.replies import page_body, raw_sale

API = "https://api.gumroad.com/v2"
OPENED = Finding(ok=True, what="The token opens Ann.")
SALES = Finding(ok=True, what="The token may read sales.")
PAYOUTS = Finding(ok=True, what="The token may read payouts.")


@pytest.fixture
def network() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=API, assert_all_called=False) as router:
        router.get("/user", name="user").respond(
            json={"success": True, "user": {"user_id": "u1", "name": "Ann"}}
        )
        router.get("/sales", name="sales").respond(content=page_body(raw_sale()))
        router.get("/payouts", name="payouts").respond(json={"success": True, "payouts": []})
        yield router


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    async with connect() as connected:
        yield connected


async def test_a_token_that_may_read_everything_says_so(
    network: respx.MockRouter, connection: Connection
) -> None:
    gumroad = load("gumroad")
    authorised = Authorised(Account("u1", "Ann"), (SALES, PAYOUTS))
    assert await gumroad.authorise(connection, NO_BROWSER) == authorised
    assert await gumroad.check(connection) == (OPENED, SALES, PAYOUTS)


async def test_sales_are_tried_with_todays_alone(
    network: respx.MockRouter, connection: Connection
) -> None:
    await load("gumroad").check(connection)
    assert dict(network["sales"].calls[0].request.url.params) == {"after": "2026-11-22"}


async def test_a_token_from_before_payouts_is_well_enough(
    network: respx.MockRouter, connection: Connection
) -> None:
    network["payouts"].respond(403)
    opened, sales, payouts = await load("gumroad").check(connection)
    assert (opened, sales) == (OPENED, SALES)
    assert (payouts.ok, payouts.what) == (True, "The token may not read payouts.")
    assert payouts.fix is not None
    assert "after mid-2025" in payouts.fix


async def test_a_token_that_may_not_read_sales_says_which_scope_it_lacks(
    network: respx.MockRouter, connection: Connection
) -> None:
    network["sales"].respond(403)
    gumroad = load("gumroad")
    authorised = await gumroad.authorise(connection, NO_BROWSER)
    finding = authorised.findings[0]
    assert (finding.ok, "view_sales" in finding.what) == (False, True)
    assert finding.fix is not None
    assert await gumroad.check(connection) == (OPENED, finding, PAYOUTS)


async def test_a_wrong_token_is_told_once_with_the_way_out(
    network: respx.MockRouter, connection: Connection
) -> None:
    for name in ("user", "sales", "payouts"):
        network[name].respond(401)
    gumroad = load("gumroad")
    with pytest.raises(AuthError) as caught:
        await gumroad.authorise(connection, NO_BROWSER)
    assert await gumroad.check(connection) == (
        Finding(ok=False, what=caught.value.what, fix=caught.value.fix),
    )
    assert caught.value.fix is not None
    assert "Settings > Advanced > Applications" in caught.value.fix
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("name", ["user", "sales", "payouts"])
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(httpx.Response(500), id="500"),
        pytest.param(httpx.Response(429), id="429"),
        pytest.param(httpx.Response(400), id="400"),
        pytest.param(httpx.Response(403, content=b"<html>"), id="a page in front"),
        pytest.param(httpx.ConnectError("no"), id="no connection"),
    ],
)
async def test_check_reports_trouble_with_a_fix_and_never_raises(
    network: respx.MockRouter,
    connection: Connection,
    name: str,
    reply: httpx.Response | httpx.ConnectError,
) -> None:
    if isinstance(reply, httpx.Response):
        network[name].mock(return_value=reply)
    else:
        network[name].mock(side_effect=reply)
    findings = await load("gumroad").check(connection)
    failed = [finding for finding in findings if not finding.ok]
    assert len(failed) == 1
    assert failed[0].fix


async def test_authorise_says_when_gumroad_cannot_be_asked(
    network: respx.MockRouter, connection: Connection
) -> None:
    network["user"].respond(500)
    with pytest.raises(UnavailableError):
        await load("gumroad").authorise(connection, NO_BROWSER)
