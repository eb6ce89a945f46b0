"""How stores answer real orders, for whoever scores them."""

from collections.abc import Mapping

from faxgw.members.traffic import Traffic
from faxgw.store.relay.port import RelayStore


class RelayTraffic:
    """See `members.traffic.TrafficSource`."""

    def __init__(self, store: RelayStore) -> None:
        self._store = store

    async def traffic(self, since: float, until: float, member: str | None = None) -> Mapping[str, Traffic]:
        return {
            each.member: Traffic(
                offered=each.offered,
                rejected=each.rejected,
                unanswered=each.silent,
                delivered=each.delivered,
                answered=each.answered,
                answer_seconds=each.answer_seconds,
            )
            for each in await self._store.offer_sums(since, until, member)
        }
