"""What sections of the config have in common."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]


Seconds = Annotated[float, msgspec.Meta(ge=0)]


Bytes = Annotated[int, msgspec.Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass
