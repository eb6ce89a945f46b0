"""Sample orders, complaints and scores: for the headquarters; stores see none of it."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.members.asking import answered, have_decided, wish_route
from faxgw.api.members.views import (
    ComplaintsBody,
    DoneBody,
    RoundsBody,
    ScoreBody,
    complaint_body,
    round_body,
    score_body,
)
from faxgw.api.members.wishes import ComplaintWish, DecideWish, JudgeWish, PlaceWish, RoundWish
from faxgw.api.problem import Kind, documented, problem
from faxgw.members import testing
from faxgw.members.entries import ComplaintRaised
from faxgw.members.keeper import Keeper
from faxgw.members.people import Person
from faxgw.members.score import quality_of, score_of
from faxgw.members.traffic import Traffic, TrafficSource

Days = Annotated[int, QueryParameter(ge=1, le=3_660, description="Over so many days up to now")]
OfMember = Annotated[str | None, QueryParameter(max_length=32)]


def quality_routes(keeper: Keeper, traffic: TrafficSource, new_seed: Callable[[], int]) -> list[HTTPRouteHandler]:
    async def plan(_: str, wish: RoundWish, by: Person) -> Response[Any]:
        seed = new_seed() if wish.seed is None else wish.seed
        days = wish.first_day, wish.last_day
        decision = await keeper.change(
            by, wish.why, lambda b, asked: testing.plan_round(b, asked, keeper.live, wish.size, *days, seed)
        )
        return answered(decision, lambda done: DoneBody(recorded=True, number=done.came_of_it))

    async def place(number: str, wish: PlaceWish, by: Person) -> Response[Any]:
        return await have_decided(
            keeper,
            wish,
            by,
            lambda b, asked: testing.place_sample(b, asked, int(number), wish.member, wish.order_number),
        )

    async def judge(number: str, wish: JudgeWish, by: Person) -> Response[Any]:
        return await have_decided(
            keeper,
            wish,
            by,
            lambda b, asked: testing.judge_sample(b, asked, int(number), wish.member, wish.points),
        )

    async def complain(_: str, wish: ComplaintWish, by: Person) -> Response[Any]:
        raised = ComplaintRaised(
            member=wish.member,
            order_number=wish.order_number,
            delivered_on=wish.delivered_on,
            received_on=wish.received_on or keeper.today(),
            category=wish.category,
            in_time=False,
        )
        decision = await keeper.change(
            by,
            wish.why,
            lambda b, asked: testing.raise_complaint(b, asked, raised, keeper.rules.complaint_days),
        )
        return answered(decision, lambda done: DoneBody(recorded=True, number=done.came_of_it))

    async def decide(number: str, wish: DecideWish, by: Person) -> Response[Any]:
        return await have_decided(
            keeper,
            wish,
            by,
            lambda b, asked: testing.decide_complaint(
                b, asked, int(number), is_upheld=wish.is_upheld, compensation=wish.compensation
            ),
        )

    @get("/v1/register/rounds", sync_to_thread=False, summary="The rounds of sample orders")
    def show_rounds() -> RoundsBody:
        return RoundsBody([round_body(each) for each in keeper.books.samples.rounds()])

    @get("/v1/register/complaints", sync_to_thread=False, summary="The complaints, or those of one member")
    def show_complaints(member: OfMember = None) -> ComplaintsBody:
        complaints = keeper.books.complaints
        found = complaints.all() if member is None else complaints.of(member)
        return ComplaintsBody([complaint_body(each) for each in found])

    @get(
        "/v1/members/{member_id:str}/score",
        summary="How good a member is, and why",
        responses={
            200: ResponseSpec(ScoreBody, generate_examples=False, description="The score with its parts"),
            **documented(Kind.NOT_FOUND),
        },
    )
    async def show_score(member_id: FromPath[str], days: Days = 365) -> Response[Any]:
        if keeper.books.history.find(member_id) is None:
            return problem(Kind.NOT_FOUND, f"no member {member_id} was ever in the register")
        now, since_day = keeper.now(), keeper.today() - dt.timedelta(days)
        since = now - days * 86_400.0
        known = await traffic.traffic(since, now, member_id)
        quality = quality_of(keeper.books, member_id, known.get(member_id, Traffic()), since, since_day)
        return Response(score_body(member_id, score_of(quality)))

    numbered = "/v1/register/rounds/{number}"
    return [
        wish_route("/v1/register/rounds", "Draw a round of sample orders", RoundWish, plan),
        wish_route(f"{numbered}/place", "Note which order is a sample", PlaceWish, place),
        wish_route(f"{numbered}/judge", "Fill in the sheet of a sample", JudgeWish, judge),
        wish_route("/v1/register/complaints", "Keep a complaint", ComplaintWish, complain),
        wish_route("/v1/register/complaints/{number}/decide", "Uphold a complaint, or not", DecideWish, decide),
        show_rounds,
        show_complaints,
        show_score,
    ]
