"""Takes orders in: one as JSON, or many as NDJSON in one commit with one answer a line."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import trio
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from faxgw.api.body import TooLarge, header, media_type, read_body
from faxgw.api.caller import LOCAL, caller_of
from faxgw.api.parameters import parameter_faults
from faxgw.api.port import Desk
from faxgw.api.problem import Kind, documented, draining, problem
from faxgw.api.reading import LineTooLong, NotJson, ReadLine, count_lines, decode_order, read_upload
from faxgw.api.views import Taken, Warned
from faxgw.api.warnings import warnings_of
from faxgw.clock import Clock
from faxgw.config.daemon import Api
from faxgw.faults import Fault
from faxgw.fax import State
from faxgw.order import Order, Reach
from faxgw.store.admission import Admission, Admitted, Drained, KeyTaken, Repeated

NDJSON = "application/x-ndjson"
JSON = "application/json"
_SUBMITTER = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_LINES_BETWEEN_CHECKPOINTS = 500

Refused = Callable[[str], None]
"""Counts a refusal by its reason."""

_encoder = msgspec.json.Encoder()


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line of an upload; `status` is what a single POST would have had."""

    line: int
    status: int
    id: int | None = None
    state: State | None = None
    repeated: bool | None = None
    executing_member: str | None = None
    """Whom routing chose, where the order named nobody."""
    detail: str = ""
    errors: tuple[Fault, ...] = ()
    warnings: tuple[Warned, ...] = ()
    """Texts that will not be printed whole."""


def order_routes(
    desk: Desk, clock: Clock, config: Api, refused: Refused, *, is_routed: bool = False
) -> list[HTTPRouteHandler]:
    """With `is_routed` an order may leave open who executes it."""
    reach = reach_of(config)

    @post(
        "/v1/orders",
        request_max_body_size=None,  # It depends on the content type; `read_body` bounds it.
        status_code=202,
        summary="Take in one order (application/json) or many (application/x-ndjson)",
        description=__doc__,
        responses={
            202: ResponseSpec(Taken, generate_examples=False, description="Taken: it survives a power cut from here"),
            200: ResponseSpec(LineAnswer, generate_examples=False, description="A repeat, or one answer for each line"),
            **documented(Kind.NOT_JSON, Kind.KEY_TAKEN, Kind.TOO_LARGE, Kind.BAD_TYPE, Kind.INVALID),
            **documented(Kind.BUSY, Kind.FULL, Kind.DRAINING),
        },
    )
    async def take_orders(request: Request[Any, Any, Any]) -> Response[Any]:
        submitter = submitter_of(request, refused)
        if isinstance(submitter, Response):
            return submitter
        if unknown := parameter_faults(request, ()):
            refused("bad_request")
            return problem(Kind.BAD_REQUEST, "an order stands in the body, whole", errors=unknown)
        match media_type(request):
            case "application/json":
                return await take_one(request, submitter)
            case "application/x-ndjson":
                return await take_many(request, submitter)
            case _:
                refused("bad_type")
                return problem(Kind.BAD_TYPE, f"send {JSON} for one order, {NDJSON} for many, one in each line")

    async def take_one(request: Request[Any, Any, Any], submitter: str) -> Response[Any]:
        body = await read_body(request, config.order_bytes_max)
        if isinstance(body, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"an order has at most {body.bytes_max} bytes")
        match decode_order(body, _utc_now(clock), is_routed=is_routed, reach=reach):
            case NotJson(detail=detail):
                refused("not_json")
                return problem(Kind.NOT_JSON, detail)
            case Order() as order:
                [answer] = await desk.submit(submitter, [order])
                return one_answer(answer, refused, warnings_of(order))
            case faults:
                return one_answer(faults, refused)

    async def take_many(request: Request[Any, Any, Any], submitter: str) -> Response[Any]:
        body = await read_body(request, config.upload_bytes_max)
        if isinstance(body, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"an upload has at most {body.bytes_max} bytes")
        if count_lines(body) > config.upload_lines_max:
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"an upload has at most {config.upload_lines_max} lines")
        upload = read_upload(body, config.order_bytes_max, _utc_now(clock), is_routed=is_routed, reach=reach)
        reads = [read async for read in upload]
        orders = [read for _, read in reads if isinstance(read, Order)]
        admissions = await desk.submit(submitter, orders) if orders else []
        return Response(await _answer_lines(reads, admissions, refused), status_code=200, media_type=NDJSON)

    return [take_orders]


