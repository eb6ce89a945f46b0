"""Settlement as JSON. Amounts are whole minor units with their currency."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import msgspec

from faxgw.api.asking import Asked
from faxgw.api.views import utc, utc_or_none
from faxgw.settlement.clearing import Account
from faxgw.settlement.month.desk import Closed, Proposed, Verified
from faxgw.settlement.month.ready import Obstacle
from faxgw.settlement.month.run import Content
from faxgw.settlement.month.statement import Statement
from faxgw.store.claims.port import Refused
from faxgw.store.clearing.port import Decision, Exceptional, Imported, ImportedBefore
from faxgw.store.ledger.journal import Account as LedgerAccount
from faxgw.store.ledger.journal import Standing
from faxgw.store.ledger.port import Seal
from faxgw.store.months.port import Run

_ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

# --- what is asked -------------------------------------------------------------------------------------------


class OwnWish(Asked, frozen=True, kw_only=True):
    """A person looks after an exception."""

    who: _ShortText


class DecideWish(Asked, frozen=True, kw_only=True):
    """What a person made of an exception."""

    who: _ShortText
    why: _ShortText
    decision: Decision
    order: str = ""
    """Its number; none for `fee` and `unallocated`."""
    together_with: Annotated[tuple[int, ...], msgspec.Meta(max_length=50)] = ()
    """Other movements of the queue that pay the order together with this one: all of them, or none."""


class CloseWish(Asked, frozen=True, kw_only=True):
    who: _ShortText


class FaxWish(Asked, frozen=True, kw_only=True):
    """Statements go to these members by fax, or to all of the month."""

    members: tuple[str, ...] = ()


class RunWish(Asked, frozen=True, kw_only=True):
    """A run for a second person."""

    who: _ShortText
    on: dt.date
    """The day the bank is asked to move the money."""


class ApproveWish(Asked, frozen=True, kw_only=True):
    who: _ShortText
    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    """Of the run as it was looked at."""


# --- what is answered ----------------------------------------------------------------------------------------


class ImportBody(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: `imported`, or `repeated` where the very same came before."""

    result: str
    taken: int = 0
    known: int = 0
    """Movements that were in earlier files, and were not taken again."""


class MatchBody(msgspec.Struct, frozen=True, kw_only=True):
    matched: int
    linked: int
    """Refunds and chargebacks that found their sale."""
    arrived: int
    """Payouts that were seen at the bank."""
    exceptions: int
    suggested: int


class ExceptionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that waits for a person, or what one decided of it."""

    id: int
    reason: str
    provider: str
    kind: str
    reference: str
    amount_minor: int
    currency: str
    day: dt.date
    text: str
    about: str
    """The order that it seems to be about."""
    suggested: str
    suggested_by: str
    opened_at: dt.datetime
    owner: str
    decision: str | None
    decided_by: str | None
    why: str | None


class ExceptionsBody(msgspec.Struct, frozen=True):
    exceptions: list[ExceptionBody]


class RefusedClaimBody(msgspec.Struct, frozen=True, kw_only=True):
    claim: str
    order_number: str
    day: dt.date
    reason: str
    since: dt.datetime


class RefusedClaimsBody(msgspec.Struct, frozen=True):
    refused: list[RefusedClaimBody]


class TakenBody(msgspec.Struct, frozen=True):
    """What became of a decision: `done`, or `late` where somebody decided or placed it before."""

    result: str


class SealBody(msgspec.Struct, frozen=True, kw_only=True):
    period: str
    journals: int
    head: str
    closed_at: dt.datetime
    who: str


class ReadyBody(msgspec.Struct, frozen=True, kw_only=True):
    period: str
    is_ready: bool
    """Whether nothing blocks; what does not block may wait."""
    obstacles: list[Obstacle]
    closed: SealBody | None = None
    """Set where the month is closed already: then nothing stands in the way."""


class ClosedBody(msgspec.Struct, frozen=True, kw_only=True):
    seal: SealBody
    statements: int


class MonthsBody(msgspec.Struct, frozen=True, kw_only=True):
    closed: list[SealBody]
    open: list[str]


class AccountBody(msgspec.Struct, frozen=True, kw_only=True):
    """A balance: debit above zero, credit below; `pending_minor` is what may still come on top."""

    kind: str
    name: str
    currency: str
    posted_minor: int
    pending_minor: int


class AccountsBody(msgspec.Struct, frozen=True):
    accounts: list[AccountBody]


class StatementsBody(msgspec.Struct, frozen=True):
    statements: list[Statement]


class FaxedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Statements that went to the queue; `id` is None where there is no line."""

    member: str
    id: int | None
    detail: str


