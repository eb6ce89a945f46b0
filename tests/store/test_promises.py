"""What the store promises about deadlines: nothing begins after one, and each step of the escalation is taken once."""

import pytest

from faxgw.config.promises import Step
from faxgw.fax import Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Admitted
from faxgw.store.attempts import Attempt, NotBegun
from faxgw.store.changes import (
    CancelAsked,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Escalated,
    Expired,
    GoesAgain,
    HoldAsked,
    Stale,
    Submitted,
)
from faxgw.store.sql import SqlStore
from faxgw.store.unfinished import Promise
from tests.store.faxes import FIRST, LINE, OTHER, intent_for, new_fax

DEADLINE = 900.0
FAX = FaxId(1)


async def admit(store: SqlStore, key: str = "a", *, rank: int = 1, line: Line = LINE) -> FaxId:
    [admitted] = await store.admit([new_fax(key, rank=rank, line=line, deadline_at=DEADLINE)])
    assert isinstance(admitted, Admitted)
    return admitted.fax_id


def escalated(step: Step, at: float = 600.0) -> Escalated:
    line = OTHER if step in {Step.SECOND_NUMBER, Step.OTHER_FLORIST} else None
    avoid = ("north",) if step is Step.OTHER_PROVIDER else ()
    member = "FR-2" if step is Step.OTHER_FLORIST else None
    return Escalated(FAX, step, "the line is busy", at, line, avoid, member)


async def kinds(store: SqlStore) -> list[str]:
    view = await store.fax(FAX)
    assert view is not None
    return [event.kind for event in view.events]


@pytest.mark.parametrize(("at", "begins"), [(DEADLINE - 0.001, True), (DEADLINE, False), (DEADLINE + 60, False)])
async def test_no_intent_is_written_at_or_after_the_deadline(store: SqlStore, at: float, begins: bool) -> None:
    """Whoever asks, and however late the schedule noticed: the last moment is the one before the deadline."""
    await admit(store)
    [begun] = await store.begin([intent_for(FAX, at=at)])
    if begins:
        assert isinstance(begun, Attempt)
    else:
        assert begun == NotBegun(State.QUEUED, line_taken=False, too_late=True)
        assert await kinds(store) == ["accepted"]


async def test_one_that_is_too_late_leaves_the_line_to_the_next(store: SqlStore) -> None:
    """Two intents in one commit: the late one takes nothing from the other."""
    await admit(store)
    await store.admit([new_fax("b")])
    late, begun = await store.begin([intent_for(FAX, at=DEADLINE), intent_for(FaxId(2), at=DEADLINE)])
    assert isinstance(late, NotBegun)
    assert isinstance(begun, Attempt)


async def test_an_intent_that_came_through_too_late_is_taken_back_in_one_step(store: SqlStore) -> None:
    """The attempt ends unsent and its fax expires: in one commit, so that no crash finds it in line again."""
    await admit(store)
    await store.begin([intent_for(FAX, at=DEADLINE - 1)])
    unsent = GoesAgain(FAX, FIRST, Failure.EXPIRED, "", DEADLINE, DEADLINE + 5, was_call=False)
    assert await store.record([unsent, Expired(FAX, DEADLINE + 5)]) == [Changed(State.QUEUED), Changed(State.EXPIRED)]
    view = await store.fax(FAX)
    assert view is not None
    assert (view.state, view.calls, view.attempts[0].outcome) == (State.EXPIRED, 0, Failure.EXPIRED)


async def test_the_rule_that_made_the_promise_stands_in_the_trail(store: SqlStore) -> None:
    """With the deadline that it gave; it can be asked for, and is there again at the next start."""
    fax = new_fax("a", deadline_at=DEADLINE, service="same-morning")
    await store.admit([fax])
    view = await store.fax(FAX)
    assert view is not None
    assert view.service == "same-morning"
    assert view.events[0].data == {"key": "a", "service": "same-morning", "deadline_at": DEADLINE}
    assert (await store.load()).promises == [Promise(FAX, DEADLINE, "same-morning")]


@pytest.mark.parametrize("step", list(Step))
async def test_each_step_is_taken_once(store: SqlStore, step: Step) -> None:
    """Asked twice, also in one commit, it is done and told once."""
    await admit(store)
    assert await store.record([escalated(step), escalated(step)]) == [Changed(State.QUEUED), Stale(State.QUEUED)]
    assert await store.record([escalated(step, 700.0)]) == [Stale(State.QUEUED)]
    told = {Step.EVENT: "deadline_at_risk", Step.OTHER_FLORIST: "rerouted"}
    assert await kinds(store) == ["accepted", told.get(step, "escalated")]
    view = await store.fax(FAX)
    assert view is not None
    assert view.escalated == {step}


async def test_the_steps_do_what_they_say(store: SqlStore) -> None:
    """A first-class fax, due now, on the other line, with the counts of a line that was never called."""
    await admit(store, rank=2)
    await store.begin([intent_for(FAX)])
    await store.record([GoesAgain(FAX, FIRST, Failure.BUSY, "busy", 800.0, 210.0)])
    await store.record([escalated(Step.EXPRESS)])
    view = await store.fax(FAX)
    assert view is not None
    assert (view.rank, view.due_at, view.revision) == (0, 800.0, 0)
    await store.record([escalated(Step.OTHER_PROVIDER, 601.0)])
    view = await store.fax(FAX)
    assert view is not None
    assert (view.due_at, view.calls, view.revision) == (601.0, 1, 0)
    await store.record([escalated(Step.SECOND_NUMBER, 602.0)])
    view = await store.fax(FAX)
    assert view is not None
    assert (view.line, view.due_at, view.calls, view.revision) == (OTHER, 601.0, 0, 1)
    assert view.events[-1].data == {
        "step": "second_number",
        "reason": "the line is busy",
        "from": LINE,
        "to": OTHER,
    }


