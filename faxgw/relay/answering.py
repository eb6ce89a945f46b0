"""What the executing store says of an order: that it makes it, that it does not, that it was delivered."""

import msgspec

from faxgw.relay.ground import Ground, answered, given_up, withdrawn
from faxgw.relay.step import PassOn, Ruling, Say, Step, StopFax
from faxgw.store.relay.port import Refusal, Stage


def accept(ground: Ground) -> Ruling:
    """ACK. A cancellation that is open stays open: the two may have crossed."""
    if refused := ground.only_filler():
        return refused
    match ground.order.stage:
        case Stage.ACCEPTED | Stage.DELIVERED:
            return ground.refuse(Refusal.ALREADY_SAID)
        case Stage.CANCELLED | Stage.UNPLACED:
            return ground.refuse(Refusal.CANCELLED)
        case Stage.OFFERED:
            order = msgspec.structs.replace(answered(ground.order), stage=Stage.ACCEPTED)
            return Step(order, (PassOn(order.sending),))


def reject(ground: Ground) -> Ruling:
    """REJ, in the month of the order: a closed month's statement is not changed (Mercury, Reject_Message)."""
    order, message = ground.order, ground.message
    if message.from_member is not None and order.executing is None and order.tried[-1:] == (message.from_member,):
        return ground.refuse(Refusal.ALREADY_SAID)
    if refused := ground.only_filler() or ground.over():
        return refused
    ordered, today = ground.calendar.day_of(order.ordered_at), ground.today
    if (ordered.year, ordered.month) != (today.year, today.month):
        return ground.refuse(Refusal.MONTH_OVER, month=ordered.strftime("%Y-%m"))
    if order.cancel is not None:
        # The sender does not want it any more, and the store does not make it: nobody is looked for.
        cancelled = msgspec.structs.replace(withdrawn(order), stage=Stage.CANCELLED)
        return Step(cancelled, (StopFax(), PassOn(order.sending)), "the cancellation that was open is confirmed by it")
    unplaced = msgspec.structs.replace(given_up(order, said_at=message.at), next_at=message.at)
    return Step(unplaced, (StopFax(), PassOn(order.sending)))


def confirm_delivery(ground: Ground) -> Ruling:
    """DCON, not before the day of delivery. A price the sender asked for stands now; one the store asked for fell."""
    if refused := ground.only_filler():
        return refused
    if ground.order.stage is Stage.DELIVERED:
        return ground.refuse(Refusal.ALREADY_SAID)
    if refused := ground.over():
        return refused
    if ground.today < ground.order.delivery_date:
        return ground.refuse(Refusal.TOO_EARLY)
    cancel = ground.order.cancel
    delivered = msgspec.structs.replace(
        withdrawn(ground.order), stage=Stage.DELIVERED, questions=ground.order.questions
    )
    passed_on = PassOn(delivered.sending)
    if cancel is None:
        return Step(delivered, (StopFax(), passed_on))
    told = (Say(cancel.asked_by, "delivered_already"),) if cancel.asked_by is not None else ()
    return Step(delivered, (StopFax(), passed_on, *told), "the cancellation that was open came too late")
