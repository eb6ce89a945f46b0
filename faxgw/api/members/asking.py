"""Reads who asks for a change of the register, has it decided, and says what came of it."""

from collections.abc import Awaitable, Callable
from typing import Any, assert_never

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from faxgw.api.asking import Asked, AskedOf, wish_of
from faxgw.api.caller import caller_of
from faxgw.api.connection import PEER
from faxgw.api.members.views import DoneBody
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.sockets import peer_login
from faxgw.members.decisions import Decided, Decision, Faulty, Forbidden, NotThere, Refusal
from faxgw.members.keeper import Deciding, Keeper
from faxgw.members.people import Person

WISH_BYTES_MAX = 64 * 1024

Asking = Callable[[str, AskedOf, Person], Awaitable[Response[Any]]]


def person_of(request: Request[Any, Any, Any], name: str) -> Person:
    """Who asks: by the name in the request, and by the login at the other end of the socket, or the token."""
    if (caller := caller_of(request)) is not None:
        return Person(name, f"token {caller.name}")
    extensions = request.scope.get("extensions") or {}
    return Person(name, peer_login(extensions.get(PEER)))


def refusal(refused: Refusal) -> Response[Any]:
    match refused:
        case NotThere(detail=detail):
            return problem(Kind.NOT_FOUND, detail)
        case Faulty(faults=faults):
            return problem(Kind.INVALID, "nothing was changed", errors=faults)
        case Forbidden(detail=detail):
            return problem(Kind.AGAINST_RULE, detail)
        case _:
            assert_never(refused)


def answered(decision: Decision, body: Callable[[Decided], Any] | None = None) -> Response[Any]:
    """What came of it, or the refusal."""
    if not isinstance(decision, Decided):
        return refusal(decision)
    return Response(body(decision) if body is not None else DoneBody(recorded=bool(decision.entries)))


async def have_decided(keeper: Keeper, asked: Asked, by: Person, decide: Deciding) -> Response[Any]:
    return answered(await keeper.change(by, asked.why, decide))


def wish_route(
    path: str, summary: str, wish: type[AskedOf], ask: Asking[AskedOf], answer: type[Any] = DoneBody
) -> HTTPRouteHandler:
    """A POST whose body is `wish`; what stands in the path's braces is handed to `ask`."""
    name = "_".join(part for part in path.split("/")[2:] if "{" not in part)
    options: dict[str, Any] = {
        "name": f"{name}_post",
        "operation_id": f"{name}_post",
        "summary": summary,
        "status_code": 200,
        "responses": {
            200: ResponseSpec(answer, generate_examples=False, description="Done"),
            **documented(Kind.NOT_FOUND, Kind.AGAINST_RULE, Kind.INVALID),
        },
    }

    async def read_and_ask(request: Request[Any, Any, Any], place: str) -> Response[Any]:
        asked = await wish_of(request, wish, WISH_BYTES_MAX)
        if isinstance(asked, Response):
            return asked
        return await ask(place, asked, person_of(request, asked.who))

    if "{member_id" in path:

        @post(path.replace("{member_id}", "{member_id:str}"), **options)
        async def change_member(request: Request[Any, Any, Any], member_id: FromPath[str]) -> Response[Any]:
            return await read_and_ask(request, member_id)

        return change_member

    if "{number" in path:

        @post(path.replace("{number}", "{number:int}"), **options)
        async def change_numbered(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
            return await read_and_ask(request, str(number))

        return change_numbered

    @post(path, **options)
    async def change_register(request: Request[Any, Any, Any]) -> Response[Any]:
        return await read_and_ask(request, "")

    return change_register
