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


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
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
    language: Language
    timezone: str
    """IANA name such as Europe/Oslo: the page's header line shows this clock."""
    labels: tuple[Label, ...] = ()
    """What a customer may ask for, such as `miljofyrtarn` for a public tender."""
