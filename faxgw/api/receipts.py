"""Takes carriers' webhooks: the receipt desk keeps them durably before they are answered."""

from typing import Any, assert_never

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from faxgw.api.body import TooLarge, read_body
from faxgw.api.orders import Refused
from faxgw.api.port import ReceiptDesk
from faxgw.api.problem import Kind, documented, problem
from faxgw.config.doors import Http
from faxgw.receipt.webhook import NoSuchProvider, ReceiptRefused, ReceiptsTaken, ReceiptUnreadable


def receipt_routes(desk: ReceiptDesk, config: Http, refused: Refused) -> list[HTTPRouteHandler]:
    @post(
        "/v1/receipts/{provider:str}",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=200,  # Never given, but Litestar takes no answer of 204 beside others.
        summary="A carrier tells what became of a fax",
        responses={
            204: ResponseSpec(None, generate_examples=False, description="Kept: it survives a power cut from here"),
            **documented(
                Kind.RECEIPT_REFUSED, Kind.RECEIPT_UNREADABLE, Kind.NOT_FOUND, Kind.TOO_LARGE, Kind.BUSY, Kind.FULL
            ),
        },
    )
    async def take_receipt(request: Request[Any, Any, Any], provider: FromPath[str]) -> Response[Any]:
        body = await read_body(request, config.receipt_bytes_max)
        if isinstance(body, TooLarge):
            refused("too_large")
            return problem(Kind.TOO_LARGE, f"a receipt has at most {body.bytes_max} bytes")
        match await desk.take(provider, _headers(request), body):
            case ReceiptsTaken():
                return Response(None, status_code=204)
            case ReceiptRefused(detail=detail):
                refused("unauthentic")
                return problem(Kind.RECEIPT_REFUSED, detail)
            case ReceiptUnreadable(detail=detail):
                refused("unreadable")
                return problem(Kind.RECEIPT_UNREADABLE, detail)
            case NoSuchProvider():
                refused("no_such_provider")
                return problem(Kind.NOT_FOUND, "there is no such provider")
            case never:
                assert_never(never)

    return [take_receipt]


def _headers(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Names in lower case; a header that comes twice is joined as RFC 9110 (5.3) asks."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
