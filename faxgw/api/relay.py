"""Takes what florists and the network say about orders, and tells where an order stands between them."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import msgspec
import trio
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.body import TooLarge, media_type, read_body
from faxgw.api.caller import who_asks
from faxgw.api.orders import NDJSON, Refused, submitter_of
from faxgw.api.problem import Kind, documented, draining, problem
from faxgw.api.reading import LINES_BETWEEN_CHECKPOINTS, count_lines, numbered_lines
from faxgw.api.relay_views import (
    AbsencesBody,
    MessagesBody,
    OrderBody,
    RelayAnswer,
    RelayWish,
    Speaker,
    absence_body,
    answer_body,
    message_body,
    message_of,
    order_body,
)
from faxgw.clock import Clock
from faxgw.config.daemon import Api
from faxgw.faults import Fault, convert_or_faults
from faxgw.message import RelayMessage, faults_of
from faxgw.relay.port import RelayDesk
from faxgw.store.port import Store
from faxgw.store.relay.port import Answer, Refusal, RelayRefused, RelayRepeated
from faxgw.store.views import Sought

MESSAGE_BYTES_MAX = 16 * 1024
TOO_LONG = f"a message has at most {MESSAGE_BYTES_MAX} bytes"
FAXES_MAX = 100
"""Of one order, as far as they are listed."""
MESSAGES_AT_ONCE = 100
"""Decided in one commit: some 50 ms of the thread that writes for everybody."""

_encoder = msgspec.json.Encoder()
Cursor = Annotated[int, QueryParameter(ge=0, le=2**63 - 1, description="Tell what was said after this `seq`")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000)]


def relay_routes(relay: RelayDesk, clock: Clock, config: Api, refused: Refused) -> list[HTTPRouteHandler]:
    @post(
        "/v1/relay",
        request_max_body_size=None,  # It depends on the content type; `read_body` bounds it.
        status_code=201,
        summary="Say something about an order: one message (application/json) or many (application/x-ndjson)",
        description=__doc__,
        responses={
            201: ResponseSpec(RelayAnswer, generate_examples=False, description="Kept, and carried out"),
            200: ResponseSpec(RelayAnswer, generate_examples=False, description="A repeat, or an answer for each line"),
            **documented(Kind.NOT_JSON, Kind.NOT_FOUND, Kind.RELAY_REFUSED, Kind.KEY_TAKEN, Kind.TOO_LARGE),
            **documented(Kind.BAD_TYPE, Kind.INVALID, Kind.BUSY, Kind.FULL, Kind.DRAINING),
        },
    )
    async def take_messages(request: Request[Any, Any, Any]) -> Response[Any]:
        submitter = submitter_of(request, refused)
        if isinstance(submitter, Response):
            return submitter
        speaker = Speaker(submitter, partial(who_asks, request))
        match media_type(request):
            case "application/json":
                return await take_one(await read_body(request, MESSAGE_BYTES_MAX), speaker)
            case "application/x-ndjson":
                return await take_many(await read_body(request, config.upload_bytes_max), speaker)
            case _:
                refused("bad_type")
                return problem(Kind.BAD_TYPE, f"send application/json for one message, {NDJSON} for many")

    async def take_one(body: bytes | TooLarge, speaker: Speaker) -> Response[Any]:
        if isinstance(body, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, TOO_LONG)
        message = read_message(body, speaker, clock.now())
        if isinstance(message, list):
            refused("invalid")
            return problem(Kind.INVALID, "the message is not complete; nothing was kept", errors=message)
        [answer] = await relay.take([message])
        return one_answer(answer)

    async def take_many(body: bytes | TooLarge, speaker: Speaker) -> Response[Any]:
        if isinstance(body, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"an upload has at most {body.bytes_max} bytes")
        if count_lines(body) > config.upload_lines_max:
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"an upload has at most {config.upload_lines_max} lines")
        read = [each async for each in read_messages(body, speaker, clock.now())]
        messages = [message for _, message in read if isinstance(message, RelayMessage)]
        # In pieces, between which others write: an order handed in meanwhile does not wait for the whole upload.
        pieces = [messages[start : start + MESSAGES_AT_ONCE] for start in range(0, len(messages), MESSAGES_AT_ONCE)]
        answers = iter([answer for piece in pieces for answer in await relay.take(piece)])
        told = [
            bad_line(number, each) if isinstance(each, list) else answer_body(next(answers), number)
            for number, each in read
        ]
        return Response(b"".join(_encoder.encode(each) + b"\n" for each in told), status_code=200, media_type=NDJSON)

    def bad_line(line: int, faults: list[Fault]) -> RelayAnswer:
        refused("invalid")
        return RelayAnswer(status=422, line=line, refusal=Refusal.INVALID, errors=tuple(faults))

    return [take_messages]


def relay_reading_routes(store: Store) -> list[HTTPRouteHandler]:
    @get(
        "/v1/relay",
        summary="What was said about orders, after a cursor",
        responses={200: ResponseSpec(MessagesBody, generate_examples=False, description="Messages with their answers")},
    )
    async def list_messages(after: Cursor = 0, limit: Limit = 100) -> Response[MessagesBody]:
        messages = await store.relay.messages(after, limit)
        return Response(
            MessagesBody([message_body(each) for each in messages], messages[-1].seq if messages else after)
        )

    @get(
        "/v1/relay/absences",
        summary="Which florists are away, or will be",
        responses={200: ResponseSpec(AbsencesBody, generate_examples=False, description="Those that are not over")},
    )
    async def list_absences() -> Response[AbsencesBody]:
        return Response(AbsencesBody([absence_body(each) for each in await store.relay.absences()]))

    @get(
        "/v1/orders/{number:path}",
        summary="An order between the florists: whose it is, what was said, and its faxes",
        responses={
            200: ResponseSpec(OrderBody, generate_examples=False, description="The order"),
            **documented(Kind.NOT_FOUND),
        },
    )
    async def show_order(number: FromPath[str]) -> Response[OrderBody]:
        # Litestar hands a path with the slash before it; order numbers may hold slashes of their own.
        wanted = number.removeprefix("/")
        story = await store.relay.story(wanted)
        if story is None:
            raise NotFoundException(detail=f"no order {wanted}")
        faxes = await store.find(Sought(number=wanted), FAXES_MAX)
        return Response(order_body(story, faxes))

    return [list_messages, list_absences, show_order]


async def read_messages(
    body: bytes, speaker: Speaker, now: float
) -> AsyncIterator[tuple[int, RelayMessage | list[Fault]]]:
    """Each line that is not empty, with its number from 1; other tasks run in between."""
    for number, line in numbered_lines(body):
        is_long = len(line) > MESSAGE_BYTES_MAX
        yield number, [Fault("", TOO_LONG)] if is_long else read_message(line, speaker, now)
        if number % LINES_BETWEEN_CHECKPOINTS == 0:
            await trio.lowlevel.checkpoint()


def read_message(body: bytes, speaker: Speaker, now: float) -> RelayMessage | list[Fault]:
    """A message that has no faults of its own, or every fault."""
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [Fault("", f"not JSON: {error}")]
    wish = convert_or_faults(raw, RelayWish)
    if isinstance(wish, list):
        return wish
    message = message_of(wish, speaker, now)
    return list(faults_of(message)) or message


def one_answer(answer: Answer) -> Response[Any]:
    body = answer_body(answer)
    inner = answer.answer if isinstance(answer, RelayRepeated) else answer
    if isinstance(inner, RelayRefused):
        return _refusal(inner)
    return Response(_encoder.encode(body), status_code=body.status, media_type="application/json")


def _refusal(refused: RelayRefused) -> Response[Any]:
    match refused.refusal:
        case Refusal.KEY_TAKEN:
            return problem(Kind.KEY_TAKEN, refused.sentence)
        case Refusal.DRAINING:
            return draining(refused.sentence)
        case Refusal.BROKE:
            return problem(Kind.CRASHED, refused.sentence)
        case Refusal.UNKNOWN_ORDER:
            return problem(Kind.NOT_FOUND, refused.sentence, refusal=refused.refusal)
        case _:
            return problem(Kind.RELAY_REFUSED, refused.sentence, refusal=refused.refusal)
