"""Reads a member's opening hours, written as OpenStreetMap writes them."""

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
    timezone = ZoneInfo(member.timezone)
    try:
        return OpeningHours(member.opening_hours, timezone=timezone, country=member.country)
    except UnknownCountryError:
        # Its public holidays are not known; its hours are.
        return OpeningHours(member.opening_hours, timezone=timezone)
