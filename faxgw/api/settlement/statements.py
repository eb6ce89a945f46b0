"""Hands a month's statements out: all as JSON, one as a file, or to the stores by fax."""

from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from faxgw.api.files import file_answer
from faxgw.api.port import Desk
from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.asking import Period, answers, no_period, wish_of
from faxgw.api.settlement.faxing import fax_statements
from faxgw.api.settlement.views import FaxedAllBody, FaxWish, StatementsBody
from faxgw.settlement.month.statement import Statement
from faxgw.settlement.statements.lines import write_csv
from faxgw.settlement.statements.pdf import write_pdf
from faxgw.settlement.statements.sheet import write_xlsx
from faxgw.settlement.wiring import SettlementParts

Form = Annotated[Literal["pdf", "xlsx", "csv"], QueryParameter(name="format")]
Currency = Annotated[str, QueryParameter(max_length=3, description="Of a member with several")]

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def statement_routes(settlement: SettlementParts, desk: Desk) -> list[HTTPRouteHandler]:
    months = settlement.months

    @get(
        "/v1/settlement/months/{period:str}/statements",
        summary="All statements of a month; those of an open one have no numbers",
        responses=answers(StatementsBody, "By member and currency", Kind.NOT_FOUND),
    )
    async def statements(period: Period) -> Response[Any]:
        return no_period(period) or Response(StatementsBody(await months.statements(period)))

    @get(
        "/v1/settlement/months/{period:str}/statements/{member:str}",
        summary="A store's statement as PDF, spreadsheet or CSV",
        responses=answers(bytes, "The file: the same bytes for ever once the month is closed", Kind.NOT_FOUND),
    )
    async def statement(period: Period, member: FromPath[str], form: Form = "pdf", currency: Currency = "") -> Any:
        if refused := no_period(period):
            return refused
        found = [each for each in await months.statements(period, [member]) if currency in {"", each.currency}]
        if not found:
            return problem(Kind.NOT_FOUND, f"{member} has no statement for {period}")
        if len(found) > 1:
            currencies = ", ".join(each.currency for each in found)
            return problem(Kind.BAD_REQUEST, f"{member} has statements in {currencies}: name the currency")
        content = await settlement.apart(lambda: _written(found[0], form, settlement.network))
        return file_answer(content, MEDIA_TYPES[form], f"{period}-{member}-{found[0].currency}.{form}")

    @post(
        "/v1/settlement/months/{period:str}/statements/fax",
        status_code=200,
        summary="Send statements to the stores by fax; asked again, none goes twice",
        responses=answers(FaxedAllBody, "What is in the queue", Kind.NOT_FOUND, Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def fax(request: Request[Any, Any, Any], period: Period) -> Response[Any]:
        if refused := no_period(period):
            return refused
        wish = await wish_of(request, FaxWish)
        if isinstance(wish, Response):
            return wish
        if period not in {seal.period for seal in await settlement.store.ledger.seals()}:
            return problem(Kind.AGAINST_RULE, f"{period} is not closed: what it says may still change")
        return Response(FaxedAllBody(await fax_statements(settlement, desk, period, wish.members)))

    return [statements, statement, fax]


def _written(statement: Statement, form: Literal["pdf", "xlsx", "csv"], network: str) -> bytes:
    match form:
        case "pdf":
            return write_pdf(statement, network)
        case "xlsx":
            return write_xlsx(statement, network)
        case "csv":
            return write_csv(statement)
