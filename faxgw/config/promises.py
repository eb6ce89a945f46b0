"""What is promised to orders, and the steps before a deadline is lost."""

import enum
from typing import Annotated, Literal

import msgspec

from faxgw.config.section import Count, Section
from faxgw.order import Country, LocalTime, Priority


class ServiceWhen(Section, frozen=True, kw_only=True):
    """Which orders a service rule is for: all that is written must hold, by the clock of the executing florist."""

    ordered_after: LocalTime | None = None
    """From this time of day on, written as 18:00:00."""
    ordered_before: LocalTime | None = None
    """Before this time of day; earlier than `ordered_after` it means the next morning, over midnight."""
    delivery: Literal["same_day", "later"] | None = None
    """The bouquet is due on the day of the order, or on a later one."""
    country: list[Country] | None = None
    """Of the recipient."""
    submitter: list[str] | None = None
    priority: list[Priority] | None = None
    """As the order asks for it."""


class ServiceRule(Section, frozen=True, kw_only=True):
    """What is promised to some orders: a class to travel in, a deadline, or both.

    A promise that is lost already when the order comes in is not made: the rule is passed over.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    when: ServiceWhen = ServiceWhen()
    priority: Priority | None = None
    """Without it the order's own."""
    deadline: LocalTime | None = None
    """Time of day on the delivery date, by the florist's clock. An earlier deadline of the order's own stays."""
    deadline_minutes: Count | None = None
    """After the order was accepted; instead of `deadline`."""


class Step(enum.StrEnum):
    """What is done for a fax before its deadline is lost."""

    EXPRESS = "express"
    """It travels in the first class."""
    OTHER_PROVIDER = "other_provider"
    """The carriers that failed it are left out while there is another."""
    SECOND_NUMBER = "second_number"
    """It goes to the florist's other line."""
    OTHER_FLORIST = "other_florist"
    """Routing gives the order to another florist, where `[routing]` stands in the config."""
    EVENT = "event"
    """The order system hears `deadline_at_risk`, with the reason and what could be done."""
    ALERT = "alert"
    """The operator hears of it: a metric and an error in the log."""


class TimedStep(Section, frozen=True, kw_only=True):
    """A step, and when it is taken."""

    minutes_before: Annotated[float, msgspec.Meta(gt=0)]
    """Before the deadline, yet never in the first half of the fax's time."""
    step: Step


DEFAULT_ESCALATION = (
    TimedStep(minutes_before=30, step=Step.EXPRESS),
    TimedStep(minutes_before=20, step=Step.OTHER_PROVIDER),
    TimedStep(minutes_before=15, step=Step.SECOND_NUMBER),
    TimedStep(minutes_before=12, step=Step.OTHER_FLORIST),
    TimedStep(minutes_before=10, step=Step.EVENT),
    TimedStep(minutes_before=5, step=Step.ALERT),
)
