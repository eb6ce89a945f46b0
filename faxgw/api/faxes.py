"""Shows a fax with its trail and its pages."""

from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.events import Cursor, Limit, last_of
from faxgw.api.files import file_answer
from faxgw.api.port import Archive, Desk
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import EventsBody, FaxBody, event_body, fax_body
from faxgw.fax import FaxId
from faxgw.store.port import Store
from faxgw.store.views import FaxView

PageKind = Literal["tif", "png", "pdf"]
PageNumber = Annotated[
    int, QueryParameter(ge=1, le=1_000, description="Which page, from 1; `tif` and `pdf` hold them all")
]
_MEDIA_TYPES: dict[PageKind, str] = {"tif": "image/tiff", "png": "image/png", "pdf": "application/pdf"}
ID_MAX = 2**63 - 1


def fax_routes(store: Store, desk: Desk, archive: Archive) -> list[HTTPRouteHandler]:
    async def find(fax_id: int) -> FaxView | None:
        return await store.fax(FaxId(fax_id)) if 0 < fax_id <= ID_MAX else None

    @get("/v1/faxes/{fax_id:int}", summary="A fax with its trail", responses=documented(Kind.NOT_FOUND))
    async def show_fax(fax_id: FromPath[int]) -> Response[FaxBody]:
        view = await find(fax_id)
        return no_such_fax(fax_id) if view is None else Response(fax_body(view, desk.why(view)))

    @get(
        "/v1/faxes/{fax_id:int}/events",
        summary="What happened to a fax after a cursor, the oldest first",
        responses={
            200: ResponseSpec(EventsBody, generate_examples=False, description="Events in order of commit"),
            **documented(Kind.NOT_FOUND),
        },
    )
    async def show_events_of_fax(fax_id: FromPath[int], after: Cursor = 0, limit: Limit = 100) -> Response[EventsBody]:
        if await find(fax_id) is None:
            return no_such_fax(fax_id)
        events = await store.events_of(FaxId(fax_id), after, limit)
        return Response(EventsBody([event_body(event) for event in events], last_of(events, after)))

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
                return no_such_fax(fax_id)
            page = await archive.page(view, kind, number)
            if isinstance(page, str):
                return problem(Kind.NOT_FOUND, page, fax_id=fax_id, state=view.state)
            return file_answer(page, _MEDIA_TYPES[kind], f"fax-{fax_id}.{kind}", is_inline=True)

        return show_page

    return [show_fax, show_events_of_fax, *(page_route(kind) for kind in _MEDIA_TYPES)]


def no_such_fax(fax_id: int) -> Response[Any]:
    return problem(Kind.NOT_FOUND, f"there is no fax {fax_id}")
