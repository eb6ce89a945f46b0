"""Whatever florists, customers, the network and the carriers do, an order is with one store or with none.

Two books are kept beside the store's. One is the trail: each message that was taken opens, moves or ends a claim.
The other is paper: what each florist believes who reads the pages that arrived, in their order. At every step the
trail and the row name the same store, which is never the sender; and once all pages that are under way have arrived, no
two florists believe that the bouquet is theirs to make.
"""

import datetime as dt

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from faxgw.fax import FINAL, NEXT, FaxId, State
from faxgw.message import Kind
from faxgw.order import Order
from faxgw.render.sheet import RelayKind
from faxgw.store.relay.port import OWED, RelayRefused, RelayRepeated, RelayTaken, Stage
from tests.journeys.town import START
from tests.relay.town import SENDER, RelayTown, said

STORES = [f"FR-{number}" for number in range(1, 5)]
SPEAKERS = [SENDER, None, *STORES]
PRICES = [3_600, 4_000, 4_500]
TAKEN_BACK = "Ne la livrez pas"
STEPS = {
    State.QUEUED: (State.SENDING, State.FAILED, State.EXPIRED, State.CANCELLED),
    State.SENDING: (State.SUBMITTED, State.QUEUED, State.UNKNOWN, State.DELIVERED, State.FAILED),
    State.SUBMITTED: (State.DELIVERED, State.FAILED, State.UNKNOWN),
    State.UNKNOWN: (State.DELIVERED, State.QUEUED),
}
EVENT_OF = {
    State.DELIVERED: "delivered",
    State.FAILED: "failed",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
}


