import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from salesdaemon.domain.login import Login
from salesdaemon.errors import (
    AuthError,
    RateLimitError,
    SalesDaemonError,
    StoreError,
    UnavailableError,
)
from salesdaemon.marketplaces.etsy.oauth import (
    AnswerLostError,
    SignIn,
    TokenEndpoint,
    Tokens,
    challenge,
)
from tests.fakes.http import Asked, FakeReply, Scripted, ScriptedHttp, says
from tests.fakes.logins import LoginBook, MemoryLogins
from tests.marketplaces.etsy.connecting import (
    ACCESS,
    NOW,
    REFRESH,
    SECRETS,
    Naps,
    connection,
    login,
)

ENDPOINT = "https://openapi.etsy.com/v3/public/oauth/token"
REDIRECT = "http://localhost:3003/oauth/callback"
KEY = {"x-api-key": "pretend-keystring:pretend-secret"}


def pair(name: str = "new", **changes: Any) -> FakeReply:
    document = {
        "access_token": f"90210.{name}-access",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": f"90210.{name}-refresh",
    }
    return says(document | changes)


def refused(error: str, description: str = "", status: int = 400) -> FakeReply:
    return says({"error": error, "error_description": description}, status)


REVOKED = refused("invalid_grant", "refresh_token is revoked")
NEW = Login("90210.new-access", "90210.new-refresh", NOW + timedelta(hours=1), 2)
BROKE = UnavailableError("The connection broke.")


# --- signing in -------------------------------------------------------------------------------


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_the_address_to_open_holds_what_etsy_asks_for() -> None:
    attempt = SignIn.begin()
    settings = connection(ScriptedHttp()).settings
    parts = urlsplit(attempt.url(settings))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.etsy.com", "/oauth/connect")
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["pretend-keystring"],
        "redirect_uri": [REDIRECT],
        "scope": ["transactions_r shops_r"],
        "state": [attempt.state],
        "code_challenge": [challenge(attempt.verifier)],
        "code_challenge_method": ["S256"],
    }
    assert 43 <= len(attempt.verifier) <= 128
    assert SignIn.begin() != attempt


@pytest.mark.parametrize(
    "redirected",
    [
        f"{REDIRECT}?code=C1&state=S1",
        f"  {REDIRECT}?state=S1&code=C1#_\n",
        "code=C1&state=S1",
        "?code=C1&state=S1",
    ],
)
def test_the_code_is_read_from_the_address_or_its_query(redirected: str) -> None:
    assert SignIn("S1", "V").read_code(redirected, "prints") == "C1"


@pytest.mark.parametrize(
    ("redirected", "what"),
    [
        (f"{REDIRECT}?code=C1&state=S2", "That address belongs to another attempt to sign in."),
        (f"{REDIRECT}?code=C1", "That address belongs to another attempt to sign in."),
        (f"{REDIRECT}?state=S1", "That address holds no code."),
        ("", "That address belongs to another attempt to sign in."),
        ("http://[", "That address belongs to another attempt to sign in."),
        (
            f"{REDIRECT}?error=access_denied&error_description=The+user+denied&state=S1",
            "Access was not allowed on Etsy's page.",
        ),
        (
            f"{REDIRECT}?error=invalid_request&error_description=state+is%0Arequired",
            'Etsy did not sign you in: "state isrequired".',
        ),
        (f"{REDIRECT}?error=server_error", 'Etsy did not sign you in: "server_error".'),
    ],
)
def test_a_redirect_without_a_code_of_ours_is_refused(redirected: str, what: str) -> None:
    with pytest.raises(AuthError) as raised:
        SignIn("S1", "V").read_code(redirected, "prints")
    assert (raised.value.what, raised.value.fix is not None) == (what, True)


async def test_a_code_becomes_a_login_without_a_client_secret() -> None:
    http = ScriptedHttp(pair())
    found = await TokenEndpoint(connection(http)).exchange("C1", "V1")
    form = {
        "grant_type": "authorization_code",
        "client_id": "pretend-keystring",
        "redirect_uri": REDIRECT,
        "code": "C1",
        "code_verifier": "V1",
    }
    assert http.asked == [Asked("POST", ENDPOINT, {}, KEY, form, repeat=False)]
    assert (found.access_token, found.refresh_token, found.expires_at) == (
        NEW.access_token,
        NEW.refresh_token,
        NEW.expires_at,
    )


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(60, 60), ("1800", 1800), (None, 3600), (0, 3600), (-5, 3600), (10**30, 3600), ("soon", 3600)],
)
async def test_a_login_lasts_as_long_as_etsy_says(sent: object, seconds: int) -> None:
    found = await TokenEndpoint(connection(ScriptedHttp(pair(expires_in=sent)))).exchange("C", "V")
    assert found.expires_at == NOW + timedelta(seconds=seconds)


# --- refreshing -------------------------------------------------------------------------------


