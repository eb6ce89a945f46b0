"""What the register answers: the bodies, as they are documented in /v1/openapi.json."""

import datetime as dt
from typing import Any

import msgspec

from faxgw.api.views import utc
from faxgw.members.accounts import Account, Proposal, mask_account
from faxgw.members.certificates import Certificate
from faxgw.members.complaints import Complaint
from faxgw.members.difference import Added, Changed, Difference, FieldChange, Withdrawn
from faxgw.members.entries import AccountProposed, read_body
from faxgw.members.file import LineFault
from faxgw.members.member import Member
from faxgw.members.samples import Round
from faxgw.members.score import Score
from faxgw.money import Money
from faxgw.store.register.port import Entry


class MembersBody(msgspec.Struct, frozen=True):
    """The members of a day; `total` are there, of whom so many are listed."""

    members: list[Member]
    total: int
    as_of: dt.date


class CertificateBody(msgspec.Struct, frozen=True):
    """One certificate as it was stated last."""

    member: str
    scheme: str
    number: str
    first_day: dt.date = msgspec.field(name="from")
    last_day: dt.date = msgspec.field(name="until")
    evidence: str
    is_void: bool = msgspec.field(name="void")


class AccountBody(msgspec.Struct, frozen=True):
    """Where payouts go from a day on; but for its end the number is hidden."""

    account: str
    first_day: dt.date = msgspec.field(name="from")
    proposed_by: str
    approved_by: str
    approved_at: dt.datetime


class ProposalBody(msgspec.Struct, frozen=True):
    """An account number that waits for a second person, who must see all of it."""

    proposal: int
    member: str
    account: str
    proposed_by: str
    login: str | None
    at: dt.datetime
    why: str


class ProposalsBody(msgspec.Struct, frozen=True):
    proposals: list[ProposalBody]


class MemberBody(msgspec.Struct, frozen=True):
    """A member on a day, with what belongs to it."""

    member: Member
    as_of: dt.date
    last_day: dt.date | None
    """Where an end of the membership is known."""
    certificates: list[CertificateBody]
    accounts: list[AccountBody]
    open_proposal: int | None
    checks: list[str]


class EntryBody(msgspec.Struct, frozen=True):
    """One entry of a member's history; account numbers are hidden but for their end."""

    seq: int
    at: dt.datetime
    kind: str
    first_day: dt.date | None = msgspec.field(name="from")
    last_day: dt.date | None = msgspec.field(name="until")
    who: str
    login: str | None
    why: str
    said: dict[str, Any]


class HistoryBody(msgspec.Struct, frozen=True):
    entries: list[EntryBody]


class FieldChangeBody(msgspec.Struct, frozen=True):
    """A field that is otherwise on these days; null is nothing at all."""

    field: str
    first_day: dt.date | None = msgspec.field(name="from")
    last_day: dt.date | None = msgspec.field(name="until")
    before: Any
    after: Any


class ChangeBody(msgspec.Struct, frozen=True):
    """What changed, or would; overruled words for some days stand here too."""

    changes: list[FieldChangeBody]
    recorded: bool


class AddedBody(msgspec.Struct, frozen=True):
    member: str
    fields: dict[str, Any]


class ChangedMemberBody(msgspec.Struct, frozen=True):
    member: str
    changes: list[FieldChangeBody]


class LineFaultBody(msgspec.Struct, frozen=True):
    line: int
    pointer: str
    detail: str


class ImportBody(msgspec.Struct, frozen=True):
    """What a file changes; `recorded` says whether it was, or only would be."""

    recorded: bool
    added: list[AddedBody]
    changed: list[ChangedMemberBody]
    withdrawn: list[str]
    faults: list[LineFaultBody]


class CertifiedBody(msgspec.Struct, frozen=True):
    """Who shows a certificate of the scheme on the day."""

    as_of: dt.date
    scheme: str
    certified: list[CertificateBody]
    names: dict[str, str]


class SampleBody(msgspec.Struct, frozen=True):
    member: str
    order_number: str
    points: dict[str, int]


