"""Who may ask the pretend shop for what, and how it says no.

Source: Gumroad's public source (`base_controller.rb`, `doorkeeper.rb`), read 2026-11.
"""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from salesdaemon.marketplaces.gumroad.pretend_json import text_of

PUBLIC_SCOPES = frozenset(
    {
        "view_public",
        "edit_products",
        "edit_emails",
        "view_sales",
        "mark_sales_as_shipped",
        "edit_sales",
        "revenue_share",
        "ifttt",
        "view_profile",
        "edit_profile",
        "view_payouts",
        "view_tax_data",
        "account",
    }
)


class BadRequestError(Exception):
    """A parameter that the vendor answers with a 400; the message is the vendor's."""


@dataclass(slots=True)
class Access:
    """The one token of the shop and what it may do; both may change while the shop is open."""

    token: str
    scopes: frozenset[str]

    def refusal(self, request: Request, scopes: Collection[str]) -> Response | None:
        """Tell how a request is refused, or None where one of these scopes is granted."""
        if self._token_of(request) != self.token:
            return _refuse(401, "invalid_token", "The access token is invalid")
        if not self.scopes.intersection({*scopes, "account"}):
            wanted = " ".join(sorted(scopes))
            return _refuse(
                403,
                "insufficient_scope",
                f'Access to this resource requires scope \\"{wanted}\\".',
            )
        return None

    def _token_of(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token
        return request.query_params.get("access_token")


def _refuse(status: int, error: str, description: str) -> Response:
    challenge = f'Bearer realm="Doorkeeper", error="{error}", error_description="{description}"'
    return Response(b"", status, {"WWW-Authenticate": challenge})


def json_answer(body: object, status: int = 200) -> Response:
    """Answer with JSON, whatever text is in it."""
    return Response(text_of(body), status, media_type="application/json; charset=utf-8")


def bad_request(message: str) -> Response:
    """Answer in the shape that the vendor keeps for parameters it cannot read."""
    return json_answer({"status": 400, "error": message}, 400)


def missing(what: str) -> Response:
    """Answer as the vendor does for something that does not exist: with a 200."""
    return json_answer({"success": False, "message": f"The {what} was not found."})


async def not_found(request: Request, _error: Exception) -> Response:
    """Answer a path that is no route: as JSON under the API, else as a page."""
    if request.url.path.startswith(("/v2/", "/api/v2/")):
        return json_answer({"success": False, "error": "Not found"}, 404)
    return HTMLResponse("<!DOCTYPE html><html><body><h1>Page not found</h1></body></html>", 404)
