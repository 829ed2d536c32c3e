"""The routes: /healthz, /readyz, /metrics and the files under /sounds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from salesdaemon.sounds import FILE_NAMES, media_type, read_sound

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Health:
    """Where the answers come from. `reasons` is empty when all is well."""

    reasons: Callable[[], Awaitable[Mapping[str, str]]]
    metrics: Callable[[], Awaitable[bytes]]


def make_app(health: Health) -> Starlette:
    """Make the web application."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        reasons = await health.reasons()
        body = {"ready": not reasons, "reasons": dict(reasons)}
        return JSONResponse(body, status_code=503 if reasons else 200)

    async def metrics(_request: Request) -> Response:
        return Response(await health.metrics(), media_type=METRICS_TYPE)

    async def sound(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILE_NAMES:
            return PlainTextResponse(f"Here are: {', '.join(FILE_NAMES)}\n", status_code=404)
        # Offered as a download: phones play a sound in the page, but do not keep it.
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(read_sound(name), headers=headers, media_type=media_type(name))

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/sounds/{name}", sound),
        ]
    )
