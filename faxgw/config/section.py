"""What sections of the config have in common."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
SecondsAboveZero = Annotated[float, msgspec.Meta(gt=0)]
"""For time-outs and rounds, which make no sense without a length."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key that it does not know is refused."""
