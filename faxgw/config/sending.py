"""How faxes are sent: queue, lines, the hours in which they may be called, and when a fax is tried again."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from faxgw.config.section import Count, Seconds, Section
from faxgw.fax import Failure
from faxgw.order import LocalTime


class Retry(Section, frozen=True, kw_only=True):
    """When a fax goes again after one class of failure."""

    calls_max: Annotated[int, msgspec.Meta(ge=0)]
    """Attempts of one fax that may end so; 0 never tries again."""
    wait_seconds: Seconds
    growth: Annotated[float, msgspec.Meta(ge=1)] = 1.0
    wait_seconds_max: Seconds = 3_600.0
    other_provider: bool = False
    """The next try goes over another carrier, where one may take it."""


DEFAULT_RETRIES: dict[Failure, Retry] = {
    # Waits as fax servers have used them for decades: HylaFAX 180/300/60 s, at most 12 dials.
    Failure.BUSY: Retry(calls_max=12, wait_seconds=120, growth=1.5, wait_seconds_max=900),
    Failure.NO_ANSWER: Retry(calls_max=5, wait_seconds=300),
    Failure.NETWORK: Retry(calls_max=12, wait_seconds=60, growth=1.5, wait_seconds_max=600, other_provider=True),
    Failure.CAPACITY: Retry(calls_max=1_000, wait_seconds=5, growth=1.5, wait_seconds_max=300, other_provider=True),
    Failure.NO_FAX: Retry(calls_max=2, wait_seconds=300),
    Failure.BAD_NUMBER: Retry(calls_max=0, wait_seconds=0),
    Failure.REJECTED: Retry(calls_max=0, wait_seconds=0),
    Failure.PROTOCOL: Retry(calls_max=5, wait_seconds=60, other_provider=True),
    Failure.PAGE: Retry(calls_max=3, wait_seconds=60, other_provider=True),
    # Each time another fax of the call is delivered or charged with the failure, so that this has an end.
    Failure.NOT_REACHED: Retry(calls_max=1_000, wait_seconds=0),
    # Often it did arrive; a second bouquet is worse than a call by a person, for whom it waits.
    Failure.IN_DOUBT: Retry(calls_max=0, wait_seconds=0),
    Failure.DOCUMENT: Retry(calls_max=0, wait_seconds=0),
    Failure.ACCOUNT: Retry(calls_max=1_000, wait_seconds=60, growth=1.5, wait_seconds_max=900, other_provider=True),
    Failure.EXPIRED: Retry(calls_max=0, wait_seconds=0),
    Failure.UNKNOWN_CODE: Retry(calls_max=5, wait_seconds=300, other_provider=True),
}


class QueueConfig(Section, frozen=True, kw_only=True):
    """In which order waiting faxes go."""

    climb_seconds: Annotated[float, msgspec.Meta(gt=0)] = 1_800.0
    """A fax that has been due for so long travels in the class above its own, and so on up to express."""
    patience_seconds: Annotated[float, msgspec.Meta(gt=0)] = 3_600.0
    """A fax without a near deadline takes its place among those with one as if it had to go within this time."""
    waiting_max: Count = 1_000_000
    """While so many faxes wait to be sent, orders and documents are refused (503). One that waits takes 500 bytes."""


class LineConfig(Section, frozen=True, kw_only=True):
    """When a line is taken for dead: after so many calls in a row, over all faxes; 0 is never."""

    bad_number_max: Annotated[int, msgspec.Meta(ge=0)] = 2
    no_fax_max: Annotated[int, msgspec.Meta(ge=0)] = 3
    no_answer_max: Annotated[int, msgspec.Meta(ge=0)] = 10
    known_factor: Count = 4
    """So many times the patience for a line where a fax machine has answered before (HylaFAX's `CalledBefore`)."""


class CallingRules(Section, frozen=True, kw_only=True):
    """What a country asks of those who dial there by machine; the longest prefix that fits counts."""

    prefix: Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{0,7}$(?!\n)")] = "+"
    """How its numbers start, such as +33; + alone stands for everywhere else."""
    failed_calls_an_hour_max: Annotated[int, msgspec.Meta(ge=1, le=64)] = 15
    """Calls to one line in any hour without a delivery in between; 15 is the American limit (47 CFR 68.318)."""
    quiet_from: LocalTime | None = None
    """From this time of day no line is called, written as 21:00:00."""
    quiet_until: LocalTime | None = None
    timezone: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """Whose clock: IANA name. For numbers of no member; a member's own time zone counts for its line."""


EVERYWHERE = CallingRules()


def calling_rules_of(rules: Sequence[CallingRules], line: str) -> CallingRules:
    fitting = (each for each in rules if line.startswith(each.prefix))
    return max(fitting, key=lambda each: len(each.prefix), default=EVERYWHERE)


class Dispatch(Section, frozen=True, kw_only=True):
    """Bounds over all classes of failure and all carriers."""

    calls_max: Count = 20
    """Calls for one fax, the carriers' own retries among them; after that it has failed."""
    tries_max: Annotated[int, msgspec.Meta(ge=1, le=30_000)] = 2_000
    """Attempts for one fax, those that were no calls among them."""
