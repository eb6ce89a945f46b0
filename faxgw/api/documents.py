"""Takes in documents to be faxed: the document is the body, what is wanted with it stands in the query.

The bytes are looked at only as far as it takes to tell what they are; drawing is left to a render process.
"""

import datetime as dt
import re
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, QueryParameter

from faxgw.api.body import TooLarge, media_type, read_body
from faxgw.api.orders import Refused, one_answer, submitter_of
from faxgw.api.parameters import parameter_faults
from faxgw.api.port import Desk, DocumentOrder
from faxgw.api.problem import Kind, documented, problem
from faxgw.api.views import Taken
from faxgw.clock import Clock
from faxgw.config.whole import Config
from faxgw.faults import Fault
from faxgw.order import Priority, too_far
from faxgw.phone import NO_COUNTRY, Line, parse_line
from faxgw.render.handed_in.handed import Kind as DocumentKind
from faxgw.render.handed_in.handed import Limits
from faxgw.render.handed_in.kind import MEDIA_TYPES, UNDECLARED, recognise
from faxgw.render.sheet import Resolution, Unrenderable

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_PARAMETERS = frozenset({"to", "key", "number", "country", "priority", "deadline", "resolution", "photo"})
_NUMBER = re.compile(r"[A-Za-z0-9/_.-]{1,20}")

To = Annotated[str, QueryParameter(description="The fax number, as +33 1 99 00 12 34 (the + as %2B)")]
Key = Annotated[str, QueryParameter(description="The submitter's idempotency key: sending again under it is harmless")]
Number = Annotated[str, QueryParameter(description="What people call it; the key where there is none")]
Country = Annotated[str, QueryParameter(description="Of a number that is not international, as FR")]
Photo = Annotated[bool, QueryParameter(description="Greys as dots; costs many times the line time")]


def document_routes(desk: Desk, clock: Clock, config: Config, refused: Refused) -> list[HTTPRouteHandler]:
    limits = Limits(bytes_max=config.render.document_bytes_max)

    @post(
        "/v1/faxes",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=202,
        summary="Take in a document to be faxed to a number",
        responses={
            202: ResponseSpec(Taken, generate_examples=False, description="Taken: it survives a power cut from here"),
            200: ResponseSpec(Taken, generate_examples=False, description="The same came before under this key"),
            **documented(Kind.KEY_TAKEN, Kind.TOO_LARGE, Kind.BAD_TYPE, Kind.INVALID, Kind.DRAINING, Kind.FULL),
        },
    )
    async def take_document(
        request: Request[Any, Any, Any],
        to: To,
        key: Key,
        number: Number = "",
        country: Country = NO_COUNTRY,
        priority: FromQuery[Priority] = Priority.STANDARD,
        deadline: FromQuery[dt.datetime | None] = None,
        resolution: FromQuery[Resolution] = Resolution.FINE,
        photo: Photo = False,
    ) -> Response[Any]:
        submitter = submitter_of(request, refused)
        if isinstance(submitter, Response):
            return submitter
        line = parse_line(to, country)
        faults = parameter_faults(request, _PARAMETERS)
        faults += _faults(to, line, key, number, deadline, clock.now(), config.api.deadline_days_max)
        if faults or line is None:
            refused("invalid")
            return problem(Kind.INVALID, "the document was not taken", errors=faults)
        content = await read_body(request, limits.bytes_max)
        if isinstance(content, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"a document has at most {content.bytes_max} bytes: split it")
        kind = _recognise(request, content, limits)
        if not isinstance(kind, DocumentKind):
            refused("bad_type" if kind.status_code == Kind.BAD_TYPE.status else "invalid")
            return kind
        wish = DocumentOrder(
            key=key,
            line=line,
            kind=kind,
            content=content,
            number=number,
            priority=priority,
            deadline=deadline,
            resolution=resolution,
            photo=photo,
        )
        return one_answer(await desk.send_document(submitter, wish), refused)

    return [take_document]


def _faults(
    to: str, line: Line | None, key: str, number: str, deadline: dt.datetime | None, now: float, deadline_days_max: int
) -> list[Fault]:
    faults = []
    if line is None and to.startswith(" "):
        faults.append(Fault("/to", "a + in an address means a blank: write it as %2B, such as %2B33199001234"))
    elif line is None:
        faults.append(
            Fault("/to", "not a possible telephone number; write it as +33 1 99 00 12 34, or name its country")
        )
    if not _KEY.fullmatch(key):
        faults.append(Fault("/key", "1 to 128 printable ASCII characters without spaces"))
    if number and not _NUMBER.fullmatch(number):
        faults.append(Fault("/number", "1 to 20 of the characters A-Z a-z 0-9 / _ . -"))
    if deadline is not None and deadline.tzinfo is None:
        faults.append(Fault("/deadline", "needs its offset, as 2027-05-09T10:00:00+02:00"))
    elif deadline is not None and deadline.timestamp() <= now:
        faults.append(Fault("/deadline", "the deadline has passed"))
    elif deadline is not None and (far := too_far(deadline, dt.datetime.fromtimestamp(now, dt.UTC), deadline_days_max)):
        faults.append(Fault("/deadline", far))
    return faults


def _recognise(request: Request[Any, Any, Any], content: bytes, limits: Limits) -> DocumentKind | Response[Any]:
    declared = media_type(request)
    found = recognise(content, declared, limits)
    if not isinstance(found, Unrenderable):
        return found
    if declared not in UNDECLARED and declared not in MEDIA_TYPES:
        return problem(Kind.BAD_TYPE, found.reason)
    return problem(Kind.INVALID, found.reason)
