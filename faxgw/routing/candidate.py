"""A florist as routing weighs one for a given delivery day: plain data, so that a planning process can read it."""

import enum

import msgspec


class Kind(enum.StrEnum):
    SHOP = "shop"
    UNIT = "unit"
    """The network of another country, which finds the florist there by itself."""


class Range(msgspec.Struct, frozen=True, gc=False):
    """Postcodes from `first` to `last`; shorter ends stand for all that begins so."""

    country: str
    first: str
    last: str


class Candidate(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What decides whether a florist may execute an order of one day, and what it costs."""

    id: str
    country: str
    postcode: str
    timezone: str
    kind: Kind = Kind.SHOP
    is_member: bool = True
    """On the delivery day: enrolled, and not withdrawn."""
    executes: bool = True
    is_away: bool = False
    """Told the network that it makes nothing on that day."""
    is_reachable: bool = True
    """At least one of its fax lines is dialled."""
    areas: tuple[Range, ...] = ()
    """Where it delivers; empty where distance alone decides."""
    capacity: int | None = None
    """Orders of that day; None is as many as come."""
    products: frozenset[str] = frozenset()
    """Codes, or how they begin, of what it makes; empty for all of the network's range."""
    own_products: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    """Those that are valid on that day."""
    hours: str | None = None
    """Opening hours as OpenStreetMap writes them; None is always open."""
    quality: int = 50
    """From 0 to 100, the best."""
    quota: int | None = None
    """Orders a day up to which it is served before those who had theirs."""


def fold_postcode(postcode: str) -> str:
    """One spelling for a postcode: `sw1a 1aa` is `SW1A1AA`; `F-75011`, `75 011` and `75011` are `75011`."""
    code = "".join(each for each in postcode.upper() if each.isalnum())
    return code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") if _is_number_with_country(code) else code


def _is_number_with_country(code: str) -> bool:
    # `F-75011`, `N-0150`, `NO0150`: the letters of the country stand before four digits or more.
    digits = code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return 0 < len(code) - len(digits) <= 2 and len(digits) >= 4 and digits.isdigit()
