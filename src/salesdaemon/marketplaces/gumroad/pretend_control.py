"""How another process makes things happen in the pretend shop: `/_pretend/…`, JSON, no login."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesdaemon.marketplaces.gumroad.pretend_access import json_answer

if TYPE_CHECKING:
    from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad

_Action = Callable[..., object]


def control_routes(pretend: "PretendGumroad") -> list[Route]:
    """Make the routes; a body's keys are the arguments of the method of that name.

    An answer is `{"result": …}`; a body that does not fit gets a 400 that says why.
    """
    actions: Mapping[str, _Action] = {
        "sell": _with_times(pretend.add_sale),
        "refund": pretend.refund,
        "fail-refund": pretend.fail_refund,
        "dispute": pretend.dispute,
        "win-dispute": pretend.win_dispute,
        "bundle": pretend.add_bundle,
        "rename-product": pretend.rename_product,
        "fill-history": pretend.fill_history,
        "make-payout": pretend.make_payout,
        "make-payouts": pretend.make_payouts,
        "fail-payout": pretend.fail_payout,
        "credit": pretend.credit,
        "earn-as-affiliate": pretend.earn_as_affiliate,
        "fault": pretend.faults.add,
        "clear-faults": pretend.faults.clear,
        "burst": lambda count: [pretend.sell_one() for _ in range(count)],
        "reset-requests": pretend.requests.clear,
    }
    facts: Mapping[str, Callable[[], object]] = {
        "books": pretend.books,
        "settled-books": pretend.settled_books,
        "payouts": pretend.payouts,
        "requests": lambda: [asdict(request) for request in list(pretend.requests)],
        "faults": lambda: pretend.faults.fired,
    }
    return [
        *(
            Route(f"/_pretend/{name}", _post(act), methods=["POST"])
            for name, act in actions.items()
        ),
        *(Route(f"/_pretend/{name}", _get(tell), methods=["GET"]) for name, tell in facts.items()),
    ]


def _post(action: _Action) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            arguments = msgspec.json.decode(body or b"{}", type=dict[str, Any])
            result = await run_in_threadpool(action, **arguments)
        except (TypeError, ValueError, LookupError, msgspec.MsgspecError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_answer({"result": result})

    return endpoint


def _get(tell: Callable[[], object]) -> Callable[[Request], Any]:
    async def endpoint(_request: Request) -> Response:
        return await run_in_threadpool(lambda: json_answer(tell()))

    return endpoint


def _with_times(add_sale: _Action) -> _Action:
    def sell(**arguments: object) -> object:
        for name in ("created_at", "listed_at"):
            text = arguments.get(name)
            if isinstance(text, str):
                arguments[name] = datetime.fromisoformat(text)
        return add_sale(**arguments)

    return sell
