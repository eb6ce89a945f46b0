"""What stands in the body of each change of the register: who asks and why, and what the change needs."""

import datetime as dt
from typing import Annotated, Any

import msgspec

from faxgw.api.asking import Asked
from faxgw.members.entries import CategoryName
from faxgw.members.member import Label
from faxgw.money import Money
from faxgw.order import MemberId, OrderNumber

_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
_Named = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Digest = Annotated[
    str,
    msgspec.Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)", description="a SHA-256 as POST /v1/register/evidence answers it"),
]


class ApplyWish(Asked, frozen=True, kw_only=True):
    """Somebody applies for membership."""

    member: dict[str, Any]
    """The fields of a member, as `GET /v1/members/{id}` shows them."""
    first_day: dt.date | None = msgspec.field(name="from", default=None)
    """Of the application; today where none is named."""


class CheckWish(Asked, frozen=True, kw_only=True):
    """One of the things that must be right was looked at, and is."""

    check: str


class AdmitWish(Asked, frozen=True, kw_only=True):
    """The applicant becomes a member."""

    first_day: dt.date = msgspec.field(name="from")
    probation_days: Annotated[int, msgspec.Meta(ge=0, le=3_660)] | None = None
    """As `[members] probation_days` where none is named."""


class ChangeWish(Asked, frozen=True, kw_only=True):
    """Fields are otherwise on these days; null takes a field back."""

    fields: dict[str, Any]
    first_day: dt.date | None = msgspec.field(name="from", default=None)
    last_day: dt.date | None = msgspec.field(name="until", default=None)
    """Included; for good where none is named."""
    dry_run: bool = False


class WithdrawWish(Asked, frozen=True, kw_only=True):
    """The member leaves."""

    last_day: dt.date


class CertificateWish(Asked, frozen=True, kw_only=True):
    """A certificate for a label; stated again under its number, the later word counts."""

    scheme: Label
    number: _Short
    first_day: dt.date = msgspec.field(name="from")
    last_day: dt.date = msgspec.field(name="until")
    evidence: _Digest = ""
    is_void: bool = msgspec.field(name="void", default=False)


class AccountWish(Asked, frozen=True, kw_only=True):
    """An account number for a second person to approve."""

    who: _Named
    account: Annotated[str, msgspec.Meta(max_length=64)]


class ProposalWish(Asked, frozen=True, kw_only=True):
    """Approves or refuses the proposal of that number, and no other."""

    who: _Named
    proposal: int


class RoundWish(Asked, frozen=True, kw_only=True):
    """A round of sample orders."""

    size: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    first_day: dt.date = msgspec.field(name="from")
    last_day: dt.date = msgspec.field(name="until")
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None
    """The same seed draws the same round; without one it is drawn anew."""


class PlaceWish(Asked, frozen=True, kw_only=True):
    """This order, which came in like any other, is the sample of that member."""

    member: MemberId
    order_number: OrderNumber


class JudgeWish(Asked, frozen=True, kw_only=True):
    """The filled-in sheet: from 1 (poor) to 5 (excellent) in each category."""

    member: MemberId
    points: dict[str, int]


class ComplaintWish(Asked, frozen=True, kw_only=True):
    """A recipient or customer complains of an order."""

    member: MemberId
    order_number: OrderNumber
    delivered_on: dt.date
    received_on: dt.date | None = None
    """Today where none is named."""
    category: CategoryName


class DecideWish(Asked, frozen=True, kw_only=True):
    """Whether the complaint is upheld, and what the customer gets back."""

    is_upheld: bool = msgspec.field(name="upheld")
    compensation: Money | None = None


WISHES: dict[str, type[Asked]] = {
    "/v1/members": ApplyWish,
    "/v1/members/{member_id}/check": CheckWish,
    "/v1/members/{member_id}/admit": AdmitWish,
    "/v1/members/{member_id}/change": ChangeWish,
    "/v1/members/{member_id}/withdraw": WithdrawWish,
    "/v1/members/{member_id}/certify": CertificateWish,
    "/v1/members/{member_id}/account/propose": AccountWish,
    "/v1/members/{member_id}/account/approve": ProposalWish,
    "/v1/members/{member_id}/account/refuse": ProposalWish,
    "/v1/register/rounds": RoundWish,
    "/v1/register/rounds/{number}/place": PlaceWish,
    "/v1/register/rounds/{number}/judge": JudgeWish,
    "/v1/register/complaints": ComplaintWish,
    "/v1/register/complaints/{number}/decide": DecideWish,
}
"""The body of each address; `/v1/openapi.json` shows them."""
