"""Suspends and resumes lines, providers and the gateway, drains it, and shows what is stopped."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from faxgw.api.asking import Asked, AskedOf, SuspendWish, wish_of
from faxgw.api.port import Control
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import (
    ProvidersBody,
    ResumedBody,
    SuspensionBody,
    SuspensionsBody,
    provider_body,
    suspension_body,
)
from faxgw.clock import Clock
from faxgw.faults import Fault
from faxgw.phone import NO_COUNTRY, parse_line
from faxgw.store.stops import Scope

Stopping = Callable[[str, AskedOf], Awaitable[Response[Any]]]


class _Places:
    """Names places as the store has them, and stops and resumes them."""

    def __init__(self, control: Control, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def stop(self, scope: Scope) -> Stopping[SuspendWish]:
        async def stop(name: str, asked: SuspendWish) -> Response[Any]:
            place = self._find(scope, name)
            until = asked.until.timestamp() if asked.until else None
            if not isinstance(place, str):
                return place
            if until is not None and until <= self._clock.now():
                return problem(Kind.INVALID, "nothing was stopped", errors=[Fault("/until", "that moment has passed")])
            return Response(suspension_body(await self._control.suspend(scope, place, asked.who, asked.why, until)))

        return stop

    def resume(self, *scopes: Scope) -> Stopping[Asked]:
        async def resume(name: str, asked: Asked) -> Response[Any]:
            place = self._find(scopes[0], name)
            if not isinstance(place, str):
                return place
            lifted = [scope for scope in scopes if await self._control.resume(scope, place, asked.who, asked.why)]
            return Response(ResumedBody(bool(lifted), lifted))

        return resume

    def _find(self, scope: Scope, name: str) -> str | Response[Any]:
        """The name as the store has it, or why there is no such place."""
        match scope:
            case Scope.LINE:
                line = parse_line(name, NO_COUNTRY)
                fault = Fault("", "write it as +33199001234")
                return line or problem(Kind.INVALID, "not a possible telephone number", errors=[fault])
            case Scope.PROVIDER:
                known = [provider.name for provider in self._control.providers()]
                there_is = ", ".join(known)
                return name if name in known else problem(Kind.NOT_FOUND, f"no provider {name}; there is {there_is}")
            case Scope.GATEWAY | Scope.INTAKE:
                return ""


def control_routes(control: Control, clock: Clock) -> list[HTTPRouteHandler]:
    @get("/v1/suspensions", sync_to_thread=False, summary="What people stopped: who, why, since and until when")
    def show_suspensions() -> SuspensionsBody:
        return SuspensionsBody([suspension_body(each) for each in control.all()])

    @get("/v1/providers", sync_to_thread=False, summary="How each carrier stands")
    def show_providers() -> ProvidersBody:
        return ProvidersBody([provider_body(each) for each in control.providers()])

    places = _Places(control, clock)
    line, provider, gateway = "/v1/lines/{name:str}", "/v1/providers/{name:str}", "/v1/gateway"
    return [
        show_suspensions,
        show_providers,
        _stop_route(f"{line}/suspend", "Begin no call to a line", places.stop(Scope.LINE)),
        _resume_route(f"{line}/resume", "Let a line's faxes go again", places.resume(Scope.LINE)),
        _stop_route(f"{provider}/suspend", "Give a provider no more faxes", places.stop(Scope.PROVIDER)),
        _resume_route(f"{provider}/resume", "Give a provider faxes again", places.resume(Scope.PROVIDER)),
        _stop_route(f"{gateway}/suspend", "Begin no sending at all", places.stop(Scope.GATEWAY)),
        _stop_route(f"{gateway}/drain", "Take nothing in; what is there goes out", places.stop(Scope.INTAKE)),
        _resume_route(f"{gateway}/resume", "Send and take in again", places.resume(Scope.GATEWAY, Scope.INTAKE)),
    ]


def _stop_route(path: str, summary: str, ask: Stopping[SuspendWish]) -> HTTPRouteHandler:
    return _route(path, summary, SuspendWish, ask, SuspensionBody)


def _resume_route(path: str, summary: str, ask: Stopping[Asked]) -> HTTPRouteHandler:
    return _route(path, summary, Asked, ask, ResumedBody)


def _route(path: str, summary: str, body: type[AskedOf], ask: Stopping[AskedOf], answer: type[Any]) -> HTTPRouteHandler:
    name = "_".join(part for part in path.split("/")[2:] if "{" not in part)
    options: dict[str, Any] = {
        "name": name,
        "operation_id": name,
        "summary": summary,
        "status_code": 200,
        "responses": {
            200: ResponseSpec(answer, generate_examples=False, description="Done"),
            **documented(Kind.NOT_FOUND, Kind.INVALID),
        },
    }

    async def stop(request: Request[Any, Any, Any], place: str) -> Response[Any]:
        asked = await wish_of(request, body)
        return asked if isinstance(asked, Response) else await ask(place, asked)

    if "{name:str}" not in path:

        @post(path, **options)
        async def stop_all(request: Request[Any, Any, Any]) -> Response[Any]:
            return await stop(request, "")

        return stop_all

    @post(path, **options)
    async def stop_one(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
        return await stop(request, name)

    return stop_one
