"""What every store promises, in memory and on the disk."""

import dataclasses

import msgspec
import pytest
import trio

from faxgw.fax import AttemptNumber, ClientRef, Failure, FaxId, State, make_client_ref
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Report
from faxgw.store.admission import Admitted, Content, KeyTaken, Repeated
from faxgw.store.attempts import Attempt, NotBegun
from faxgw.store.backlog import LineAges
from faxgw.store.changes import (
    CancelAsked,
    Change,
    Changed,
    DeliveredNow,
    Doubted,
    Expired,
    FailedNow,
    GoesAgain,
    HoldAsked,
    NoSuchFax,
    ReleaseAsked,
    SetAside,
    Stale,
    Submitted,
)
from faxgw.store.lines import LineMemory
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.unfinished import Promise, Queued, Unfinished
from faxgw.store.views import Contents
from tests.store.faxes import FIRST, LINE, OTHER, admit_one, begin_one, intent_for, new_fax, submit_one

# --- taking in -------------------------------------------------------------------------------------


async def test_a_fax_is_kept_as_it_was_handed_in(store: SqlStore) -> None:
    """All of it can be read back, and it waits."""
    [admitted] = await store.admit([new_fax("a", rank=2, deadline_at=900.0, words="Zoé ❤ 💐")])
    assert admitted == Admitted(FaxId(1))
    view = await store.fax(FaxId(1))
    assert view is not None
    assert (view.submitter, view.key, view.number, view.line) == ("shop", "a", "a", LINE)
    assert (view.rank, view.state, view.reason, view.calls) == (2, State.QUEUED, "", 0)
    assert (view.accepted_at, view.due_at, view.deadline_at) == (100.0, 100.0, 900.0)
    assert view.attempts == ()
    assert [(event.kind, event.at, event.data) for event in view.events] == [("accepted", 100.0, {"key": "a"})]
    order = new_fax("a", words="Zoé ❤ 💐").order
    contents = Contents(Content.ORDER, order, LINE, member=None, marked=False)
    assert await store.contents([FaxId(1), FaxId(2)]) == {FaxId(1): contents}


async def test_what_prints_as_boxes_stands_in_the_trail(store: SqlStore) -> None:
    """By field and count: whoever looks at the fax later hears of it too, without the text."""
    await store.admit([dataclasses.replace(new_fax("a"), boxes={"/card_message": 3})])
    [accepted] = await store.events(0, 10)
    assert accepted.data == {"key": "a", "boxes": {"/card_message": 3}}


async def test_the_same_key_and_order_again_is_the_same_fax(store: SqlStore) -> None:
    """The answer says where it stands now, and nothing was written."""
    fax_id = await admit_one(store)
    assert await store.admit([new_fax("a")]) == [Repeated(fax_id, State.QUEUED)]
    await store.record([CancelAsked(fax_id, "Ada", "", 101.0)])
    assert await store.admit([new_fax("a")]) == [Repeated(fax_id, State.CANCELLED)]
    assert await store.counts() == {State.CANCELLED: 1}


async def test_a_key_with_another_order_is_refused(store: SqlStore) -> None:
    """The caller learns whose it is."""
    fax_id = await admit_one(store)
    assert await store.admit([new_fax("a", words="other")]) == [KeyTaken(fax_id)]
    assert await store.counts() == {State.QUEUED: 1}


async def test_keys_belong_to_their_submitter(store: SqlStore) -> None:
    """Two shops may use the same key for different orders."""
    answers = await store.admit([new_fax("a"), new_fax("a", submitter="other shop", words="other")])
    assert answers == [Admitted(FaxId(1)), Admitted(FaxId(2))]


async def test_repeats_within_one_list_are_found(store: SqlStore) -> None:
    """Each line of an upload has its own answer, in order."""
    answers = await store.admit([new_fax("a"), new_fax("b"), new_fax("a"), new_fax("a", words="x"), new_fax("c")])
    a, b, c = FaxId(1), FaxId(2), FaxId(3)
    assert answers == [Admitted(a), Admitted(b), Repeated(a, State.QUEUED), KeyTaken(a), Admitted(c)]


