"""The faxes that wait for one line, and the calls it has."""

from dataclasses import dataclass, field

from faxgw.fax import FaxId
from faxgw.phone import Line
from faxgw.queue.stops import Wait
from faxgw.queue.turns import By, Flow


@dataclass(slots=True, eq=False)
class Stand:
    """The faxes of one line in one flow, best first; entries of faxes that went away are dropped when they come up."""

    rank: int
    submitter: str
    flow: Flow
    due: list[By] = field(default_factory=list)
    offered: By | None = None
    """Under which entry the line stands in the flow; whatever else stands there for it is void."""
    withdrawn: bool = False
    """It was found that the line cannot go; it is offered again when it can."""


@dataclass(slots=True, eq=False)
class LineQueue:
    """One line that has something to do."""

    name: Line
    calls_max: int
    calls: set[FaxId] = field(default_factory=set)
    stands: dict[Flow, Stand] = field(default_factory=dict)
    withdrawn: list[Stand] = field(default_factory=list)
    waiting: int = 0
    """Faxes that fell due and still wait."""
    stop: Wait | None = None
    looked_at: float = 0.0
    clear_until: float = 0.0
    """Between these two times nothing but news can keep the line from being called."""

    @property
    def is_full(self) -> bool:
        return len(self.calls) >= self.calls_max

    @property
    def is_idle(self) -> bool:
        return not self.calls and not self.stands

    def withdraw(self, stand: Stand) -> None:
        if not stand.withdrawn:
            stand.withdrawn = True
            self.withdrawn.append(stand)

    def take_withdrawn(self) -> list[Stand]:
        stands, self.withdrawn = self.withdrawn, []
        for stand in stands:
            stand.withdrawn = False
        return stands

    def look_anew(self) -> None:
        """Something was learnt of the line: what was found before holds no more."""
        self.stop = None
        self.looked_at = self.clear_until = 0.0
