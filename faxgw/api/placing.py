"""Where an order that comes in goes: to the number or the florist it names, or to the one that routing chooses.

An order for which nobody can be found is taken all the same, and waits for a person with the reason: the customer has
paid, and there may be a florist whom the register does not know.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from faxgw.faults import Fault
from faxgw.members.register import Register
from faxgw.order import Order
from faxgw.phone import Line, parse_line
from faxgw.routing.loads import Assigned
from faxgw.routing.router import NoRoute, Routed, Router
from faxgw.routing.telling import chosen_data
from faxgw.store.admission import NO_LINE, Admission, Admitted, NewFax, Repeated


@dataclass(frozen=True, slots=True)
class Placed:
    """The order as it goes out."""

    order: Order
    line: Line
    routed: Mapping[str, object] | None = None
    """How routing chose the florist, for the trail; None where the order named one."""
    set_aside: str = ""
    """Why it waits for a person; then its line is `NO_LINE`."""


class Placing:
    """Asks the register, and routing where it is configured."""

    def __init__(self, register: Register, router: Router | None = None) -> None:
        self._register = register
        self.router = router

    @contextmanager
    def batch(self) -> Iterator["Batch"]:
        """Place orders that are written together: their florists have them reserved until the block is left."""
        batch = Batch(self)
        try:
            yield batch
        finally:
            batch.let_go()

    def place(self, order: Order) -> Placed | list[Fault]:
        faults = self._faults_of(order)
        if faults:
            return faults
        if order.executing_member is None and order.fax_number is None and self.router is not None:
            return self._route(self.router, order)
        line = parse_line(order.fax_number, order.recipient.country) if order.fax_number else None
        if line is None and order.executing_member is not None:
            line = self._line_of(order.executing_member)
        return Placed(order, line) if line is not None else [UNPLACED]

    def _route(self, router: Router, order: Order) -> Placed:
        found = router.next_florist(order)
        router.count_routed(found)
        match found:
            case Routed(member_id=member_id, line=line, chosen=chosen):
                return Placed(msgspec.structs.replace(order, executing_member=member_id), line, chosen_data(chosen))
            case NoRoute(reason=reason):
                return Placed(order, NO_LINE, set_aside=reason)

    def _faults_of(self, order: Order) -> list[Fault]:
        faults: list[Fault] = []
        if self._register.find(order.sending_member) is None:
            faults.append(Fault("/sending_member", f"no member {order.sending_member} in the register"))
        if order.executing_member and self._register.find(order.executing_member) is None:
            faults.append(Fault("/executing_member", f"no member {order.executing_member} in the register"))
        return faults

    def _line_of(self, member_id: str) -> Line | None:
        member = self._register.find(member_id)
        return self._register.line_of(member) if member is not None else None


class Batch:
    """Orders on their way into the store."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._loads = placing.router.loads if placing.router is not None else None
        self._reserved: list[tuple[str, dt.date]] = []

    def place(self, order: Order) -> Placed | list[Fault]:
        """Where the order goes, or what is wrong with where it should go."""
        placed = self._placing.place(order)
        if self._loads is not None and isinstance(placed, Placed) and placed.routed is not None:
            chosen = (placed.order.executing_member or "", placed.order.delivery.date)
            self._loads.reserve(*chosen)
            self._reserved.append(chosen)
        return placed

    def note(self, faxes: Sequence[NewFax], admissions: Sequence[Admission]) -> list[Admission]:
        """These were written, or were not; the answers name the florists whom routing chose."""
        return [self._note(fax, admission) for fax, admission in zip(faxes, admissions, strict=True)]

    def _note(self, fax: NewFax, admission: Admission) -> Admission:
        if self._loads is None:
            return admission
        match admission:
            case Admitted(fax_id=fax_id) if fax.executor is not None and fax.delivery_day is not None:
                day = dt.date.fromordinal(fax.delivery_day)
                self._loads.put([Assigned(fax_id, fax.number, fax.executor, day)])
            case Repeated(fax_id=fax_id) if fax.routed is not None or fax.set_aside:
                # It was routed when it came first, and perhaps again since.
                counted = self._loads.find(fax_id)
                return dataclasses.replace(admission, executor=counted.member_id if counted is not None else None)
            case _:
                pass
        return admission

    def let_go(self) -> None:
        """The store has the orders, or never will."""
        for member_id, day in self._reserved:
            if self._loads is not None:
                self._loads.let_go(member_id, day)
        self._reserved.clear()


UNPLACED = Fault("/fax_number", "give the executing_member or the fax_number the order goes to")