async def test_ids_grow_and_never_come_back(store: SqlStore) -> None:
    """Also past the ids that repeats had reserved."""
    await store.admit([new_fax("a"), new_fax("a"), new_fax("a")])
    fax_id = await admit_one(store, "b")
    assert fax_id > 1
    assert await admit_one(store, "c") > fax_id


async def test_an_upload_may_be_longer_than_sql_takes_variables() -> None:
    """SQLite takes 32,766 values in a statement; an upload of 33,000 is taken all the same."""
    store = open_memory_store()
    answers = await store.admit([new_fax(str(number)) for number in range(33_000)])
    assert all(isinstance(answer, Admitted) for answer in answers)
    assert await store.admit([new_fax("32999")]) == [Repeated(FaxId(33_000), State.QUEUED)]


async def test_nothing_is_a_fine_list(store: SqlStore) -> None:
    """Every operation takes an empty list."""
    assert await store.admit([]) == []
    assert await store.begin([]) == []
    assert await store.record([]) == []
    assert await store.keep_receipts("north", [], 1.0) == []
    assert await store.settle_receipts([]) == []
    assert await store.contents([]) == {}


# --- attempts --------------------------------------------------------------------------------------


async def test_an_intent_makes_an_attempt_that_can_be_named(store: SqlStore) -> None:
    """The reference is unique over all stores, and leads back to the attempt."""
    attempt = await begin_one(store)
    assert attempt == Attempt(
        fax_id=FaxId(1),
        number=FIRST,
        client_ref=make_client_ref(store.store_id, FaxId(1), FIRST),
        provider="north",
        line=LINE,
        rank=1,
        deadline_at=None,
        calls=1,
        started_at=200.0,
        state=State.SENDING,
        provider_ref=None,
        changed_at=200.0,
        submitter="shop",
    )
    assert await store.attempt_of(attempt.client_ref, "north", None) == attempt
    view = await store.fax(FaxId(1))
    assert view is not None
    assert (view.state, view.calls, len(view.attempts)) == (State.SENDING, 1, 1)
    assert (view.attempts[0].sha256, view.attempts[0].ended_at, view.attempts[0].outcome) == ("ab" * 32, None, None)


async def test_a_line_takes_one_call_at_a_time(store: SqlStore) -> None:
    """Over all carriers, within one list and between lists, until the attempt is over."""
    first, second, third = [await admit_one(store, key) for key in "abc"]
    elsewhere = await admit_one(store, "d", OTHER)
    begun = await store.begin([intent_for(first), intent_for(second, provider="south"), intent_for(elsewhere)])
    assert [type(answer) for answer in begun] == [Attempt, NotBegun, Attempt]
    assert begun[1] == NotBegun(State.QUEUED, line_taken=True)
    assert await store.begin([intent_for(third)]) == [NotBegun(State.QUEUED, line_taken=True)]
    await store.record([FailedNow(first, FIRST, Failure.BAD_NUMBER, "", 300.0)])
    assert isinstance((await store.begin([intent_for(third)]))[0], Attempt)


async def test_a_fax_is_begun_once(store: SqlStore) -> None:
    """Twice in one list, or again while it is with a carrier, is refused."""
    fax_id = await admit_one(store)
    begun = await store.begin([intent_for(fax_id), intent_for(fax_id)])
    assert [type(answer) for answer in begun] == [Attempt, NotBegun]
    assert await store.begin([intent_for(fax_id)]) == [NotBegun(State.SENDING, line_taken=True)]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (HoldAsked(FaxId(1), "Ada", "", 101.0), State.HELD),
        (CancelAsked(FaxId(1), "Ada", "", 101.0), State.CANCELLED),
        (Expired(FaxId(1), 101.0), State.EXPIRED),
        (SetAside(FaxId(1), "no", 101.0), State.HELD),
    ],
)
async def test_what_left_the_queue_is_not_begun(store: SqlStore, change: Change, state: State) -> None:
    """A confirmed cancel is worth something: the carrier never hears of the fax."""
    fax_id = await admit_one(store)
    assert await store.record([change]) == [Changed(state)]
    assert await store.begin([intent_for(fax_id)]) == [NotBegun(state, line_taken=False)]
    view = await store.fax(fax_id)
    assert view is not None
    assert view.attempts == ()


