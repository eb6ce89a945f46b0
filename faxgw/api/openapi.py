"""The API's own description: what Litestar gathers, and the bodies, which are read from the wire by hand."""

from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from faxgw.api.asking import Asked, SuspendWish
from faxgw.api.members.wishes import WISHES
from faxgw.api.review import DecisionWish
from faxgw.api.verbs import ASKED_OF
from faxgw.order import Order
from faxgw.render.handed_in.kind import MEDIA_TYPES
from faxgw.store.inbound.outcomes import QuarantineVerb

_SCHEMA_REF = "#/components/schemas/{name}"


def openapi_config() -> OpenAPIConfig:
    # Litestar answers every unknown address below its `path` with a page in HTML, hence the document has its
    # own route and Litestar's pages lie aside.
    return OpenAPIConfig(title="faxgw", version=version("faxgw"), path="/v1/openapi", render_plugins=[_WithBodies()])


def openapi_routes() -> list[HTTPRouteHandler]:
    @get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False, media_type="application/json")
    def describe(request: Request[Any, Any, Any]) -> bytes:
        return _WithBodies().render(request, request.app.openapi_schema.to_schema())

    return [describe]


class _WithBodies(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        wishes = list(dict.fromkeys([Asked, SuspendWish, DecisionWish, *ASKED_OF.values(), *WISHES.values()]))
        (order, *asked), schemas = msgspec.json.schema_components([Order, *wishes], ref_template=_SCHEMA_REF)
        openapi_schema["components"].setdefault("schemas", {}).update(schemas)
        # A token over TCP; nothing on the socket.
        openapi_schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        openapi_schema["security"] = [{}, {"token": []}]
        bodies = dict(zip(wishes, asked, strict=True))
        for path, operations in openapi_schema["paths"].items():
            if path == "/v1/orders":
                many = order | {"description": "One order in each line"}
                content = {"application/json": {"schema": order}, "application/x-ndjson": {"schema": many}}
                operations["post"]["requestBody"] = {"required": True, "content": content}
            elif path == "/v1/faxes":
                document = {"schema": {"type": "string", "format": "binary"}}
                content = dict.fromkeys(MEDIA_TYPES, document)
                operations["post"]["requestBody"] = {"required": True, "content": content}
            elif (wish := _wish_of(path)) is not None:
                operations["post"]["requestBody"] = {"content": {"application/json": {"schema": bodies[wish]}}}
        return super().render(request, openapi_schema)


def _wish_of(path: str) -> type[Asked | DecisionWish] | None:
    """The body of an address at which people change something."""
    if path in WISHES:
        return WISHES[path]
    place, _, verb = path.rpartition("/")
    if verb in {"suspend", "drain"}:
        return SuspendWish
    if verb == "resume" or (place.endswith("{inbound_id}") and verb in set(QuarantineVerb)):
        return Asked
    if place.endswith("{review_id}") and verb == "resolve":
        return DecisionWish
    return ASKED_OF.get(verb) if place.endswith("{fax_id}") else None
