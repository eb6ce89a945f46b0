"""What people stop and resume, and how the carriers stand."""

from collections.abc import Mapping, Sequence

from faxgw.api.port import ProviderState
from faxgw.api.why import by_whom
from faxgw.config.provider import ProviderConfig
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.gate import Gate
from faxgw.dispatch.suspensions import Suspensions
from faxgw.fax import State, Waiting
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.stops import Scope, Suspension


class ControlDesk:
    """See `port.Control`."""

    def __init__(
        self,
        suspensions: Suspensions,
        providers: Sequence[ProviderConfig],
        gates: Mapping[str, Gate],
        calls: OpenCalls,
        room: WaitingRoom,
    ) -> None:
        self._suspensions = suspensions
        self._providers = providers
        self._gates = gates
        self._calls = calls
        self._room = room

    async def suspend(self, scope: Scope, name: str, who: str, why: str, until: float | None = None) -> Suspension:
        return await self._suspensions.suspend(scope, name, who, why, until)

    async def resume(self, scope: Scope, name: str, who: str, why: str) -> bool:
        return await self._suspensions.resume(scope, name, who, why)

    def all(self) -> list[Suspension]:
        return self._suspensions.all()

    def providers(self) -> list[ProviderState]:
        under_way: dict[str, list[State]] = {}
        for call in self._calls:
            under_way.setdefault(call.provider, []).append(call.state)
        return [self._state_of(own, under_way.get(own.name, [])) for own in self._providers]

    def reasons_not_ready(self) -> list[str]:
        """What people stopped that keeps orders from being taken or sent at all."""
        places = {Scope.GATEWAY: "all sending is suspended", Scope.INTAKE: "the gateway drains"}
        stopped = ((what, self._suspensions.find(scope)) for scope, what in places.items())
        return [f"{what} {by_whom(by)}: `faxgw resume gateway` ends it" for what, by in stopped if by is not None]

    def waiting(self) -> Mapping[Waiting, int]:
        return self._room.statistics().by_reason

    def _state_of(self, own: ProviderConfig, under_way: list[State]) -> ProviderState:
        gate = self._gates[own.name]
        closure = gate.closure()
        return ProviderState(
            name=own.name,
            kind=own.kind,
            faxes_under_way=len(under_way),
            in_doubt=under_way.count(State.UNKNOWN),
            suspended=self._suspensions.find(Scope.PROVIDER, own.name) or self._suspensions.find(Scope.GATEWAY),
            closed_by=closure.by.value if closure else "",
            detail=closure.detail if closure else "",
            until=closure.until if closure else None,
            since=gate.changed_at,
            sends_under_way=gate.in_flight,
            limit=gate.limit,
            breaker=gate.breaker().value,
            trouble=gate.trouble,
        )
