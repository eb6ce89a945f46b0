"""What people may change of a fax, over every state, and what they stop, in memory and on the disk."""

from pathlib import Path

import pytest

from faxgw.fax import FINAL, AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Admitted, AgainAsked, Drained, Kinship, Repeated
from faxgw.store.attempts import Attempt, NotBegun
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
    PriorityAsked,
    RerouteAsked,
    ResolveAsked,
    Ruling,
    Stale,
    Submitted,
)
from faxgw.store.documents import FileDocuments
from faxgw.store.sql import SqlStore
from faxgw.store.stops import Resumption, Scope, Suspension
from faxgw.store.transitions import BY_HAND, CONTRADICTED, AttemptRow, FaxRow, Happened, apply_change
from faxgw.store.views import Contents, Sought
from tests.store.faxes import LINE, OTHER, admit_one, begin_one, intent_for, new_fax

FAX = FaxId(1)
FIRST = AttemptNumber(1)
AT = 300.0


def fax_in(state: State) -> FaxRow:
    return FaxRow(FAX, state, due_at=900.0, attempts=1, calls=1, reason="busy", line=LINE)


def attempt_row(*, ended: bool) -> AttemptRow:
    outcome = Failure.BUSY.value if ended else None
    return AttemptRow(FAX, FIRST, None, 1.0, 1.0 if ended else None, outcome, "" if ended else None)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize(
    "change", [PriorityAsked(FAX, 0, "Ada", "hurry", AT), RerouteAsked(FAX, OTHER, "FR-2", "Ada", "moved", AT)]
)
def test_where_and_how_soon_is_changed_only_while_nobody_has_it(change: Change, state: State) -> None:
    """In line or held it is made, counted up and told; in every other state it comes too late and nothing moves."""
    fax, events = fax_in(state), list[Happened]()
    answer = apply_change(change, fax, None, events)
    if state in {State.QUEUED, State.HELD}:
        assert (answer, fax.state, fax.revision, fax.is_revised) == (Changed(state), state, 1, True)
        assert [event.data["who"] for event in events] == ["Ada"]
    else:
        assert (answer, fax, events) == (Stale(state), fax_in(state), [])


def test_a_reroute_forgets_the_old_line() -> None:
    """The new line was never called: calls count anew, and it goes at once."""
    fax = fax_in(State.QUEUED)
    apply_change(RerouteAsked(FAX, OTHER, "FR-2", "Ada", "", AT), fax, None, [])
    assert (fax.line, fax.member, fax.calls, fax.due_at) == (OTHER, "FR-2", 0, AT)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize(
    ("ruling", "becomes"),
    [
        (Ruling.DELIVERED, State.DELIVERED),
        (Ruling.NOT_DELIVERED, State.FAILED),
        (Ruling.SEND_AGAIN, State.QUEUED),
    ],
)
def test_a_person_resolves_only_what_is_in_doubt(ruling: Ruling, becomes: State, state: State) -> None:
    """UNKNOWN becomes what was found out, its attempt ends, who and why are told; elsewhere nothing moves."""
    fax, attempt, events = fax_in(state), attempt_row(ended=state is not State.UNKNOWN), list[Happened]()
    answer = apply_change(ResolveAsked(FAX, FIRST, ruling, "Ada", "asked the florist", AT), fax, attempt, events)
    if state is not State.UNKNOWN:
        assert (answer, fax, events) == (Stale(state), fax_in(state), [])
        return
    assert (answer, fax.state, attempt.ended_at) == (Changed(becomes), becomes, AT)
    assert (events[0].data["who"], events[0].data["why"]) == ("Ada", "asked the florist")
    assert (fax.marked, fax.revision) == ((True, 1) if ruling is Ruling.SEND_AGAIN else (False, 0))


