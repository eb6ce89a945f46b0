"""The two faces: everything on the local socket, receipts and health on TCP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from faxgw.api.backlog import backlog_routes
from faxgw.api.connection import AsgiApp, PeerGoneError, is_store_failure
from faxgw.api.documents import document_routes
from faxgw.api.events import event_routes
from faxgw.api.faxes import fax_routes
from faxgw.api.finding import find_routes
from faxgw.api.health import health_routes
from faxgw.api.inbound import inbound_routes
from faxgw.api.inbound_port import InboundFaces
from faxgw.api.members.routes import RegisterDesk, member_routes
from faxgw.api.openapi import openapi_config, openapi_routes
from faxgw.api.orders import order_routes
from faxgw.api.parameters import parameter_names, refuse_unknown_parameters
from faxgw.api.port import Archive, Control, Desk, Health, ReceiptDesk
from faxgw.api.problem import Kind, problem, problem_routes
from faxgw.api.receipts import receipt_routes
from faxgw.api.relay import relay_reading_routes, relay_routes
from faxgw.api.review import review_routes
from faxgw.api.routing import no_routing_route, routing_routes
from faxgw.api.settlement.routes import settlement_routes
from faxgw.api.stopping import control_routes
from faxgw.api.verbs import verb_routes
from faxgw.clock import Clock
from faxgw.config.whole import Config
from faxgw.errors import QueueFullError, StoreBusyError, StoreFullError
from faxgw.ops.metrics import Metrics
from faxgw.relay.port import RelayDesk
from faxgw.routing.desk import RoutingDesk
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.port import Store

log = structlog.get_logger(__name__)

_BUSY_RETRY_SECONDS = 1
_QUEUE_FULL_RETRY_SECONDS = 30
_FULL_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """All that the faces stand on."""

    store: Store
    desk: Desk
    control: Control
    archive: Archive
    receipts: ReceiptDesk
    health: Health
    metrics: Metrics
    clock: Clock
    config: Config
    at_risk_seconds: Callable[[], float] = lambda: 0.0
    """So long before its deadline a fax that is not over is shown as at risk."""
    incoming: InboundFaces | None = None
    """None where nobody asks for what came in."""
    relay: RelayDesk | None = None
    """None where nobody speaks about orders."""
    routing: RoutingDesk | None = None
    """None where no `[routing]` stands in the config."""
    settlement: SettlementParts | None = None
    """None where no `[settlement]` stands in the config."""
    register: RegisterDesk | None = None
    """None where the register never changes, and nobody asks for it."""


def local_app(behind: Behind) -> AsgiApp:
    """What the order system and the operator reach: everything."""
    return _app([*_local_routes(behind), *_outside_routes(behind), *openapi_routes()], behind.metrics, openapi_config())


def outside_app(behind: Behind) -> AsgiApp:
    """What carriers and monitoring reach: receipts in, figures out."""
    return _app(_outside_routes(behind), behind.metrics)


def _local_routes(behind: Behind) -> list[HTTPRouteHandler]:
    refused = _refusals(behind.metrics, "orders")
    return [
        *order_routes(
            behind.desk,
            behind.clock,
            behind.config.api,
            refused,
            is_routed=behind.routing is not None,
        ),
        *document_routes(behind.desk, behind.clock, behind.config, _refusals(behind.metrics, "faxes")),
        *find_routes(behind.store),
        *fax_routes(behind.store, behind.desk, behind.archive),
        *verb_routes(behind.desk, behind.clock, behind.config.api),
        *control_routes(behind.control, behind.clock),
        *backlog_routes(behind.store, behind.control, behind.metrics, behind.clock, behind.at_risk_seconds),
        *event_routes(behind.store, behind.config.api, _refusals(behind.metrics, "events")),
        *_incoming_routes(behind),
        *_relay_routes(behind),
        *_routing_routes(behind),
        *settlement_routes(behind.settlement, behind.desk, behind.metrics),
        *(member_routes(behind.register, behind.store) if behind.register is not None else ()),
    ]


def _relay_routes(behind: Behind) -> list[HTTPRouteHandler]:
    if behind.relay is None:
        return []
    refused = _refusals(behind.metrics, "relay")
    return [*relay_routes(behind.relay, behind.clock, behind.config.api, refused), *relay_reading_routes(behind.store)]


def _routing_routes(behind: Behind) -> list[HTTPRouteHandler]:
    if behind.routing is None:
        return [no_routing_route()]
    return routing_routes(behind.routing, behind.clock, behind.config.api)


def _incoming_routes(behind: Behind) -> list[HTTPRouteHandler]:
    faces = behind.incoming
    if faces is None:
        return []
    inbound = behind.store.inbound
    return [
        *inbound_routes(inbound, faces.inbound, faces.inboxes),
        *review_routes(inbound, faces.inbound, faces.reviews),
    ]


def _outside_routes(behind: Behind) -> list[HTTPRouteHandler]:
    refused = _refusals(behind.metrics, "receipts")
    return [
        *receipt_routes(behind.receipts, behind.config.http, refused),
        *health_routes(behind.health, behind.metrics),
    ]


def _refusals(metrics: Metrics, door: str) -> Callable[[str], None]:
    return lambda reason: metrics.refused.labels(door, reason).inc()


def _app(routes: Sequence[HTTPRouteHandler], metrics: Metrics, openapi: OpenAPIConfig | None = None) -> AsgiApp:
    def store_busy(request: Request[Any, Any, Any], _: StoreBusyError) -> Response[Any]:
        metrics.refused.labels(_door_of(request), "busy").inc()
        return problem(Kind.BUSY, Kind.BUSY.explanation, headers={"Retry-After": str(_BUSY_RETRY_SECONDS)})

    def queue_full(request: Request[Any, Any, Any], error: QueueFullError) -> Response[Any]:
        metrics.refused.labels(_door_of(request), "busy").inc()
        return problem(Kind.BUSY, str(error), headers={"Retry-After": str(_QUEUE_FULL_RETRY_SECONDS)})

    def store_full(request: Request[Any, Any, Any], _: StoreFullError) -> Response[Any]:
        metrics.refused.labels(_door_of(request), "full").inc()
        return problem(Kind.FULL, Kind.FULL.explanation, headers={"Retry-After": str(_FULL_RETRY_SECONDS)})

    return Litestar(
        [*routes, *problem_routes()],
        openapi_config=openapi,
        before_request=refuse_unknown_parameters,
        exception_handlers={
            QueueFullError: queue_full,
            StoreBusyError: store_busy,
            StoreFullError: store_full,
            PeerGoneError: _pass_on,
            HTTPException: _refuse,
            Exception: _crash,
        },
        request_max_body_size=64 * 1024,
        logging_config=None,
    )  # type: ignore[return-value]  # Litestar has types of its own for what ASGI says are dicts.


def _door_of(request: Request[Any, Any, Any]) -> str:
    """Where things come in, by the address; all that people ask and change comes through one more door."""
    path = request.url.path
    if path.startswith("/v1/receipts/"):
        return "receipts"
    return _DOORS.get(path, "other")


_DOORS = {"/v1/orders": "orders", "/v1/faxes": "faxes", "/v1/relay": "relay"}


def _pass_on(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """For the server: a peer that left gets no answer."""
    raise error


def _refuse(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    match error:
        case NotFoundException():
            return problem(Kind.NOT_FOUND, error.detail if error.detail != "Not Found" else "see /v1/openapi.json")
        case MethodNotAllowedException():
            return problem(Kind.BAD_METHOD, "see /v1/openapi.json", headers=error.headers)
        case _ if error.status_code == 413:
            return problem(Kind.TOO_LARGE, "the body is too large")
        case _ if error.status_code >= 500:
            return _crash(request, error)
        case ValidationException(extra=list() as faults):
            return problem(Kind.BAD_REQUEST, _query_text(faults, request.scope.get("route_handler")))
        case _:
            return problem(Kind.BAD_REQUEST, error.detail)


def _query_text(faults: list[Any], handler: object) -> str:
    """What is wrong with each parameter; the address itself may hold telephone numbers and is not repeated."""
    names = parameter_names(handler) if isinstance(handler, HTTPRouteHandler) else {}
    keys = [each.get("address") or names.get(each.get("key"), each.get("key", "the address")) for each in faults]
    return "; ".join(f"{key}: {each['message']}" for key, each in zip(keys, faults, strict=True))


def _crash(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if is_store_failure(error):
        raise error
    log.error("request_failed", exc_info=error)
    return problem(Kind.CRASHED, Kind.CRASHED.explanation)
