"""What an order's faxes tell of where the order is: one that did not arrive, one that people or routing sent elsewhere.

Every look is at the faxes as they stand now and not at the event that made somebody look, so that looking twice,
late, or in another order comes to the same.
"""

from typing import NamedTuple

import msgspec

from faxgw.fax import FINAL, State
from faxgw.relay.ground import Calendar, given_to, given_up
from faxgw.relay.patience import is_away
from faxgw.relay.step import Effect, Step, StopFax, Withdraw
from faxgw.store.admission import NO_LINE
from faxgw.store.relay.port import OWED, FaxChanged, Known, Page, RelayOrder, Stage

NOT_ARRIVED = frozenset({State.FAILED, State.EXPIRED})
"""The order is with nobody then, and the network looks for another florist by itself."""


class CaughtUp(NamedTuple):
    order: RelayOrder
    effects: tuple[Effect, ...]
    """The store that it was to go to before is told, where a page of it may have arrived there."""


def catch_up(order: RelayOrder, page: Page | None) -> CaughtUp:
    """The order with whom its fax goes to now, which people and routing may have changed."""
    as_it_was = CaughtUp(order, ())
    if page is None or page.fax_id != order.fax_id or page.member is None or page.line == NO_LINE:
        return as_it_was
    if page.state in NOT_ARRIVED or page.state is State.CANCELLED:
        return as_it_was
    old = order.executing
    if order.stage is Stage.OFFERED and old is not None and old != page.member:
        told = (Withdraw(old),) if page.marked else ()
        return CaughtUp(given_to(order, page.member), told)
    if order.stage is Stage.UNPLACED and page.member not in order.tried and page.state not in FINAL:
        # It waited for a florist on no line, and somebody found one.
        return CaughtUp(given_to(order, page.member), ())
    return as_it_was


def look(known: Known, event: FaxChanged, calendar: Calendar) -> Step | None:
    """What the fax that something happened to means for its order; None where it means nothing."""
    order, changed = known.order, known.changed
    if order is None or changed is None:
        return None
    if changed.fax_id == order.fax_id:
        return _look_at_own(known, order, changed, event, calendar)
    if changed.origin_id == order.fax_id and changed.state is not State.CANCELLED:
        return _look_at_heir(order, changed, event.at)
    if changed.fax_id in order.earlier or changed.origin_id in order.earlier:
        return _look_at_old(order, changed, event)
    # Another order bears the same number: what is said by it is said of the first.
    return None


def _look_at_own(known: Known, was: RelayOrder, page: Page, event: FaxChanged, calendar: Calendar) -> Step | None:
    order, effects = catch_up(was, page)
    if order.stage is Stage.UNPLACED and (withdraw := _late_arrival(order, page, event)):
        return Step(None, withdraw, "its fax arrived after it was given up")
    if order.stage is not Stage.OFFERED:
        return None
    if page.state in NOT_ARRIVED:
        # A try that ended without its confirmation often did arrive.
        told = (Withdraw(order.executing),) if page.marked and order.executing is not None else ()
        lost = msgspec.structs.replace(given_up(order), next_at=event.at)
        return Step(lost, (*effects, *told), f"its fax {page.state}")
    if page.state is State.CANCELLED:
        # A person took it out and will say what becomes of it.
        return Step(given_up(order), effects, "its fax was cancelled")
    if is_away(order, known.absences):
        return Step(msgspec.structs.replace(order, next_at=event.at), effects)
    if page.state is State.DELIVERED and order.waiting_since is None and order.executing is not None:
        next_at = calendar.next_look(event.at)
        if next_at is not None:
            return Step(msgspec.structs.replace(order, waiting_since=event.at, next_at=next_at), effects)
    return Step(order, effects) if order != was else None


def _look_at_heir(order: RelayOrder, page: Page, at: float) -> Step | None:
    """A retry or a copy of the order's fax, made by a person: from now on it is the order's fax."""
    if order.stage in {Stage.CANCELLED, Stage.DELIVERED}:
        return Step(None, (StopFax(page.fax_id),), f"the order is {order.stage}")
    heir = msgspec.structs.replace(order, fax_id=page.fax_id, earlier=(*order.earlier, order.fax_id))
    if page.member is None or page.member == order.executing:
        return Step(heir)
    old = order.executing
    told: tuple[Effect, ...] = (Withdraw(old),) if old is not None and order.stage in OWED else ()
    return Step(msgspec.structs.replace(given_to(heir, page.member), changed_at=at), told)


def _look_at_old(order: RelayOrder, page: Page, event: FaxChanged) -> Step | None:
    """A fax by which the order was to go to a store that has it no more: it must not go, nor be believed."""
    if page.state not in FINAL:
        return Step(None, (StopFax(page.fax_id),), "the order went elsewhere")
    if withdraw := _late_arrival(order, page, event):
        return Step(None, withdraw, "it arrived after the order went elsewhere")
    return None


def _late_arrival(order: RelayOrder, page: Page, event: FaxChanged) -> tuple[Effect, ...]:
    """A store has the page of an order that is not its own; one that gave it back after the page came knows that."""
    # The carrier may say so after the fax was over.
    arrived = event.kind == "delivered" or (event.kind == "contradicted" and page.state is not State.DELIVERED)
    store = page.member
    if not arrived or store is None or store == order.executing:
        return ()
    if any(each.member == store and each.at >= event.at for each in order.given_back):
        return ()
    return (Withdraw(store),)
