"""The end of a month: is it ready, close it, prove the ledger."""

from typing import Any, assert_never

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.asking import Period, answers, no_period, wish_of
from faxgw.api.settlement.views import (
    AccountsBody,
    ClosedBody,
    CloseWish,
    MonthsBody,
    ReadyBody,
    VerifiedBody,
    account_body,
    closed_body,
    ready_body,
    seal_body,
    verified_body,
)
from faxgw.faults import Fault
from faxgw.settlement.month.desk import Closed, NotClosed
from faxgw.settlement.wiring import SettlementParts


def month_routes(settlement: SettlementParts) -> list[HTTPRouteHandler]:
    months = settlement.months

    @get(
        "/v1/settlement/months",
        summary="Months that are closed, with their seals, and months that are not",
        responses=answers(MonthsBody, "All that have journals"),
    )
    async def list_months() -> Response[MonthsBody]:
        seals = await settlement.store.ledger.seals()
        closed = {seal.period for seal in seals}
        periods = [each for each in await settlement.store.ledger.periods() if each not in closed]
        return Response(MonthsBody(closed=[seal_body(seal) for seal in seals], open=periods))

    @get(
        "/v1/settlement/accounts",
        summary="All balances as they stand; together they are nothing in each currency",
        responses=answers(AccountsBody, "Debit above zero, credit below"),
    )
    async def accounts() -> Response[AccountsBody]:
        standings = await settlement.store.ledger.standings()
        return Response(AccountsBody([account_body(account, own) for account, own in sorted(standings.items())]))

    @get(
        "/v1/settlement/months/{period:str}/ready",
        summary="What should be settled before the month is closed",
        responses=answers(ReadyBody, "Each obstacle says what to do", Kind.NOT_FOUND),
    )
    async def ready(period: Period) -> Response[Any]:
        if refused := no_period(period):
            return refused
        seal = await months.seal_of(period)
        if seal is not None:
            return Response(ReadyBody(period=period, is_ready=True, obstacles=[], closed=seal_body(seal)))
        return Response(ready_body(period, await months.ready(period)))

    @post(
        "/v1/settlement/months/{period:str}/close",
        status_code=200,
        summary="Seal the month and number its statements; closed again it is what it was",
        responses=answers(ClosedBody, "It is closed", Kind.NOT_FOUND, Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def close(request: Request[Any, Any, Any], period: Period) -> Response[Any]:
        if refused := no_period(period):
            return refused
        wish = await wish_of(request, CloseWish)
        if isinstance(wish, Response):
            return wish
        match await months.close(period, wish.who):
            case Closed() as closed:
                return Response(closed_body(closed))
            case NotClosed(obstacles=obstacles):
                errors = [Fault(each.matter, each.sentence) for each in obstacles]
                return problem(Kind.AGAINST_RULE, f"{period} is not closed: settle these first", errors=errors)
            case never:
                assert_never(never)

    @post(
        "/v1/settlement/verify",
        status_code=200,
        summary="Compute every seal and every balance again from the journals",
        responses=answers(VerifiedBody, "A ledger that nobody touched has no faults"),
    )
    async def verify() -> Response[VerifiedBody]:
        return Response(verified_body(await months.verify()))

    return [list_months, accounts, ready, close, verify]
