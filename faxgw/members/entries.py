"""What can be said in the register's book, as it is written there.

Old entries are read for ever: fields may be added with a default, none may change its meaning.
"""

import datetime as dt
import enum
from typing import Annotated, Any

import msgspec

from faxgw.members.member import Label
from faxgw.money import Money
from faxgw.order import MemberId, OrderNumber
from faxgw.store.register.port import Entry

Note = Annotated[str, msgspec.Meta(max_length=200)]
CategoryName = Annotated[
    str,
    msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$(?!\n)", description="a word of a-z 0-9 _ such as floristry"),
]


class Act(enum.StrEnum):
    """What was done when fields of a member were set."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    CHANGED = "changed"
    WITHDREW = "withdrew"
    IMPORTED = "imported"
    """By a person, from a file."""
    CONFIGURED = "configured"
    """From the file that the config names."""
    LEFT_FILE = "left_file"
    """The config's file names the member no more."""


class FieldsSet(msgspec.Struct, frozen=True, tag="fields"):
    """Fields of a member have these values on the entry's days; None takes a field back."""

    act: Act
    fields: dict[str, Any]


class CheckPassed(msgspec.Struct, frozen=True, tag="check"):
    """Somebody looked at what must be looked at before an applicant is let in."""

    check: str


class CertificateStated(msgspec.Struct, frozen=True, tag="certificate"):
    """A certificate is valid on the entry's days; said again of the same number, the later word counts alone."""

    scheme: Label
    number: str
    evidence: str = ""
    """SHA-256 of the document that shows it, among the store's documents."""
    is_void: bool = False
    """It never was, or was taken back."""


class AccountProposed(msgspec.Struct, frozen=True, tag="account"):
    """Somebody wants the member to be paid to this account."""

    number: str
    """Without spaces: a Norwegian account number or an IBAN."""


class AccountApproved(msgspec.Struct, frozen=True, tag="account_approved"):
    """Another one agrees: payouts go there from the entry's first day on."""

    proposal: int


class AccountRefused(msgspec.Struct, frozen=True, tag="account_refused"):
    proposal: int


class RoundPlanned(msgspec.Struct, frozen=True, tag="round"):
    """Sample orders go to these members within the entry's days."""

    members: tuple[MemberId, ...]
    seed: int


class SamplePlaced(msgspec.Struct, frozen=True, tag="sample_placed"):
    member: MemberId
    order_number: OrderNumber


class SampleJudged(msgspec.Struct, frozen=True, tag="sample_judged"):
    """From 1 (poor) to 5 (excellent) in each category."""

    member: MemberId
    points: dict[str, int]


class ComplaintRaised(msgspec.Struct, frozen=True, tag="complaint"):
    member: MemberId
    order_number: OrderNumber
    delivered_on: dt.date
    received_on: dt.date
    category: CategoryName
    in_time: bool


class ComplaintDecided(msgspec.Struct, frozen=True, tag="complaint_decided"):
    is_upheld: bool
    compensation: Money | None = None


Body = (
    FieldsSet
    | CheckPassed
    | CertificateStated
    | AccountProposed
    | AccountApproved
    | AccountRefused
    | RoundPlanned
    | SamplePlaced
    | SampleJudged
    | ComplaintRaised
    | ComplaintDecided
)

_decoder: msgspec.json.Decoder[Body] = msgspec.json.Decoder(Body)
_encode = msgspec.json.Encoder(order="deterministic").encode


def read_body(entry: Entry) -> Body:
    return _decoder.decode(entry.body)


def write_body(body: Body) -> bytes:
    return _encode(body)


def kind_of(body: Body) -> str:
    return str(type(body).__struct_config__.tag)


# --- subjects ----------------------------------------------------------------------------------------


def member_subject(member_id: str) -> str:
    return f"member/{member_id}"


def account_subject(member_id: str) -> str:
    return f"account/{member_id}"


def round_subject(number: int) -> str:
    return f"round/{number}"


def complaint_subject(number: int) -> str:
    return f"complaint/{number}"


def subject_name(subject: str) -> str:
    """Whom or what it is about: the member's id, or the number of the round or complaint."""
    return subject.partition("/")[2]
