"""How the execution price changes: by request and answer before the delivery, by agreement and ADJ after it.

Asked for by the sender, the new price stands unless the store rejects the order; asked for by the store, the old
one stands unless the sender agrees. An answer agrees only by naming the very amount that was asked for.
"""

import msgspec

from faxgw.errors import BugError
from faxgw.message import RelayMessage
from faxgw.money import Money
from faxgw.relay.ground import Ground
from faxgw.relay.names import ref_of
from faxgw.relay.step import PassOn, Refused, Ruling, Step, money_text
from faxgw.store.relay.port import PriceAsked, Refusal, RelayOrder, Stage


def ask_price(ground: Ground) -> Ruling:
    """ASKP. A newer request of the same side takes the place of the older one."""
    order, message = ground.order, ground.message
    by_filler = ground.is_by_filler
    if not by_filler and not ground.is_by_sender:
        return ground.refuse(Refusal.NOT_A_PARTY)
    if order.stage is Stage.CANCELLED:
        return ground.refuse(Refusal.CANCELLED)
    amount = _amount_of(ground)
    if isinstance(amount, Refused):
        return amount
    if order.price_asked is not None and order.price_asked.by_filler != by_filler:
        return ground.refuse(Refusal.PRICE_OPEN, asked=money_text(order.price_asked.amount))
    if order.stage is Stage.UNPLACED:
        return Step(msgspec.structs.replace(order, price=amount), (), "no store has it: the new price stands")
    before = order.price if order.price_asked is None else order.price_asked.before
    asked = PriceAsked(
        asked_by=message.from_member,
        by_filler=by_filler,
        amount=amount,
        before=before,
        at=message.at,
        ref=ref_of(message),
    )
    # After the delivery nothing is due any more but a correction, which only ADJ puts on record.
    stands_now = not by_filler and order.stage is not Stage.DELIVERED
    changed = msgspec.structs.replace(order, price_asked=asked, price=amount if stands_now else before)
    return Step(changed, (PassOn(order.sending if by_filler else order.executing),))


def answer_price(ground: Ground) -> Ruling:
    """ANSP: the same amount agrees, another leaves the price as it was before the request."""
    order, asked = ground.order, ground.order.price_asked
    if not ground.is_by_filler and not ground.is_by_sender:
        return ground.refuse(Refusal.NOT_A_PARTY)
    if refused := ground.only_open(asked.ref if asked is not None else None):
        return refused
    if asked is None:
        return ground.refuse(Refusal.NOTHING_ASKED)
    if (ground.is_by_sender if asked.by_filler else ground.is_by_filler) is False:
        return ground.refuse(Refusal.NOTHING_ASKED)
    amount = _amount_of(ground)
    if isinstance(amount, Refused):
        return amount
    if amount != asked.amount:
        note = f"{money_text(asked.amount)} was asked for and not agreed to: {money_text(asked.before)} stands"
        return Step(_settled(order, asked.before), (PassOn(asked.asked_by),), note)
    if order.stage is Stage.DELIVERED:
        agreed = msgspec.structs.replace(_settled(order, asked.before), agreed=amount)
        return Step(agreed, (PassOn(asked.asked_by),), "the sending member may put it on record with ADJ")
    return Step(_settled(order, amount), (PassOn(asked.asked_by),))


def with_amount(message: RelayMessage, order: RelayOrder | None) -> RelayMessage:
    """A ticked answer with the amount that it means: the one asked for, or the one of before."""
    asked = order.price_asked if order is not None else None
    if message.agrees is None or asked is None:
        return message
    return msgspec.structs.replace(message, amount=asked.amount if message.agrees else asked.before)


def adjust(ground: Ground) -> Ruling:
    """ADJ: the right price of a delivered order, once both agreed; the difference in its stead would be refused."""
    order, asked = ground.order, ground.order.price_asked
    if ground.message.from_member != order.sending:
        return ground.refuse(Refusal.NOT_SENDING)
    if order.stage is Stage.CANCELLED:
        return ground.refuse(Refusal.CANCELLED)
    if order.stage is not Stage.DELIVERED:
        return ground.refuse(Refusal.NOT_DELIVERED)
    amount = _amount_of(ground)
    if isinstance(amount, Refused):
        return amount
    # What the store itself asked for needs no further word of it.
    agreed = asked.amount if asked is not None and asked.by_filler else order.agreed
    if agreed is None:
        return ground.refuse(Refusal.NOT_AGREED)
    if amount != agreed:
        return ground.refuse(Refusal.NOT_THE_AGREED_PRICE, agreed=money_text(agreed))
    return Step(msgspec.structs.replace(_settled(order, amount), agreed=None), (PassOn(order.executing),))


def _settled(order: RelayOrder, price: Money) -> RelayOrder:
    return msgspec.structs.replace(order, price=price, price_asked=None)


def _amount_of(ground: Ground) -> Money | Refused:
    amount, currency = _given(ground.message), ground.order.price.currency
    return amount if amount.currency == currency else ground.refuse(Refusal.OTHER_CURRENCY, currency=currency)


def _given(message: RelayMessage) -> Money:
    if message.amount is None:
        raise BugError(f"{message.kind} came to its rule without an amount")
    return message.amount
