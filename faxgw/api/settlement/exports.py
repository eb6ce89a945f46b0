"""Hands closed months to accounting programs and tax offices."""

from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from faxgw.api.files import file_answer
from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.asking import answers, no_period
from faxgw.settlement.exports.desk import NotExported
from faxgw.settlement.wiring import SettlementParts

First = Annotated[str, QueryParameter(description="A closed month such as 2027-05")]
Last = Annotated[str, QueryParameter(description="The same year's; as `first` without it")]
Currency = Annotated[str, QueryParameter(max_length=3, description="Of a SAF-T file, which has one")]


def export_routes(settlement: SettlementParts) -> list[HTTPRouteHandler]:
    @get(
        "/v1/settlement/exports/{kind:str}",
        summary="Closed months as vouchers (CSV), FEC (France) or SAF-T Financial 1.30 (Norway)",
        responses=answers(bytes, "The same bytes each time", Kind.NOT_FOUND, Kind.AGAINST_RULE),
    )
    async def export(
        kind: FromPath[Literal["vouchers", "fec", "saft"]], first: First, last: Last = "", currency: Currency = ""
    ) -> Response[Any]:
        if refused := no_period(first) or no_period(last or first):
            return refused
        if settlement.exports is None:
            return problem(Kind.AGAINST_RULE, "the config names no books: see [settlement] books")
        done = await settlement.exports.export(kind, first, last or first, currency)
        if isinstance(done, NotExported):
            return problem(Kind.AGAINST_RULE, done.reason)
        return file_answer(done.content, done.media_type, done.name)

    return [export]
