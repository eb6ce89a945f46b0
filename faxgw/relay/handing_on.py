"""How an order comes to another store: forwarded by the one that has it, or placed anew when it is with nobody."""

import msgspec

from faxgw.relay.ground import Ground, given_to
from faxgw.relay.step import Effect, PassOn, Refused, Ruling, SendOrder, Step, StopFax, Withdraw
from faxgw.store.relay.port import Refusal, RelayOrder, Stage


def place(ground: Ground) -> Ruling:
    """ORDER, to another store after the one before gave it back."""
    if refused := ground.only_sender():
        return refused
    match ground.order.stage:
        case Stage.CANCELLED:
            return ground.refuse(Refusal.CANCELLED)
        case Stage.DELIVERED:
            return ground.refuse(Refusal.DELIVERED)
        case Stage.OFFERED | Stage.ACCEPTED:
            return ground.refuse(Refusal.WITH_A_FLORIST, executing=ground.order.executing or ground.order.number)
        case Stage.UNPLACED:
            to = _receiver(ground)
            return to if isinstance(to, Refused) else Step(_offered(ground, to), (StopFax(), SendOrder(to)))


def forward(ground: Ground) -> Ruling:
    """FOR: order and billing go to another store.

    The store that has it may forward it, accepted or not. The network forwards what no store has accepted: one that
    did not answer, or is away. An accepted order is its store's to give away.
    """
    order, message = ground.order, ground.message
    if message.from_member is not None and (refused := ground.only_filler()):
        return refused
    if refused := ground.over():
        return refused
    if order.stage is Stage.UNPLACED:
        return ground.refuse(Refusal.WITHOUT_FLORIST)
    if order.stage is Stage.ACCEPTED and message.from_member is None:
        return ground.refuse(Refusal.ACCEPTED, executing=order.executing or "")
    if order.cancel is not None:
        return ground.refuse(Refusal.CANCEL_OPEN)
    to = _receiver(ground)
    if isinstance(to, Refused):
        return to
    return Step(_offered(ground, to), (StopFax(), *_old_store_told(ground), SendOrder(to), PassOn(order.sending)))


def _old_store_told(ground: Ground) -> tuple[Effect, ...]:
    """A store that did not say it itself must hear that the order is another's, wherever its page may lie."""
    old = ground.order.executing
    if old is None or ground.is_by_filler or not ground.page_may_be_there:
        return ()
    return (Withdraw(old),)


def _offered(ground: Ground, to: str) -> RelayOrder:
    said_at = ground.message.at if ground.is_by_filler else None
    order = given_to(ground.order, to, said_at=said_at)
    return msgspec.structs.replace(order, changed_at=ground.message.at)


def _receiver(ground: Ground) -> str | Refused:
    """The member that shall have the order, where it can."""
    to = ground.message.to_member
    if to is None or not ground.members.is_member(to):
        return ground.refuse(Refusal.UNKNOWN_MEMBER, member=to or "")
    if to == ground.order.executing:
        return ground.refuse(Refusal.SAME_MEMBER, member=to)
    if to == ground.order.sending:
        # Routing leaves it out, too; a store that wants to make the bouquet after all cancels the order.
        return ground.refuse(Refusal.SENDER_ITSELF, member=to)
    if not ground.members.executes(to, ground.order.delivery_date):
        return ground.refuse(Refusal.DOES_NOT_EXECUTE, member=to)
    if ground.is_away(to):
        return ground.refuse(Refusal.AWAY, member=to)
    return to
