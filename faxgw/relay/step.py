"""What a message comes to: the order as it stands then and what has to go out, or why it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from faxgw.fax import FaxId
from faxgw.money import Money, split_minor
from faxgw.store.relay.port import Absence, Refusal, RelayOrder


@dataclass(frozen=True, slots=True)
class SendOrder:
    """The executing store gets the order sheet."""

    member: str


@dataclass(frozen=True, slots=True)
class StopFax:
    """A fax of the order leaves the queue, where it waits: the one it is with the store by, or another."""

    fax_id: FaxId | None = None


@dataclass(frozen=True, slots=True)
class PassOn:
    """The message goes to whom it is for; None is the network, which reads events."""

    member: str | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A store that may have the order's page is told that the order is another's now, or nobody's."""

    member: str


@dataclass(frozen=True, slots=True)
class Remind:
    """The executing store is asked for a word."""

    member: str


@dataclass(frozen=True, slots=True)
class Say:
    """The network itself tells a member something, by the name of its sentence in `wording/`."""

    member: str
    sentence: str


Effect = SendOrder | StopFax | PassOn | Withdraw | Remind | Say


@dataclass(frozen=True, slots=True)
class Step:
    """A legal message, carried out."""

    order: RelayOrder | None
    effects: tuple[Effect, ...] = ()
    note: str = ""
    absence: Absence | None = None
    resumed: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An illegal one."""

    refusal: Refusal
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the sentence names: a member, an amount, a day."""


Ruling = Step | Refused


def money_text(money: Money) -> str:
    """An amount for people: `45.50 EUR`."""
    whole, minor = split_minor(money)
    return f"{whole}.{minor} {money.currency}" if minor else f"{whole} {money.currency}"