def tokens_of(http: ScriptedHttp, book: LoginBook, naps: Naps | None = None) -> Tokens:
    return Tokens(connection(http, book), sleep=naps or Naps())


def stale(seconds: float = 59) -> LoginBook:
    return LoginBook(login(lasts=seconds))


async def test_a_token_good_for_a_minute_is_used_as_it_is() -> None:
    book = stale(60)
    assert await tokens_of(ScriptedHttp(), book).access_token() == ACCESS
    assert book.log == []


async def test_nobody_signed_in_is_said_so() -> None:
    with pytest.raises(AuthError) as raised:
        await tokens_of(ScriptedHttp(), LoginBook()).access_token()
    assert str(raised.value) == (
        "Nobody has signed in to Etsy for shop 'prints' yet. Run `salesdaemon auth prints`."
    )


async def test_a_stale_token_is_refreshed_under_a_lease() -> None:
    book = stale()
    http = ScriptedHttp(pair())
    assert await tokens_of(http, book).access_token() == NEW.access_token
    form = {
        "grant_type": "refresh_token",
        "client_id": "pretend-keystring",
        "refresh_token": REFRESH,
    }
    assert http.asked == [Asked("POST", ENDPOINT, {}, KEY, form, repeat=False)]
    assert (book.active, book.log) == (NEW, ["daemon leases 1", "daemon saves 2"])


async def test_each_refresh_shows_the_token_of_the_one_before() -> None:
    book = stale()
    short = [pair("first", expires_in=10), pair("second")]
    http = ScriptedHttp(*short)
    tokens = tokens_of(http, book)
    assert await tokens.access_token() == "90210.first-access"
    assert await tokens.access_token() == "90210.second-access"
    assert [asked.form["refresh_token"] for asked in http.asked] == [
        REFRESH,
        "90210.first-refresh",
    ]


