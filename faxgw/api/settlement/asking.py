"""What the routes of settlement share: the month in the path, who asks, and how they are documented."""

import re
from typing import Annotated, Any, TypeVar

from litestar import Request, Response
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter

from faxgw.api.asking import Asked, read_asked
from faxgw.api.body import read_body
from faxgw.api.problem import Kind, documented, problem

WISH_BYTES_MAX = 64 * 1024
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

T = TypeVar("T", bound=Asked)

Period = Annotated[str, PathParameter(description="A month such as 2027-05")]


async def wish_of(request: Request[Any, Any, Any], wanted: type[T]) -> T | Response[Any]:
    """The body as `wanted`, or the answer that names its faults."""
    asked = read_asked(await read_body(request, WISH_BYTES_MAX), wanted)
    if isinstance(asked, list):
        return problem(Kind.INVALID, "the body is JSON, as /v1/openapi.json describes it", errors=asked)
    return asked


def no_period(period: str) -> Response[Any] | None:
    """The refusal of what is no month."""
    if _PERIOD.fullmatch(period):
        return None
    return problem(Kind.NOT_FOUND, f"{period[:20]} is no month; write it as 2027-05")


def answers(body: type[Any], description: str, *kinds: Kind) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(body, generate_examples=False, description=description), **documented(*kinds)}


def file_answer(content: bytes, media_type: str, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