@pytest.mark.parametrize(
    "late", [FailedNow(FAX, FIRST, Failure.BUSY, "17", AT), GoesAgain(FAX, FIRST, Failure.BUSY, "17", AT, AT)]
)
def test_a_carrier_that_contradicts_a_person_is_written_down_once(late: Change) -> None:
    """The fax stays delivered, for a bouquet may be on its way; a person must look."""
    fax, attempt, events = fax_in(State.UNKNOWN), attempt_row(ended=False), list[Happened]()
    apply_change(ResolveAsked(FAX, FIRST, Ruling.DELIVERED, "Ada", "", AT), fax, attempt, events)
    assert attempt.code == BY_HAND
    for _ in range(2):
        assert apply_change(late, fax, attempt, events) == Stale(State.DELIVERED)
    assert [event.kind for event in events] == ["delivered", CONTRADICTED]


# --- in the store ------------------------------------------------------------------------------------


async def bring_to(store: SqlStore, state: State, key: str = "a") -> FaxId:
    fax_id = await admit_one(store, key)
    before: dict[State, list[Change]] = {
        State.HELD: [HoldAsked(fax_id, "Ada", "", AT)],
        State.CANCELLED: [CancelAsked(fax_id, "Ada", "", AT)],
        State.EXPIRED: [Expired(fax_id, AT)],
        State.SUBMITTED: [Submitted(fax_id, FIRST, "SC", AT)],
        State.UNKNOWN: [Doubted(fax_id, FIRST, "no answer", AT)],
        State.DELIVERED: [DeliveredNow(fax_id, FIRST, 1, 9.0, AT)],
        State.FAILED: [FailedNow(fax_id, FIRST, Failure.BAD_NUMBER, "404", AT)],
    }
    if state in {State.SENDING, State.SUBMITTED, State.UNKNOWN, State.DELIVERED, State.FAILED}:
        await store.begin([intent_for(fax_id)])
    await store.record(before.get(state, []))
    view = await store.fax(fax_id)
    assert view is not None
    assert view.state is state
    return fax_id


