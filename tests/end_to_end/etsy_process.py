"""The pretend Etsy as a process, with two more switches than its own command line has.

`--rotation` says what becomes of a refresh token that was used; `/_pretend/expire-access` lets
every access token be an hour old.
"""

import sys
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salesdaemon.marketplaces.etsy import pretend_control
from salesdaemon.marketplaces.etsy.pretend import PretendEtsy


class Etsy(PretendEtsy):
    def __init__(self, **wanted: Any) -> None:
        super().__init__(**wanted)
        self.app.router.routes.insert(
            0, Route("/_pretend/expire-access", self._expire, methods=["POST"])
        )

    async def _expire(self, _request: Request) -> Response:
        with self.lock:
            self.oauth.expire_access()
        return JSONResponse({})


if __name__ == "__main__":
    arguments = sys.argv[1:]
    rotation = "refuse-old"
    if "--rotation" in arguments:
        place = arguments.index("--rotation")
        rotation = arguments[place + 1]
        del arguments[place : place + 2]
    sys.exit(pretend_control.main(arguments, partial(Etsy, rotate_refresh=rotation)))
