"""Explains choices of florists, plans a day anew, and takes in where postcodes lie."""

import datetime as dt
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from faxgw.api.asking import read_wish
from faxgw.api.body import TooLarge, read_body
from faxgw.api.problem import Kind, documented, problem
from faxgw.clock import Clock
from faxgw.config.daemon import Api
from faxgw.order import Order, OrderNumber, read_order
from faxgw.routing.choose import Weighed
from faxgw.routing.desk import Explained, RoutingDesk
from faxgw.routing.plan import NoSolver
from faxgw.routing.planner import PlanFailedError
from faxgw.routing.postcodes import PostcodesUnreadableError
from faxgw.routing.replanning import Replanned
from faxgw.routing.telling import REFUSAL_TEXTS

BAD_LINES_SHOWN_MAX = 50
ASKED_BYTES_MAX = 1_024
CountryGiven = Annotated[str | None, QueryParameter(pattern="^[A-Z]{2}$", description="Of a file that tells none")]


class CostBody(msgspec.Struct, frozen=True):
    """The points of a florist, part by part."""

    total: int
    area: int
    distance: int
    quality: int
    load: int
    quota: int


class RefusalBody(msgspec.Struct, frozen=True):
    reason: str
    detail: str


class CandidateBody(msgspec.Struct, frozen=True):
    """A florist near enough: its points, or why it may not execute the order."""

    member: str
    km: float | None
    in_area: bool
    load: int
    """Orders it has on the delivery day."""
    capacity: int | None
    cost: CostBody | None
    refusals: list[RefusalBody]


class RouteBody(msgspec.Struct, frozen=True):
    """Who would execute the order, and why; nothing was assigned."""

    chosen: str | None
    current: str | None
    """Who executes it as things stand."""
    had: list[str]
    """Who had it before, and does not get it again."""
    is_foreign: bool
    """No florist of the network has a shop in that country: its unit gets the order."""
    is_place_known: bool
    candidates: list[CandidateBody]


class RouteWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An order, as it would be handed in, or the number of one that was."""

    order: dict[str, Any] | None = None
    number: OrderNumber | None = None


class ReplanWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The delivery day to plan anew; a dry run changes nothing."""

    day: dt.date
    dry_run: bool = False


class MoveBody(msgspec.Struct, frozen=True):
    fax: int
    number: str
    from_member: str | None
    to_member: str


class ReplanBody(msgspec.Struct, frozen=True):
    """What the plan comes to."""

    day: dt.date
    dry_run: bool
    orders: int
    """That could be moved."""
    points: int
    greedy_points: int
    """What serving them one after the other would cost."""
    moves: list[MoveBody]
    moved: int
    unserved: list[str]
    seconds: float


class BadLineBody(msgspec.Struct, frozen=True):
    line: int
    why: str


class ImportBody(msgspec.Struct, frozen=True):
    """What came of a file of postcodes."""

    countries: dict[str, int]
    lines: int
    bad_lines: int
    bad: list[BadLineBody]
    """The first of them."""


class PostcodesBody(msgspec.Struct, frozen=True):
    """How many postcodes are known of each country."""

    countries: dict[str, int]


def routing_routes(desk: RoutingDesk, clock: Clock, config: Api) -> list[HTTPRouteHandler]:
    return [_route_route(desk, clock, config), _replan_route(desk), *_postcode_routes(desk, config)]


def _route_route(desk: RoutingDesk, clock: Clock, config: Api) -> HTTPRouteHandler:
    @post(
        "/v1/route",
        status_code=200,
        request_max_body_size=None,
        summary="Say who would execute an order, and why; nothing is assigned",
        description=__doc__,
        responses={
            200: ResponseSpec(RouteBody, generate_examples=False, description="Every florist near enough, weighed"),
            **documented(Kind.NOT_FOUND, Kind.INVALID, Kind.TOO_LARGE),
        },
    )
    async def route(request: Request[Any, Any, Any]) -> Response[Any]:
        body = await read_body(request, config.order_bytes_max)
        if isinstance(body, TooLarge):
            return problem(Kind.TOO_LARGE, f"an order has at most {body.bytes_max} bytes")
        wish = read_wish(body, RouteWish)
        if isinstance(wish, list):
            return problem(Kind.INVALID, "send {order: ...} or {number: ...}", errors=wish)
        if (wish.order is None) == (wish.number is None):
            return problem(Kind.INVALID, "send an order or the number of one; one of the two")
        if wish.number is not None:
            explained = await desk.explain_number(wish.number)
            if explained is None:
                return problem(Kind.NOT_FOUND, f"there is no order {wish.number}")
            return Response(route_body(explained), status_code=200)
        now = dt.datetime.fromtimestamp(clock.now(), dt.UTC)
        order = read_order(wish.order, now, is_routed=True)
        if not isinstance(order, Order):
            return problem(Kind.INVALID, "the order would be refused", errors=order)
        return Response(route_body(desk.explain(order)), status_code=200)

    return route


