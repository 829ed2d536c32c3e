"""Etsy's login on loopback: authorization codes with PKCE, rotating refresh tokens, scopes.

Source: Etsy Open API v3, essentials/authentication (2026); the replies are those that its users
have reported.
"""

import base64
import hashlib
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

Rotation = Literal["refuse-old", "accept-old"]
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=90)
SCOPE_NAMES = (
    "address",
    "billing",
    "cart",
    "email",
    "favorites",
    "feedback",
    "listings",
    "profile",
    "recommend",
    "shops",
    "transactions",
)
ALL_SCOPES = frozenset(f"{name}_{right}" for name in SCOPE_NAMES for right in ("r", "w", "d"))
TOKEN_FIELDS = {
    "authorization_code": {"grant_type", "client_id", "redirect_uri", "code", "code_verifier"},
    "refresh_token": {"grant_type", "client_id", "refresh_token"},
}
NOT_PERMITTED = (
    "<!DOCTYPE html><html><body><h1>The requested redirect URL is not permitted.</h1></body></html>"
)
UNKNOWN_CLIENT = (
    "<!DOCTYPE html><html><body><h1>An unknown error occurred</h1>"
    "<p>The client_id is not known.</p></body></html>"
)


class Refused(Exception):  # noqa: N818 - an answer of the protocol, not a fault of the program
    """An OAuth error: the word for programs and the sentence beside it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for."""

    redirect_uri: str
    challenge: str
    scopes: frozenset[str]
    expires: datetime


@dataclass(slots=True)
class Grant:
    """What a token allows, and until when."""

    scopes: frozenset[str]
    expires: datetime
    usable: bool = True
    revoked: bool = False


class OAuth:
    """Codes and tokens of the one seller whose shop this is."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        seed: int,
        user_id: int,
        keystring: str,
        rotation: Rotation,
        redirect_uris: set[str],
    ) -> None:
        self.expires_in = 3600
        self.deny = False
        self.redirect_uris = redirect_uris
        self._now = now
        self._random = random.Random(seed)
        self._user_id = user_id
        self._keystring = keystring
        self._rotation = rotation
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def authorize(self, query: Mapping[str, str]) -> tuple[int, str]:
        """Answer the seller's browser: 302 and where to, or 400 and a page that stays at Etsy."""
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != self._keystring:
            return 400, UNKNOWN_CLIENT
        if redirect_uri not in self.redirect_uris:
            return 400, NOT_PERMITTED
        try:
            answer = {"code": self._approve(query, redirect_uri)}
        except Refused as refusal:
            answer = refusal.body
        if "state" in query:
            answer = answer | {"state": query["state"]}
        return 302, f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}"

    def token(self, fields: Mapping[str, str]) -> dict[str, object]:
        """Answer the token endpoint.

        Raises:
            Refused: the body belongs into a 400.
        """
        grant_type = fields.get("grant_type", "")
        if grant_type not in TOKEN_FIELDS:
            raise Refused("unsupported_grant_type", "grant_type is not supported")
        expected = TOKEN_FIELDS[grant_type]
        if unknown := sorted(fields.keys() - expected):
            raise Refused("invalid_request", f"unknown parameter {unknown[0]}")
        if missing := sorted(expected - fields.keys()):
            raise Refused("invalid_request", f"{missing[0]} is required")
        if fields["client_id"] != self._keystring:
            raise Refused("invalid_client", "client_id is invalid")
        if grant_type == "authorization_code":
            return self._redeem(fields)
        return self._rotate(fields["refresh_token"])

    def issue(
        self,
        scopes: frozenset[str] = frozenset({"shops_r", "transactions_r"}),
        *,
        access_token: str | None = None,
        refresh_token: str | None = None,
    ) -> tuple[str, str]:
        """Hand out an access and a refresh token without the browser."""
        access, refresh = access_token or self._secret(), refresh_token or self._secret()
        now = self._now()
        self._access[access] = Grant(scopes, now + timedelta(seconds=self.expires_in))
        self._refresh[refresh] = Grant(scopes, now + REFRESH_LIFETIME)
        return access, refresh

    def revoke_all(self) -> None:
        """Do what a changed password does: no token works any more."""
        for grant in (*self._access.values(), *self._refresh.values()):
            grant.revoked = True

    def expire_access(self) -> None:
        """Let every access token be an hour old; refresh tokens stay good."""
        for grant in self._access.values():
            grant.expires = self._now()

    def scopes_of(self, access_token: str) -> frozenset[str]:
        """Say what a bearer token allows.

        Raises:
            Refused: the body belongs into a 401.
        """
        grant = self._access.get(access_token)
        if grant is None or grant.revoked:
            raise Refused("invalid_token", "access token is invalid")
        if grant.expires <= self._now():
            raise Refused("invalid_token", "access token is expired")
        return grant.scopes

    def _approve(self, query: Mapping[str, str], redirect_uri: str) -> str:
        scopes = frozenset(query.get("scope", "").split())
        if "state" not in query:
            raise Refused("invalid_request", "state is required")
        if self.deny:
            raise Refused("access_denied", "The user denied the request")
        if query.get("response_type") != "code":
            raise Refused("unsupported_response_type", "response_type must be code")
        if not scopes or not scopes <= ALL_SCOPES:
            raise Refused("invalid_scope", "scope is invalid")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise Refused("invalid_request", "code_challenge with method S256 is required")
        code = self._secret()
        expires = self._now() + CODE_LIFETIME
        self._codes[code] = Code(redirect_uri, query["code_challenge"], scopes, expires)
        return code

    def _redeem(self, fields: Mapping[str, str]) -> dict[str, object]:
        code = self._codes.pop(fields["code"], None)
        if code is None or code.expires <= self._now():
            raise Refused("invalid_grant", "code is invalid or was used before")
        if code.redirect_uri != fields["redirect_uri"]:
            raise Refused("invalid_grant", "redirect_uri does not match")
        verifier = fields["code_verifier"]
        if not VERIFIER.match(verifier) or _challenge(verifier) != code.challenge:
            raise Refused("invalid_grant", "code_verifier is invalid")
        return self._answer(code.scopes)

    def _rotate(self, refresh_token: str) -> dict[str, object]:
        grant = self._refresh.get(refresh_token)
        if grant is None or not grant.usable:
            raise Refused("invalid_grant", "refresh_token is invalid")
        if grant.revoked:
            raise Refused("invalid_grant", "refresh_token is revoked")
        if grant.expires <= self._now():
            raise Refused("invalid_grant", "refresh_token is expired")
        grant.usable = self._rotation == "accept-old"
        return self._answer(grant.scopes)

    def _answer(self, scopes: frozenset[str]) -> dict[str, object]:
        access, refresh = self.issue(scopes)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "refresh_token": refresh,
        }

    def _secret(self) -> str:
        return f"{self._user_id}.{self._random.randbytes(32).hex()}"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
