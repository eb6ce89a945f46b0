"""Every carrier of the config with what we decided about it, and how each of them stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faxgw.dispatch.breaker import BreakerState
from faxgw.dispatch.gate import ClosedBy, Gate
from faxgw.fax import Failure
from faxgw.ops.metrics import CarrierFigures
from faxgw.provider.port import NotDelivered, Provider

RETRIED_BY_CARRIERS = frozenset(
    {Failure.BUSY, Failure.NO_ANSWER, Failure.NO_FAX, Failure.NETWORK, Failure.PROTOCOL, Failure.PAGE}
)
"""What carriers dial again for by themselves; the rest they give up at once."""


@dataclass(slots=True)
class Carrier:
    """A provider with what we decided about it; weight and cost may change while it works."""

    provider: Provider
    send_seconds: float
    gate: Gate
    weight: int = 1
    cost: int = 0


@dataclass(frozen=True, slots=True)
class CarrierView:
    """How a carrier stands, for a person."""

    name: str
    takes_faxes: bool
    closed_by: ClosedBy | None
    detail: str
    """Why it takes none this moment; empty while it does."""
    until: float | None
    since: float
    """Since when it has been open or closed as it is; full lanes are not counted."""
    in_flight: int
    limit: int
    lanes: int
    breaker: BreakerState
    weight: int
    cost: int


class Carriers:
    """All carriers, by name."""

    def __init__(self, carriers: Sequence[Carrier] = ()) -> None:
        self._by_name = {carrier.provider.name: carrier for carrier in carriers}

    def __iter__(self) -> Iterator[Carrier]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Carrier | None:
        return self._by_name.get(name)

    def is_other_open(self, name: str) -> bool:
        """Whether a carrier other than this one may take a fax now."""
        return any(carrier.gate.closure() is None for other, carrier in self._by_name.items() if other != name)

    def calls_made(self, name: str, fate: NotDelivered) -> int:
        """How often the line was rung for an attempt; a carrier that does not tell has used its retries up."""
        if fate.calls is not None:
            return max(fate.calls, 1)
        carrier = self._by_name.get(name)
        own_retries = carrier.provider.capabilities.own_retries if carrier is not None else 0
        return 1 + (own_retries if fate.failure in RETRIED_BY_CARRIERS else 0)

    def note_report(self, name: str, failure: Failure, code: str) -> None:
        """What a receipt says of the carrier itself: its channels are full, or it refuses our account."""
        carrier = self._by_name.get(name)
        if carrier is None:
            return
        if failure is Failure.CAPACITY:
            carrier.gate.lack_room(code=code)
        elif failure is Failure.ACCOUNT:
            carrier.gate.refuse_account(code)

    def views(self) -> list[CarrierView]:
        return [_view(carrier) for carrier in self._by_name.values()]

    def figures(self) -> list[CarrierFigures]:
        """For the metrics."""
        return [
            CarrierFigures(
                name, gate.breaker().value, gate.limit, gate.in_flight, gate.tokens(), gate.account_refused()
            )
            for name, gate in ((carrier.provider.name, carrier.gate) for carrier in self._by_name.values())
        ]

    def reasons_not_ready(self) -> list[str]:
        """Empty while at least one carrier works; else one sentence a carrier, for `/readyz`."""
        closed = self._not_working()
        return closed if len(closed) == len(self._by_name) else []

    def notes(self) -> list[str]:
        """One sentence a carrier that does not work while another does: nothing waits for it, somebody should know."""
        closed = self._not_working()
        return closed if len(closed) < len(self._by_name) else []

    def _not_working(self) -> list[str]:
        closed = (view for view in self.views() if view.closed_by in NOT_WORKING)
        return [_not_working_text(view) for view in closed]


def _not_working_text(view: CarrierView) -> str:
    if view.closed_by is ClosedBy.SUSPENDED:
        return f"provider {view.name} is suspended by {view.detail}; `faxgw suspensions` shows what to resume"
    return f"provider {view.name} takes no faxes: {view.detail}"


NOT_WORKING = frozenset({ClosedBy.SUSPENDED, ClosedBy.ACCOUNT, ClosedBy.OUTAGE, ClosedBy.PROBE})
"""A carrier closed for another reason is only busy."""


def _view(carrier: Carrier) -> CarrierView:
    gate = carrier.gate
    closure = gate.closure()
    return CarrierView(
        name=carrier.provider.name,
        takes_faxes=closure is None,
        closed_by=closure.by if closure is not None else None,
        detail=closure.detail if closure is not None else "",
        until=closure.until if closure is not None else None,
        since=gate.changed_at,
        in_flight=gate.in_flight,
        limit=gate.limit,
        lanes=gate.lanes_max,
        breaker=gate.breaker(),
        weight=carrier.weight,
        cost=carrier.cost,
    )
