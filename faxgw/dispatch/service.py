"""What is promised to an order when it comes in: its class and its deadline, by the config's rules.

Times of day are those of the executing florist. On the two days a year on which clocks are changed a time of
day may come twice or not at all; the earlier moment is then the deadline, so that nobody waits longer than told.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from faxgw.config.promises import ServiceRule, ServiceWhen
from faxgw.order import RANKS, Order

NO_RULE = ""
"""Where the order travels as it asks for itself."""


@dataclass(frozen=True, slots=True)
class Service:
    """How an order travels."""

    rank: int
    deadline_at: float | None
    rule: str


def apply_service(
    order: Order, submitter: str, zone: ZoneInfo, accepted_at: float, rules: Sequence[ServiceRule]
) -> Service:
    """The promise of the first rule that fits, never later than the order's own deadline.

    A rule whose deadline comes before the fax may go is passed over: a promise that is lost is not made.
    """
    asked = Service(RANKS[order.priority], order.deadline.timestamp() if order.deadline else None, NO_RULE)
    ordered = dt.datetime.fromtimestamp(accepted_at, zone)
    goes_at = max(accepted_at, order.not_before.timestamp()) if order.not_before else accepted_at
    for rule in rules:
        if not _fits(rule.when, order, submitter, ordered):
            continue
        promised_at = _deadline_of(rule, order.delivery.date, zone, accepted_at)
        if promised_at is not None and promised_at <= goes_at:
            continue
        rank = RANKS[rule.priority] if rule.priority is not None else asked.rank
        deadlines = [at for at in (asked.deadline_at, promised_at) if at is not None]
        return Service(rank, min(deadlines, default=None), rule.name)
    return asked


def _fits(when: ServiceWhen, order: Order, submitter: str, ordered: dt.datetime) -> bool:
    return (
        _fits_time(when, ordered.time())
        and _fits_day(when, order.delivery.date, ordered.date())
        and (when.country is None or order.recipient.country in when.country)
        and (when.submitter is None or submitter in when.submitter)
        and (when.priority is None or order.priority in when.priority)
    )


def _fits_time(when: ServiceWhen, ordered: dt.time) -> bool:
    after, before = when.ordered_after, when.ordered_before
    if after is not None and before is not None and before < after:
        return ordered >= after or ordered < before
    return (after is None or ordered >= after) and (before is None or ordered < before)


def _fits_day(when: ServiceWhen, delivery: dt.date, ordered: dt.date) -> bool:
    match when.delivery:
        case None:
            return True
        case "same_day":
            return delivery == ordered
        case "later":
            return delivery > ordered


def _deadline_of(rule: ServiceRule, delivery: dt.date, zone: ZoneInfo, accepted_at: float) -> float | None:
    if rule.deadline_minutes is not None:
        return accepted_at + rule.deadline_minutes * 60
    if rule.deadline is not None:
        return moment_of(delivery, rule.deadline, zone)
    return None


def moment_of(day: dt.date, time: dt.time, zone: ZoneInfo) -> float:
    """Seconds since 1970 of a time of day; the earlier moment where the day has it twice or not at all (PEP 495)."""
    local = dt.datetime.combine(day, time, zone)
    return min(local.replace(fold=fold).timestamp() for fold in (0, 1))
