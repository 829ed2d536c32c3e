from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from salesdaemon.errors import AuthError, StoreError, UnavailableError
from salesdaemon.marketplaces import load
from salesdaemon.marketplaces.base import Account, Authorised, Finding
from tests.fakes.http import Scripted, ScriptedHttp, says
from tests.fakes.logins import LoginBook, MemoryLogins
from tests.marketplaces.etsy.connecting import SECRETS, SHOP_ID, connection, login
from tests.marketplaces.etsy.receipts import page, receipt

ETSY = load("etsy")
REDIRECT = "http://localhost:3003/oauth/callback"
PAIR = says({"access_token": "7.a", "refresh_token": "7.r", "expires_in": 3600})
ME = says({"user_id": 7, "shop_id": SHOP_ID})
NAME = says({"shop_name": "PretendPaperStudio"})
PONG = says({"application_id": 1})
NOT_FOUND = says({"error": "Resource not found"}, 404)


class Owner:
    """The owner's browser: opens the address and allows access, or does what a test says."""

    def __init__(self, answer: str = "{redirect}?code=C1&state={state}") -> None:
        self.answer = answer
        self.opened: list[tuple[str, str]] = []

    async def sign_in(self, url: str, redirect_uri: str) -> str:
        self.opened.append((url, redirect_uri))
        (state,) = parse_qs(urlsplit(url).query)["state"]
        return self.answer.format(redirect=redirect_uri, state=state)


async def test_signing_in_leaves_a_new_login_pending_and_names_the_shop() -> None:
    book = LoginBook(login())
    http, owner = ScriptedHttp(PAIR, ME, NAME), Owner()
    authorised = await ETSY.authorise(connection(http, book), owner)
    assert authorised == Authorised(
        Account(str(SHOP_ID), "PretendPaperStudio"),
        (Finding(ok=True, what=f"Signed in as shop PretendPaperStudio ({SHOP_ID})."),),
    )
    assert book.pending is not None
    assert (book.active, book.pending.access_token, book.log) == (
        login(),
        "7.a",
        ["daemon saves a pending login"],
    )
    assert [
        (urlsplit(asked.url).path, asked.headers.get("authorization")) for asked in http.asked
    ] == [
        ("/v3/public/oauth/token", None),
        ("/v3/application/users/me", "Bearer 7.a"),
        (f"/v3/application/shops/{SHOP_ID}", None),
    ]
    assert [redirect for _, redirect in owner.opened] == [REDIRECT]


async def test_a_shop_whose_name_is_not_told_is_named_by_its_number() -> None:
    authorised = await ETSY.authorise(connection(ScriptedHttp(PAIR, ME, NOT_FOUND)), Owner())
    assert authorised == Authorised(
        Account(str(SHOP_ID)), (Finding(ok=True, what=f"Signed in as shop {SHOP_ID}."),)
    )


@pytest.mark.parametrize(
    ("script", "owner", "settings", "what"),
    [
        pytest.param(
            [], Owner("{redirect}?code=C1&state=other"), {},
            "That address belongs to another attempt to sign in.", id="another attempt",
        ),
        pytest.param(
            [], Owner("{redirect}?error=access_denied&state={state}"), {},
            "Access was not allowed on Etsy's page.", id="not allowed",
        ),
        pytest.param(
            [says({"error": "invalid_grant", "error_description": "code is invalid"}, 400)],
            Owner(), {},
            "Etsy did not take the code: it was used before, is too old, or came from another "
            "address than `redirect_uri`.", id="a spent code",
        ),
        pytest.param(
            [PAIR, says({"user_id": 7, "shop_id": 5})], Owner(), {"shop_id": SHOP_ID},
            f"The login of 'prints' opens shop 5, but `shop_id` says {SHOP_ID}.", id="wrong shop",
        ),
        pytest.param(
            [PAIR, says({"error": "insufficient_scope"}, 403)], Owner(), {},
            "The login of shop 'prints' may not read what is needed.", id="missing scope",
        ),
        pytest.param(
            [PAIR, *[says({"error": "invalid_token"}, 401)] * 2], Owner(), {},
            "Etsy does not take the login of shop 'prints' any more; a changed password "
            "revokes it.", id="refused at once",
        ),
    ],
)  # fmt: skip
async def test_a_sign_in_that_fails_says_why_and_leaves_the_old_login(
    script: list[Scripted], owner: Owner, settings: dict[str, Any], what: str
) -> None:
    book = LoginBook(login())
    with pytest.raises(AuthError) as raised:
        await ETSY.authorise(connection(ScriptedHttp(*script), book, **settings), owner)
    assert (type(raised.value), raised.value.what, book.active) == (AuthError, what, login())
    assert raised.value.fix is not None
    assert not any(secret in str(raised.value) for secret in SECRETS)


