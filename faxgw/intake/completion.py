"""What a typed order leaves to the network: whose it is, by the number it came from, and what its florist gets for it.

Both are rules and no guesses: the carrier tells the number, the register whose machine that is, and the share stands in
the config. What neither tells stays open, so that a person completes the order.
"""

import msgspec

from faxgw.config.intake import DecisionRules
from faxgw.intake.decide import line_told
from faxgw.intake.decision import Decision, NeedsReview, NewOrderRead, OrderDraft
from faxgw.members.register import Register

WHOLE = 10_000
"""Shares are hundredths of a percent of that."""


def completed(decision: Decision, sender_number: str, register: Register, rules: DecisionRules) -> Decision:
    """A new order, or a person's guess at one, with what follows from where it came; other decisions as they are."""
    match decision:
        case NewOrderRead(draft=draft) | NeedsReview(draft=OrderDraft() as draft):
            return msgspec.structs.replace(decision, draft=_complete(draft, sender_number, register, rules))
        case _:
            return decision


def _complete(draft: OrderDraft, sender_number: str, register: Register, rules: DecisionRules) -> OrderDraft:
    return msgspec.structs.replace(
        draft,
        sending_member=draft.sending_member or _member_at(sender_number, register, rules.country),
        execution_price_minor=_execution_price(draft, rules.execution_share),
    )


def _member_at(sender_number: str, register: Register, country: str) -> str:
    line = line_told(sender_number, country)
    member = register.member_at(line) if line is not None else None
    return member.id if member is not None else ""


def _execution_price(draft: OrderDraft, share: int | None) -> int | None:
    """As it was read, else the network's share of the customer's price; what does not divide stays with the network."""
    if draft.execution_price_minor is not None or draft.customer_price_minor is None or share is None:
        return draft.execution_price_minor
    return draft.customer_price_minor * share // WHOLE
