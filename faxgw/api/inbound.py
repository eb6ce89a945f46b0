"""Shows what came in: inboxes, faxes with their pages, and what is in quarantine, which people let out here."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.asking import Asked, wish_of
from faxgw.api.faxes import ID_MAX
from faxgw.api.files import file_answer
from faxgw.api.inbound_port import Inbound, Inboxes
from faxgw.api.inbound_views import (
    InboundBody,
    InboundListBody,
    InboxesBody,
    LetOutBody,
    inbound_body,
    inbound_line_body,
    inboxes_body,
)
from faxgw.api.problem import Kind, documented, problem
from faxgw.store.inbound.keeping import DocumentKind, InboundId
from faxgw.store.inbound.outcomes import Changed, InboundState, NoSuchInbound, NothingFetched, QuarantineVerb, Stale
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import InboundSought, InboundView

Text = Annotated[str | None, QueryParameter(max_length=32)]
StateText = Annotated[InboundState | None, QueryParameter(name="state", description="Where it stands")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="At most so many, the newest first")]
Before = Annotated[
    int | None, QueryParameter(ge=1, le=ID_MAX, description="Only those that came in before this one: the next page")
]
PageNumber = Annotated[int, QueryParameter(ge=1, le=1_000, description="Which page, from 1")]
FileNumber = Annotated[int, QueryParameter(ge=1, le=1_000, description="Which file, from 1, where each page is one")]

_MEDIA_TYPES = {DocumentKind.TIFF: "image/tiff", DocumentKind.PDF: "application/pdf", None: "application/octet-stream"}


def inbound_routes(store: InboundStore, desk: Inbound, inboxes: Inboxes) -> list[HTTPRouteHandler]:
    async def find(inbound_id: int) -> InboundView | None:
        return await store.inbound(InboundId(inbound_id)) if 0 < inbound_id <= ID_MAX else None

    @get("/v1/inbox", summary="Inboxes: how each stands, and what became of what it brought")
    async def show_inboxes() -> InboxesBody:
        return inboxes_body(list(inboxes.states()), await store.totals(only_waiting=False))

    @get(
        "/v1/inbound",
        summary="Find faxes that came in by inbox, state or the order they name; the newest first",
        responses={200: ResponseSpec(InboundListBody, generate_examples=False, description="What was found")},
    )
    async def find_inbound(
        inbox: Text = None, standing: StateText = None, number: Text = None, before: Before = None, limit: Limit = 20
    ) -> Response[InboundListBody]:
        earlier = None if before is None else InboundId(before)
        found = await store.find(InboundSought(inbox, standing, number, earlier), limit)
        return Response(InboundListBody([inbound_line_body(each) for each in found]))

    @get(
        "/v1/inbound/{inbound_id:int}",
        summary="A fax that came in, with what became of it",
        responses=documented(Kind.NOT_FOUND),
    )
    async def show_inbound(inbound_id: FromPath[int]) -> Response[InboundBody]:
        view = await find(inbound_id)
        return no_such_inbound(inbound_id) if view is None else Response(inbound_body(view))

    @get(
        "/v1/inbound/{inbound_id:int}/page.png",
        summary="A page of it, upright, as PNG",
        media_type="image/png",
        responses=documented(Kind.NOT_FOUND),
    )
    async def show_inbound_page(inbound_id: FromPath[int], number: PageNumber = 1) -> Response[bytes]:
        view = await find(inbound_id)
        if view is None:
            return no_such_inbound(inbound_id)
        picture = await desk.picture(view, number)
        return _sent(picture, "image/png", f"inbound-{inbound_id}-{number}.png")

    @get(
        "/v1/inbound/{inbound_id:int}/file",
        summary="The file as it came in, to the byte",
        responses=documented(Kind.NOT_FOUND),
    )
    async def show_inbound_file(inbound_id: FromPath[int], number: FileNumber = 1) -> Response[bytes]:
        view = await find(inbound_id)
        if view is None:
            return no_such_inbound(inbound_id)
        suffix = {DocumentKind.TIFF: ".tif", DocumentKind.PDF: ".pdf", None: ""}[view.kind]
        content = await desk.file(view, number)
        return _sent(content, _MEDIA_TYPES[view.kind], f"inbound-{inbound_id}-{number}{suffix}")

    shown = [show_inboxes, find_inbound, show_inbound, show_inbound_page, show_inbound_file]
    return [*shown, *(_let_out_route(desk, verb) for verb in QuarantineVerb)]


def _sent(content: bytes | str, media_type: str, name: str) -> Response[bytes]:
    if isinstance(content, str):
        return problem(Kind.NOT_FOUND, content)
    return file_answer(content, media_type, name, is_inline=True)


_SUMMARIES = {
    QuarantineVerb.RETRY: "Read a fax in quarantine again",
    QuarantineVerb.RELEASE: "Give a fax in quarantine to the review queue",
    QuarantineVerb.DISCARD: "End a fax in quarantine: there is nothing to it",
}


def _let_out_route(desk: Inbound, verb: QuarantineVerb) -> HTTPRouteHandler:
    @post(
        f"/v1/inbound/{{inbound_id:int}}/{verb}",
        name=f"inbound_{verb}",
        operation_id=f"inbound_{verb}",
        summary=_SUMMARIES[verb],
        status_code=200,
        responses={
            200: ResponseSpec(LetOutBody, generate_examples=False, description="Done"),
            **documented(Kind.NOT_FOUND, Kind.TOO_LATE, Kind.INVALID),
        },
    )
    async def let_out(request: Request[Any, Any, Any], inbound_id: FromPath[int]) -> Response[Any]:
        asked = await wish_of(request, Asked)
        if isinstance(asked, Response):
            return asked
        match await desk.let_out(InboundId(min(inbound_id, ID_MAX)), verb, asked.who, asked.why):
            case Changed(state=state):
                return Response(LetOutBody(inbound_id, state))
            case Stale(state=state):
                return problem(Kind.TOO_LATE, f"the fax is not in quarantine: it is {state}")
            case NothingFetched():
                return problem(Kind.TOO_LATE, "nothing of it was fetched: discard it, and have it sent again")
            case NoSuchInbound():
                return no_such_inbound(inbound_id)

    return let_out


def no_such_inbound(inbound_id: int) -> Response[Any]:
    return problem(Kind.NOT_FOUND, f"no fax {inbound_id} came in")
