"""What the codes of our forms say: which order and page, or whose copy of the order form."""

from typing import NamedTuple


class OrderCode(NamedTuple):
    """A page of an order sheet: `faxgw:NUMBER:PAGE`."""

    number: str
    page: int


class NewOrderCode(NamedTuple):
    """A copy of the order form: `faxgw:new:MEMBER:SERIAL`."""

    member: str
    serial: str


class Asked(NamedTuple):
    """What the boxes of a message's sheet answer."""

    kind: str
    """Of the message: CAN or ASKP."""
    member: str
    """Who was asked."""
    ref: str
    """Tells one request of an order from another."""


class RelayCode(NamedTuple):
    """A page of a message between florists: `faxgw-relay:NUMBER:PAGE`, or `faxgw-relay:NUMBER:KIND:MEMBER:REF:PAGE`."""

    number: str
    page: int
    asks: Asked | None = None
    """None where the answer is free text."""


Code = OrderCode | NewOrderCode | RelayCode

NEW = "new"
"""No order can have this number: the code of an order sheet has two colons, that of the order form three."""


def parse_code(text: str) -> Code | None:
    """What a code says; None for one that is not ours."""
    match text.split(":"):
        case ["faxgw", "new", member, serial] if member and serial:
            return NewOrderCode(member, serial)
        case ["faxgw", number, page] if number and page.isdecimal():
            return OrderCode(number, int(page))
        case ["faxgw-relay", number, page] if number and page.isdecimal():
            return RelayCode(number, int(page))
        case ["faxgw-relay", number, ("CAN" | "ASKP") as kind, member, ref, page] if _all_there(
            number, member, ref, page
        ):
            return RelayCode(number, int(page), Asked(kind, member, ref))
        case _:
            return None


def _all_there(number: str, member: str, ref: str, page: str) -> bool:
    return all((number, member, ref)) and page.isdecimal()


def new_order_code(member: str, serial: str) -> str:
    return f"faxgw:{NEW}:{member}:{serial}"
