"""Where an order that comes in goes: to the number or the florist it names, or to the one that routing chooses.

An order for which nobody can be found is taken all the same, and waits for a person with the reason: the customer has
paid, and there may be a florist whom the register does not know.
"""

import dataclasses
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
    found: Routed | NoRoute | None = None
    """What routing said, where it was asked."""


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
        match found:
            case Routed(member_id=member_id, line=line, chosen=chosen):
                routed = msgspec.structs.replace(order, executing_member=member_id)
                return Placed(routed, line, chosen_data(chosen), found=found)
            case NoRoute(reason=reason):
                return Placed(order, NO_LINE, set_aside=reason, found=found)

    def _faults_of(self, order: Order) -> list[Fault]:
        faults: list[Fault] = []
        if self._register.find(order.sending_member) is None:
            faults.append(Fault("/sending_member", self._register.absence_of(order.sending_member)))
        if order.executing_member and self._register.find(order.executing_member) is None:
            faults.append(Fault("/executing_member", self._register.absence_of(order.executing_member)))
        last_day = self._register.last_day_of(order.executing_member or "")
        if last_day is not None and order.delivery.date > last_day:
            detail = f"{order.executing_member} leaves the network: its last day, {last_day}, comes before the delivery"
            faults.append(Fault("/executing_member", detail))
        return faults

    def _line_of(self, member_id: str) -> Line | None:
        member = self._register.find(member_id)
        return self._register.line_of(member) if member is not None else None


class Batch:
    """Orders on their way into the store."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._placed: list[Placed] = []

    def place(self, order: Order) -> Placed | list[Fault]:
        """Where the order goes, or what is wrong with where it should go."""
        placed = self._placing.place(order)
        if isinstance(placed, Placed):
            self._placed.append(placed)
            if self._placing.router is not None and isinstance(placed.found, Routed):
                self._placing.router.loads.reserve(placed.found.member_id, order.delivery.date)
        return placed

    def note(self, faxes: Sequence[NewFax], admissions: Sequence[Admission]) -> list[Admission]:
        """All that were placed were written, or were not; the answers name the florists whom routing chose."""
        router = self._placing.router
        if router is None:
            return list(admissions)
        triples = zip(self._placed, faxes, admissions, strict=True)
        return [_note(router, placed, fax, admission) for placed, fax, admission in triples]

    def let_go(self) -> None:
        """The store has the orders, or never will."""
        for placed in self._placed:
            if self._placing.router is not None and isinstance(placed.found, Routed):
                self._placing.router.loads.let_go(placed.found.member_id, placed.order.delivery.date)


def _note(router: Router, placed: Placed, fax: NewFax, admission: Admission) -> Admission:
    match admission:
        case Admitted(fax_id=fax_id):
            if placed.found is not None:
                router.count_routed(placed.found)
            if placed.order.executing_member is not None:
                day = placed.order.delivery.date
                router.loads.put([Assigned(fax_id, fax.number, placed.order.executing_member, day)])
        case Repeated(fax_id=fax_id) if placed.found is not None:
            # It was routed when it came first, and perhaps again since.
            counted = router.loads.find(fax_id)
            return dataclasses.replace(admission, executor=counted.member_id if counted is not None else None)
        case _:
            pass
    return admission


UNPLACED = Fault("/fax_number", "give the executing_member or the fax_number the order goes to")