def _replan_route(desk: RoutingDesk) -> HTTPRouteHandler:
    @post(
        "/v1/routing/replan",
        status_code=200,
        summary="Plan a day's open orders anew over all florists",
        responses={
            200: ResponseSpec(ReplanBody, generate_examples=False, description="The plan, carried out or not"),
            **documented(Kind.INVALID, Kind.NO_PLAN),
        },
    )
    async def replan(request: Request[Any, Any, Any]) -> Response[Any]:
        wish = read_wish(await read_body(request, ASKED_BYTES_MAX), ReplanWish)
        if isinstance(wish, list):
            return problem(Kind.INVALID, "send {day: 2027-05-29}", errors=wish)
        try:
            planned = await desk.replan(wish.day, dry_run=wish.dry_run)
        except PlanFailedError as error:
            return problem(Kind.NO_PLAN, str(error))
        match planned:
            case NoSolver(advice=advice):
                return problem(Kind.NO_PLAN, advice)
            case Replanned():
                return Response(_replan_body(planned, dry_run=wish.dry_run), status_code=200)

    return replan


def _postcode_routes(desk: RoutingDesk, config: Api) -> list[HTTPRouteHandler]:
    @post(
        "/v1/routing/postcodes",
        status_code=200,
        request_max_body_size=None,
        summary="Take in where postcodes lie: GeoNames' postal codes, or a CSV file with a header as La Poste's",
        responses={
            200: ResponseSpec(ImportBody, generate_examples=False, description="Kept; orders are routed by it now"),
            **documented(Kind.INVALID, Kind.TOO_LARGE),
        },
    )
    async def import_postcodes(request: Request[Any, Any, Any], country: CountryGiven = None) -> Response[Any]:
        body = await read_body(request, config.upload_bytes_max)
        if isinstance(body, TooLarge):
            return problem(Kind.TOO_LARGE, f"a file has at most {body.bytes_max} bytes; send a country at a time")
        try:
            imported = await desk.import_postcodes(body, country)
        except PostcodesUnreadableError as error:
            return problem(Kind.INVALID, str(error))
        bad = [BadLineBody(each.number, each.why) for each in imported.read.bad_lines[:BAD_LINES_SHOWN_MAX]]
        told = ImportBody(imported.countries, imported.read.lines, imported.read.bad_count, bad)
        return Response(told, status_code=200)

    @get("/v1/routing/postcodes", sync_to_thread=False, summary="How many postcodes are known of each country")
    def postcodes() -> PostcodesBody:
        return PostcodesBody(desk.known_postcodes())

    return [import_postcodes, postcodes]


def no_routing_route() -> HTTPRouteHandler:
    """Tells whoever asks that nothing is routed here."""

    @post(
        ["/v1/route", "/v1/routing/replan", "/v1/routing/postcodes"],
        status_code=200,
        include_in_schema=False,
        summary="Nothing is routed here",
    )
    async def no_routing() -> Response[Any]:
        return problem(Kind.NOT_FOUND, "no order is routed here: write a section [routing] into the config")

    return no_routing


def route_body(explained: Explained) -> RouteBody:
    explanation = explained.explanation
    candidates = [_candidate_body(each) for each in explanation.weighed]
    return RouteBody(
        chosen=next((each.member for each in candidates if each.cost is not None), None),
        current=explained.current,
        had=sorted(explained.had),
        is_foreign=explanation.is_foreign,
        is_place_known=explanation.is_place_known,
        candidates=candidates,
    )


def _candidate_body(weighed: Weighed) -> CandidateBody:
    near, cost = weighed.near, weighed.cost
    return CandidateBody(
        member=near.member_id,
        km=None if near.metres is None else round(near.metres / 1_000, 1),
        in_area=near.in_area,
        load=weighed.load,
        capacity=weighed.capacity,
        cost=CostBody(cost.total, *cost) if cost is not None else None,
        refusals=[RefusalBody(refusal, REFUSAL_TEXTS[refusal]) for refusal in weighed.refusals],
    )


def _replan_body(planned: Replanned, *, dry_run: bool) -> ReplanBody:
    return ReplanBody(
        day=planned.day,
        dry_run=dry_run,
        orders=planned.orders,
        points=planned.points,
        greedy_points=planned.greedy_points,
        moves=[MoveBody(move.fax_id, move.number, move.from_member, move.to_member) for move in planned.moves],
        moved=planned.moved,
        unserved=planned.unserved,
        seconds=round(planned.seconds, 3),
    )