def reach_of(config: Api) -> Reach:
    return Reach(
        delivery_days_max=config.delivery_days_max,
        delivery_days_past_max=config.delivery_days_past_max,
        deadline_days_max=config.deadline_days_max,
    )


def submitter_of(request: Request[Any, Any, Any], refused: Refused) -> str | Response[Any]:
    """In whose name the request comes, or the answer to a name that is none."""
    named, caller = header(request, b"x-submitter"), caller_of(request)
    if caller is not None and named not in {"", caller.name}:
        refused("forbidden")
        return problem(Kind.FORBIDDEN, f"the token speaks for {caller.name} alone: leave X-Submitter out")
    submitter = caller.name if caller is not None else named or LOCAL
    if _SUBMITTER.fullmatch(submitter):
        return submitter
    refused("bad_request")
    return problem(Kind.BAD_REQUEST, "X-Submitter has 1 to 64 characters of A-Z a-z 0-9 _ . @ -")


def one_answer(answer: Admission | list[Fault], refused: Refused, warnings: tuple[Warned, ...] = ()) -> Response[Any]:
    match answer:
        case Admitted(fax_id=fax_id, state=state, executor=executor):
            return _taken(202, Taken(fax_id, state, repeated=False, **_told(executor, warnings)))
        case Repeated(fax_id=fax_id, state=state, executor=executor):
            return _taken(200, Taken(fax_id, state, repeated=True, **_told(executor, warnings)))
        case KeyTaken(fax_id=fax_id):
            refused("key_taken")
            return problem(Kind.KEY_TAKEN, f"fax {fax_id} was taken under this key with another order", fax_id=fax_id)
        case Drained():
            refused("draining")
            return draining()
        case list() as faults:
            refused("invalid")
            return problem(Kind.INVALID, _count_of(faults), errors=faults)


def _told(executor: str | None, warnings: tuple[Warned, ...]) -> dict[str, Any]:
    return {"executing_member": executor or msgspec.UNSET, "warnings": warnings or msgspec.UNSET}


def _taken(status: int, taken: Taken) -> Response[Any]:
    content = _encoder.encode(taken)
    return Response(content, status_code=status, media_type=JSON, headers={"Location": f"/v1/faxes/{taken.id}"})


async def _answer_lines(
    reads: Sequence[tuple[int, ReadLine]], admissions: Sequence[Admission | list[Fault]], refused: Refused
) -> bytes:
    admission = iter(admissions)
    out = bytearray()
    for number, read in reads:
        answer = _line_answer(number, next(admission) if isinstance(read, Order) else read, refused)
        if isinstance(read, Order) and answer.id is not None and (warnings := warnings_of(read)):
            answer = msgspec.structs.replace(answer, warnings=warnings)
        out += _encoder.encode(answer)
        out += b"\n"
        if number % _LINES_BETWEEN_CHECKPOINTS == 0:
            await trio.lowlevel.checkpoint()
    return bytes(out)


def _line_answer(
    number: int, came_of_it: Admission | list[Fault] | NotJson | LineTooLong, refused: Refused
) -> LineAnswer:
    match came_of_it:
        case Admitted(fax_id=fax_id, state=state, executor=executor):
            answer = LineAnswer(line=number, status=202, id=fax_id, state=state, repeated=False)
            return msgspec.structs.replace(answer, executing_member=executor)
        case Repeated(fax_id=fax_id, state=state, executor=executor):
            answer = LineAnswer(line=number, status=200, id=fax_id, state=state, repeated=True)
            return msgspec.structs.replace(answer, executing_member=executor)
        case KeyTaken(fax_id=fax_id):
            refused("key_taken")
            return LineAnswer(line=number, status=409, id=fax_id, detail=Kind.KEY_TAKEN.title)
        case Drained():
            refused("draining")
            return LineAnswer(line=number, status=503, detail=Kind.DRAINING.title)
        case NotJson(detail=detail):
            refused("not_json")
            return LineAnswer(line=number, status=400, detail=f"not JSON: {detail}")
        case LineTooLong(bytes_max=bytes_max):
            refused("too_large")
            return LineAnswer(line=number, status=413, detail=f"an order has at most {bytes_max} bytes")
        case list() as faults:
            refused("invalid")
            return LineAnswer(line=number, status=422, detail=_count_of(faults), errors=tuple(faults))


def _count_of(faults: Sequence[Fault]) -> str:
    return "1 field is refused" if len(faults) == 1 else f"{len(faults)} fields are refused"


def _utc_now(clock: Clock) -> dt.datetime:
    return dt.datetime.fromtimestamp(clock.now(), dt.UTC)
