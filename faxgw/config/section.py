"""What sections of the config have in common."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
SecondsAboveZero = Annotated[float, msgspec.Meta(gt=0)]
"""For time-outs and rounds, which make no sense without a length."""
SecureUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:|/|$))",
        description="an address that begins with https:// (http:// only on this machine): the password goes there",
    ),
]
FullNumber = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{5,14}$(?!\n)", description="as +33199001234")]
"""A telephone number in E.164."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key that it does not know is refused."""
