"""What routing decided, in words for people: the trail, the answer to the submitter, the operator's screen."""

from collections.abc import Mapping

from faxgw.routing.choose import Chosen, Nobody
from faxgw.routing.refusals import Refusal

REFUSAL_TEXTS: Mapping[Refusal, str] = {
    Refusal.HAD_IT: "had the order already",
    Refusal.SENDS_IT: "sends the order",
    Refusal.NO_MEMBER: "is no member on that day",
    Refusal.DOES_NOT_EXECUTE: "executes no orders",
    Refusal.AWAY: "is away on that day",
    Refusal.UNREACHABLE: "cannot be reached: its lines are dead or stopped",
    Refusal.NOT_ITS_AREA: "delivers in other areas",
    Refusal.TOO_FAR: "is too far away",
    Refusal.CLOSED_THAT_DAY: "is closed on that day",
    Refusal.CLOSED_IN_WINDOW: "is closed in the delivery window",
    Refusal.PAST_CUT_OFF: "takes no more orders for that time",
    Refusal.FULL: "has as many orders as it takes that day",
    Refusal.NOT_ITS_PRODUCT: "does not make the product",
    Refusal.NOT_ITS_LANGUAGE: "does not read the order's language",
    Refusal.NO_LABEL: "lacks a required label on that day",
}
NO_FLORIST = "no florist"
"""Begins the reason of every order that waits for somebody to execute it."""


def nobody_text(nobody: Nobody, is_place_known: bool) -> str:
    """Why nobody could be chosen, for the person who must find somebody."""
    if not nobody.looked_at:
        why = "nobody delivers there" if is_place_known else "the postcode is on no map and in no delivery area"
        return f"{NO_FLORIST}: {why}"
    counts = ", ".join(
        f"{count} {REFUSAL_TEXTS[reason]}"
        for reason, count in sorted(nobody.refused.items(), key=lambda item: (-item[1], list(Refusal).index(item[0])))
    )
    return f"{NO_FLORIST}: of {nobody.looked_at} near enough, {counts}"


def chosen_data(chosen: Chosen) -> dict[str, object]:
    """For the trail: who, how far, for how many points, and how many others might have had it."""
    told: dict[str, object] = {"member": chosen.member_id, "points": chosen.cost.total, "rivals": chosen.rivals}
    if chosen.near.metres is not None:
        told["km"] = round(chosen.near.metres / 1_000, 1)
    if chosen.near.in_area:
        told["in_area"] = True
    return told
