"""The config's `[relay]`: the network's calendar, and its patience with florists who do not answer."""

from typing import Annotated

import msgspec

from faxgw.config.section import Section
from faxgw.order import MemberId

Minutes = Annotated[float, msgspec.Meta(ge=0)]


class Relay(Section, frozen=True, kw_only=True):
    """Messages between florists about orders."""

    timezone: str = "UTC"
    """Whose days and months count: a rejection must come in the month of its order. IANA name."""
    answer_minutes: Minutes = 0.0
    """How long a florist has for a word after the order's fax arrived, before the reminder; 0 awaits none."""
    reminders: Annotated[int, msgspec.Meta(ge=0, le=10)] = 1
    """Reminders, each `answer_minutes` after the one before; then the order goes to another florist."""
    search_minutes: Annotated[float, msgspec.Meta(ge=1)] = 15.0
    """Where no other florist was found: when to look again. A person hears of it each time."""
    without_paper: list[MemberId] = msgspec.field(default_factory=list)
    """Members who read events: no relay message is faxed to them, such as to a web shop."""
    follow: bool = True
    """Keep a relay row for every order from its first fax on; else from the first message about it."""
    follow_seconds: Annotated[float, msgspec.Meta(ge=0.01)] = 1.0
    """How long events of faxes gather before they are followed."""
    batch_max: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