KEY_FINE = Finding(ok=True, what="Etsy takes the app's key.")
SHOP_FINE = Finding(ok=True, what=f"The login opens shop {SHOP_ID} (shops_r).")
ORDERS_FINE = Finding(ok=True, what="Orders can be read (transactions_r).")
SIGN_IN = "Run `salesdaemon auth prints`."
COMPARE = (
    "Compare `keystring` and `shared_secret` in [shops.prints] with Your Apps at "
    "etsy.com/developers; if they are right, ask Etsy to activate the app."
)
KEY_REFUSED = Finding(
    ok=False,
    what="Etsy does not take the app's key of shop 'prints': wrong, not active yet, or not the "
    "secret that belongs to it.",
    fix=COMPARE,
)


async def test_a_check_that_goes_well_names_key_login_and_orders() -> None:
    http = ScriptedHttp(PONG, ME, says(page([receipt()])))
    assert list(await ETSY.check(connection(http))) == [KEY_FINE, SHOP_FINE, ORDERS_FINE]
    assert [asked.params.get("limit") for asked in http.asked] == [None, None, 1]
    assert "authorization" not in http.asked[0].headers


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param([says({"error": "Invalid API key"}, 400)], [KEY_REFUSED], id="key: 400"),
        pytest.param([says({"error": "No such app"}, 400)], [KEY_REFUSED], id="key: other 400"),
        pytest.param([says({"error": "invalid_token"}, 401)], [KEY_REFUSED], id="key: 401"),
        pytest.param([says({"error": "Forbidden"}, 403)], [KEY_REFUSED], id="key: 403"),
        pytest.param([NOT_FOUND], [KEY_REFUSED], id="key: 404"),
        pytest.param(
            [says({"error": "Shared secret is required in x-api-key header."}, 403)],
            [
                Finding(
                    ok=False,
                    what="Etsy wants the app's shared secret beside the keystring for shop "
                    "'prints'.",
                    fix="Set `shared_secret` in [shops.prints]; it stands beside the keystring "
                    "under Your Apps.",
                )
            ],
            id="no shared secret",
        ),
        pytest.param(
            [says({"error": "Server Error"}, 500)],
            [Finding(ok=False, what="Etsy answered with HTTP 500 application/json.")],
            id="Etsy is down",
        ),
        pytest.param(
            [says({"error": "Exceeded daily rate limit"}, 429)],
            [Finding(ok=False, what="Today's requests to Etsy are used up.")],
            id="nothing left today",
        ),
        pytest.param(
            [UnavailableError("openapi.etsy.com did not answer in time.")],
            [Finding(ok=False, what="openapi.etsy.com did not answer in time.")],
            id="no network",
        ),
        pytest.param(
            [PONG, ME, says({"error": "insufficient_scope"}, 403)],
            [
                KEY_FINE,
                SHOP_FINE,
                Finding(
                    ok=False,
                    what="The login of shop 'prints' may not read what is needed.",
                    fix="Run `salesdaemon auth prints` and allow both: transactions_r and shops_r.",
                ),
            ],
            id="no orders",
        ),
        pytest.param(
            [PONG, says({"user_id": 7})],
            [
                KEY_FINE,
                Finding(
                    ok=False,
                    what="The Etsy account that signed in for 'prints' has no shop.",
                    fix="Run `salesdaemon auth prints` and sign in as the shop's owner.",
                ),
            ],
            id="no shop",
        ),
    ],
)
async def test_a_check_reports_the_first_fault_with_its_fix(
    script: list[Scripted], expected: list[Finding]
) -> None:
    assert list(await ETSY.check(connection(ScriptedHttp(*script)))) == expected


async def test_a_check_without_a_login_says_how_to_get_one() -> None:
    found = await ETSY.check(connection(ScriptedHttp(PONG), LoginBook()))
    what = "Nobody has signed in to Etsy for shop 'prints' yet."
    assert list(found) == [KEY_FINE, Finding(ok=False, what=what, fix=SIGN_IN)]


async def test_a_check_reports_a_store_that_cannot_answer() -> None:
    class Broken(MemoryLogins):
        async def find(self) -> None:
            raise StoreError("The key does not fit the stored login.")

    connected = connection(ScriptedHttp(PONG))
    object.__setattr__(connected, "logins", Broken(LoginBook()))
    found = await ETSY.check(connected)
    assert list(found) == [
        KEY_FINE,
        Finding(ok=False, what="The key does not fit the stored login."),
    ]


def test_the_login_belongs_to_the_apps_public_key() -> None:
    assert ETSY.login_key is not None
    assert ETSY.login_key(connection(ScriptedHttp()).settings) == "pretend-keystring"