async def test_attempts_are_counted_and_calls_as_far_as_they_were_calls(store: SqlStore) -> None:
    """The second attempt has its own number and reference."""
    attempt = await begin_one(store)
    again = GoesAgain(attempt.fax_id, FIRST, Failure.CAPACITY, "429", 250.0, 210.0, was_call=False)
    assert await store.record([again]) == [Changed(State.QUEUED)]
    [second] = await store.begin([intent_for(attempt.fax_id, at=260.0)])
    assert isinstance(second, Attempt)
    assert (second.number, second.calls) == (2, 1)
    assert second.client_ref != attempt.client_ref


# --- changes ---------------------------------------------------------------------------------------


async def test_a_fax_goes_all_the_way(store: SqlStore) -> None:
    """Sending, submitted, delivered, with every step in its story."""
    attempt = await begin_one(store)
    fax_id = attempt.fax_id
    assert await store.record([Submitted(fax_id, FIRST, "SC1", 201.0)]) == [Changed(State.SUBMITTED)]
    assert await store.record([DeliveredNow(fax_id, FIRST, 1, 16.8, 220.0)]) == [Changed(State.DELIVERED)]
    view = await store.fax(fax_id)
    assert view is not None
    assert [event.kind for event in view.events] == ["accepted", "sending", "submitted", "delivered"]
    assert view.events[-1].data == {"attempt": 1, "pages": 1, "call_seconds": 16.8}
    assert (view.attempts[0].provider_ref, view.attempts[0].outcome, view.attempts[0].ended_at) == (
        "SC1",
        "delivered",
        220.0,
    )


async def test_changes_of_one_list_see_each_other(store: SqlStore) -> None:
    """In the order given: the second hold comes too late, the release does not."""
    fax_id = await admit_one(store)
    hold, release = HoldAsked(fax_id, "Ada", "", 101.0), ReleaseAsked(fax_id, "Ada", "", 102.0)
    answers = await store.record([hold, hold, release, release, CancelAsked(fax_id, "Ada", "", 103.0), hold])
    held, queued, cancelled = State.HELD, State.QUEUED, State.CANCELLED
    assert answers == [
        Changed(held),
        Stale(held),
        Changed(queued),
        Stale(queued),
        Changed(cancelled),
        Stale(cancelled),
    ]


async def test_a_change_of_a_fax_that_never_was_is_said_to_be_so(store: SqlStore) -> None:
    """And does not keep the others of its list from being made."""
    fax_id = await admit_one(store)
    answers = await store.record([HoldAsked(FaxId(99), "Ada", "", 1.0), HoldAsked(fax_id, "Ada", "", 1.0)])
    assert answers == [NoSuchFax(), Changed(State.HELD)]


async def test_a_change_that_comes_too_late_writes_nothing(store: SqlStore) -> None:
    """Neither a state nor an event."""
    attempt = await submit_one(store)
    fax_id = attempt.fax_id
    await store.record([DeliveredNow(fax_id, FIRST, 1, 16.8, 220.0)])
    before = await store.fax(fax_id)
    late: list[Change] = [
        Doubted(fax_id, FIRST, "", 230.0),
        GoesAgain(fax_id, FIRST, Failure.BUSY, "", 300.0, 230.0),
        FailedNow(fax_id, FIRST, Failure.PAGE, "", 230.0),
        DeliveredNow(fax_id, FIRST, 1, 16.8, 230.0),
        CancelAsked(fax_id, "Ada", "", 230.0),
        Expired(fax_id, 230.0),
        DeliveredNow(fax_id, AttemptNumber(7), 1, 1.0, 230.0),
    ]
    assert await store.record(late) == [Stale(State.DELIVERED)] * len(late)
    assert await store.fax(fax_id) == before


