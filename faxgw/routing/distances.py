"""How far a recipient lives from a florist, for those who pay by it: whole kilometres over ground, begun ones counted.

Only what the map knows counts: an estimate would decide about money.
"""

import datetime as dt
import math

from faxgw.members.register import Register
from faxgw.routing.candidate import fold_postcode
from faxgw.routing.places import Place, Places, metres_between

METRES_IN_KM = 1_000


class MemberDistances:
    """By the shop's address on the day that an order was taken; a shop that moved was nearer or farther then."""

    def __init__(self, register: Register, places: Places) -> None:
        self._register = register
        self._places = places

    def km(self, member_id: str, country: str, postcode: str, on: dt.date) -> int | None:
        """None where the register does not have the member on that day, or the map one of the two postcodes."""
        member = self._register.as_of(on).find(member_id)
        if member is None:
            return None
        shop, recipient = self._place(member.country, member.postcode), self._place(country, postcode)
        if shop is None or recipient is None:
            return None
        return math.ceil(metres_between(shop, recipient) / METRES_IN_KM)

    def _place(self, country: str, postcode: str) -> Place | None:
        located = self._places.find(country, fold_postcode(postcode))
        return located.place if located is not None and not located.is_estimate else None
