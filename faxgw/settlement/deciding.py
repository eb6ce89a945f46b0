"""What a person makes of an exception: the step that carries it out, or why it cannot be so.

Pure: decided on the movements, what the order's customer owes and has paid, and who says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from faxgw.settlement.imports.entry import EntryKind
from faxgw.settlement.matching.match import Rule
from faxgw.settlement.takings import placed_as_fee, placed_with_order, placed_with_payout
from faxgw.store.clearing.port import Decision, Due, Leave, Movement, Payout, Place, Step, Together
from faxgw.store.ledger.journal import Journal

FOR_AN_ORDER = frozenset({Decision.MATCHED_BY_HAND, Decision.DIFFERENCE_ACCEPTED})
MAY_BE_FEES = frozenset({EntryKind.BANK, EntryKind.ADJUSTMENT, EntryKind.OTHER})
"""Kinds of which no file says what they are; customers' money, and what is only held back, is never a fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody decided, who, why and when."""

    decision: Decision
    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class DecisionRefused:
    """The decision does not fit; `reason` says what would."""

    reason: str


def leave(movement: Movement, word: Word) -> Step:
    """It stays in suspense."""
    return Leave(movement_id=movement.id, who=word.who, why=word.why, at=word.at)


def take_as_fee(movement: Movement, word: Word) -> Step | DecisionRefused:
    """A bank's charge, or what a provider keeps without saying so; one that is given back, too."""
    if movement.kind not in MAY_BE_FEES:
        return DecisionRefused(f"a {movement.kind} is customers' money or held back, and no fee: name the order")
    return _place(movement, word, None, placed_as_fee(movement))


def take_for_order(
    movements: Sequence[Movement], word: Word, number: str, due: Due | None, paid_minor: int | None
) -> Step | DecisionRefused:
    """All of the movements are for the order. `paid_minor` is what it has of its payments; None where nobody paid.

    `MATCHED_BY_HAND` wants the amount of the order; another amount is a `DIFFERENCE_ACCEPTED`.
    """
    if due is None:
        return DecisionRefused(f"no customer owes for an order {number!r}")
    if others := {each.currency for each in movements} - {due.currency}:
        return DecisionRefused(f"the order is in {due.currency}, the money in {others.pop()}")
    if any(each.gross_minor < 0 for each in movements):
        return _take_back(movements, word, number)
    if paid_minor is not None and paid_minor > 0:
        return DecisionRefused(f"{number} was paid already: leave this in suspense, or refund it")
    total_minor = sum(each.gross_minor for each in movements)
    if word.decision is Decision.MATCHED_BY_HAND and due.amount_minor != total_minor:
        return DecisionRefused(
            f"the order is {due.amount_minor} and the payment {total_minor} minor units:"
            " accept the difference, name another order, or more payments that are for it"
        )
    *parts, last = sorted(movements, key=lambda each: each.id)
    rest_minor = due.amount_minor - sum(each.gross_minor for each in parts)
    places = [_place(each, word, number, placed_with_order(each, number)) for each in parts]
    places.append(_place(last, word, number, placed_with_order(last, number, rest_minor)))
    return Together(tuple(places)) if parts else places[0]


def _take_back(movements: Sequence[Movement], word: Word, number: str) -> Step | DecisionRefused:
    """Money that goes back to the customer, of whatever amount: a part of it may be meant."""
    if len(movements) > 1:
        return DecisionRefused("money that goes back is decided one by one")
    (movement,) = movements
    return _place(movement, word, number, placed_with_order(movement, number))


def take_for_payout(movement: Movement, word: Word, name: str, payout: Payout | None) -> Step | DecisionRefused:
    """The line at the bank is a payout that nothing but a person could tell; both are the same amount."""
    if movement.kind != EntryKind.BANK or payout is None:
        return DecisionRefused(f"{name!r} is no payout that a line at the bank is missing for")
    if (payout.payout_minor, payout.currency) != (movement.gross_minor, movement.currency):
        return DecisionRefused(f"the payout is {payout.payout_minor} minor units of {payout.currency}: ask for it")
    if word.decision is not Decision.MATCHED_BY_HAND:
        return DecisionRefused("a payout is matched by hand, whole, or the line is left unallocated")
    return _place(movement, word, None, placed_with_payout(movement, payout), payout.batch_id)


def _place(movement: Movement, word: Word, number: str | None, journal: Journal, batch_id: int | None = None) -> Place:
    return Place(
        movement_id=movement.id,
        order_number=number,
        rule=Rule.BY_HAND,
        at=word.at,
        journal=journal,
        batch_id=batch_id,
        decision=word.decision,
        who=word.who,
        why=word.why,
    )
