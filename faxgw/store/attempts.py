"""Attempts: the intent that is durable before a carrier hears of one, and the answers to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from faxgw.fax import AttemptNumber, ClientRef, FaxId, State
from faxgw.phone import Line
from faxgw.store.stops import Scope


class Intent(msgspec.Struct, frozen=True):
    """The durable note made before a carrier hears of an attempt."""

    fax_id: FaxId
    provider: str
    sha256: str
    form_version: str
    pages: int
    rendered_at: float
    at: float
    revision: int = 0
    """Of the fax when its pages were drawn."""
    calls_max: int = 1
    """Calls that the line takes at once; the intent is refused where it has as many."""
    company: tuple["Intent", ...] = ()
    """The other faxes that are to go in the same call, in the order of their pages: all of them, or none."""
    call_sha256: str | None = None
    """Of the document that the carrier is given, where the fax has company."""

    @property
    def call(self) -> tuple["Intent", ...]:
        """The intents of the call, each fax once."""
        return (self, *self.company)


class Attempt(msgspec.Struct, frozen=True):
    """An attempt that a carrier may know of: open until somebody says how it ended."""

    fax_id: FaxId
    number: AttemptNumber
    client_ref: ClientRef
    """Of the call: faxes that share one have the reference of the first of them."""
    provider: str
    line: Line
    rank: int
    deadline_at: float | None
    calls: int
    """Calls made for this fax so far, this one included; what retry rules count."""
    started_at: float
    state: State
    """SENDING, SUBMITTED or UNKNOWN."""
    provider_ref: str | None = None
    changed_at: float = 0.0
    revision: int = 0
    earlier: Mapping[str, int] = msgspec.field(default_factory=dict[str, int])
    """How many of the fax's earlier attempts ended in which way; what the rules of one class of failure count."""
    submitter: str = ""
    pages: int = 1
    first_page: int = 1
    """Where the fax's pages begin in the document that the carrier was given."""
    company: tuple["Attempt", ...] = ()
    """The attempts of the other faxes in the same call, in the order of their pages."""

    @property
    def call(self) -> tuple["Attempt", ...]:
        """The attempts of the call, each fax once."""
        return (self, *self.company)

    @property
    def last_page(self) -> int:
        return self.first_page + self.pages - 1

    @property
    def shares_call(self) -> bool:
        return bool(self.company) or self.first_page > 1


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The attempt may not start: the fax left the queue meanwhile, or the line is taken."""

    state: State
    line_taken: bool
    suspended: Scope | None = None
    """A person stopped the line, the provider or the gateway."""
    outdated: bool = False
    """A person changed the fax after its pages were drawn; it is in line again as it is now."""
    too_late: bool = False
    """Its deadline has come."""
    companion: FaxId | None = None
    """The fax of the company of which all this is told; without it the first fax itself."""


Begun = Attempt | NotBegun
