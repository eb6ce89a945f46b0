"""A florist of the network, as the gateway needs to know one."""

from typing import Annotated

import msgspec

from faxgw.order import Country, Language, Line60, Line120, MemberId, PhoneText

Label = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[a-z0-9-]+$(?!\n)",
        description="1 to 40 of the characters a-z 0-9 -, such as miljofyrtarn",
    ),
]


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One florist: where the shop is, how it is reached, and in which language it reads."""

    id: MemberId
    name: Line120
    street: Line120
    postcode: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    city: Line60
    country: Country
    phone: PhoneText
    fax: PhoneText
    """As written by the florist; `Register.line_of` gives the line it dials."""
    fax_second: PhoneText | None = None
    """Another fax machine of the shop, tried before a deadline is lost."""
    language: Language
    timezone: str
    """IANA name such as Europe/Oslo: the page's header line shows this clock."""
    opening_hours: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """When its fax machine may be called, as OpenStreetMap writes it: `Mo-Sa 09:00-19:00; Su 09:00-12:30`."""
    fax_calls_max: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    """Calls its fax number takes at once; a florist with one machine has 1."""
    labels: tuple[Label, ...] = ()
    """What a customer may ask for, such as `miljofyrtarn` for a public tender."""
