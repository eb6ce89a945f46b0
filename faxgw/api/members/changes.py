"""Changes members: application, checks, admission, fields, withdrawal, certificates, accounts."""

import datetime as dt
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from faxgw.api.caller import LOCAL
from faxgw.api.members.asking import answered, have_decided, wish_route
from faxgw.api.members.views import ChangeBody, DoneBody, field_change_body
from faxgw.api.members.wishes import (
    AccountWish,
    AdmitWish,
    ApplyWish,
    CertificateWish,
    ChangeWish,
    CheckWish,
    ProposalWish,
    WithdrawWish,
)
from faxgw.api.problem import Kind, problem
from faxgw.faults import Fault
from faxgw.members import certifying, changing, enrolment, paying
from faxgw.members.decisions import Decided
from faxgw.members.entries import CertificateStated
from faxgw.members.file import check_member
from faxgw.members.keeper import CONFIG, Keeper
from faxgw.members.people import Person

NOBODY = frozenset({LOCAL, CONFIG, "register", "routing"})
"""Names that stand for no person; an account number is not theirs to change."""


def change_routes(keeper: Keeper) -> list[HTTPRouteHandler]:
    rules = keeper.rules

    async def apply(_: str, wish: ApplyWish, by: Person) -> Response[Any]:
        member = check_member(wish.member)
        if isinstance(member, list):
            faults = [Fault(f"/member{fault.pointer}", fault.detail) for fault in member]
            return problem(Kind.INVALID, "nothing was changed", errors=faults)
        day = wish.first_day or keeper.today()
        return await have_decided(keeper, wish, by, lambda b, asked: enrolment.apply(b, asked, member, day))

    async def check(member_id: str, wish: CheckWish, by: Person) -> Response[Any]:
        return await have_decided(
            keeper, wish, by, lambda b, asked: enrolment.pass_check(b, asked, member_id, wish.check, rules.checks)
        )

    async def admit(member_id: str, wish: AdmitWish, by: Person) -> Response[Any]:
        days = rules.probation_days if wish.probation_days is None else wish.probation_days
        return await have_decided(
            keeper,
            wish,
            by,
            lambda b, asked: enrolment.admit(b, asked, member_id, wish.first_day, days, rules.checks),
        )

    async def change(member_id: str, wish: ChangeWish, by: Person) -> Response[Any]:
        first_day, last_day = wish.first_day or keeper.today(), wish.last_day or dt.date.max
        do = keeper.preview if wish.dry_run else keeper.change
        decision = await do(
            by,
            wish.why,
            lambda b, asked: changing.change(b, asked, member_id, wish.fields, first_day, last_day),
        )
        return answered(decision, lambda decided: _change_body(decided, recorded=not wish.dry_run))

    async def withdraw(member_id: str, wish: WithdrawWish, by: Person) -> Response[Any]:
        return await have_decided(
            keeper, wish, by, lambda b, asked: enrolment.withdraw(b, asked, member_id, wish.last_day)
        )

    async def certify(member_id: str, wish: CertificateWish, by: Person) -> Response[Any]:
        said = CertificateStated(wish.scheme, wish.number, wish.evidence, wish.is_void)
        days = wish.first_day, wish.last_day
        return await have_decided(
            keeper, wish, by, lambda b, asked: certifying.state_certificate(b, asked, member_id, said, *days)
        )

    async def propose(member_id: str, wish: AccountWish, by: Person) -> Response[Any]:
        if by.name in NOBODY:
            return _say_who()
        decision = await keeper.change(by, wish.why, lambda b, asked: paying.propose(b, asked, member_id, wish.account))
        return answered(decision, lambda _: _proposed(keeper, member_id))

    async def approve(member_id: str, wish: ProposalWish, by: Person) -> Response[Any]:
        if by.name in NOBODY:
            return _say_who()
        decision = await keeper.change(
            by, wish.why, lambda b, asked: paying.approve(b, asked, member_id, wish.proposal, rules)
        )
        return answered(decision, lambda done: DoneBody(recorded=True, first_day=done.came_of_it))

    async def refuse(member_id: str, wish: ProposalWish, by: Person) -> Response[Any]:
        return await have_decided(keeper, wish, by, lambda b, asked: paying.refuse(b, asked, member_id, wish.proposal))

    one = "/v1/members/{member_id}"
    return [
        wish_route("/v1/members", "Apply for membership", ApplyWish, apply),
        wish_route(f"{one}/check", "Note that something was looked at and is right", CheckWish, check),
        wish_route(f"{one}/admit", "Let an applicant in from a day on", AdmitWish, admit),
        wish_route(f"{one}/change", "Change fields, from a day on or for some days", ChangeWish, change, ChangeBody),
        wish_route(f"{one}/withdraw", "Name a member's last day", WithdrawWish, withdraw),
        wish_route(f"{one}/certify", "State a certificate for a label", CertificateWish, certify),
        wish_route(f"{one}/account/propose", "Propose an account number", AccountWish, propose),
        wish_route(f"{one}/account/approve", "Approve what another person proposed", ProposalWish, approve),
        wish_route(f"{one}/account/refuse", "Refuse a proposed account number", ProposalWish, refuse),
    ]


def _change_body(decided: Decided, *, recorded: bool) -> ChangeBody:
    changes = [field_change_body(each) for each in decided.came_of_it]
    return ChangeBody(changes, recorded=recorded and bool(decided.entries))


def _proposed(keeper: Keeper, member_id: str) -> DoneBody:
    proposal = keeper.books.accounts.open_proposal(member_id)
    return DoneBody(recorded=True, number=proposal.seq if proposal is not None else None)


def _say_who() -> Response[Any]:
    return problem(Kind.INVALID, "nothing was changed", errors=[Fault("/who", "say who you are: by your own name")])
