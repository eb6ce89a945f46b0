"""A florist of the network as one is on a day."""

import enum
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
Spoken = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z]{2}$(?!\n)", description="two small letters such as fr (ISO 639-1)")
]
ProductCode = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_.-]{1,32}$(?!\n)",
        description="1 to 32 of the characters A-Z a-z 0-9 _ . -, as the order's line has it",
    ),
]
_PostcodeEnd = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9A-Z]{1,10}$(?!\n)", description="a postcode or its beginning: digits, capital letters"),
]
CallsMax = Annotated[int, msgspec.Meta(ge=1, le=16)]


class Role(enum.StrEnum):
    """What a member does in the network."""

    SENDING = "sending"
    EXECUTING = "executing"
    BOTH = "both"


class Kind(enum.StrEnum):
    FLORIST = "florist"
    UNIT = "unit"
    """The network of another country: our orders for there go to it, and it settles as one."""


class Standing(enum.StrEnum):
    """How far somebody has come into the network, or out of it."""

    APPLICANT = "applicant"
    PROBATION = "probation"
    FULL = "full"
    WITHDRAWN = "withdrawn"

    @property
    def is_in(self) -> bool:
        """Whether orders are taken from and given to a member who stands so."""
        return self in {Standing.PROBATION, Standing.FULL}


class FaxMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fax number of a shop, and how many calls it takes at once."""

    number: PhoneText
    calls_max: CallsMax = 1


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Postcodes from `first` to `last`; shorter ends stand for all that begins so: 75 to 77 has 75001 and 77999."""

    first: _PostcodeEnd
    last: _PostcodeEnd
    country: Country | None = None
    """The member's own where none is named."""

    def covers(self, postcode: str) -> bool:
        code = "".join(postcode.upper().split())
        return self.first <= code[: len(self.first)] and code[: len(self.last)] <= self.last


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One florist: where the shop is, how it is reached, what it does, and in which language it reads."""

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
    fax_machines: tuple[FaxMachine, ...] = ()
    """Still others, tried after the second one."""
    language: Language
    """Of its pages."""
    languages: tuple[Spoken, ...] = ()
    """What is spoken in the shop beside the pages' language."""
    timezone: str
    """IANA name such as Europe/Oslo: the page's header line shows this clock."""
    opening_hours: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """When its fax machine may be called, as OpenStreetMap writes it: `Mo-Sa 09:00-19:00; Su 09:00-12:30; PH off`."""
    fax_calls_max: CallsMax = 1
    """Calls its fax number takes at once; a florist with one machine has 1."""
    labels: tuple[Label, ...] = ()
    """What a customer may ask for, such as `miljofyrtarn` for a public tender."""
    standing: Standing = Standing.FULL
    role: Role = Role.BOTH
    kind: Kind = Kind.FLORIST
    contact: Line120 | None = None
    """Whom to ask for."""
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$(?!\n)")] | None = None
    organisation_number: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    """As the country's business register has it: orgnr in Norway, SIRET in France."""
    capacity_per_day: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    """Orders it executes on one day; None is as many as come. Another number for a day is a change for that day."""
    areas: tuple[Area, ...] = ()
    """Where it delivers; empty where distance alone decides."""
    products: tuple[ProductCode, ...] = ()
    """What it makes of the network's range; empty for all of it."""
    own_products: tuple[ProductCode, ...] = ()
    """What is made by those alone who name it here."""

    @property
    def sends(self) -> bool:
        return self.role is not Role.EXECUTING

    @property
    def executes(self) -> bool:
        return self.role is not Role.SENDING

    def delivers_to(self, country: str, postcode: str) -> bool:
        """Whether one of its areas has the postcode; a member without areas names none."""
        return any((area.country or self.country) == country and area.covers(postcode) for area in self.areas)

    @property
    def spoken(self) -> frozenset[str]:
        """The languages in which an order can be read in the shop."""
        # The pages' Norwegian is bokmål; people say `no`.
        own = {"nb", "no"} if self.language == "nb" else {self.language}
        return frozenset(own | set(self.languages))
