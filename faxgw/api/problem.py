"""Refusals as RFC 9457 problems: each kind has one status, one title, and a page that explains it."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from faxgw.faults import Fault
from faxgw.fax import State

MEDIA_TYPE = "application/problem+json"
DRAINED_RETRY_SECONDS = 60
"""Whoever drains a gateway does so for more than a moment."""


class Kind(enum.Enum):
    """What can be refused: name in the URI, status, title, and what the caller can do."""

    BAD_REQUEST = (
        "bad-request",
        400,
        "The request cannot be read",
        "Mend the request; sending it again will not help.",
    )
    NOT_JSON = ("not-json", 400, "The body is not JSON", "`detail` says at which byte reading stopped.")
    RECEIPT_REFUSED = (
        "receipt-refused", 401, "The receipt is not accepted",
        "Its signature or password does not fit, or it is too old. Check the webhook's secret and both clocks.",
    )  # fmt: skip
    RECEIPT_UNREADABLE = (
        "receipt-unreadable", 422, "The receipt cannot be read",
        "Its signature fits, and its body is no receipt of this carrier as we know it. Nothing was kept.",
    )  # fmt: skip
    UNAUTHORIZED = (
        "unauthorized", 401, "Who asks is not known",
        "No token, or none that is good: `Authorization: Bearer TOKEN` brings one of the config's `[[api.tcp.token]]`.",
    )  # fmt: skip
    FORBIDDEN = (
        "forbidden", 403, "The token is not good for this",
        "This token hands in and asks. For the rest its `[[api.tcp.token]]` needs `scope = \"operate\"`.",
    )  # fmt: skip
    NOT_FOUND = ("not-found", 404, "There is no such thing", "Check the id; faxes never change theirs.")
    BAD_METHOD = ("bad-method", 405, "This address takes other methods", "See /v1/openapi.json.")
    KEY_TAKEN = (
        "key-taken", 409, "The key belongs to another order",
        "The same key came before with another order. Nothing was taken; give the order a key of its own.",
    )  # fmt: skip
    TOO_LATE = (
        "too-late", 409, "The fax is not in a state for this",
        "`state` says where the fax stands instead; nothing was changed.",
    )  # fmt: skip
    CURSOR_AHEAD = (
        "cursor-ahead", 409, "The cursor lies beyond the last event",
        "An older store was restored, or this is another gateway. Compare what you know; ask on after `last_event`.",
    )  # fmt: skip
    AGAINST_RULE = (
        "against-rule", 409, "A rule of the network stands against it",
        "`detail` names the rule and what would satisfy it; nothing was changed.",
    )  # fmt: skip
    RELAY_REFUSED = (
        "relay-refused", 409, "The message is not carried out",
        "`refusal` names the rule and `detail` says what to do instead. The message is kept in the order's trail.",
    )  # fmt: skip
    TOO_LARGE = ("too-large", 413, "The body is too large", "Send fewer orders at once, or raise the limit in [api].")
    BAD_TYPE = ("bad-type", 415, "The content type is not taken", "`detail` names the types that are.")
    INVALID = (
        "invalid", 422, "What was sent cannot be taken",
        "`errors` lists every fault with its place. Nothing was taken; mend the order and send it again.",
    )  # fmt: skip
    CRASHED = (
        "crashed", 500, "Something went wrong here",
        "Our fault, noted in the log. Whether the order was taken is not known: send it again with the same key.",
    )  # fmt: skip
    NO_PLAN = (
        "no-plan", 503, "No plan came out",
        "Nothing was changed. `detail` says whether the extra `replan` is missing, or the plan took too long.",
    )  # fmt: skip
    BUSY = ("busy", 503, "Too much waits already", "Nothing was taken. Send it again after `Retry-After` seconds.")
    DRAINING = (
        "draining", 503, "The gateway drains",
        "An operator stopped taking in; what was taken goes out. Nothing was taken: send it again later, or elsewhere.",
    )  # fmt: skip
    FULL = ("full", 507, "The disk is full", "Nothing was taken. An operator must make room.")

    def __init__(self, slug: str, status: int, title: str, explanation: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title
        self.explanation = explanation


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal (RFC 9457); `errors` names each refused field by its JSON pointer."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()
    id: int | None = None
    """The fax that stands in the way, or that was asked of."""
    state: State | None = None
    refusal: str = ""
    """The rule of the relay that stands in the way."""
    last_event: int | None = None
    """The cursor of the last event there is."""


class Explanation(msgspec.Struct, frozen=True):
    """What one type of problem means."""

    title: str
    status: int
    explanation: str


def problem(
    kind: Kind,
    detail: str,
    *,
    errors: Sequence[Fault] = (),
    fax_id: int | None = None,
    state: State | None = None,
    refusal: str = "",
    last_event: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    body = Problem(
        type=f"/v1/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        errors=tuple(errors),
        id=fax_id,
        state=state,
        refusal=refusal,
        last_event=last_event,
    )
    content = msgspec.json.encode(body)
    return Response(content, status_code=kind.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def draining(detail: str = Kind.DRAINING.explanation) -> Response[Any]:
    return problem(Kind.DRAINING, detail, headers={"Retry-After": str(DRAINED_RETRY_SECONDS)})


def documented(*kinds: Kind) -> dict[int, ResponseSpec]:
    """The refusals of a route, for the OpenAPI document."""
    return {
        kind.status: ResponseSpec(Problem, generate_examples=False, description=kind.title, media_type=MEDIA_TYPE)
        for kind in kinds
    }


def problem_routes() -> list[HTTPRouteHandler]:
    kinds = {kind.slug: kind for kind in Kind}

    @get("/v1/problems/{slug:str}", sync_to_thread=False, summary="Explain a type of problem")
    def explain(slug: FromPath[str]) -> Explanation:
        kind = kinds.get(slug)
        if kind is None:
            raise NotFoundException(detail="there is no such type of problem")
        return Explanation(kind.title, kind.status, kind.explanation)

    return [explain]
