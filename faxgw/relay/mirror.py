"""What an order's faxes tell of where the order is: one that did not arrive, one that people or routing sent elsewhere.

Every look is at the faxes as they stand now and not at the event that made somebody look, so that looking twice,
late, or in another order comes to the same.
"""

import msgspec

from faxgw.fax import FINAL, State
from faxgw.relay.ground import Calendar, given_back, given_to
from faxgw.relay.step import Effect, Step, StopFax, Withdraw
from faxgw.store.admission import NO_LINE
from faxgw.store.relay.port import OWED, Known, Page, RelayOrder, Stage

NOT_ARRIVED = frozenset({State.FAILED, State.EXPIRED})
"""The order is with nobody then, and the network looks for another florist by itself."""


def caught_up(order: RelayOrder, page: Page | None) -> RelayOrder:
    """The order with whom its fax goes to now; the store that it was to go to before never got it."""
    if page is None or page.fax_id != order.fax_id or page.member is None or page.line == NO_LINE:
        return order
    if page.state in NOT_ARRIVED or page.state is State.CANCELLED:
        return order
    if order.stage is Stage.OFFERED and order.executing not in {None, page.member}:
        return given_to(order, page.member)
    if order.stage is Stage.UNPLACED and page.member not in order.tried and page.state not in FINAL:
        # It waited for a florist on no line, and somebody found one.
        return given_to(order, page.member)
    return order


def look(known: Known, at: float, calendar: Calendar) -> Step | None:
    """What the fax that something happened to means for its order; None where it means nothing."""
    order, changed = known.order, known.changed
    if order is None or changed is None:
        return None
    if changed.fax_id == order.fax_id:
        return _look_at_own(caught_up(order, changed), changed, at, calendar, known)
    if changed.origin_id == order.fax_id and changed.state is not State.CANCELLED:
        return _look_at_heir(order, changed, at)
    if changed.fax_id in order.earlier or changed.origin_id in order.earlier:
        return _look_at_old(order, changed)
    # Another order bears the same number: what is said by it is said of the first.
    return None


def _look_at_own(order: RelayOrder, page: Page, at: float, calendar: Calendar, known: Known) -> Step | None:
    if order.stage is Stage.OFFERED and page.state in NOT_ARRIVED:
        lost = msgspec.structs.replace(given_back(order), next_at=at)
        # A try that ended without its confirmation often did arrive.
        told = (Withdraw(order.executing),) if page.marked and order.executing is not None else ()
        return Step(lost, told, f"its fax {page.state}")
    if order.stage is Stage.OFFERED and page.state is State.CANCELLED:
        # A person took it out and will say what becomes of it.
        return Step(given_back(order), (), "its fax was cancelled")
    if order.stage is Stage.OFFERED and any(
        each.member == order.executing and each.covers(order.delivery_date) for each in known.absences
    ):
        return Step(msgspec.structs.replace(order, next_at=at))
    if order.stage is Stage.OFFERED and page.state is State.DELIVERED and order.waiting_since is None:
        next_at = calendar.next_look(at)
        if next_at is not None and order.executing is not None:
            return Step(msgspec.structs.replace(order, waiting_since=at, next_at=next_at))
    return Step(order) if order != known.order else None


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


def _look_at_old(order: RelayOrder, page: Page) -> Step | None:
    """A fax by which the order was to go to a store that has it no more: it must not go, nor be believed."""
    if page.state not in FINAL:
        return Step(None, (StopFax(page.fax_id),), "the order went elsewhere")
    if page.state is State.DELIVERED and page.member is not None and page.member != order.executing:
        return Step(None, (Withdraw(page.member),), "it arrived after the order went elsewhere")
    return None