FROM = {
    Kinship.RETRY: {State.FAILED, State.EXPIRED, State.CANCELLED},
    Kinship.COPY: {State.DELIVERED},
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kinship", list(Kinship))
async def test_what_is_over_goes_again_as_another_fax(store: SqlStore, kinship: Kinship, state: State) -> None:
    """The old one stays what it is and names the new one; the new one waits and leads back."""
    old_id = await bring_to(store, state)
    [answer] = await store.admit_again([AgainAsked(old_id, kinship, "Ada", "lost", AT)])
    old = await store.fax(old_id)
    assert old is not None
    assert old.state is state
    if state not in FROM[kinship]:
        assert answer == Stale(state)
        return
    assert isinstance(answer, Admitted)
    new = await store.fax(answer.fax_id)
    assert new is not None
    assert (new.state, new.origin_id, new.line, new.order) == (State.QUEUED, old_id, LINE, old.order)
    assert new.marked is (kinship is Kinship.COPY)
    assert old.events[-1].data == {"as": answer.fax_id, "who": "Ada", "why": "lost"}
    assert {"who", "why", f"{kinship}_of"} <= set(new.events[0].data)


async def test_a_fax_has_one_retry(store: SqlStore) -> None:
    """Asked twice it is the same; the retry may have its own."""
    old_id = await bring_to(store, State.FAILED)
    wish = AgainAsked(old_id, Kinship.RETRY, "Ada", "", AT)
    [first, second] = await store.admit_again([wish, wish])
    assert isinstance(first, Admitted)
    assert second == Repeated(first.fax_id, State.QUEUED)
    await store.record([CancelAsked(first.fax_id, "Ada", "", AT)])
    [third] = await store.admit_again([AgainAsked(first.fax_id, Kinship.RETRY, "Ada", "", AT)])
    assert isinstance(third, Admitted)
    assert await store.admit_again([AgainAsked(FaxId(99), Kinship.RETRY, "Ada", "", AT)]) == [NoSuchFax()]


async def test_copies_are_told_apart_by_their_keys(store: SqlStore) -> None:
    """With a key asking twice is harmless; without, each is a copy."""
    old_id = await bring_to(store, State.DELIVERED)
    keyed = AgainAsked(old_id, Kinship.COPY, "Ada", "", AT, key="k")
    plain = AgainAsked(old_id, Kinship.COPY, "Ada", "", AT)
    answers = await store.admit_again([keyed, keyed, plain, plain])
    assert [isinstance(answer, Admitted) for answer in answers] == [True, False, True, True]


async def test_a_retry_of_what_may_have_arrived_is_marked(store: SqlStore) -> None:
    """A person said that it did not; the florist may find both."""
    fax_id = await bring_to(store, State.UNKNOWN)
    await store.record([ResolveAsked(fax_id, FIRST, Ruling.NOT_DELIVERED, "Ada", "", AT)])
    [new] = await store.admit_again([AgainAsked(fax_id, Kinship.RETRY, "Ada", "", AT)])
    assert isinstance(new, Admitted)
    assert (await store.contents([new.fax_id]))[new.fax_id].marked


async def test_a_deadline_that_has_passed_is_not_taken_over(store: SqlStore) -> None:
    """Else a retry of an expired fax would expire at once; one that still holds is kept, another may be given."""
    await store.admit([new_fax("a", deadline_at=200.0), new_fax("b", deadline_at=900.0)])
    await store.record([Expired(FaxId(1), 201.0), CancelAsked(FaxId(2), "Ada", "", 201.0)])
    wishes = [AgainAsked(FaxId(number), Kinship.RETRY, "Ada", "", AT) for number in (1, 2)]
    for answer, deadline_at in zip(await store.admit_again(wishes), (None, 900.0), strict=True):
        assert isinstance(answer, Admitted)
        view = await store.fax(answer.fax_id)
        assert view is not None
        assert view.deadline_at == deadline_at


async def test_pages_drawn_before_a_change_are_never_sent(store: SqlStore) -> None:
    """The intent of an older revision is refused; the newest one goes, to the new line."""
    fax_id = await admit_one(store)
    await store.record([RerouteAsked(fax_id, OTHER, "FR-2", "Ada", "", AT)])
    [refused] = await store.begin([intent_for(fax_id)])
    assert refused == NotBegun(State.QUEUED, line_taken=False, outdated=True)
    contents = (await store.contents([fax_id]))[fax_id]
    assert isinstance(contents, Contents)
    assert (contents.line, contents.member) == (OTHER, "FR-2")
    [queued] = (await store.load()).queued
    assert (queued.line, queued.revision) == (OTHER, 1)


STOPS = [(Scope.LINE, LINE), (Scope.PROVIDER, "north"), (Scope.GATEWAY, "")]


@pytest.mark.parametrize(("scope", "name"), STOPS)
async def test_what_is_suspended_begins_nothing(store: SqlStore, scope: Scope, name: str) -> None:
    """The intent is refused by the store; another line or provider goes on; resumed, it goes; all of it is told."""
    fax_id = await admit_one(store)
    await store.suspend([Suspension(scope, name, "Ada", "repair", AT)])
    intent = intent_for(fax_id, at=AT + 1)
    assert await store.begin([intent]) == [NotBegun(State.QUEUED, line_taken=False, suspended=scope)]
    if scope is not Scope.GATEWAY:
        assert isinstance(await begin_one(store, "b", line=OTHER, provider="south"), Attempt)
    assert await store.suspensions() == [Suspension(scope, name, "Ada", "repair", AT)]
    lifts = [Resumption(scope, name, "Bo", "done", AT + 2)] * 2
    assert await store.resume(lifts) == [True, False]
    assert isinstance((await store.begin([intent]))[0], Attempt)
    told = [(event.kind, event.data["who"]) for event in await store.events(0, 100) if event.fax_id == 0]
    assert told == [("suspended", "Ada"), ("resumed", "Bo")]


async def test_a_suspension_ends_in_time(store: SqlStore) -> None:
    """At its moment it counts as lifted, whether or not anybody came to resume it."""
    fax_id = await admit_one(store)
    await store.suspend([Suspension(Scope.GATEWAY, "", "Ada", "", AT, until=AT + 10)])
    [stopped] = await store.begin([intent_for(fax_id, at=AT + 9.9)])
    assert stopped == NotBegun(State.QUEUED, line_taken=False, suspended=Scope.GATEWAY)
    assert isinstance((await store.begin([intent_for(fax_id, at=AT + 10)]))[0], Attempt)


async def test_a_drained_gateway_takes_nothing_but_knows_what_it_took(store: SqlStore) -> None:
    """A caller whose answer got lost still learns of its fax; what is there goes out."""
    fax_id = await admit_one(store)
    await store.suspend([Suspension(Scope.INTAKE, "", "Ada", "", 50.0)])
    assert await store.admit([new_fax("a"), new_fax("b")]) == [Repeated(fax_id, State.QUEUED), Drained()]
    assert isinstance((await store.begin([intent_for(fax_id)]))[0], Attempt)


# --- finding -----------------------------------------------------------------------------------------


async def test_faxes_are_found_by_what_people_have_at_hand(store: SqlStore) -> None:
    """By key over all submitters, by number, by state; the newest first, and no more than asked for."""
    await store.admit([new_fax("a"), new_fax("b"), new_fax("a", submitter="web", line=OTHER)])
    await store.record([CancelAsked(FaxId(2), "Ada", "", AT)])

    async def ids(limit: int = 10, **sought: object) -> list[int]:
        return [found.fax_id for found in await store.find(Sought(**sought), limit)]  # type: ignore[arg-type]

    assert await ids() == [3, 2, 1]
    assert await ids(1) == [3]
    assert await ids(key="a") == [3, 1]
    assert await ids(key="a", submitter="shop") == [1]
    assert await ids(number="b") == [2]
    assert await ids(state=State.CANCELLED) == [2]
    assert await ids(state=State.QUEUED, submitter="shop") == [1]
    assert await ids(key="none") == []


async def test_the_backlog_is_parted_by_age(store: SqlStore) -> None:
    """Each line and all together, whatever ids are missing in between."""
    for number, (at, line) in enumerate([(100.0, LINE), (200.0, OTHER), (300.0, LINE), (310.0, LINE)]):
        new = new_fax(str(number), line=line)
        await store.admit([type(new)(**{**{f: getattr(new, f) for f in new.__slots__}, "accepted_at": at})])
        # Reserves an id that no fax gets.
        await store.admit([new])
    backlog = await store.backlog(10, 320.0, [15.0, 60.0, 150.0])
    assert backlog.ages == (1, 1, 1, 1)
    assert [(each.line, each.ages) for each in backlog.lines] == [(LINE, (1, 1, 0, 1)), (OTHER, (0, 0, 1, 0))]


# --- documents ---------------------------------------------------------------------------------------


async def test_a_document_is_kept_by_its_digest(store: SqlStore) -> None:
    """The same twice is one; what was never kept is not there."""
    name = await store.keep_document(b"%PDF-1.7")
    assert await store.keep_document(b"%PDF-1.7") == name
    assert await store.document(name) == b"%PDF-1.7"
    assert await store.document("0" * 64) is None


def test_a_damaged_document_is_not_given_out(tmp_path: Path) -> None:
    """Nor is anything outside the folder, whatever the row says; and no half file stays."""
    documents = FileDocuments(tmp_path / "documents")
    name = documents.keep(b"whole")
    [place] = [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
    place.write_bytes(b"half")
    assert documents.read(name) is None
    assert documents.read("../documents/x") is None
    assert documents.keep(b"whole") == name
    assert documents.read(name) == b"whole"


def test_final_states_are_the_ones_that_go_again() -> None:
    """Every final state has its way on, and no other state has one."""
    assert set().union(*FROM.values()) == FINAL
    assert Line("") != LINE
