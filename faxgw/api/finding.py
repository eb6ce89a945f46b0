"""Finds faxes by what a person has at hand: an order's number, a key, a state."""

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from faxgw.api.views import FaxesBody, fax_line_body
from faxgw.fax import State
from faxgw.store.port import Store
from faxgw.store.views import Sought

Text = Annotated[str | None, QueryParameter(max_length=128)]
# Litestar keeps the name `state` for itself.
StateText = Annotated[State | None, QueryParameter(name="state", description="Where it stands")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="At most so many, the newest first")]


def find_routes(store: Store) -> list[HTTPRouteHandler]:
    @get(
        "/v1/faxes",
        summary="Find faxes by key, submitter, order number or state; the newest first",
        responses={200: ResponseSpec(FaxesBody, generate_examples=False, description="What was found")},
    )
    async def find_faxes(
        key: Text = None,
        submitter: Text = None,
        number: Text = None,
        standing: StateText = None,
        limit: Limit = 20,
    ) -> Response[FaxesBody]:
        found = await store.find(Sought(submitter, key, number, standing), limit)
        return Response(FaxesBody([fax_line_body(each) for each in found]))

    return [find_faxes]
