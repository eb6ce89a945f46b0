"""All addresses of settlement."""

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from faxgw.api.port import Desk
from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.exports import export_routes
from faxgw.api.settlement.money import money_routes
from faxgw.api.settlement.months import month_routes
from faxgw.api.settlement.runs import run_file_routes, run_routes
from faxgw.api.settlement.statements import statement_routes
from faxgw.ops.metrics import Metrics
from faxgw.settlement.wiring import SettlementParts


def settlement_routes(settlement: SettlementParts | None, desk: Desk, metrics: Metrics) -> list[HTTPRouteHandler]:
    if settlement is None:
        return [_no_settlement_route()]
    return [
        *money_routes(settlement, metrics),
        *month_routes(settlement),
        *statement_routes(settlement, desk),
        *run_routes(settlement),
        *run_file_routes(settlement),
        *export_routes(settlement),
    ]


def _no_settlement_route() -> HTTPRouteHandler:
    @route(
        "/v1/settlement/{rest:path}",
        http_method=["GET", "POST"],
        sync_to_thread=False,
        include_in_schema=False,
    )
    def nothing_is_settled(rest: FromPath[str]) -> Response[bytes]:
        del rest
        return problem(Kind.NOT_FOUND, "nothing is settled here: the config has no [settlement]")

    return nothing_is_settled
