"""Answers questions to the register: as of any day, as known at any time."""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from faxgw.api.members.views import (
    CertifiedBody,
    HistoryBody,
    MemberBody,
    MembersBody,
    ProposalsBody,
    account_body,
    certificate_body,
    entry_body,
    proposal_body,
)
from faxgw.api.problem import Kind, documented, problem
from faxgw.members.keeper import Keeper
from faxgw.members.member import Member, Standing

AsOf = Annotated[dt.date | None, QueryParameter(description="As of this day; today where none is named")]
KnownAt = Annotated[
    dt.datetime | None, QueryParameter(description="As it was known at that moment, such as 2027-05-09T10:00:00+02:00")
]
Words = Annotated[str | None, QueryParameter(max_length=128, description="In the id, name, place or postcode")]
StandingText = Annotated[Standing | None, QueryParameter(name="standing", description="Members who stand so")]
Text = Annotated[str | None, QueryParameter(max_length=64)]
Limit = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most so many, by id")]
After = Annotated[str, QueryParameter(max_length=32, description="Those whose id comes after this one")]


def reading_routes(keeper: Keeper) -> list[HTTPRouteHandler]:
    @get(
        "/v1/members",
        sync_to_thread=False,
        summary="The members of a day",
        responses={200: ResponseSpec(MembersBody, generate_examples=False, description="Members by id")},
    )
    def list_members(
        as_of: AsOf = None,
        known_at: KnownAt = None,
        words: Words = None,
        standing: StandingText = None,
        label: Text = None,
        limit: Limit = 100,
        after: After = "",
    ) -> Response[MembersBody]:
        day = as_of or keeper.today()
        found = sorted(_members(keeper, day, known_at, standing), key=lambda member: member.id)
        found = [each for each in found if _has(each, words) and (label is None or label in each.labels)]
        listed = [each for each in found if each.id > after][:limit]
        return Response(MembersBody(listed, len(found), day))

    @get(
        "/v1/members/{member_id:str}",
        sync_to_thread=False,
        summary="A member on a day, with certificates, accounts and checks",
        responses={
            200: ResponseSpec(MemberBody, generate_examples=False, description="The member"),
            **documented(Kind.NOT_FOUND),
        },
    )
    def show_member(member_id: FromPath[str], as_of: AsOf = None, known_at: KnownAt = None) -> Response[Any]:
        day, seq = as_of or keeper.today(), known_seq(keeper, known_at)
        timeline = keeper.books.history.find(member_id)
        known = timeline if timeline is None or seq is None else timeline.known(seq)
        member = known.on(day) if known is not None else None
        if known is None or member is None:
            return problem(Kind.NOT_FOUND, f"no member {member_id} in the register of {day}")
        books = keeper.books
        accounts = [each for each in books.accounts.all_of(member_id) if seq is None or each.seq <= seq]
        proposal = books.accounts.open_proposal(member_id)
        body = MemberBody(
            member=keeper.register_of(day, seq).find(member_id) or member,
            as_of=day,
            last_day=known.last_day_after(day),
            certificates=[certificate_body(each) for each in books.certificates.of(member_id, seq)],
            accounts=[account_body(each) for each in accounts],
            open_proposal=proposal.seq if proposal is not None else None,
            checks=sorted(books.checks.get(member_id, {})),
        )
        return Response(body)

    @get(
        "/v1/members/{member_id:str}/history",
        sync_to_thread=False,
        summary="All that was said of a member, by whom, when and why",
        responses={
            200: ResponseSpec(HistoryBody, generate_examples=False, description="Entries in order"),
            **documented(Kind.NOT_FOUND),
        },
    )
    def show_history(member_id: FromPath[str]) -> Response[Any]:
        trail = keeper.books.trail.get(member_id)
        if trail is None:
            return problem(Kind.NOT_FOUND, f"no member {member_id} was ever in the register")
        return Response(HistoryBody([entry_body(entry) for entry in trail]))

    @get("/v1/register/accounts", sync_to_thread=False, summary="Account numbers that wait for a second person")
    def show_proposals() -> ProposalsBody:
        return ProposalsBody([proposal_body(each) for each in keeper.books.accounts.open_proposals()])

    @get("/v1/register/certified", sync_to_thread=False, summary="Who is certified, where and on which day")
    def show_certified(
        scheme: Annotated[str, QueryParameter(max_length=40)],
        as_of: AsOf = None,
        country: Text = None,
        postcode: Text = None,
    ) -> CertifiedBody:
        day = as_of or keeper.today()
        register = keeper.live.as_of(day)
        found = list(keeper.books.certificates.in_area(register, scheme, day, country, postcode))
        names = {member.id: member.name for member, _ in found}
        return CertifiedBody(day, scheme, [certificate_body(each) for _, each in found], names)

    return [list_members, show_member, show_history, show_proposals, show_certified]


def known_seq(keeper: Keeper, known_at: dt.datetime | None) -> int | None:
    """The newest entry known at that moment; None where all that is known now counts."""
    if known_at is None:
        return None
    aware = known_at if known_at.tzinfo is not None else known_at.replace(tzinfo=dt.UTC)
    return keeper.books.history.known_seq(aware.timestamp())


def _members(keeper: Keeper, day: dt.date, known_at: dt.datetime | None, standing: Standing | None) -> Iterable[Member]:
    seq = known_seq(keeper, known_at)
    register = keeper.live.as_of(day) if seq is None else keeper.register_of(day, seq)
    if standing is None:
        return register
    if standing.is_in:
        return (each for each in register if each.standing is standing)
    timelines = (each if seq is None else each.known(seq) for each in keeper.books.history)
    there = (each.on(day) for each in timelines)
    return (each for each in there if each is not None and each.standing is standing)


def _has(member: Member, words: str | None) -> bool:
    if words is None:
        return True
    text = " ".join((member.id, member.name, member.city, member.postcode)).casefold()
    return all(word in text for word in words.casefold().split())
