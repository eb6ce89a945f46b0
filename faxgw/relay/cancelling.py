"""How an order is cancelled: the sender asks, the executing store confirms or denies; only its word voids the claim."""

import msgspec

from faxgw.relay.ground import Ground, withdrawn
from faxgw.relay.names import ref_of
from faxgw.relay.step import PassOn, Ruling, Step, StopFax
from faxgw.store.relay.port import CancelAsked, Refusal, RelayOrder, Stage


def ask_cancel(ground: Ground) -> Ruling:
    """CAN. Where no store can have the page there is nobody to ask, and the order is cancelled at once."""
    order, message = ground.order, ground.message
    if refused := ground.only_sender() or ground.over():
        return refused
    if order.cancel is not None:
        return ground.refuse(Refusal.ALREADY_SAID)
    if order.stage is Stage.UNPLACED:
        return Step(_cancelled(order), (StopFax(),), "no store had it: it is cancelled at once")
    if order.stage is Stage.OFFERED and ground.page_never_left:
        return Step(_cancelled(order), (StopFax(),), "its fax had not left: it is cancelled at once")
    asked = msgspec.structs.replace(order, cancel=CancelAsked(message.from_member, message.at, ref_of(message)))
    return Step(asked, (PassOn(order.executing),))


def confirm_cancel(ground: Ground) -> Ruling:
    """CON: the claim is void."""
    if refused := ground.only_filler():
        return refused
    if ground.order.stage is Stage.CANCELLED:
        return ground.refuse(Refusal.ALREADY_SAID)
    cancel = ground.order.cancel
    if refused := ground.only_open(cancel.ref if cancel is not None else None):
        return refused
    if cancel is None:
        return ground.refuse(Refusal.NOTHING_ASKED)
    return Step(_cancelled(ground.order), (StopFax(), PassOn(cancel.asked_by)))


def deny_cancel(ground: Ground) -> Ruling:
    """DEN: the order stands, and its store owes it as before."""
    if refused := ground.only_filler():
        return refused
    cancel = ground.order.cancel
    if refused := ground.only_open(cancel.ref if cancel is not None else None):
        return refused
    if cancel is None:
        return ground.refuse(Refusal.NOTHING_ASKED)
    return Step(msgspec.structs.replace(ground.order, cancel=None), (PassOn(cancel.asked_by),))


def _cancelled(order: RelayOrder) -> RelayOrder:
    return msgspec.structs.replace(withdrawn(order), stage=Stage.CANCELLED)
