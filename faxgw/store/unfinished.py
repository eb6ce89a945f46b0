"""What a start finds: the queue, the attempts a carrier may know of, receipts not applied yet."""

from dataclasses import dataclass, field

import msgspec

from faxgw.config.promises import Step
from faxgw.fax import GOES_ALONE_AFTER, FaxId
from faxgw.phone import Line
from faxgw.store.attempts import Attempt
from faxgw.store.lines import LineMemory
from faxgw.store.receipts import KeptReceipt
from faxgw.store.views import FaxView


class Queued(msgspec.Struct, frozen=True, gc=False):
    """What the schedule needs of a fax that waits; a million of these fit in memory.

    A struct, for a start reads all of them: a frozen dataclass takes nine times as long to make.
    """

    fax_id: FaxId
    line: Line
    rank: int
    due_at: float
    deadline_at: float | None
    calls: int
    revision: int = 0
    avoid: str | None = None
    """The carrier that just failed it; another one takes it where one can.

    Forgotten at a restart: one more attempt may fail there. Those that an escalation leaves out are read again.
    """
    pages_done: int = 0
    """Pages that the florist has of it already, as far as is remembered."""
    submitter: str = ""
    """Whose it is: submitters take turns."""
    alone: bool = False
    """A call may have broken off at its pages, so it shares none: the others would go down with it again."""
    company: tuple["Queued", ...] = ()
    """The faxes that were handed out with it, to share its call; none while it waits."""

    @property
    def call(self) -> tuple["Queued", ...]:
        """The faxes of the call, each once."""
        return (self, *self.company)


def queued_of(view: FaxView) -> Queued:
    """The fax as the schedule has it; what only memory knew of its last attempt is left out, as at a start."""
    return Queued(
        view.fax_id,
        view.line,
        view.rank,
        view.due_at,
        view.deadline_at,
        view.calls,
        revision=view.revision,
        submitter=view.submitter,
        alone=view.reason in GOES_ALONE_AFTER,
    )


@dataclass(frozen=True, slots=True)
class Promise:
    """A deadline of a fax that is not over, whoever has the fax now."""

    fax_id: FaxId
    deadline_at: float
    service: str
    """The rule that made it; empty where none did."""
    avoid: frozenset[str] = frozenset()
    """Carriers that failed the fax and are left out since it was escalated."""
    escalated: frozenset[Step] = frozenset()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a start finds: the queue, the attempts a carrier may know of, receipts not applied yet."""

    queued: list[Queued]
    attempts: list[Attempt]
    receipts: list[KeptReceipt]
    parked: list[Attempt] = field(default_factory=list["Attempt"])
    """Attempts that are over and in doubt: their faxes wait for a person."""
    lines: list[LineMemory] = field(default_factory=list["LineMemory"])
    """What is remembered of every line that was ever called."""
    promises: list[Promise] = field(default_factory=list["Promise"])
    """Of all faxes that are not over, those included that are held."""
