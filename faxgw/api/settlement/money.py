"""Takes settlement files in, has them matched, and shows and decides what nobody could match."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from faxgw.api.body import TooLarge, read_body
from faxgw.api.caller import LOCAL, who_asks
from faxgw.api.problem import Kind, problem
from faxgw.api.settlement.asking import answers, wish_of
from faxgw.api.settlement.views import (
    DecideWish,
    ExceptionsBody,
    ImportBody,
    MatchBody,
    OwnWish,
    RefusedClaimsBody,
    TakenBody,
    exception_body,
    import_body,
    match_body,
    refused_body,
)
from faxgw.faults import Fault
from faxgw.ops.metrics import Metrics
from faxgw.settlement.deciding import DecisionRefused
from faxgw.settlement.imports.entry import FileRefused
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.clearing.port import Imported, ImportRefused, Taken

Name = Annotated[str, QueryParameter(max_length=200, description="What the file is called")]
Who = Annotated[str, QueryParameter(max_length=200)]
All = Annotated[bool, QueryParameter(name="all", description="Those that were decided, too")]


def money_routes(settlement: SettlementParts, metrics: Metrics) -> list[HTTPRouteHandler]:
    clearing = settlement.clearing

    @post(
        "/v1/settlement/imports",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=200,
        summary="Take in a settlement file of a provider or a bank, whole or not at all; its format is found out",
        responses=answers(ImportBody, "It is in, or was before", Kind.TOO_LARGE, Kind.INVALID, Kind.FULL),
    )
    async def take_file(request: Request[Any, Any, Any], name: Name = "", who: Who = LOCAL) -> Response[Any]:
        content = await read_body(request, settlement.config.file_bytes_max)
        if isinstance(content, TooLarge):
            metrics.settlement_imports.labels("refused").inc()
            return problem(Kind.TOO_LARGE, f"a settlement file has at most {content.bytes_max} bytes")
        done = await clearing.import_file(content, name=name, who=who_asks(request, who))
        if isinstance(done, FileRefused | ImportRefused):
            metrics.settlement_imports.labels("refused").inc()
            place = f"line {done.line}" if done.line is not None else ""
            return problem(Kind.INVALID, "nothing of the file was taken", errors=[Fault(place, done.reason)])
        metrics.settlement_imports.labels("imported" if isinstance(done, Imported) else "repeated").inc()
        return Response(import_body(done))

    @post(
        "/v1/settlement/match",
        status_code=200,
        summary="Find out what each payment is for; what is not sure goes to the queue of exceptions",
        responses=answers(MatchBody, "What was found"),
    )
    async def match() -> Response[MatchBody]:
        # A payment may have come for an order of this minute.
        await settlement.follower.catch_up()
        return Response(match_body(await clearing.match()))

    @get(
        "/v1/settlement/exceptions",
        summary="Movements of money that wait for a person, the oldest first",
        responses=answers(ExceptionsBody, "The queue"),
    )
    async def exceptions(all_of_them: All = False) -> Response[ExceptionsBody]:
        found = await clearing.exceptions(all_of_them=all_of_them)
        return Response(ExceptionsBody([exception_body(each) for each in found]))

    @post(
        "/v1/settlement/exceptions/{movement_id:int}/own",
        status_code=200,
        summary="Look after an exception",
        responses=answers(TakenBody, "It is theirs", Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def own(request: Request[Any, Any, Any], movement_id: FromPath[int]) -> Response[Any]:
        wish = await wish_of(request, OwnWish)
        if isinstance(wish, Response):
            return wish
        return _taken(await clearing.own(movement_id, wish.who))

    @post(
        "/v1/settlement/exceptions/{movement_id:int}/decide",
        status_code=200,
        summary="Decide an exception: matched by hand, a difference accepted, a fee, or left unallocated",
        responses=answers(TakenBody, "It is carried out", Kind.INVALID, Kind.AGAINST_RULE),
    )
    async def decide(request: Request[Any, Any, Any], movement_id: FromPath[int]) -> Response[Any]:
        wish = await wish_of(request, DecideWish)
        if isinstance(wish, Response):
            return wish
        done = await clearing.decide(
            movement_id,
            wish.decision,
            who=wish.who,
            why=wish.why,
            number=wish.order,
            together_with=wish.together_with,
        )
        if isinstance(done, DecisionRefused):
            return problem(Kind.AGAINST_RULE, done.reason)
        return _taken(done)

    @get(
        "/v1/settlement/refused",
        summary="Claims of orders and complaints that could not be booked, and why",
        responses=answers(RefusedClaimsBody, "Each is looked at again every day, and before a month is closed"),
    )
    async def refused() -> Response[RefusedClaimsBody]:
        return Response(RefusedClaimsBody([refused_body(each) for each in await settlement.store.claims.refused()]))

    return [take_file, match, exceptions, own, decide, refused]


def _taken(taken: Taken) -> Response[Any]:
    if taken is Taken.LATE:
        return problem(
            Kind.AGAINST_RULE, "it was placed or decided by somebody else before, or there is none of that id"
        )
    return Response(TakenBody(taken))
