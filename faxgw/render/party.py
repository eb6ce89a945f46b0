"""A florist in one line, as every form names florists."""

from collections.abc import Mapping

from faxgw.render.characters import NO_BREAK_SPACE, printable
from faxgw.render.sheet import Party


def party_name(party: Party) -> str:
    """Who it is."""
    return _joined(party.name, party.city, party.member_id)


def party_line(party: Party, labels: Mapping[str, str]) -> str:
    """Who it is and, for whoever may want to call back, the numbers."""
    numbers = number_text(labels["phone"], party.phone), number_text(labels["fax"], party.fax)
    return _joined(party_name(party), *numbers)


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, map(printable, parts)))


def number_text(label: str, number: str) -> str:
    """A phone number that no line break parts; "" if there is none."""
    return f"{label} {printable(number)}".replace(" ", NO_BREAK_SPACE) if number else ""