async def test_the_order_system_is_told_why_and_what_could_be_done(store: SqlStore) -> None:
    """The event has the reason and the suggestion."""
    await admit(store)
    await store.record([escalated(Step.EVENT)])
    [_, told] = await store.events(0, 10)
    assert (told.kind, told.at) == ("deadline_at_risk", 600.0)
    assert told.data == {"reason": "the line is busy", "suggestion": "reroute", "state": "queued"}


WITH_CARRIER: list[tuple[State, list[Change]]] = [
    (State.SENDING, []),
    (State.SUBMITTED, [Submitted(FAX, FIRST, "SC1", 201.0)]),
    (State.UNKNOWN, [Doubted(FAX, FIRST, "no answer", 201.0)]),
]


@pytest.mark.parametrize(("state", "changes"), WITH_CARRIER)
@pytest.mark.parametrize("step", list(Step))
async def test_what_a_carrier_may_dial_goes_no_other_way(
    store: SqlStore, step: Step, state: State, changes: list[Change]
) -> None:
    """Only people are told while it is with a carrier or in doubt."""
    await admit(store)
    await store.begin([intent_for(FAX)])
    await store.record(changes)
    [answer] = await store.record([escalated(step)])
    assert answer == (Changed(state) if step in {Step.EVENT, Step.ALERT} else Stale(state))
    view = await store.fax(FAX)
    assert view is not None
    assert (view.line, view.rank, view.state) == (LINE, 1, state)


@pytest.mark.parametrize("step", list(Step))
async def test_what_a_person_holds_is_only_told_of(store: SqlStore, step: Step) -> None:
    """Whoever holds it decides its way; its deadline comes all the same."""
    await admit(store)
    await store.record([HoldAsked(FAX, "Ada", "", 300.0)])
    [answer] = await store.record([escalated(step)])
    told = step in {Step.EVENT, Step.ALERT}
    assert answer == (Changed(State.HELD) if told else Stale(State.HELD))
    taken = frozenset({step} if told else ())
    assert (await store.load()).promises == [Promise(FAX, DEADLINE, "", escalated=taken)]


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize(
    "end",
    [Expired(FAX, 300.0), CancelAsked(FAX, "Ada", "", 300.0), DeliveredNow(FAX, FIRST, 1, 30.0, 300.0)],
    ids=["expired", "cancelled", "delivered"],
)
async def test_what_is_over_is_not_escalated(store: SqlStore, step: Step, end: Change) -> None:
    """Nor is its deadline watched any longer."""
    await admit(store)
    if isinstance(end, DeliveredNow):
        await store.begin([intent_for(FAX)])
    await store.record([end])
    assert isinstance((await store.record([escalated(step)]))[0], Stale)
    assert (await store.load()).promises == []


async def test_a_start_knows_which_carriers_are_left_out(store: SqlStore) -> None:
    """All that failed it, for a fax that took that step; for others none."""
    for key in ("a", "b"):
        await admit(store, key, line=Line(f"+3319900000{ord(key) - ord('a')}"))
    for number, provider in enumerate(("north", "south", "south"), start=1):
        for fax_id in (FAX, FaxId(2)):
            [begun] = await store.begin([intent_for(fax_id, provider=provider)])
            assert isinstance(begun, Attempt)
            assert begun.number == number
            await store.record([GoesAgain(fax_id, begun.number, Failure.NETWORK, "", 200.0, 210.0)])
    await store.record([escalated(Step.OTHER_PROVIDER)])
    assert sorted((await store.load()).promises, key=lambda promise: promise.fax_id) == [
        Promise(FAX, DEADLINE, "", frozenset({"north", "south"}), frozenset({Step.OTHER_PROVIDER})),
        Promise(FaxId(2), DEADLINE, ""),
    ]


async def test_who_is_at_risk_is_told_by_the_nearest_deadline(store: SqlStore) -> None:
    """Whatever state it is in, unless it is over; at most as many as asked for."""
    for number, deadline_at in enumerate([900.0, 700.0, None, 800.0, 600.0, 500.0], start=1):
        await store.admit([new_fax(str(number), line=Line(f"+3319900000{number}"), deadline_at=deadline_at)])
    await store.begin([intent_for(FaxId(2))])
    await store.record([HoldAsked(FaxId(4), "Ada", "", 300.0), CancelAsked(FaxId(6), "Ada", "", 300.0)])
    assert [(line.fax_id, line.deadline_at) for line in await store.at_risk(900.0, 10)] == [
        (FaxId(5), 600.0),
        (FaxId(2), 700.0),
        (FaxId(4), 800.0),
    ]
    assert [line.fax_id for line in await store.at_risk(1_000.0, 2)] == [FaxId(5), FaxId(2)]


async def test_a_start_keeps_one_empty_set_for_all_promises(store: SqlStore) -> None:
    """A million orders with a deadline, most of them never in trouble, must not each hold sets of their own."""
    await store.admit([new_fax(str(number), deadline_at=1_000.0) for number in range(50)])
    promises = (await store.load()).promises
    assert len(promises) == 50
    assert len({id(each.avoid) for each in promises}) == len({id(each.escalated) for each in promises}) == 1