async def test_a_delivery_told_after_the_next_attempt_began_is_written_down(store: SqlStore) -> None:
    """The fax may have gone out twice: its story says so, its state does not lie."""
    attempt = await begin_one(store)
    await store.record([GoesAgain(attempt.fax_id, FIRST, Failure.IN_DOUBT, "EOD", 200.0, 210.0)])
    # Its pages are drawn anew, with the mark of a possible duplicate.
    [second] = await store.begin([msgspec.structs.replace(intent_for(attempt.fax_id), revision=1)])
    assert isinstance(second, Attempt)
    told = await store.record([DeliveredNow(attempt.fax_id, FIRST, 1, 16.8, 240.0)])
    assert told == [Stale(State.SENDING)]
    view = await store.fax(attempt.fax_id)
    assert view is not None
    assert view.events[-1].kind == "contradicted"


# --- receipts --------------------------------------------------------------------------------------


def report(event_id: str | None, fate: Fate | None = None) -> Report:
    return Report(fate or Delivered(1, 16.8), "SC1", ClientRef("s-1-1"), event_id)


async def test_a_repeated_receipt_is_known_by_its_event(store: SqlStore) -> None:
    """Within one list and later; another carrier's event of the same name is another one."""
    [first, again] = await store.keep_receipts("north", [report("e1"), report("e1")], 1.0)
    assert first is not None
    assert again is None
    assert await store.keep_receipts("north", [report("e1")], 2.0) == [None]
    assert (await store.keep_receipts("south", [report("e1")], 2.0))[0] is not None


async def test_receipts_without_an_event_are_all_kept(store: SqlStore) -> None:
    """Nobody can say that they are the same."""
    kept = await store.keep_receipts("north", [report(None), report(None)], 1.0)
    assert None not in kept
    assert len({each.id for each in kept if each is not None}) == 2


@pytest.mark.parametrize("fate", [InProgress(), Delivered(2, 29.8), NotDelivered(Failure.BUSY, "BUSY", 1)])
async def test_a_receipt_that_was_not_applied_is_found_at_the_start(store: SqlStore, fate: Fate) -> None:
    """Whole and in order; once settled it is not found any more."""
    [first, second] = await store.keep_receipts("north", [report("e1", fate), report("e2")], 1.0)
    assert first is not None
    assert second is not None
    assert (await store.load()).receipts == [first, second]
    assert first.report == report("e1", fate)
    await store.settle_receipts([first.id])
    assert (await store.load()).receipts == [second]


async def test_a_change_settles_the_receipt_it_came_from(store: SqlStore) -> None:
    """In the same commit; also when it came too late, for then there is nothing left to do."""
    attempt = await submit_one(store)
    [kept] = await store.keep_receipts("north", [report("e1")], 1.0)
    assert kept is not None
    await store.record([DeliveredNow(attempt.fax_id, FIRST, 1, 16.8, 220.0, receipt_id=kept.id)])
    assert (await store.load()).receipts == []
    [late] = await store.keep_receipts("north", [report("e2")], 1.0)
    assert late is not None
    await store.record([FailedNow(attempt.fax_id, FIRST, Failure.BUSY, "", 221.0, receipt_id=late.id)])
    assert (await store.load()).receipts == []


async def test_an_attempt_is_found_by_either_reference(store: SqlStore) -> None:
    """Open or over; ours counts more than the carrier's; strange ones find nothing."""
    attempt = await submit_one(store)
    ours, theirs = attempt.client_ref, "SC1"
    for client_ref, provider_ref in [(ours, None), (None, theirs), (ours, "nonsense")]:
        found = await store.attempt_of(client_ref, "north", provider_ref)
        assert found is not None
        assert (found.client_ref, found.state, found.provider_ref) == (ours, State.SUBMITTED, theirs)
    await store.record([DeliveredNow(attempt.fax_id, FIRST, 1, 16.8, 220.0)])
    found = await store.attempt_of(None, "north", theirs)
    assert found is not None
    assert found.state is State.DELIVERED
    assert await store.attempt_of(None, "south", theirs) is None
    assert await store.attempt_of(None, "north", None) is None