class FaxedAllBody(msgspec.Struct, frozen=True):
    faxed: list[FaxedBody]


class LeftOutBody(msgspec.Struct, frozen=True):
    member: str
    amount_minor: int
    reason: str


class RunBody(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a second person looks at it; account numbers are whole, for that is what is looked at."""

    name: str
    digest: str
    content: Content
    total_minor: int
    proposed_by: str
    proposed_at: dt.datetime
    approved_by: str | None
    approved_at: dt.datetime | None
    left_out: tuple[LeftOutBody, ...] = ()


class RunsBody(msgspec.Struct, frozen=True):
    runs: list[RunBody]


class VerifiedBody(msgspec.Struct, frozen=True):
    months: int
    journals: int
    faults: list[str]


def import_body(done: Imported | ImportedBefore) -> ImportBody:
    match done:
        case Imported(taken=taken, known=known):
            return ImportBody(result="imported", taken=taken, known=known)
        case ImportedBefore():
            return ImportBody(result="repeated")


def match_body(account: Account) -> MatchBody:
    return MatchBody(
        matched=account.matched,
        linked=account.linked,
        arrived=account.arrived,
        exceptions=account.exceptions,
        suggested=account.suggested,
    )


def exception_body(each: Exceptional) -> ExceptionBody:
    movement = each.movement
    return ExceptionBody(
        id=movement.id,
        reason=each.reason,
        provider=movement.provider,
        kind=movement.kind,
        reference=movement.merchant_ref,
        amount_minor=movement.gross_minor,
        currency=movement.currency,
        day=movement.day,
        text=movement.text,
        about=each.about,
        suggested=each.suggested,
        suggested_by=each.suggested_by,
        opened_at=utc(each.opened_at),
        owner=each.owner,
        decision=each.decision,
        decided_by=each.decided_by,
        why=each.why,
    )


def refused_body(each: Refused) -> RefusedClaimBody:
    return RefusedClaimBody(
        claim=each.stem, order_number=each.order_number, day=each.day, reason=each.reason, since=utc(each.since)
    )


def ready_body(period: str, obstacles: Sequence[Obstacle]) -> ReadyBody:
    return ReadyBody(period=period, is_ready=not any(each.blocks for each in obstacles), obstacles=list(obstacles))


def seal_body(seal: Seal) -> SealBody:
    return SealBody(
        period=seal.period, journals=seal.journals, head=seal.head.hex(), closed_at=utc(seal.closed_at), who=seal.who
    )


def account_body(account: LedgerAccount, standing: Standing) -> AccountBody:
    return AccountBody(
        kind=account.kind,
        name=account.name,
        currency=account.currency,
        posted_minor=standing.posted_minor,
        pending_minor=standing.pending_minor,
    )


def closed_body(closed: Closed) -> ClosedBody:
    return ClosedBody(seal=seal_body(closed.seal), statements=len(closed.statements))


def run_body(run: Run, content: Content, digest: str, proposed: Proposed | None = None) -> RunBody:
    left_out = proposed.left_out if proposed is not None else ()
    return RunBody(
        name=run.name,
        digest=digest,
        content=content,
        total_minor=run.total_minor,
        proposed_by=run.proposed_by,
        proposed_at=utc(run.proposed_at),
        approved_by=run.approved_by,
        approved_at=utc_or_none(run.approved_at),
        left_out=tuple(LeftOutBody(each.member, each.amount_minor, each.reason) for each in left_out),
    )


def verified_body(verified: Verified) -> VerifiedBody:
    return VerifiedBody(verified.months, verified.journals, list(verified.faults))
