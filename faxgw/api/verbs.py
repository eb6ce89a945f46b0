"""Carries out what a person asks of a fax, and says truthfully what came of it."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from faxgw.api.asking import AgainAskedWish, Asked, AskedOf, PriorityWish, RerouteWish, ResolveWish, wish_of
from faxgw.api.faxes import ID_MAX, no_such_fax
from faxgw.api.port import AgainWish, Desk, Destination
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import ChangedBody, Taken
from faxgw.clock import Clock
from faxgw.config.daemon import Api
from faxgw.faults import Fault
from faxgw.fax import FINAL, WITH_CARRIER, FaxId, State
from faxgw.order import too_far
from faxgw.store.admission import Admitted, AdmittedAgain, Kinship, Repeated
from faxgw.store.changes import Changed, NoSuchFax, Recorded, Stale

Asking = Callable[[FaxId, AskedOf], Awaitable[Recorded | AdmittedAgain | list[Fault]]]

ASKED_OF: dict[str, type[Asked]] = {
    "cancel": Asked,
    "hold": Asked,
    "release": Asked,
    "priority": PriorityWish,
    "reroute": RerouteWish,
    "resolve": ResolveWish,
    "retry": AgainAskedWish,
    "resend": AgainAskedWish,
}
"""The body of each verb; `/v1/openapi.json` shows them."""

_SUMMARIES = {
    "cancel": "Take a fax out of the queue for good",
    "hold": "Keep a fax from being sent",
    "release": "Let a held fax go",
    "priority": "Change the class a fax travels in",
    "reroute": "Send a waiting fax to another number or member",
    "resolve": "Say what became of a fax in doubt",
    "retry": "Send a fax that failed, expired or was cancelled, as a new fax",
    "resend": "Send a copy of a delivered fax, marked as one",
}


def verb_routes(desk: Desk, clock: Clock, config: Api) -> list[HTTPRouteHandler]:
    async def again(kinship: Kinship, fax_id: FaxId, asked: AgainAskedWish) -> AdmittedAgain | list[Fault]:
        now = dt.datetime.fromtimestamp(clock.now(), dt.UTC)
        if asked.deadline is not None and asked.deadline <= now:
            return [Fault("/deadline", f"the deadline has passed: it is {now.isoformat(timespec='seconds')} now")]
        if asked.deadline is not None and (detail := too_far(asked.deadline, now, config.deadline_days_max)):
            return [Fault("/deadline", detail)]
        to = Destination(asked.to, asked.member)
        wish = AgainWish(kinship=kinship, key=asked.key, to=to, priority=asked.priority, deadline=asked.deadline)
        return await desk.send_again(fax_id, wish, asked.who, asked.why)

    async def cancel(fax_id: FaxId, asked: Asked) -> Recorded:
        return await desk.cancel(fax_id, asked.who, asked.why)

    async def hold(fax_id: FaxId, asked: Asked) -> Recorded:
        return await desk.hold(fax_id, asked.who, asked.why)

    async def release(fax_id: FaxId, asked: Asked) -> Recorded:
        return await desk.release(fax_id, asked.who, asked.why)

    async def priority(fax_id: FaxId, asked: PriorityWish) -> Recorded:
        return await desk.set_priority(fax_id, asked.priority, asked.who, asked.why)

    async def reroute(fax_id: FaxId, asked: RerouteWish) -> Recorded | list[Fault]:
        return await desk.reroute(fax_id, Destination(asked.to, asked.member), asked.who, asked.why)

    async def resolve(fax_id: FaxId, asked: ResolveWish) -> Recorded:
        return await desk.resolve(fax_id, asked.ruling, asked.who, asked.why)

    async def retry(fax_id: FaxId, asked: AgainAskedWish) -> AdmittedAgain | list[Fault]:
        return await again(Kinship.RETRY, fax_id, asked)

    async def resend(fax_id: FaxId, asked: AgainAskedWish) -> AdmittedAgain | list[Fault]:
        return await again(Kinship.COPY, fax_id, asked)

    return [
        _verb_route("cancel", Asked, cancel),
        _verb_route("hold", Asked, hold),
        _verb_route("release", Asked, release),
        _verb_route("priority", PriorityWish, priority),
        _verb_route("reroute", RerouteWish, reroute),
        _verb_route("resolve", ResolveWish, resolve),
        _verb_route("retry", AgainAskedWish, retry),
        _verb_route("resend", AgainAskedWish, resend),
    ]


def _verb_route(verb: str, body: type[AskedOf], ask: Asking[AskedOf]) -> HTTPRouteHandler:
    is_again = verb in {"retry", "resend"}
    done = ResponseSpec(Taken if is_again else ChangedBody, generate_examples=False, description="Done")

    @post(
        f"/v1/faxes/{{fax_id:int}}/{verb}",
        name=verb,
        operation_id=verb,
        summary=_SUMMARIES[verb],
        status_code=202 if is_again else 200,
        responses={
            202 if is_again else 200: done,
            **documented(Kind.NOT_FOUND, Kind.TOO_LATE, Kind.INVALID),
        },
    )
    async def change_fax(request: Request[Any, Any, Any], fax_id: FromPath[int]) -> Response[Any]:
        asked = await wish_of(request, body)
        if isinstance(asked, Response):
            return asked
        if not 0 < fax_id <= ID_MAX:
            return no_such_fax(fax_id)
        return _answer(verb, fax_id, await ask(FaxId(fax_id), asked))

    return change_fax


def _answer(verb: str, fax_id: int, came_of_it: Recorded | AdmittedAgain | list[Fault]) -> Response[Any]:
    match came_of_it:
        case Changed(state=state):
            return Response(ChangedBody(fax_id, state), status_code=200)
        case Admitted(fax_id=new_id):
            location = {"Location": f"/v1/faxes/{new_id}"}
            return Response(Taken(new_id, State.QUEUED, repeated=False), status_code=202, headers=location)
        case Repeated(fax_id=new_id, state=state):
            location = {"Location": f"/v1/faxes/{new_id}"}
            return Response(Taken(new_id, state, repeated=True), status_code=200, headers=location)
        case Stale(state=state):
            return problem(Kind.TOO_LATE, why_not(verb, fax_id, state), fax_id=fax_id, state=state)
        case NoSuchFax():
            return no_such_fax(fax_id)
        case list() as faults:
            return problem(Kind.INVALID, "nothing was changed", errors=faults, fax_id=fax_id)


def why_not(verb: str, fax_id: int, state: State) -> str:
    """Why a change was not made, and what can be done instead."""
    match verb:
        case "resolve":
            return f"fax {fax_id} is not in doubt: it is {state}"
        case "retry":
            return f"fax {fax_id} is {state}; a fax that failed, expired or was cancelled can be retried" + _other(
                state
            )
        case "resend":
            return f"fax {fax_id} is {state}; a copy is made of a delivered fax" + _other(state)
        case _:
            return _why_not_moved(verb, fax_id, state)


def _why_not_moved(verb: str, fax_id: int, state: State) -> str:
    if state in FINAL:
        return f"fax {fax_id} is {state} already; nothing can change that"
    if state is State.UNKNOWN:
        return (
            f"fax {fax_id} is in doubt: a carrier may have it, and is being asked; it can be changed once that is known"
        )
    if state in WITH_CARRIER:
        return (
            f"too late: a carrier has fax {fax_id} ({state}) and may be dialling; its receipt tells what became of it"
        )
    match verb:
        case "hold":
            return f"fax {fax_id} is {state} already"
        case "release" if state is State.HELD:
            return f"fax {fax_id} waits for a florist and nobody can execute it yet: reroute it to a member or a number"
        case "release":
            return f"fax {fax_id} is not held: it is {state}"
        case _:
            return f"fax {fax_id} is {state} and cannot be changed so now"


def _other(state: State) -> str:
    match state:
        case State.DELIVERED:
            return ": resend it for a copy"
        case State.FAILED | State.EXPIRED | State.CANCELLED:
            return ": retry it"
        case State.HELD:
            return ": release it"
        case State.UNKNOWN:
            return ": resolve it"
        case _:
            return ": it goes by itself"
