"""Reads a member's opening hours, written as OpenStreetMap writes them."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, UnknownCountryError  # type: ignore[attr-defined]  # Its stub leaves errors out.

from faxgw.members.member import Member


def read_opening_hours(member: Member) -> OpeningHours | None:
    """The member's hours, or None for a member who is always open.

    Raises:
        opening_hours.ParserError: they are not written as OpenStreetMap writes them.
    """
    if member.opening_hours is None:
        return None
    return read_hours(member.opening_hours, member.timezone, member.country)


# Each change of the register gathers the hours of all shops anew, and few write them in a way of their own.
@lru_cache(maxsize=16_384)
def read_hours(written: str, zone: str, country: str) -> OpeningHours:
    """Hours as `read_opening_hours` reads them, for who knows no more of a member than these."""
    timezone = ZoneInfo(zone)
    try:
        return OpeningHours(written, timezone=timezone, country=country)
    except UnknownCountryError:
        # Its public holidays are not known; its hours are.
        return OpeningHours(written, timezone=timezone)
