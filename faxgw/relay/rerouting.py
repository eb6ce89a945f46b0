"""Where the relay finds another florist: by routing, or nowhere, so that a person does."""

from faxgw.order import Order
from faxgw.relay.port import Chosen, NobodyFound
from faxgw.routing.router import NoRoute, Routed, Router

CHOSEN = "routing chose the florist"


class NoRerouter:
    """Where no routing is configured. See `port.Rerouter`."""

    def choose(self, order: Order, tried: frozenset[str]) -> NobodyFound:
        del order, tried
        return NobodyFound("no routing is configured; give the order to a florist with faxgw relay send")


class ByRouting:
    """See `port.Rerouter`."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def choose(self, order: Order, tried: frozenset[str]) -> Chosen | NobodyFound:
        match self._router.next_florist(order, tried):
            case Routed(member_id=member_id):
                return Chosen(member_id, CHOSEN)
            case NoRoute(reason=reason):
                return NobodyFound(reason)
