"""The pretend Etsy checks key, login and query as strictly as Etsy does, or more."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from salesdaemon.marketplaces.etsy.pretend import REDIRECT_URI, PretendEtsy
from tests.marketplaces.etsy.pretending import ME, RECEIPTS, TOKEN, Clock, ids, serving

VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
LOGIN = {
    "response_type": "code",
    "client_id": "pretend-keystring",
    "redirect_uri": REDIRECT_URI,
    "scope": "shops_r transactions_r",
    "state": "st",
    "code_challenge": CHALLENGE.rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


def redirected(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def redeem(client: httpx.Client, code: str, **changes: str) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "client_id": "pretend-keystring",
        "redirect_uri": REDIRECT_URI,
        "code": code,
        "code_verifier": VERIFIER,
    }
    return client.post(TOKEN, data=fields | changes)


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "client_id": "pretend-keystring"}
    return client.post(TOKEN, data={**fields, "refresh_token": token})


def test_a_login_goes_from_the_browser_to_a_rotating_pair(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    answer = redirected(client.get("/oauth/connect", params=LOGIN))
    assert answer["state"] == "st"
    pair = redeem(client, answer["code"]).json()
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 3600)
    assert pair["access_token"].startswith("90210.")
    client.headers["authorization"] = f"Bearer {pair['access_token']}"
    assert client.get(RECEIPTS).status_code == 200
    assert redeem(client, answer["code"]).json()["error"] == "invalid_grant"
    newer = refresh(client, pair["refresh_token"]).json()
    assert newer["refresh_token"] != pair["refresh_token"]
    old = refresh(client, pair["refresh_token"])
    assert (old.status_code, old.json()["error"]) == (400, "invalid_grant")
    body = {"grant_type": "refresh_token", "client_id": "pretend-keystring"}
    by_json = client.post(TOKEN, json={**body, "refresh_token": newer["refresh_token"]})
    assert by_json.status_code == 200


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"state": None}, "invalid_request", "state is required"),
        ({"scope": "sales_r"}, "invalid_scope", "scope is invalid"),
        (
            {"code_challenge_method": "plain"},
            "invalid_request",
            "code_challenge with method S256 is required",
        ),
    ],
)
def test_a_careless_authorization_is_redirected_with_its_error(
    client: httpx.Client, change: dict[str, str | None], error: str, description: str
) -> None:
    query = {name: value for name, value in (LOGIN | change).items() if value is not None}
    answer = redirected(client.get("/oauth/connect", params=query))
    assert (answer["error"], answer["error_description"]) == (error, description)


def test_a_seller_may_deny_and_an_unknown_address_never_gets_a_redirect(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.oauth.deny = True
    denied = redirected(client.get("/oauth/connect", params=LOGIN))
    assert (denied["error"], denied["state"]) == ("access_denied", "st")
    page = client.get("/oauth/connect", params=LOGIN | {"redirect_uri": REDIRECT_URI + "/"})
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert "The requested redirect URL is not permitted." in page.text


def test_a_wrong_verifier_or_a_client_secret_is_refused(client: httpx.Client) -> None:
    def code() -> str:
        return redirected(client.get("/oauth/connect", params=LOGIN))["code"]

    assert redeem(client, code(), code_verifier="w" * 50).json()["error"] == "invalid_grant"
    secret = redeem(client, code(), client_secret="x").json()
    assert secret["error_description"] == "unknown parameter client_secret"


def test_an_old_refresh_token_may_be_accepted_again() -> None:
    etsy = PretendEtsy(rotate_refresh="accept-old")
    _, token = etsy.issue_login()
    with serving(etsy) as client:
        assert [refresh(client, token).status_code for _ in range(2)] == [200, 200]
        etsy.revoke_all()
        assert refresh(client, token).json() == {
            "error": "invalid_grant",
            "error_description": "refresh_token is revoked",
        }
        assert client.get(ME).status_code == 401


def test_a_lost_token_answer_has_rotated_the_pair(etsy: PretendEtsy, client: httpx.Client) -> None:
    _, token = etsy.issue_login()
    etsy.faults.add("lost_token_answer")
    with pytest.raises(httpx.TransportError):
        refresh(client, token)
    assert refresh(client, token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("key", "status", "error"),
    [
        (None, 401, "Missing or invalid API key."),
        ("pretend-keystring", 403, "Shared secret is required in x-api-key header."),
        (
            "pretend-keystring:wrong",
            403,
            "API key not found or not active, or incorrect shared secret for API key.",
        ),
    ],
)
def test_a_wrong_key_is_told_as_etsy_tells_it(
    etsy: PretendEtsy, client: httpx.Client, key: str | None, status: int, error: str
) -> None:
    del client.headers["x-api-key"]
    if key:
        client.headers["x-api-key"] = key
    answer = client.get("/v3/application/openapi-ping")
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert [request.key_ok for request in etsy.requests] == [False]


def test_a_key_that_is_not_active_opens_nothing(etsy: PretendEtsy, client: httpx.Client) -> None:
    etsy.api.key_active = False
    assert client.get("/v3/application/openapi-ping").status_code == 403


def test_a_missing_scope_another_shop_and_an_old_token_are_told_apart(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    other = client.get(RECEIPTS.replace("48291736", "90210"))
    assert (other.status_code, other.json()) == (403, {"error": "User does not own Shop 90210"})
    narrow, _ = etsy.issue_login("shops_r")
    missing = client.get(RECEIPTS, headers={"authorization": f"Bearer {narrow}"})
    assert (missing.status_code, missing.json()["error"]) == (403, "insufficient_scope")
    clock.advance(seconds=3600)
    old = client.get(RECEIPTS)
    expired = {"error": "invalid_token", "error_description": "access token is expired"}
    assert (old.status_code, old.json()) == (401, expired)
    assert client.get(RECEIPTS, headers={"authorization": ""}).status_code == 401


def test_the_shop_is_found_by_its_user_as_an_object_or_an_older_list(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    assert client.get(ME).json() == {"user_id": 90210, "shop_id": 48291736}
    path = "/v3/application/users/90210/shops"
    shop = client.get(path).json()
    assert (shop["shop_id"], shop["currency_code"]) == (48291736, "EUR")
    etsy.api.shops_as = "list"
    assert client.get(path).json()["results"][0]["shop_id"] == 48291736


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"includes": "transactions"}, "Unknown parameter 'includes'."),
        ({"min_created": 5}, "Invalid value for 'min_created': it must be at least 946684800."),
        ({"offset": 12001}, "Offset provided is greater than the maximum offset allowed."),
        ({"limit": 0}, "Invalid value for 'limit': it must be at least 1."),
        ({"was_paid": "1"}, "Invalid value for 'was_paid': expected true or false."),
        ({"min_created": "2026-01-01"}, "Invalid value for 'min_created': expected an integer."),
    ],
)
def test_a_careless_query_is_refused_and_recorded(
    etsy: PretendEtsy, client: httpx.Client, query: dict[str, Any], error: str
) -> None:
    answer = client.get(RECEIPTS, params=query)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert etsy.requests[-1].problems == [error]


def test_a_limit_over_100_is_taken_as_100(etsy: PretendEtsy, client: httpx.Client) -> None:
    etsy.fill_history(120)
    assert len(ids(client.get(RECEIPTS, params={"limit": 500}))) == 100


def test_a_receipt_of_another_shop_is_not_found_in_etsys_words(client: httpx.Client) -> None:
    answer = client.get(f"{RECEIPTS}/17")
    text = "Could not find a Shop Receipt with receipt_id = 17 associated with shop_id = 48291736"
    assert (answer.status_code, answer.json()) == (404, {"error": text})


def test_requests_are_recorded_with_how_they_were_answered(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    client.get(RECEIPTS, params={"limit": 5})
    (request,) = etsy.requests
    assert (request.method, request.path, request.query) == ("GET", RECEIPTS, {"limit": "5"})
    assert (request.key_ok, request.bearer_ok, request.status) == (True, True, 200)
    assert (request.at, "x-api-key" in request.headers) == (clock.now, True)


def test_the_date_is_the_shops_own(client: httpx.Client) -> None:
    answer = client.get(ME)
    assert answer.headers["date"] == "Fri, 20 Nov 2026 09:00:00 GMT"
    assert answer.headers["x-etsy-request-uuid"].startswith("pretend-")
