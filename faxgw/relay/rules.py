"""Who may say what about an order, and what it comes to: pure, one function a kind, so that it reads as a table.

The rules are those of the Mercury network (floristwiki.ftdi.com: About_messages, Reject_Message,
Mercury_Direct:_Forwarding_an_Order); docs/relay.md lists them. Through all of them one thing holds: an order is
with one executing store, or with none.

Refuses by reason and never raises for what somebody said: two florists may speak at once.
"""

from faxgw.errors import BugError
from faxgw.message import Kind, RelayMessage
from faxgw.relay import absence, answering, cancelling, handing_on, pricing, talking
from faxgw.relay.ground import Calendar, Ground, Members
from faxgw.relay.step import PassOn, Refused, Ruling, Step
from faxgw.store.relay.port import Known, Refusal


def rule(message: RelayMessage, known: Known, members: Members, calendar: Calendar) -> Ruling:
    """What `message` comes to. It has no faults of its own (`message.faults_of`)."""
    for member in (message.from_member, message.to_member):
        if member is not None and not members.is_member(member):
            return Refused(Refusal.UNKNOWN_MEMBER, {"member": member})
    match message.kind:
        case Kind.SUS:
            return absence.suspend(message, calendar.day_of(message.at))
        case Kind.RES:
            return absence.resume(message, known.absences)
        case Kind.GEN if message.order_number is None:
            return Step(None, (PassOn(message.to_member),))
    if known.order is None:
        return Refused(Refusal.UNKNOWN_ORDER, {"number": message.order_number or ""})
    return _rule_of_order(
        Ground(
            message=message,
            order=known.order,
            page=known.page,
            absences=known.absences,
            members=members,
            calendar=calendar,
        )
    )


def _rule_of_order(ground: Ground) -> Ruling:  # noqa: C901 - one branch a kind
    match ground.message.kind:
        case Kind.ORDER:
            return handing_on.place(ground)
        case Kind.FOR:
            return handing_on.forward(ground)
        case Kind.ACK:
            return answering.accept(ground)
        case Kind.REJ:
            return answering.reject(ground)
        case Kind.DCON:
            return answering.confirm_delivery(ground)
        case Kind.CAN:
            return cancelling.ask_cancel(ground)
        case Kind.CON:
            return cancelling.confirm_cancel(ground)
        case Kind.DEN:
            return cancelling.deny_cancel(ground)
        case Kind.ASK:
            return talking.ask(ground)
        case Kind.ANS:
            return talking.answer(ground)
        case Kind.ASKP:
            return pricing.ask_price(ground)
        case Kind.ANSP:
            return pricing.answer_price(ground)
        case Kind.ADJ:
            return pricing.adjust(ground)
        case Kind.GEN:
            return talking.say(ground)
        case Kind.SUS | Kind.RES:
            raise BugError(f"{ground.message.kind} is about a florist and no order")
