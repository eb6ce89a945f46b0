"""The review queue: what a person must look at, and what they decide."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.asking import bad_wish, read_wish
from faxgw.api.body import TooLarge, read_body
from faxgw.api.caller import who_asks
from faxgw.api.faxes import ID_MAX
from faxgw.api.files import file_answer
from faxgw.api.inbound_port import Inbound, Reviews
from faxgw.api.inbound_views import ResolvedBody, ReviewBody, ReviewsBody, review_body
from faxgw.api.problem import Kind, documented, draining, problem
from faxgw.faults import Fault
from faxgw.intake.handing_on import DrainingError
from faxgw.intake.review import Resolved
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.review import NoSuchReview, ReviewId, ReviewStale, ReviewState, ReviewView, Verdict

DECISION_BYTES_MAX = 64 * 1024

Which = Annotated[
    Literal["open", "done", "all"], QueryParameter(name="state", description="Those that wait, those that are over")
]
After = Annotated[int, QueryParameter(ge=0, le=ID_MAX, description="Those with a greater id")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="At most so many, the oldest first")]
PageNumber = Annotated[int, QueryParameter(ge=0, le=1_000, description="Which page of the fax; 0 is the doubtful one")]

_Said = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class DecisionWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person says that it is: `order` or `reply` stands beside the verdict that names it."""

    verdict: Verdict
    who: _Said
    why: _Said
    order: dict[str, Any] | None = None
    """As POST /v1/orders takes it, without a key."""
    reply: dict[str, Any] | None = None
    """`order_number`, `kinds` (`accept`, `reject`, `delivered`, `question`), `text`, `reason` of a rejection, and
    `from_member` where the florist who says it is not the one who has the order now."""


def review_routes(store: InboundStore, desk: Inbound, reviews: Reviews) -> list[HTTPRouteHandler]:
    async def find(review_id: int) -> ReviewView | None:
        return await store.review(ReviewId(review_id)) if 0 < review_id <= ID_MAX else None

    @get(
        "/v1/review",
        summary="What waits for a person to look; the oldest first",
        responses={200: ResponseSpec(ReviewsBody, generate_examples=False, description="What was found")},
    )
    async def list_reviews(which: Which = "open", after: After = 0, limit: Limit = 50) -> Response[ReviewsBody]:
        is_open = None if which == "all" else which == "open"
        found = await store.reviews(is_open=is_open, after=ReviewId(after), limit=limit)
        return Response(ReviewsBody([review_body(each) for each in found]))

    @get(
        "/v1/review/{review_id:int}",
        summary="A review, with the best guess",
        responses=documented(Kind.NOT_FOUND),
    )
    async def show_review(review_id: FromPath[int]) -> Response[ReviewBody]:
        view = await find(review_id)
        return _no_such_review(review_id) if view is None else Response(review_body(view))

    @get(
        "/v1/review/{review_id:int}/page.png",
        summary="The doubtful page, upright, as PNG",
        media_type="image/png",
        responses=documented(Kind.NOT_FOUND),
    )
    async def show_review_page(review_id: FromPath[int], number: PageNumber = 0) -> Response[bytes]:
        view = await find(review_id)
        inbound = await store.inbound(view.inbound_id) if view is not None else None
        if view is None or inbound is None:
            return _no_such_review(review_id)
        picture = await desk.picture(inbound, number or max(view.page, 1))
        if isinstance(picture, str):
            return problem(Kind.NOT_FOUND, picture)
        return file_answer(picture, "image/png", f"review-{review_id}.png", is_inline=True)

    @post(
        "/v1/review/{review_id:int}/resolve",
        summary="Decide what it is; carried out when this answers",
        request_max_body_size=None,  # `read_body` bounds it.
        status_code=200,
        responses={
            200: ResponseSpec(ResolvedBody, generate_examples=False, description="Decided and carried out"),
            **documented(Kind.NOT_FOUND, Kind.TOO_LATE, Kind.INVALID, Kind.DRAINING),
        },
    )
    async def resolve_review(request: Request[Any, Any, Any], review_id: FromPath[int]) -> Response[Any]:
        wish = _read_wish(await read_body(request, DECISION_BYTES_MAX))
        if isinstance(wish, list):
            return bad_wish(wish)
        who = who_asks(request, wish.who)
        said = {Verdict.ORDER: wish.order, Verdict.REPLY: wish.reply, Verdict.DISCARD: None}[wish.verdict]
        try:
            resolution = await reviews.resolve(ReviewId(min(review_id, ID_MAX)), wish.verdict, said, who, wish.why)
        except DrainingError:
            return draining("decide again later")
        match resolution:
            case Resolved(fax_id=fax_id):
                return Response(ResolvedBody(review_id, ReviewState.DONE, fax_id))
            case ReviewStale(view=view):
                return problem(Kind.TOO_LATE, f"{view.who} has decided it before: {view.verdict}, {view.why}")
            case NoSuchReview():
                return _no_such_review(review_id)
            case list() as faults:
                return problem(Kind.INVALID, "the decision cannot be carried out; the review waits", errors=faults)

    return [list_reviews, show_review, show_review_page, resolve_review]


def _read_wish(body: bytes | TooLarge) -> DecisionWish | list[Fault]:
    wish = read_wish(body, DecisionWish)
    if isinstance(wish, list):
        return wish
    needed = {Verdict.ORDER: wish.order, Verdict.REPLY: wish.reply}.get(wish.verdict, {})
    return wish if needed is not None else [Fault(f"/{wish.verdict}", f"missing: what the {wish.verdict} is")]


def _no_such_review(review_id: int) -> Response[Any]:
    return problem(Kind.NOT_FOUND, f"there is no review {review_id}")
