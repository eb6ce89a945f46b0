"""Suggestions for what no rule could place: the one-to-one assignment in which the least has to be explained.

The solver is OR-Tools' (the extra `replan`); every part of a pair's cost is a whole number, and equal costs are told
apart by the names, so that a second run suggests the same.
"""

from collections.abc import Iterable, Sequence

from faxgw.settlement.matching.match import Expected, Match, Payment, Rule
from faxgw.store.clearing.names import normalised

DAY_COST = 20
REFERENCE_COST = 100
AMOUNT_COST_PER_PERCENT = 30
COST_MAX = 400
"""Above it a pair is no suggestion: leaving both alone costs less."""
PAIRS_MAX = 200_000


def assign(payments: Sequence[Payment], expected: Sequence[Expected]) -> Iterable[Match]:
    """The cheapest pairs, each payment and each order at most once; none where OR-Tools is not installed."""
    try:
        from ortools.graph.python import linear_sum_assignment  # noqa: PLC0415 - the extra may be missing
    except ImportError:
        return []
    pairs = _pairs(payments, expected)
    solver = linear_sum_assignment.SimpleLinearSumAssignment()
    # Both sides get a place of their own to stay alone in, so that a whole assignment always exists.
    alone = len(payments)
    for left, right, cost in pairs:
        solver.add_arc_with_cost(left, right, 2 * cost)
        solver.add_arc_with_cost(alone + right, len(expected) + left, 0)
    for left in range(len(payments)):
        solver.add_arc_with_cost(left, len(expected) + left, COST_MAX)
    for right in range(len(expected)):
        solver.add_arc_with_cost(alone + right, right, COST_MAX)
    if not pairs or solver.solve() != solver.OPTIMAL:
        return []
    mates = [(left, solver.right_mate(left)) for left in range(len(payments))]
    return [
        Match(payments[left].id, expected[right].number, Rule.ASSIGNED)
        for left, right in mates
        if right < len(expected)
    ]


def _pairs(payments: Sequence[Payment], expected: Sequence[Expected]) -> list[tuple[int, int, int]]:
    """Every pair worth a look, with its cost; too many to look at are none."""
    by_currency: dict[str, list[int]] = {}
    for right, order in enumerate(expected):
        by_currency.setdefault(order.currency, []).append(right)
    if sum(len(by_currency.get(payment.currency, ())) for payment in payments) > PAIRS_MAX:
        return []
    priced = (
        (left, right, cost_of(payment, expected[right]))
        for left, payment in enumerate(payments)
        for right in by_currency.get(payment.currency, ())
    )
    return [(left, right, cost) for left, right, cost in priced if cost < COST_MAX]


def cost_of(payment: Payment, order: Expected) -> int:
    """What would have to be explained if the payment were for the order: days, amount, and signs of the reference."""
    days = abs((payment.day - order.day).days)
    percent_off = abs(payment.amount_minor - order.amount_minor) * 100 // max(1, order.amount_minor)
    reference = min(
        _distance(normalised(payment.reference), normalised(name)) for name in (order.number, *order.references)
    )
    return days * DAY_COST + percent_off * AMOUNT_COST_PER_PERCENT + reference * REFERENCE_COST // 4


def _distance(one: str, other: str) -> int:
    """How many signs would have to be changed, left out or put in (Levenshtein); nothing said is as far as can be."""
    if not one:
        return 8
    before = list(range(len(other) + 1))
    for row, sign in enumerate(one, start=1):
        now = [row]
        for column, wanted in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (sign != wanted)))
        before = now
    return min(8, before[-1])
