"""Shows a fax with its trail and its pages, and carries out what a person asks of it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, assert_never

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from faxgw.api.body import TooLarge, read_body
from faxgw.api.port import Archive, Desk
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import ChangedBody, FaxBody, fax_body
from faxgw.faults import Fault, convert_or_faults
from faxgw.fax import FINAL, WITH_CARRIER, FaxId, State
from faxgw.store.port import Changed, FaxView, NoSuchFax, Recorded, Stale, Store

Verb = Literal["cancel", "hold", "release"]
PageKind = Literal["tif", "png", "pdf"]
PageNumber = Annotated[
    int, QueryParameter(ge=1, le=1_000, description="Which page, from 1; `tif` and `pdf` hold them all")
]
_MEDIA_TYPES: dict[PageKind, str] = {"tif": "image/tiff", "png": "image/png", "pdf": "application/pdf"}
_ID_MAX = 2**63 - 1
_ASKED_BYTES_MAX = 4_096
_ShortText = Annotated[str, msgspec.Meta(max_length=200)]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks, and why; both stand in the fax's trail."""

    who: _ShortText = ""
    why: _ShortText = ""


def fax_routes(store: Store, desk: Desk, archive: Archive) -> list[HTTPRouteHandler]:
    async def find(fax_id: int) -> FaxView | None:
        return await store.fax(FaxId(fax_id)) if 0 < fax_id <= _ID_MAX else None

    @get("/v1/faxes/{fax_id:int}", summary="A fax with its trail", responses=documented(Kind.NOT_FOUND))
    async def show_fax(fax_id: FromPath[int]) -> Response[FaxBody]:
        view = await find(fax_id)
        return _no_such_fax(fax_id) if view is None else Response(fax_body(view, desk.why(view)))

    def page_route(kind: PageKind) -> HTTPRouteHandler:
        @get(
            f"/v1/faxes/{{fax_id:int}}/page.{kind}",
            name=f"page_{kind}",
            operation_id=f"page_{kind}",
            summary=f"The fax as it went out, as {kind.upper()}",
            media_type=_MEDIA_TYPES[kind],
            responses=documented(Kind.NOT_FOUND),
        )
        async def show_page(fax_id: FromPath[int], number: PageNumber = 1) -> Response[bytes]:
            view = await find(fax_id)
            if view is None:
                return _no_such_fax(fax_id)
            page = await archive.page(view, kind, number)
            if isinstance(page, str):
                return problem(Kind.NOT_FOUND, page, fax_id=fax_id, state=view.state)
            headers = {"Content-Disposition": f'inline; filename="fax-{fax_id}.{kind}"'}
            return Response(page, media_type=_MEDIA_TYPES[kind], headers=headers)

        return show_page

    def verb_route(verb: Verb, ask: Callable[[FaxId, str, str], Awaitable[Recorded]]) -> HTTPRouteHandler:
        @post(
            f"/v1/faxes/{{fax_id:int}}/{verb}",
            name=verb,
            operation_id=verb,
            summary=f"{verb.capitalize()} a fax",
            status_code=200,
            responses=documented(Kind.NOT_FOUND, Kind.TOO_LATE, Kind.INVALID),
        )
        async def change_fax(request: Request[Any, Any, Any], fax_id: FromPath[int]) -> Response[ChangedBody]:
            asked = _read_asked(await read_body(request, _ASKED_BYTES_MAX))
            if not isinstance(asked, Asked):
                return problem(Kind.INVALID, "the body is JSON with `who` and `why`, or empty", errors=asked)
            if not 0 < fax_id <= _ID_MAX:
                return _no_such_fax(fax_id)
            match await ask(FaxId(fax_id), asked.who or "local", asked.why):
                case Changed(state=state):
                    return Response(ChangedBody(fax_id, state))
                case Stale(state=state):
                    return problem(Kind.TOO_LATE, _why_not(verb, fax_id, state), fax_id=fax_id, state=state)
                case NoSuchFax():
                    return _no_such_fax(fax_id)

        return change_fax

    pages = [page_route(kind) for kind in _MEDIA_TYPES]
    verbs = [verb_route("cancel", desk.cancel), verb_route("hold", desk.hold), verb_route("release", desk.release)]
    return [show_fax, *pages, *verbs]


def _read_asked(body: bytes | TooLarge) -> Asked | list[Fault]:
    if isinstance(body, TooLarge):
        return [Fault("", f"at most {body.bytes_max} bytes")]
    try:
        return convert_or_faults(msgspec.json.decode(body or b"{}"), Asked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [Fault("", "not JSON")]


def _no_such_fax(fax_id: int) -> Response[Any]:
    return problem(Kind.NOT_FOUND, f"there is no fax {fax_id}")


def _why_not(verb: Verb, fax_id: int, state: State) -> str:
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
        case "release":
            return f"fax {fax_id} is not held: it is {state}"
        case "cancel":
            return f"fax {fax_id} is {state} and cannot be cancelled now"
        case _:
            assert_never(verb)
