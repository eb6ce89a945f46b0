"""A carrier's account."""

from typing import Annotated

import msgspec

from faxgw.config.section import Count, Seconds, Section


class ProviderConfig(Section, frozen=True, kw_only=True):
    """One carrier account: what all kinds have in common (see `carriers.py`)."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=2_000)] = 32
    """Connections at once, at most; how many it bears is found out below that."""
    lanes_min: Count = 1
    """Never fewer at once, whatever it answers."""
    lanes_initial: Count = 8
    """At once after a start or an outage, until its answers tell more."""
    sends_per_second: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Faxes handed over a second at most; 0 for no limit."""
    sends_burst: Count = 1
    """Faxes that may go at once after a pause, under `sends_per_second`."""
    weight: Count = 1
    """Its share of the faxes, beside the weights of carriers that cost the same."""
    cost: Annotated[int, msgspec.Meta(ge=0)] = 0
    """What a page costs, in any unit that all providers share: a dearer one gets what cheaper ones cannot take."""
    connect_seconds: Seconds = 5.0
    send_seconds: Seconds = 30.0
    """From the first byte to the answer; after that the attempt is in doubt."""
    settle_seconds: Seconds = 60.0
    """How long after our last byte the carrier may still take a fax in; before that, "not known" proves nothing."""
    receipt_late_seconds: Seconds = 120.0
    """After this long without a receipt the carrier is asked."""
    receipt_lost_seconds: Seconds = 3_600.0
    """After this long without a final word the attempt is in doubt. Longer than the carrier's own retries take."""
    park_after_seconds: Seconds = 900.0
    """A doubt that asking could not clear for so long waits for a person, and the line is let go: by then the
    carrier's calls for it must be over."""
    resend_in_doubt_after_seconds: Seconds = 0.0
    """Send a fax that waits for a person again after so long, marked as a possible duplicate; 0 never does."""
    poll_seconds: Seconds = 30.0
    poll_batch_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 500

    @property
    def kind(self) -> str:
        """As the config calls it."""
        return str(self.__struct_config__.tag)