class RoundBody(msgspec.Struct, frozen=True):
    number: int
    first_day: dt.date = msgspec.field(name="from")
    last_day: dt.date = msgspec.field(name="until")
    seed: int
    samples: list[SampleBody]


class RoundsBody(msgspec.Struct, frozen=True):
    rounds: list[RoundBody]


class ComplaintBody(msgspec.Struct, frozen=True):
    number: int
    member: str
    order_number: str
    delivered_on: dt.date
    received_on: dt.date
    category: str
    in_time: bool
    is_upheld: bool | None = msgspec.field(name="upheld")
    compensation: Money | None


class ComplaintsBody(msgspec.Struct, frozen=True):
    complaints: list[ComplaintBody]


class PartBody(msgspec.Struct, frozen=True):
    name: str
    value: float
    weight: float
    observations: int
    why: str


class ScoreBody(msgspec.Struct, frozen=True):
    """From 0 to 1; the weighted mean of the parts."""

    member: str
    score: float
    parts: list[PartBody]


class DoneBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """It is recorded, or was so already."""

    recorded: bool
    number: int | None = None
    """Of what was made: a proposal, a round or a complaint."""
    first_day: dt.date | None = msgspec.field(name="from", default=None)
    """From when payouts go to the account."""


class EvidenceBody(msgspec.Struct, frozen=True):
    sha256: str


# --- making them -------------------------------------------------------------------------------------


def certificate_body(each: Certificate) -> CertificateBody:
    days = each.first_day, each.last_day
    return CertificateBody(each.member, each.scheme, each.number, *days, each.evidence, each.is_void)


def account_body(each: Account) -> AccountBody:
    number, at = mask_account(each.number), utc(each.approved_at)
    return AccountBody(number, each.first_day, each.proposed_by, each.approved_by, at)


def proposal_body(each: Proposal) -> ProposalBody:
    by = each.by.name, each.by.login
    return ProposalBody(each.seq, each.member, each.number, *by, utc(each.at), each.why)


def entry_body(entry: Entry) -> EntryBody:
    body = read_body(entry)
    if isinstance(body, AccountProposed):
        body = AccountProposed(mask_account(body.number))
    said = msgspec.to_builtins(body)
    del said["type"]
    days = entry.first_day, entry.last_day
    return EntryBody(entry.seq, utc(entry.at), entry.kind, *days, entry.who, entry.login, entry.why, said)


def field_change_body(each: FieldChange) -> FieldChangeBody:
    first_day = None if each.first_day == dt.date.min else each.first_day
    last_day = None if each.last_day == dt.date.max else each.last_day
    return FieldChangeBody(each.field, first_day, last_day, each.before, each.after)


def import_body(differences: list[Difference], faults: list[LineFault], *, recorded: bool) -> ImportBody:
    return ImportBody(
        recorded=recorded,
        added=[AddedBody(each.member, dict(each.fields)) for each in differences if isinstance(each, Added)],
        changed=[
            ChangedMemberBody(each.member, [field_change_body(change) for change in each.changes])
            for each in differences
            if isinstance(each, Changed)
        ],
        withdrawn=[each.member for each in differences if isinstance(each, Withdrawn)],
        faults=[LineFaultBody(each.line_number, each.fault.pointer, each.fault.detail) for each in faults],
    )


def round_body(each: Round) -> RoundBody:
    samples = [SampleBody(s.member, s.order_number, dict(s.points)) for s in each.samples.values()]
    return RoundBody(each.number, each.first_day, each.last_day, each.seed, samples)


def complaint_body(each: Complaint) -> ComplaintBody:
    return ComplaintBody(
        number=each.number,
        member=each.member,
        order_number=each.order_number,
        delivered_on=each.delivered_on,
        received_on=each.received_on,
        category=each.category,
        in_time=each.in_time,
        is_upheld=each.is_upheld,
        compensation=each.compensation,
    )


def score_body(member: str, score: Score) -> ScoreBody:
    parts = [PartBody(part.name, part.value, part.weight, part.observations, part.why) for part in score.parts]
    return ScoreBody(member, score.value, parts)
