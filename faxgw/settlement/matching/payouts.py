"""Finds the line at the bank for each payout: by the payout's name in the line's text, else by amount and day."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from faxgw.settlement.matching.match import Rule
from faxgw.store.clearing.port import Movement, Payout

NAME_CHARS_MIN = 4
"""A payout called `7` is in every text."""


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """The line at the bank is the payout."""

    movement_id: int
    batch_id: int
    rule: Rule
    """`EXACT` is booked, `AMOUNT_AND_DAY` suggested."""


def match_payouts(lines: Sequence[Movement], payouts: Sequence[Payout], *, days: int = 5) -> list[Arrived]:
    """Each line and each payout at most once, and only where both are the only ones that fit."""
    named = _unique(lines, payouts, _is_named)
    taken_lines, taken_payouts = {each.movement_id for each in named}, {each.batch_id for each in named}
    rest = [line for line in lines if line.id not in taken_lines]
    open_ones = [payout for payout in payouts if payout.batch_id not in taken_payouts]
    near = _unique(rest, open_ones, lambda line, payout: _is_near(line, payout, days))
    arrived = [Arrived(each.movement_id, each.batch_id, Rule.AMOUNT_AND_DAY) for each in near]
    return sorted((*named, *arrived), key=lambda each: each.movement_id)


def _unique(
    lines: Sequence[Movement], payouts: Sequence[Payout], fits: Callable[[Movement, Payout], bool]
) -> list[Arrived]:
    by_amount: dict[tuple[int, str], list[Payout]] = {}
    for payout in payouts:
        by_amount.setdefault((payout.payout_minor, payout.currency), []).append(payout)
    pairs = [
        (line, payout)
        for line in lines
        for payout in by_amount.get((line.gross_minor, line.currency), ())
        if fits(line, payout)
    ]
    of_line, of_payout = Counter(line.id for line, _ in pairs), Counter(payout.batch_id for _, payout in pairs)
    return [
        Arrived(line.id, payout.batch_id, Rule.EXACT)
        for line, payout in pairs
        if of_line[line.id] == 1 and of_payout[payout.batch_id] == 1
    ]


def _is_named(line: Movement, payout: Payout) -> bool:
    """The payout's name stands in the line as words of its own, not as a part of a longer number."""
    name = _words(payout.ref)
    said = " ".join(_words(text) for text in (line.text, line.merchant_ref, line.payment_id))
    return len(name) >= NAME_CHARS_MIN and f" {name} " in f" {said} "


def _words(text: str) -> str:
    return " ".join(re.findall(r"[0-9A-Z]+", text.upper()))


def _is_near(line: Movement, payout: Payout, days: int) -> bool:
    return payout.value_date is not None and 0 <= (line.day - payout.value_date).days <= days
