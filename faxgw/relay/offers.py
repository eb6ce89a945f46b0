"""What a step says of how stores answer: to whom an order was offered, and what came of it."""

from collections.abc import Iterator, Sequence

from faxgw.relay.patience import is_away
from faxgw.store.relay.port import Absence, Offer, OfferResult, RelayOrder, Stage


def offers_of(
    before: RelayOrder, after: RelayOrder, absences: Sequence[Absence], at: float, arrived_at: float | None = None
) -> tuple[Offer, ...]:
    """The offers that changed between two states of an order, and the one that is open now."""
    return (*_ended(before, after, absences, at), *_open_one(before, after, at, arrived_at))


def _ended(before: RelayOrder, after: RelayOrder, absences: Sequence[Absence], at: float) -> Iterator[Offer]:
    had = len(before.tried)
    for nth, member in enumerate(after.tried[had:], start=had):
        if any(each.member == member and each.at == at for each in after.given_back):
            result = OfferResult.FORWARDED if after.executing is not None else OfferResult.REJECTED
            yield Offer(after.number, nth, member, _offered_at(after, nth, at), result, answered_at=at)
        else:
            was_silent = nth == had and before.waiting_since is not None and not is_away(before, absences)
            result = OfferResult.SILENT if was_silent else OfferResult.VOID
            yield Offer(after.number, nth, member, _offered_at(after, nth, at), result)


def _open_one(before: RelayOrder, after: RelayOrder, at: float, arrived_at: float | None) -> Iterator[Offer]:
    member, nth = after.executing, len(after.tried)
    if member is None:
        return
    answered_at = at if after.stage is Stage.ACCEPTED else None
    result = _result(before, after)
    yield Offer(after.number, nth, member, _offered_at(after, nth, at), result, arrived_at, answered_at)


def _result(before: RelayOrder, after: RelayOrder) -> OfferResult:
    match after.stage:
        case Stage.ACCEPTED:
            return OfferResult.ACCEPTED
        case Stage.DELIVERED:
            return OfferResult.DELIVERED
        case Stage.CANCELLED | Stage.UNPLACED:
            return OfferResult.VOID
        case Stage.OFFERED:
            # Nobody waits any more for the word of the same store.
            gave_up = before.waiting_since is not None and after.waiting_since is None and after.tried == before.tried
            return OfferResult.SILENT if gave_up else OfferResult.OPEN


def _offered_at(order: RelayOrder, nth: int, at: float) -> float:
    """The first store has it since it was ordered; whoever comes later, since now."""
    return order.ordered_at if nth == 0 else at
