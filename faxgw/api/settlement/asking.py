"""What the routes of settlement share: the month in the path, who asks, and how they are documented."""

import re
from typing import Annotated, Any

from litestar import Request, Response
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter

from faxgw.api import asking
from faxgw.api.asking import AskedOf
from faxgw.api.problem import Kind, documented, problem

WISH_BYTES_MAX = 64 * 1024
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

Period = Annotated[str, PathParameter(description="A month such as 2027-05")]


async def wish_of(request: Request[Any, Any, Any], wanted: type[AskedOf]) -> AskedOf | Response[Any]:
    """See `api.asking.wish_of`."""
    return await asking.wish_of(request, wanted, WISH_BYTES_MAX)


def no_period(period: str) -> Response[Any] | None:
    """The refusal of what is no month."""
    if _PERIOD.fullmatch(period):
        return None
    return problem(Kind.NOT_FOUND, f"{period[:20]} is no month; write it as 2027-05")


def answers(body: type[Any], description: str, *kinds: Kind) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(body, generate_examples=False, description=description), **documented(*kinds)}
