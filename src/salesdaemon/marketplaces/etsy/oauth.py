"""Sign in to Etsy and keep the login fresh: OAuth 2.0 with PKCE, by hand.

Each refresh brings a new refresh token, and whether the one before stays good is not documented.
So one process refreshes at a time, the new pair is on disk before it is used, and after a lost
answer the old token is tried again.

Source: Etsy Open API v3, essentials/authentication; etsy/open-api issues 116, 353, 519 and 549
(read 2026-11).
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from salesdaemon.domain.login import Login
from salesdaemon.errors import AuthError, MarketplaceError, StoreError, UnavailableError
from salesdaemon.marketplaces.base import Connection, Reply
from salesdaemon.marketplaces.etsy.refusals import About, refusal, says
from salesdaemon.marketplaces.etsy.settings import EtsySettings
from salesdaemon.marketplaces.etsy.wire import TokenPair, parse_object

SCOPES = "transactions_r shops_r"
USUAL_LIFETIME_SECONDS = 3600
LONGEST_LIFETIME_SECONDS = 90 * 86400
SPARE_LIFETIME = timedelta(seconds=60)
"""A token with less than this left is refreshed before it is used."""
POLL_SECONDS = 0.2
MOST_POLLS = 225
"""How often to look whether another process has refreshed: for 45 seconds."""
RETRY_WAITS_SECONDS = (0.5, 1.0, 2.0)
"""The waits before the old token is tried again after a lost answer."""

TIME_TO_RETRY = timedelta(seconds=20)
"""After that no further try is begun: it could outlive the lease."""

Result = TypeVar("Result")
Sleep = Callable[[float], Awaitable[None]]


class AnswerLostError(UnavailableError):
    """A refresh went out and its answer did not come back, or could not be read."""


class GrantRefusedError(AuthError):
    """Etsy does not take the code or refresh token that was shown."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to sign in: what proves that the redirect belongs to it."""

    state: str
    verifier: str

    @classmethod
    def begin(cls) -> "SignIn":
        """Draw new secrets for one attempt."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    def url(self, settings: EtsySettings) -> str:
        """Build the address that the owner opens."""
        query = {
            "response_type": "code",
            "client_id": settings.keystring.get_secret_value(),
            "redirect_uri": settings.redirect_uri,
            "scope": SCOPES,
            "state": self.state,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return f"{settings.auth_url}/oauth/connect?{urlencode(query)}"

    def read_code(self, redirected: str, shop: str) -> str:
        """Read the code from the address that Etsy redirected to, or from its query alone.

        Raises:
            AuthError: it was refused, belongs to another attempt, or holds no code.
        """
        answer = _read_query(redirected)
        again = f"Run `salesdaemon auth {shop}` again."
        if "error" in answer:
            raise AuthError(_explain_denial(answer), fix=again)
        if not hmac.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            raise AuthError("That address belongs to another attempt to sign in.", fix=again)
        if not answer.get("code"):
            raise AuthError(
                "That address holds no code.",
                fix="Copy the whole address from the browser after you have allowed access.",
            )
        return answer["code"]


def challenge(verifier: str) -> str:
    """Hash a verifier as PKCE's S256 does."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _read_query(redirected: str) -> Mapping[str, str]:
    text = redirected.strip()
    try:
        query = urlsplit(text).query
    except ValueError:
        query = ""
    fields = parse_qs(query or text.lstrip("?"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _explain_denial(answer: Mapping[str, str]) -> str:
    if answer["error"] == "access_denied":
        return "Access was not allowed on Etsy's page."
    said = answer.get("error_description") or answer["error"]
    shown = "".join(letter for letter in said if letter.isprintable())[:100]
    return f'Etsy did not sign you in: "{shown}".'


class TokenEndpoint:
    """Etsy's token endpoint for one shop's app. Requests are never repeated by themselves."""

    def __init__(self, connection: Connection) -> None:
        settings: EtsySettings = connection.settings
        self._http = connection.http
        self._clock = connection.clock
        self._about = About(connection.shop)
        self._url = f"{settings.api_url}/v3/public/oauth/token"
        self._client_id = settings.keystring.get_secret_value()
        self._key = f"{self._client_id}:{settings.shared_secret.get_secret_value()}"
        self._redirect_uri = settings.redirect_uri

    async def exchange(self, code: str, verifier: str) -> Login:
        """Turn a code into a login.

        Raises:
            GrantRefusedError: the code is spent, too old, or not from this redirect address.
        """
        return await self._post(
            {
                "grant_type": "authorization_code",
                "redirect_uri": self._redirect_uri,
                "code": code,
                "code_verifier": verifier,
            }
        )

    async def refresh(self, refresh_token: str) -> Login:
        """Turn a refresh token into a new pair.

        Raises:
            AnswerLostError: it may have been turned, but the pair did not arrive.
            GrantRefusedError: Etsy no longer takes the token.
        """
        return await self._post({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def _post(self, fields: Mapping[str, str]) -> Login:
        asked_at = self._clock()
        reply = await self._send(fields)
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply)
        pair = _read_pair(reply)
        return Login(pair.access_token or "", pair.refresh_token or "", asked_at + _lifetime(pair))

    async def _send(self, fields: Mapping[str, str]) -> Reply:
        try:
            return await self._http.request(
                "POST",
                self._url,
                headers={"x-api-key": self._key},
                form={"client_id": self._client_id, **fields},
                repeat=False,
            )
        except UnavailableError as error:
            raise AnswerLostError(error.what, fix=error.fix) from error

    def _refusal(self, reply: Reply) -> MarketplaceError:
        error = refusal(reply, self._about)
        if isinstance(error, UnavailableError):
            return AnswerLostError(error.what, fix=error.fix)
        if says(reply, "invalid_grant"):
            return GrantRefusedError(error.what, fix=error.fix)
        return error


def _lifetime(pair: TokenPair) -> timedelta:
    try:
        seconds = float(pair.expires_in)
    except (TypeError, ValueError):
        seconds = USUAL_LIFETIME_SECONDS
    sensible = 0 < seconds <= LONGEST_LIFETIME_SECONDS
    return timedelta(seconds=seconds if sensible else USUAL_LIFETIME_SECONDS)


def _read_pair(reply: Reply) -> TokenPair:
    try:
        pair = parse_object(reply.body, TokenPair)
    except MarketplaceError:
        pair = TokenPair()
    if not pair.access_token or not pair.refresh_token:
        raise AnswerLostError("Etsy's answer with the new login could not be read.")
    return pair


class Tokens:
    """The access token of one shop, refreshed under a lease that all processes share."""

    def __init__(self, connection: Connection, *, sleep: Sleep = asyncio.sleep) -> None:
        self._shop = connection.shop
        self._logins = connection.logins
        self._clock = connection.clock
        self._endpoint = TokenEndpoint(connection)
        self._sleep = sleep
        self._unsaved: tuple[int, Login] | None = None

    async def access_token(self) -> str:
        """Return a token that is good for a minute at least.

        Raises:
            AuthError: there is no login, or Etsy no longer takes it.
            UnavailableError: it could not be refreshed just now.
        """
        login = await self._find()
        if not self._is_fresh(login):
            login = await self._refresh(login)
        return login.access_token

    async def renew(self, refused: str) -> str:
        """Return another token than one that Etsy has refused before its time."""
        login = await self._find()
        if login.access_token == refused or not self._is_fresh(login):
            login = await self._refresh(login)
        return login.access_token

    async def _find(self) -> Login:
        login = await self._logins.find()
        if login is None:
            raise AuthError(
                f"Nobody has signed in to Etsy for shop '{self._shop}' yet.",
                fix=f"Run `salesdaemon auth {self._shop}`.",
            )
        return login

    def _is_fresh(self, login: Login) -> bool:
        return login.expires_at - self._clock() >= SPARE_LIFETIME

    async def _refresh(self, stale: Login) -> Login:
        """Refresh a pair, or wait until another process has."""
        for _ in range(MOST_POLLS):
            # Asked before the lease is won: a lease that its owner left behind tells of a loss.
            lost = await self._logins.answer_was_lost()
            if await self._logins.lease(stale.generation):
                return await self._refresh_leased(stale, lost_before=lost)
            await self._sleep(POLL_SECONDS)
            found = await self._find()
            if found.generation != stale.generation:
                if self._is_fresh(found):
                    return found
                stale = found
        raise UnavailableError("Another process has been refreshing the login for too long.")

    async def _refresh_leased(self, stale: Login, *, lost_before: bool) -> Login:
        """Refresh under the lease; whatever happens, the lease is given back."""
        attempt = _Attempt(lost=lost_before)
        try:
            attempt.lost |= await self._logins.answer_was_lost()
            current = await self._find()
            if current.generation != stale.generation:
                await self._logins.release(answer_lost=False)
                return current
            pair = await self._obtain(current, attempt)
            self._unsaved = (current.generation, pair)
            saved = await _to_the_end(self._logins.save(pair))
        except GrantRefusedError as error:
            await self._release(attempt)
            raise self._explain(error, attempt) from error
        except BaseException:  # a cancelled poll, too, must not leave the lease behind
            await _to_the_end(self._release(attempt))
            raise
        self._unsaved = None
        return saved

    async def _release(self, attempt: "_Attempt") -> None:
        try:
            await self._logins.release(answer_lost=attempt.lost or attempt.pending)
        except StoreError:
            return  # the lease runs out by itself, and what broke first is what is told

    async def _obtain(self, current: Login, attempt: "_Attempt") -> Login:
        """Ask for a new pair; after a lost answer the old token is tried again."""
        if self._unsaved is not None and self._unsaved[0] == current.generation:
            return self._unsaved[1]
        begun = self._clock()
        for wait in (*RETRY_WAITS_SECONDS, None):
            attempt.pending = True
            try:
                pair = await self._endpoint.refresh(current.refresh_token)
            except AnswerLostError:
                attempt.lost = True
                if wait is None or self._clock() - begun > TIME_TO_RETRY:
                    raise
                await self._sleep(wait)
            except MarketplaceError:
                attempt.pending = False
                raise
            else:
                return pair
        raise AssertionError("the last attempt returns or raises")

    def _explain(self, error: GrantRefusedError, attempt: "_Attempt") -> AuthError:
        if not attempt.lost:
            return AuthError(error.what, fix=error.fix)
        return AuthError(
            "The answer to an earlier refresh was lost and Etsy no longer takes the old login "
            f"of shop '{self._shop}'.",
            fix=f"Run `salesdaemon auth {self._shop}` and sign in again; polling resumes by "
            "itself.",
        )


@dataclass(slots=True)
class _Attempt:
    """What is known of a refresh under way: an answer `lost`, or one still `pending`."""

    lost: bool
    pending: bool = False


async def _to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Await something that must not stop half-way; a cancellation is passed on afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
