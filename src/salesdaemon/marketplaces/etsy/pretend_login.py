"""The two addresses of Etsy's login: the page a seller's browser opens, and the token endpoint."""

import json
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from salesdaemon.marketplaces.etsy.pretend_api import JSON, Api, RecordedRequest
from salesdaemon.marketplaces.etsy.pretend_oauth import Refused
from salesdaemon.marketplaces.etsy.pretend_orders import to_json


def routes(api: Api) -> list[Route]:
    """List the login's addresses."""

    async def connect(request: Request) -> Response:
        recorded = api.record(request)
        status, where = api.oauth.authorize(dict(request.query_params))
        recorded.status = status
        if status == 302:  # noqa: PLR2004 - the redirect of OAuth
            return RedirectResponse(where, status)
        return HTMLResponse(where, status)

    async def token(request: Request) -> Response:
        recorded = api.record(request)
        return await api.answered(request, recorded, lambda: _token(api, request, recorded))

    return [
        Route("/oauth/connect", connect, methods=["GET"]),
        Route("/v3/public/oauth/token", token, methods=["POST"]),
    ]


async def _token(api: Api, request: Request, recorded: RecordedRequest) -> Response:
    headers = {"cache-control": "no-store"}
    try:
        with api.shop.lock:
            answer = api.oauth.token(_fields(request, await request.body()))
    except Refused as refused:
        recorded.problems.append(str(refused))
        return Response(to_json(refused.body), 400, headers, JSON)
    return Response(to_json(answer), 200, headers, JSON)


def _fields(request: Request, body: bytes) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith(JSON):
        fields = json.loads(body)
        if isinstance(fields, dict):
            return {str(name): str(value) for name, value in fields.items()}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))
