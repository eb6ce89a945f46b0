"""Reads the body of a request within its limit, before anything is made of it."""

from dataclasses import dataclass
from typing import Any

from litestar import Request

from faxgw.api.connection import PeerGoneError


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The body is over the limit; the rest of it was not read."""

    bytes_max: int


async def read_body(request: Request[Any, Any, Any], bytes_max: int) -> bytes | TooLarge:
    """The whole body, or `TooLarge` as soon as that is known.

    Raises:
        PeerGoneError: the peer left before the end.
    """
    announced = header(request, b"content-length")
    if announced.isdecimal() and int(announced) > bytes_max:
        return TooLarge(bytes_max)
    pieces: list[bytes] = []
    length = 0
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise PeerGoneError
        pieces.append(message["body"])
        length += len(pieces[-1])
        if length > bytes_max:
            return TooLarge(bytes_max)
        if not message["more_body"]:
            return b"".join(pieces)


def header(request: Request[Any, Any, Any], name: bytes) -> str:
    """The first header of this (lower-case) name, or an empty text."""
    return next((value.decode("latin-1") for key, value in request.scope["headers"] if key == name), "")


def media_type(request: Request[Any, Any, Any]) -> str:
    """The content type without its parameters, in lower case."""
    return header(request, b"content-type").partition(";")[0].strip().lower()
