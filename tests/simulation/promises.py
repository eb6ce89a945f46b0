"""What the outside was promised, and every send that breaks it: kept beside the gateway, which never sees it."""

from collections import Counter
from dataclasses import dataclass, field

from faxgw.api.port import Why
from faxgw.fax import FINAL, FaxId, State, Waiting, read_client_ref
from faxgw.order import Order
from faxgw.provider.port import Sending
from faxgw.render.tiff import read_pages
from faxgw.store.views import FaxView
from tests.journeys.town import line_of

EXPECTED_WHY: dict[State, frozenset[Waiting]] = {
    State.HELD: frozenset({Waiting.HELD}),
    State.UNKNOWN: frozenset({Waiting.IN_DOUBT}),
    State.SENDING: frozenset({Waiting.WITH_CARRIER}),
    State.SUBMITTED: frozenset({Waiting.WITH_CARRIER}),
    **{final: frozenset({Waiting.OVER}) for final in FINAL},
}


@dataclass
class Promises:
    """Notes what was answered to people and order systems, and judges each send by it in the moment it begins."""

    store_id: str
    broken: list[str] = field(default_factory=list)
    sends: int = 0
    shared: int = 0
    """Sends of several faxes."""
    whys: dict[FaxId, Waiting] = field(default_factory=dict)
    """What `why` last said of each fax."""
    _orders: dict[FaxId, Order] = field(default_factory=dict)
    _faxes: dict[str, FaxId] = field(default_factory=dict)
    """By order number, which is what the pages say."""
    _releases: Counter[FaxId] = field(default_factory=Counter)
    _kept_back: dict[FaxId, str] = field(default_factory=dict)
    """Faxes that must not go, by what was confirmed: held or cancelled."""

    def note_accepted(self, fax_id: FaxId, order: Order) -> None:
        known = self._orders.setdefault(fax_id, order)
        self._faxes[order.number] = fax_id
        if known.key != order.key:
            self.broken.append(f"fax {fax_id} was answered to two orders: {known.key}, {order.key}")

    def releases(self, fax_id: FaxId) -> int:
        """How often a release was asked for."""
        return self._releases[fax_id]

    def note_granted(self, fax_id: FaxId, verb: str, releases_before: int) -> None:
        """A hold or a cancel was confirmed. A release asked for since the hold was may have undone it already."""
        if verb == "cancel" or (verb == "hold" and self._releases[fax_id] == releases_before):
            self._kept_back[fax_id] = verb

    def note_release(self, fax_id: FaxId) -> None:
        """Asked, and perhaps granted even if no answer comes."""
        self._releases[fax_id] += 1
        if self._kept_back.get(fax_id) == "hold":
            del self._kept_back[fax_id]

    def note_send(self, sending: Sending, now: float) -> None:
        self.sends += 1
        named = read_client_ref(self.store_id, sending.client_ref)
        if named is None:
            self.broken.append(f"{sending.client_ref} is no reference of this store")
            return
        printed = [page.strip.decode().strip() for page in read_pages(sending.document)]
        self.shared += len(printed) > 1
        if len(set(printed)) < len(printed):
            self.broken.append(f"{sending.client_ref} has the pages of one order twice")
        # An order may be on the line before its answer is back with the order system.
        first = self._orders.get(named[0])
        if first is not None and printed[0] != first.number:
            self.broken.append(f"fax {named[0]} is {first.number} and went out with the page of another")
        for number in printed:
            fax_id = self._faxes.get(number)
            if fax_id is not None:
                self._check_going(fax_id, self._orders[fax_id], sending, now)

    def note_why(self, view: FaxView, why: Why) -> None:
        self.whys[view.fax_id] = why.waiting
        expected = EXPECTED_WHY.get(view.state)
        if not why.detail or (expected is not None and why.waiting not in expected):
            self.broken.append(f"fax {view.fax_id} is {view.state}, and why says {why}")

    def _check_going(self, fax_id: FaxId, order: Order, sending: Sending, now: float) -> None:
        if fax_id in self._kept_back:
            self.broken.append(f"fax {fax_id} was sent after a {self._kept_back[fax_id]} was confirmed")
        if order.deadline is not None and now >= order.deadline.timestamp():
            self.broken.append(f"fax {fax_id} was sent {now - order.deadline.timestamp():g} s after its deadline")
        if sending.line != line_of(int((order.executing_member or "").removeprefix("FR-"))):
            self.broken.append(f"fax {fax_id} went to the line of another florist")
