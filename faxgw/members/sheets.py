"""Puts an order and the two florists it names together into the sheet that is drawn."""

import datetime as dt
from zoneinfo import ZoneInfo

from faxgw.members.member import Member
from faxgw.members.register import Register
from faxgw.order import Language, Order
from faxgw.render.sheet import Party, Sheet, Unrenderable

# A bare number tells no language; the recipient's country is the best guess at what its florist reads.
LANGUAGE_OF_COUNTRY: dict[str, Language] = {
    "AT": "de",
    "BE": "fr",
    "CH": "de",
    "DE": "de",
    "FR": "fr",
    "LI": "de",
    "LU": "fr",
    "MC": "fr",
    "NO": "nb",
}


def compose_sheet(order: Order, register: Register, at: float, header_name: str) -> Sheet | Unrenderable:
    """The sheet of `order` as sent at `at` (seconds since 1970), in the executing florist's language and time."""
    # Who has left since is still whose order it is; its last day was after the order.
    sender = register.find(order.sending_member) or register.find_former(order.sending_member)
    executor = register.find(order.executing_member) if order.executing_member else None
    if sender is None:
        return Unrenderable(f"the sending member {order.sending_member} left the register")
    if order.executing_member and executor is None and order.fax_number is None:
        return Unrenderable(f"the executing member {order.executing_member} left the register")
    home = executor or sender
    return Sheet(
        order=order,
        sender=party_of(sender),
        executor=party_of(executor) if executor else Party(name=order.fax_number or "", fax=order.fax_number or ""),
        language=_language(order, executor),
        sent_at=dt.datetime.fromtimestamp(int(at), ZoneInfo(home.timezone)),
        header_name=header_name,
    )


def _language(order: Order, executor: Member | None) -> Language:
    if order.language is not None:
        return order.language
    if executor is not None:
        return executor.language
    return LANGUAGE_OF_COUNTRY.get(order.recipient.country, "en")


def party_of(member: Member) -> Party:
    """The florist as printed."""
    return Party(
        name=member.name,
        member_id=member.id,
        street=member.street,
        postcode=member.postcode,
        city=member.city,
        phone=member.phone,
        fax=member.fax,
    )
