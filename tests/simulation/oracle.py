"""Judges a day from outside: by the carriers' books, the answers given, and the trail in the store."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from faxgw.fax import FINAL, NEXT, FaxId, State, Waiting
from faxgw.store.views import Event, FaxView
from tests.journeys.account import check_carriers, count_lost_and_twice, line_overlap_max
from tests.journeys.town import Town, line_of
from tests.simulation.broken import Broken
from tests.simulation.plan import Plan
from tests.simulation.promises import Promises

KEPT = frozenset({State.HELD, State.UNKNOWN})
"""What may stay: held by a person, or in doubt with nobody left to ask, which a person must settle.

So may a fax to a line that is taken for dead, until a person resumes the line.
"""

LEADS_TO: dict[str, State] = {
    "accepted": State.QUEUED,
    "sending": State.SENDING,
    "submitted": State.SUBMITTED,
    "in_doubt": State.UNKNOWN,
    "parked": State.UNKNOWN,
    "retry": State.QUEUED,
    "released": State.QUEUED,
    "held": State.HELD,
    "set_aside": State.HELD,
    "delivered": State.DELIVERED,
    "failed": State.FAILED,
    "expired": State.EXPIRED,
    "cancelled": State.CANCELLED,
}
"""Which state an event leaves its fax in. Other kinds tell of something that moves no state."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One day's figures. `digest` is of every event, to tell whether two plays were the same."""

    seed: int
    faxes: int
    states: Mapping[str, int]
    sends: int
    shared: int
    in_doubt: int
    deaths: int
    lost: int
    twice: int
    line_overlap_max: int
    digest: str


async def judge(
    plan: Plan, town: Town, promises: Promises, fax_by_key: Mapping[str, FaxId], broken: Broken, deaths: int
) -> Judged:
    town.faxes = list(fax_by_key.values())
    assert not promises.broken, promises.broken
    assert not broken.barriers, f"crash barriers caught {broken.barriers}"
    assert set(fax_by_key) == {order.key for order in plan.orders}, "an order was never accepted"
    assert len(set(town.faxes)) == len(town.faxes), "two orders are one fax"
    views = [await town.view(fax_id) for fax_id in town.faxes]
    assert sum((await town.store.counts()).values()) == len(views), "the store has faxes that nobody handed in"
    events = await town.store.events(0, 10_000_000)
    _check_ends(plan, views, promises.whys)
    _check_lines(plan, views)
    _check_trail(views, events)
    await check_carriers(town)
    lost, twice = await count_lost_and_twice(town)
    return Judged(
        seed=plan.seed,
        faxes=len(views),
        states=Counter(view.state.value for view in views),
        sends=promises.sends,
        shared=promises.shared,
        in_doubt=sum(event.kind == "in_doubt" for event in events),
        deaths=deaths,
        lost=lost,
        twice=twice,
        line_overlap_max=line_overlap_max(town),
        digest=sha256(repr([asdict(event) for event in events]).encode()).hexdigest()[:16],
    )


def _check_ends(plan: Plan, views: Sequence[FaxView], whys: Mapping[FaxId, Waiting]) -> None:
    """After the quiet hours all is over, but for what a person keeps back or has to look at."""
    for view in views:
        kept_back = view.state in KEPT or whys.get(view.fax_id) is Waiting.LINE_DEAD
        assert view.state in FINAL or kept_back, f"fax {view.fax_id} still is {view.state}: {whys.get(view.fax_id)}"
        if view.number in plan.broken:
            assert view.state not in {State.DELIVERED, State.FAILED}, f"{view.number} cannot be drawn"


def _check_lines(plan: Plan, views: Sequence[FaxView]) -> None:
    lines = {order.key: order.executing_member for order in plan.orders}
    for view in views:
        member = lines[view.key]
        assert member is not None
        assert view.line == line_of(int(member.removeprefix("FR-"))), f"fax {view.fax_id} went to another's line"


def _check_trail(views: Sequence[FaxView], events: Sequence[Event]) -> None:
    """What the trail tells, step by step, is what happened: its end is where the fax stands."""
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    states: dict[FaxId, State] = {}
    times: dict[FaxId, float] = {}
    for event in events:
        before, after = states.get(event.fax_id), LEADS_TO.get(event.kind)
        assert event.at >= times.get(event.fax_id, 0.0), f"the trail of fax {event.fax_id} goes back in time: {event}"
        times[event.fax_id] = event.at
        if after is None:
            continue
        assert before is None or after is before or after in NEXT[before], (
            f"fax {event.fax_id} was {before}, then {event}"
        )
        states[event.fax_id] = after
    assert states == {view.fax_id: view.state for view in views}