@pytest.mark.parametrize(
    "strange",
    [
        "",
        "x",
        "other000-1-1",
        "{}-1-2",
        "{}-01-1",
        "{}-1-1 ",
        "{}-\u0661-1",
        "{}-" + "9" * 40 + "-1",
        "{}-1-" + "9" * 40,
    ],
)
async def test_a_reference_that_is_not_ours_finds_nothing(store: SqlStore, strange: str) -> None:
    """Whatever a carrier writes there; it never raises."""
    await submit_one(store)
    assert await store.attempt_of(ClientRef(strange.format(store.store_id)), "north", "SC1") is None


# --- reading ---------------------------------------------------------------------------------------


async def test_a_fax_that_never_was_is_none(store: SqlStore) -> None:
    """No error for an id that somebody made up."""
    assert await store.fax(FaxId(1)) is None


async def test_events_are_read_from_a_cursor_on(store: SqlStore) -> None:
    """In the order of commits, none twice, none left out, as many as asked for."""
    for key in "abcde":
        await begin_one(
            store, key, line=LINE if key == "a" else OTHER if key == "b" else type(LINE)(f"+3319900001{key}")
        )
    seen = []
    cursor = 0
    while events := await store.events(cursor, 3):
        assert len(events) <= 3
        seen += events
        cursor = events[-1].seq
    assert [(event.fax_id, event.kind) for event in seen] == [
        (FaxId(number), kind) for number in range(1, 6) for kind in ("accepted", "sending")
    ]
    assert [event.seq for event in seen] == sorted({event.seq for event in seen})


async def test_who_waits_for_events_is_woken(store: SqlStore) -> None:
    """At once if there is one already, else by the next commit that has one."""

    woken = trio.Event()

    async def wait() -> None:
        await store.wait_events(0)
        woken.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        assert not woken.is_set()
        await store.keep_receipts("north", [report("e1")], 1.0)
        await trio.testing.wait_all_tasks_blocked()
        assert not woken.is_set()
        await admit_one(store)
        await woken.wait()
    await store.wait_events(0)


async def test_counts_and_lines(store: SqlStore) -> None:
    """By state, the finished apart; by line, the oldest first."""
    await store.admit([new_fax("a"), new_fax("b"), new_fax("c", line=OTHER)])
    await store.begin([intent_for(FaxId(1))])
    await store.record([CancelAsked(FaxId(3), "Ada", "", 101.0)])
    assert await store.counts() == {State.SENDING: 1, State.QUEUED: 1, State.CANCELLED: 1}
    assert await store.unfinished_counts() == {State.SENDING: 1, State.QUEUED: 1}
    backlog = await store.backlog(10, 160.0, [60.0])
    assert backlog.lines == [LineAges(LINE, 2, 100.0, {State.QUEUED: 1, State.SENDING: 1}, (0, 2))]
    assert (backlog.lines_total, backlog.ages) == (1, (0, 2))
    assert backlog.classes == {1: {State.QUEUED: 1, State.SENDING: 1}}
    assert backlog.reasons == {"": 1}
    assert (await store.backlog(0, 160.0, [])).lines == []


async def test_a_start_finds_all_that_is_unfinished(store: SqlStore) -> None:
    """What waits with its counts, and the attempts a carrier may know of; nothing that is over or held."""
    await store.admit(
        [new_fax("a", deadline_at=900.0, rank=0), new_fax("held"), new_fax("over"), new_fax("x", line=OTHER)]
    )
    await store.record([HoldAsked(FaxId(2), "Ada", "", 1.0), CancelAsked(FaxId(3), "Ada", "", 1.0)])
    await store.begin([intent_for(FaxId(1)), intent_for(FaxId(4))])
    await store.record(
        [GoesAgain(FaxId(1), FIRST, Failure.BUSY, "", 320.0, 210.0), Doubted(FaxId(4), FIRST, "", 211.0)]
    )
    found = await store.load()
    assert found == Unfinished(
        queued=[Queued(FaxId(1), LINE, 0, 320.0, 900.0, 1, submitter="shop")],
        attempts=found.attempts,
        receipts=[],
        lines=[LineMemory(LINE, failed_at=(210.0,))],
        promises=[Promise(FaxId(1), 900.0, "")],
    )
    [attempt] = found.attempts
    assert (attempt.fax_id, attempt.state, attempt.changed_at) == (FaxId(4), State.UNKNOWN, 211.0)