LOST: dict[str, Scripted] = {
    "no answer": BROKE,
    "server error": says({"error": "Server Error"}, 500),
    "a page": FakeReply(502, {"content-type": "text/html"}, b"<html>"),
    "nothing readable": says(b"<html>"),
    "no refresh token": pair(refresh_token=None),
    "empty": says(b""),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_after_a_lost_answer_the_old_token_is_tried_again(lost: Scripted) -> None:
    book, naps = stale(), Naps()
    http = ScriptedHttp(lost, lost, pair())
    assert await tokens_of(http, book, naps).access_token() == NEW.access_token
    assert [asked.form["refresh_token"] for asked in http.asked] == [REFRESH] * 3
    assert (naps.taken, book.active, book.holder) == ([0.5, 1.0], NEW, None)


async def test_a_loss_that_stays_unclear_is_remembered_and_tried_later() -> None:
    book = stale()
    with pytest.raises(AnswerLostError):
        await tokens_of(ScriptedHttp(*[BROKE] * 4), book).access_token()
    assert (book.active, book.log) == (
        login(lasts=59),
        ["daemon leases 1", "daemon releases, answer lost"],
    )
    assert await tokens_of(ScriptedHttp(pair()), book).access_token() == NEW.access_token


LOST_AND_REFUSED = (
    "The answer to an earlier refresh was lost and Etsy no longer takes the old login of shop "
    "'prints'. Run `salesdaemon auth prints` and sign in again; polling resumes by itself."
)


async def test_a_refusal_after_a_loss_says_what_happened() -> None:
    book = stale()
    with pytest.raises(AuthError) as raised:
        await tokens_of(ScriptedHttp(BROKE, REVOKED), book).access_token()
    assert (str(raised.value), book.log[-1]) == (LOST_AND_REFUSED, "daemon releases, answer lost")


async def test_a_refusal_after_a_loss_in_an_earlier_life_says_what_happened() -> None:
    book = stale()
    book.answer_lost = True
    with pytest.raises(AuthError) as raised:
        await tokens_of(ScriptedHttp(REVOKED), book).access_token()
    assert (type(raised.value), str(raised.value)) == (AuthError, LOST_AND_REFUSED)


@pytest.mark.parametrize(
    ("reply", "kind", "what"),
    [
        pytest.param(
            REVOKED,
            AuthError,
            "Etsy does not take the login of shop 'prints' any more; a changed password "
            "revokes it.",
            id="revoked",
        ),
        pytest.param(
            refused("invalid_client", "client_id is invalid"),
            AuthError,
            "Etsy does not know the app that shop 'prints' signs in with.",
            id="another app",
        ),
        pytest.param(
            says({"error": "Shared secret is required in x-api-key header."}, 403),
            AuthError,
            "Etsy wants the app's shared secret beside the keystring for shop 'prints'.",
            id="no shared secret",
        ),
        pytest.param(
            says({"error": "Exceeded per second rate limit"}, 429),
            RateLimitError,
            "Etsy asks for fewer requests.",
            id="too many",
        ),
    ],
)
async def test_a_clear_refusal_is_told_once_and_gives_the_lease_back(
    reply: FakeReply, kind: type[SalesDaemonError], what: str
) -> None:
    book = stale()
    with pytest.raises(SalesDaemonError) as raised:
        await tokens_of(ScriptedHttp(reply), book).access_token()
    assert (type(raised.value), raised.value.what) == (kind, what)
    assert book.log == ["daemon leases 1", "daemon releases"]
    assert not any(secret in str(raised.value) for secret in SECRETS)


async def test_an_error_shows_no_secret_even_in_its_causes() -> None:
    with pytest.raises(AuthError) as raised:
        await tokens_of(ScriptedHttp(BROKE, REVOKED), stale()).access_token()
    error: BaseException | None = raised.value
    told = []
    while error is not None:
        told.append(repr(error))
        error = error.__cause__ or error.__context__
    assert not any(secret in text for secret in SECRETS for text in told)


async def test_of_two_processes_one_refreshes_and_the_other_waits() -> None:
    book = stale()
    asked: list[str] = []
    answer = asyncio.Event()

    class SlowHttp(ScriptedHttp):
        async def request(self, method: str, url: str, **keywords: Any) -> FakeReply:
            asked.append(keywords["form"]["refresh_token"])
            await answer.wait()
            return pair()

    def step() -> None:
        answer.set()

    first = Tokens(connection(SlowHttp(), book, owner="daemon"), sleep=asyncio.sleep)
    waiting = Naps(then=step)

    async def nap(seconds: float) -> None:
        await waiting(seconds)
        await asyncio.sleep(0)

    second = Tokens(connection(SlowHttp(), book, owner="check"), sleep=nap)
    found = await asyncio.gather(first.access_token(), second.access_token())
    assert (list(found), asked) == ([NEW.access_token] * 2, [REFRESH])
    assert book.log == ["daemon leases 1", "daemon saves 2"]
    assert set(waiting.taken) == {0.2}


async def test_a_lease_that_frees_up_is_taken_over() -> None:
    book = stale()
    book.holder = "crashed"

    def free() -> None:
        book.holder = None

    tokens = tokens_of(ScriptedHttp(pair()), book, Naps(then=free))
    assert await tokens.access_token() == NEW.access_token


async def test_waiting_for_another_process_ends() -> None:
    book, naps = stale(), Naps()
    book.holder = "hanging"
    with pytest.raises(UnavailableError) as raised:
        await tokens_of(ScriptedHttp(), book, naps).access_token()
    assert str(raised.value) == "Another process has been refreshing the login for too long."
    assert sum(naps.taken) == pytest.approx(45)


async def test_a_pair_that_came_just_before_the_lease_is_used() -> None:
    book = stale()

    class LateLogins(MemoryLogins):
        async def lease(self, generation: int) -> bool:
            won = await super().lease(generation)
            self.book.active = NEW
            return won

    connected = connection(ScriptedHttp(), book)
    object.__setattr__(connected, "logins", LateLogins(book))
    assert await Tokens(connected).access_token() == NEW.access_token
    assert book.log == ["daemon leases 1", "daemon releases"]


async def test_a_pair_is_not_used_before_it_is_stored_and_not_lost_if_it_cannot_be() -> None:
    book = stale()
    book.failing_saves = [StoreError("The disk is full.")]
    tokens = tokens_of(ScriptedHttp(pair()), book)
    with pytest.raises(StoreError):
        await tokens.access_token()
    assert (book.active, book.holder) == (login(lasts=59), None)
    assert await tokens.access_token() == NEW.access_token  # without another request
    assert book.active == NEW


async def test_a_cancelled_refresh_gives_the_lease_back_and_notes_the_loss() -> None:
    book = stale()

    class Hanging(ScriptedHttp):
        async def request(self, method: str, url: str, **keywords: Any) -> FakeReply:
            await asyncio.Event().wait()
            return pair()

    task = asyncio.create_task(tokens_of(Hanging(), book).access_token())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert book.log == ["daemon leases 1", "daemon releases, answer lost"]


async def test_retries_end_before_the_lease_does() -> None:
    book = stale()
    now = [NOW]

    def pass_time(_asked: Asked) -> FakeReply:
        now[0] += timedelta(seconds=21)
        return says({"error": "Server Error"}, 500)

    http = ScriptedHttp(pass_time)
    tokens = Tokens(connection(http, book, clock=lambda: now[0]), sleep=Naps())
    with pytest.raises(UnavailableError):
        await tokens.access_token()
    assert book.log[-1] == "daemon releases, answer lost"


async def test_renewing_uses_the_pair_that_another_process_brought() -> None:
    book = LoginBook(NEW)
    assert await tokens_of(ScriptedHttp(), book).renew(ACCESS) == NEW.access_token


async def test_renewing_refreshes_a_token_that_seems_good() -> None:
    book = LoginBook(login())
    assert await tokens_of(ScriptedHttp(pair()), book).renew(ACCESS) == NEW.access_token
