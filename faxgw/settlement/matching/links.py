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

    A payment whose sale is not placed yet tells nothing: its refunds wait without an answer.
    """
    answers: list[Link | Unmatched] = []
    taken_back: dict[tuple[str, str], int] = {}
    for movement in sorted(movements, key=lambda each: (each.day, each.id)):
        payment = (movement.provider, movement.payment_id)
        whole = known.get(payment, ()) if movement.payment_id else ()
        sales = [each for each in whole if each.kind == EntryKind.SALE]
        if not sales:
            answers.append(Unmatched(movement.id, Reason.SALE_UNKNOWN))
            continue
        numbers = {sale.order_number for sale in sales if sale.order_number is not None}
        if len(numbers) != 1:
            continue
        left = _left_of(whole) + taken_back.get(payment, 0) + movement.gross_minor
        (number,) = numbers
        if left < 0:
            answers.append(Unmatched(movement.id, Reason.MORE_THAN_SOLD, number))
            continue
        taken_back[payment] = taken_back.get(payment, 0) + movement.gross_minor
        answers.append(Link(movement.id, number))
    return answers


def _left_of(whole: Sequence[Movement]) -> int:
    """What was paid and not taken back, by all that is placed with the order."""
    return sum(each.gross_minor for each in whole if each.order_number is not None)
