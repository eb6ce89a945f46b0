"""Payouts and collections: proposed by one, approved by another, and then a file for the bank."""

from hashlib import sha256
from typing import Annotated, Any, Literal, assert_never

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from faxgw.api.files import file_answer
from faxgw.api.members.asking import person_of
from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.asking import Period, answers, no_period, wish_of
from faxgw.api.settlement.views import ApproveWish, RunBody, RunsBody, RunWish, run_body
from faxgw.faults import Fault
from faxgw.money import plain_amount
from faxgw.settlement.month.desk import NobodyInRun, Proposed, decode_content
from faxgw.settlement.month.run import LeftOut, run_name
from faxgw.settlement.payouts.files import BankFile, NoFile, bank_file, collections_before
from faxgw.settlement.payouts.pain import Version
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.months.port import Run, RunRefused

Direction = FromPath[Literal["payout", "collection"]]
FileVersion = Annotated[Version | None, QueryParameter(name="format", description="As the bank asks for it")]

_RUN = "/v1/settlement/months/{period:str}/runs/{direction:str}/{currency:str}"


def run_routes(settlement: SettlementParts) -> list[HTTPRouteHandler]:
    months = settlement.months

    @get(
        "/v1/settlement/runs",
        summary="All runs of payouts and collections",
        responses=answers(RunsBody, "By month; account numbers are whole"),
    )
    async def list_runs() -> Response[RunsBody]:
        return Response(RunsBody([_body(run) for run in await months.runs()]))

    @post(
        _RUN,
        status_code=200,
        summary="Propose the run of a closed month for a second person; proposed again, the newer one stands",
        responses=answers(RunBody, "It waits for a second person", Kind.NOT_FOUND, Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def propose(
        request: Request[Any, Any, Any], period: Period, direction: Direction, currency: FromPath[str]
    ) -> Response[Any]:
        if refused := no_period(period):
            return refused
        wish = await wish_of(request, RunWish)
        if isinstance(wish, Response):
            return wish
        done = await months.propose(period, direction, currency, wish.on, person_of(request, wish.who))
        match done:
            case Proposed(run=run):
                return Response(_body(run, done))
            case NobodyInRun(reason=reason, left_out=left_out):
                errors = [Fault(each.member, _left_out_text(each, currency)) for each in left_out]
                return problem(Kind.AGAINST_RULE, reason, errors=errors)
            case RunRefused(reason=reason):
                return problem(Kind.AGAINST_RULE, reason)
            case never:
                assert_never(never)

    @post(
        f"{_RUN}/approve",
        status_code=200,
        summary="Agree, as a second person, to the run as it was looked at; the ledger has it paid from then on",
        responses=answers(RunBody, "It may go to the bank", Kind.NOT_FOUND, Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def approve(
        request: Request[Any, Any, Any], period: Period, direction: Direction, currency: FromPath[str]
    ) -> Response[Any]:
        wish = await wish_of(request, ApproveWish)
        if isinstance(wish, Response):
            return wish
        run = await months.run(run_name(period, direction, currency))
        if run is None:
            return problem(Kind.NOT_FOUND, f"there is no {direction} in {currency} for {period}: propose one")
        if _digest(run) != wish.digest:
            return problem(Kind.AGAINST_RULE, f"{run.name} was proposed anew meanwhile: look at it again")
        done = await months.approve(run.name, run.content, person_of(request, wish.who))
        if isinstance(done, RunRefused):
            return problem(Kind.AGAINST_RULE, done.reason)
        return Response(_body(done))

    return [list_runs, propose, approve]


def run_file_routes(settlement: SettlementParts) -> list[HTTPRouteHandler]:
    months = settlement.months

    @get(
        f"{_RUN}/file",
        summary="The file of an approved run for the bank",
        responses=answers(bytes, "The same bytes each time", Kind.NOT_FOUND, Kind.AGAINST_RULE),
    )
    async def file(
        period: Period, direction: Direction, currency: FromPath[str], version: FileVersion = None
    ) -> Response[Any]:
        run = await months.run(run_name(period, direction, currency))
        if run is None:
            return problem(Kind.NOT_FOUND, f"there is no {direction} in {currency} for {period}: propose one")
        earlier = [decode_content(each.content) for each in collections_before(run, await months.runs())]
        config = settlement.config
        made = bank_file(
            run, decode_content(run.content), config.account, config.mandate, earlier, settlement.zone, version
        )
        match made:
            case BankFile(name=name, content=content):
                return file_answer(content, "application/xml", name)
            case NoFile(reasons=reasons):
                errors = [Fault("", reason) for reason in reasons]
                return problem(Kind.AGAINST_RULE, f"{run.name} makes no file", errors=errors)

    return [file]


def _digest(run: Run) -> str:
    return sha256(run.content).hexdigest()


def _left_out_text(each: LeftOut, currency: str) -> str:
    return f"{plain_amount(each.amount_minor, currency)} {currency}: {each.reason}"


def _body(run: Run, proposed: Proposed | None = None) -> RunBody:
    return run_body(run, decode_content(run.content), _digest(run), proposed)