class OneStore(RuleBasedStateMachine):
    @initialize()
    def an_order_is_sent(self) -> None:
        self.town = RelayTown()
        self.now = START.timestamp()
        self.said = 0
        self.claim: str | None = "FR-1"
        """Whose the claim is by the trail."""
        self.is_void = False
        self.lost = 0
        self.arrived: list[FaxId] = []
        """Pages in the order in which they came out of a florist's machine."""
        self.gave_back: list[tuple[int, str]] = []
        """After how many pages a florist gave the order back or heard that it is cancelled by its own word."""
        self.town.order(to=1, day=START.date() + dt.timedelta(days=1))

    def teardown(self) -> None:
        if hasattr(self, "town"):
            self.everything_arrives()
            self.town.close()

    # --- what happens ------------------------------------------------------------------------------------

    @rule(
        kind=st.sampled_from([kind for kind in Kind if kind not in {Kind.SUS, Kind.RES}]),
        by=st.sampled_from(SPEAKERS),
        to=st.sampled_from([*STORES, SENDER]),
        cents=st.sampled_from(PRICES),
    )
    def somebody_says(self, kind: Kind, by: str | None, to: str, cents: int) -> None:
        self.said += 1
        message = said(
            kind,
            by,
            key=f"m{self.said}",
            at=self.now,
            to=to if kind in {Kind.FOR, Kind.ORDER, Kind.GEN} else None,
            cents=cents if kind in {Kind.ASKP, Kind.ANSP, Kind.ADJ} else None,
        )
        before = self.town.relay_order()
        [answer] = self.town.say(message)
        match answer:
            case RelayTaken():
                self._note(kind, by, to)
            case RelayRefused(sentence=sentence):
                assert sentence
                assert before == self.town.relay_order(), "refused, and changed all the same"
            case RelayRepeated():
                raise AssertionError("it was said for the first time")
        [again] = self.town.say(message)
        assert again == RelayRepeated(answer)

    @rule(kind=st.sampled_from([Kind.ACK, Kind.REJ, Kind.FOR, Kind.CON, Kind.DEN, Kind.DCON]))
    def its_store_says(self, kind: Kind) -> None:
        """Chance alone would seldom let the right florist speak."""
        order = self.town.relay_order()
        if order.executing is not None:
            to = next(store for store in STORES if store != order.executing)
            self.somebody_says(kind, order.executing, to, PRICES[0])

    @rule(kind=st.sampled_from([Kind.CAN, Kind.ORDER, Kind.FOR]), to=st.sampled_from([*STORES, SENDER]))
    def the_network_says(self, kind: Kind, to: str) -> None:
        self.somebody_says(kind, None, to, PRICES[0])

    @rule(choice=st.integers(0, 10**6), state=st.sampled_from(list(State)), in_doubt=st.booleans())
    def a_carrier_does_something(self, choice: int, state: State, in_doubt: bool) -> None:
        unfinished = [page for page in self.town.papers() if page[1] in STEPS]
        if not unfinished:
            return
        self.now += 1.0
        fax_id, was, *_ = unfinished[choice % len(unfinished)]
        if state not in STEPS[was]:
            return
        assert state in NEXT[was]
        # A call that broke off at its end may have brought the page all the same.
        came_anyway = in_doubt and was is not State.QUEUED and state in {State.QUEUED, State.FAILED}
        if came_anyway or state is State.DELIVERED:
            self.arrived.append(fax_id)
        self.town.fax_ends(fax_id, state, EVENT_OF.get(state, "retry"), at=self.now, marked=came_anyway)

    @rule(hours=st.sampled_from([1, 5, 30]))
    def time_passes(self, hours: int) -> None:
        self.now += hours * 3_600.0
        self.town.settle(self.town.judge.of_silence("1001", self.now))

    @rule(choice=st.integers(0, 10**6), kind=st.sampled_from(["accepted", "failed", "rerouted", "cancelled"]))
    def the_follower_looks_late_or_twice(self, choice: int, kind: str) -> None:
        orders = [page[0] for page in self.town.papers() if isinstance(page[3], Order)]
        self.town.look(orders[choice % len(orders)], kind, at=self.now)

    # --- what must hold ----------------------------------------------------------------------------------

    @invariant()
    def the_row_and_the_trail_name_the_same_store(self) -> None:
        if not hasattr(self, "town"):
            return
        order = self.town.relay_order()
        owing = order.executing if order.stage in OWED | {Stage.DELIVERED} else None
        if order.stage is Stage.UNPLACED and self.claim is not None:
            lost = len(self.town.events("relay_lost"))
            assert lost > self.lost, "nobody said where the order went"
            self.lost, self.claim = lost, None
        assert owing == (None if self.is_void else self.claim)
        assert (owing is not None) == (order.stage in OWED | {Stage.DELIVERED})

    @invariant()
    def nobody_executes_an_order_of_its_own(self) -> None:
        if hasattr(self, "town"):
            assert self.town.relay_order().executing != SENDER

    @invariant()
    def one_sheet_at_most_is_on_its_way(self) -> None:
        if not hasattr(self, "town"):
            return
        waiting = [page for page in self.town.papers() if isinstance(page[3], Order) and page[1] is State.QUEUED]
        assert len(waiting) <= 1, "two sheets of one order wait to be sent"

    def everything_arrives(self) -> None:
        """All that is under way comes out, each line in its order; then nobody shares the bouquet with anybody."""
        self.now += 1.0
        for fax_id, state, _, _ in list(self.town.papers()):
            if state not in FINAL:
                self.arrived.append(fax_id)
                self.town.fax_ends(fax_id, State.DELIVERED, "delivered", at=self.now)
        for fax_id, state, _, _ in list(self.town.papers()):
            if state not in FINAL:
                # What those pages made the network send.
                self.arrived.append(fax_id)
                self.town.fax_ends(fax_id, State.DELIVERED, "delivered", at=self.now)
        believers = {store for store in STORES if self._believes(store)}
        assert len(believers) <= 1, f"{believers} each hold a sheet that nobody took back"
        order = self.town.relay_order()
        if believers and order.stage in OWED:
            assert believers == {order.executing}

    def _believes(self, store: str) -> bool:
        pages = {fax_id: (member, says) for fax_id, _, member, says in self.town.papers()}
        believes = False
        for number, fax_id in enumerate([*self.arrived, None]):
            if any(at == number and who == store for at, who in self.gave_back):
                believes = False
            if fax_id is None or pages[fax_id][0] != store:
                continue
            match pages[fax_id][1]:
                case Order():
                    believes = True
                case paper if paper.title is RelayKind.CAN and paper.from_member is None and TAKEN_BACK in paper.text:
                    believes = False
        return believes

    def _note(self, kind: Kind, by: str | None, to: str) -> None:
        order = self.town.relay_order()
        match kind:
            case Kind.ORDER | Kind.FOR:
                if kind is Kind.FOR and by is not None:
                    self.gave_back.append((len(self.arrived), by))
                self.claim = to
            case Kind.REJ:
                assert by is not None
                assert by == self.claim
                self.gave_back.append((len(self.arrived), by))
                self.claim = None
                self.is_void = order.stage is Stage.CANCELLED
            case Kind.CON:
                assert by is not None
                assert by == self.claim
                self.gave_back.append((len(self.arrived), by))
                self.is_void = True
            case Kind.CAN if order.stage is Stage.CANCELLED:
                self.is_void = True
            case _:
                pass


TestOneStore = OneStore.TestCase
TestOneStore.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
