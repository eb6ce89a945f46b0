"""Links what takes money back, refunds and chargebacks, to the sale that it takes back."""

from collections.abc import Mapping, Sequence

import msgspec

from faxgw.settlement.imports.entry import EntryKind
from faxgw.settlement.matching.match import Reason, Unmatched
from faxgw.store.clearing.port import Movement

TAKES_BACK = frozenset({EntryKind.REFUND, EntryKind.CHARGEBACK})
LINKED = TAKES_BACK | {EntryKind.CHARGEBACK_REVERSAL}
"""Kinds that are about a sale before them."""


class Link(msgspec.Struct, frozen=True, gc=False):
    """The movement takes back, or gives again, what was paid for the order."""

    movement_id: int
    number: str


def link_to_sales(
    movements: Sequence[Movement], known: Mapping[tuple[str, str], Sequence[Movement]]
) -> list[Link | Unmatched]:
    """What each unplaced movement is about; `known` has all movements of a payment, by provider and its id there.

    Every one has an answer: what waits for its sale to be placed is in the queue until then.
    """
    answers: list[Link | Unmatched] = []
    taken_back: dict[tuple[str, str], int] = {}
    for movement in sorted(movements, key=lambda each: (each.day, each.gross_minor > 0, each.txn_id, each.id)):
        payment = (movement.provider, movement.payment_id)
        whole = known.get(payment, ()) if movement.payment_id else ()
        number = _order_of(whole)
        if isinstance(number, Reason):
            answers.append(Unmatched(movement.id, number))
            continue
        left = _left_of(whole) + taken_back.get(payment, 0) + movement.gross_minor
        if left < 0:
            answers.append(Unmatched(movement.id, Reason.MORE_THAN_SOLD, number))
            continue
        taken_back[payment] = taken_back.get(payment, 0) + movement.gross_minor
        answers.append(Link(movement.id, number))
    return answers


def _order_of(whole: Sequence[Movement]) -> str | Reason:
    """The one order that the payment's sales are for, or why there is none to tell."""
    sales = [each for each in whole if each.kind == EntryKind.SALE]
    numbers = {sale.order_number for sale in sales if sale.order_number is not None}
    if len(numbers) == 1:
        return numbers.pop()
    if not sales:
        return Reason.SALE_UNKNOWN
    return Reason.SEVERAL_ORDERS if numbers else Reason.SALE_NOT_PLACED


def _left_of(whole: Sequence[Movement]) -> int:
    """What was paid and not taken back, by all that is placed with the order."""
    return sum(each.gross_minor for each in whole if each.order_number is not None)
