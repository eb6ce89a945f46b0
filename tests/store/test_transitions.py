"""What each change does to a fax and its attempt: the whole table, and no sequence that can break it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.fax import FINAL, NEXT, WITH_CARRIER, AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import NO_LINE
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
    Parked,
    ReleaseAsked,
    RerouteAsked,
    SetAside,
    Stale,
    Submitted,
)
from faxgw.store.transitions import CONTRADICTED, AttemptRow, FaxRow, Happened, apply_change

FAX = FaxId(1)
FIRST = AttemptNumber(1)
LINE = Line("+33199000001")

CHANGES: dict[str, Change] = {
    "submitted": Submitted(FAX, FIRST, "SC1", 2.0),
    "doubted": Doubted(FAX, FIRST, "no answer", 2.0),
    "delivered": DeliveredNow(FAX, FIRST, 1, 16.8, 2.0),
    "parked": Parked(FAX, FIRST, "nobody could tell", 2.0),
    "goes again": GoesAgain(FAX, FIRST, Failure.BUSY, "BUSY", 60.0, 2.0),
    "failed": FailedNow(FAX, FIRST, Failure.BAD_NUMBER, "WRONG", 2.0),
    "set aside": SetAside(FAX, "cannot be drawn", 2.0),
    "expired": Expired(FAX, 2.0),
    "hold": HoldAsked(FAX, "Ada", "", 2.0),
    "release": ReleaseAsked(FAX, "Ada", "", 2.0),
    "cancel": CancelAsked(FAX, "Ada", "", 2.0),
}

# From each state (its attempt open where a carrier has it), what each change makes of it; what is not
# in here comes too late.
WITH_A_CARRIER = {
    "delivered": State.DELIVERED,
    "parked": State.UNKNOWN,
    "goes again": State.QUEUED,
    "failed": State.FAILED,
}
TABLE: dict[State, dict[str, State]] = {
    State.QUEUED: {
        "set aside": State.HELD,
        "expired": State.EXPIRED,
        "hold": State.HELD,
        "cancel": State.CANCELLED,
    },
    State.HELD: {"expired": State.EXPIRED, "release": State.QUEUED, "cancel": State.CANCELLED},
    State.SENDING: {"submitted": State.SUBMITTED, "doubted": State.UNKNOWN, **WITH_A_CARRIER},
    State.SUBMITTED: {"doubted": State.UNKNOWN, **WITH_A_CARRIER},
    State.UNKNOWN: {"submitted": State.SUBMITTED, **WITH_A_CARRIER},
    State.DELIVERED: {},
    State.FAILED: {},
    State.EXPIRED: {},
    State.CANCELLED: {},
}


def fax_in(state: State) -> FaxRow:
    return FaxRow(FAX, state, due_at=0.0, attempts=1, calls=1, reason="", line=LINE)


def open_attempt() -> AttemptRow:
    return AttemptRow(FAX, FIRST, None, changed_at=1.0, ended_at=None, outcome=None, code=None)


def ended_attempt(outcome: str = Failure.BUSY) -> AttemptRow:
    return AttemptRow(FAX, FIRST, "SC1", changed_at=1.0, ended_at=1.0, outcome=outcome, code="")


@pytest.mark.parametrize(
    ("state", "name"),
    # A delivery told late has a table of its own below.
    [(state, name) for state in State for name in CHANGES if name != "delivered" or state in WITH_CARRIER],
)
def test_every_change_in_every_state_is_made_or_comes_too_late(state: State, name: str) -> None:
    """With its attempt open where a carrier has the fax, each change does what the table says and nothing else."""
    fax = fax_in(state)
    attempt = open_attempt() if state in WITH_CARRIER else ended_attempt()
    events: list[Happened] = []
    answer = apply_change(CHANGES[name], fax, attempt, events)
    becomes = TABLE[state].get(name)
    assert answer == (Stale(state) if becomes is None else Changed(becomes))
    assert fax.state is (becomes or state)
    assert len(events) == (becomes is not None)


@pytest.mark.parametrize(
    ("state", "becomes", "kind"),
    [
        (State.QUEUED, State.DELIVERED, "delivered"),
        (State.HELD, State.DELIVERED, "delivered"),
        (State.SENDING, State.SENDING, CONTRADICTED),
        (State.SUBMITTED, State.SUBMITTED, CONTRADICTED),
        (State.UNKNOWN, State.UNKNOWN, CONTRADICTED),
        (State.FAILED, State.FAILED, CONTRADICTED),
        (State.EXPIRED, State.EXPIRED, CONTRADICTED),
        (State.CANCELLED, State.CANCELLED, CONTRADICTED),
    ],
)
def test_a_delivery_told_after_the_attempt_was_given_up(state: State, becomes: State, kind: str) -> None:
    """It saves the second bouquet where nothing went out since; else it is written down for a person, once."""
    fax, attempt = fax_in(state), ended_attempt()
    events: list[Happened] = []
    answer = apply_change(CHANGES["delivered"], fax, attempt, events)
    assert answer == (Changed(becomes) if kind == "delivered" else Stale(state))
    assert (fax.state, [event.kind for event in events]) == (becomes, [kind])
    assert attempt.outcome == "delivered"
    assert apply_change(CHANGES["delivered"], fax, attempt, events) == Stale(becomes)
    assert len(events) == 1


@pytest.mark.parametrize("name", ["submitted", "doubted", "delivered", "goes again", "failed"])
def test_a_change_of_an_attempt_that_never_was_comes_too_late(name: str) -> None:
    """A carrier may speak of an attempt number that we never gave."""
    fax = fax_in(State.SENDING)
    assert apply_change(CHANGES[name], fax, None, []) == Stale(State.SENDING)
    assert fax == fax_in(State.SENDING)


@pytest.mark.parametrize("name", ["submitted", "doubted", "goes again", "failed"])
@pytest.mark.parametrize("state", list(State))
def test_an_attempt_that_is_over_moves_its_fax_no_more(state: State, name: str) -> None:
    """What is told of the first attempt after it ended does nothing to the second."""
    fax, attempt = fax_in(state), ended_attempt()
    assert apply_change(CHANGES[name], fax, attempt, []) == Stale(state)
    assert (fax, attempt.ended_at, attempt.outcome) == (fax_in(state), 1.0, Failure.BUSY)


def test_the_carriers_reference_is_kept_even_when_the_receipt_came_first() -> None:
    """Else nobody could name the fax to the carrier afterwards."""
    fax, attempt = fax_in(State.SENDING), open_attempt()
    apply_change(CHANGES["delivered"], fax, attempt, [])
    assert apply_change(CHANGES["submitted"], fax, attempt, []) == Stale(State.DELIVERED)
    assert attempt.provider_ref == "SC1"


def test_a_try_that_was_no_call_is_not_counted() -> None:
    """A carrier without room says nothing of the florist's line."""
    fax = fax_in(State.SENDING)
    apply_change(GoesAgain(FAX, FIRST, Failure.CAPACITY, "429", 9.0, 2.0, was_call=False), fax, open_attempt(), [])
    assert (fax.calls, fax.due_at, fax.reason) == (0, 9.0, Failure.CAPACITY)


def test_an_order_without_a_florist_is_not_released_to_nowhere() -> None:
    """It is rerouted first; then it goes."""
    fax, events = fax_in(State.HELD), list[Happened]()
    fax.line = NO_LINE
    assert apply_change(ReleaseAsked(FAX, "Ada", "", 2.0), fax, None, events) == Stale(State.HELD)
    moved = RerouteAsked(FAX, LINE, "FR-2", "Ada", "", 3.0)
    assert apply_change(moved, fax, None, events) == Changed(State.HELD)
    assert apply_change(ReleaseAsked(FAX, "Ada", "", 4.0), fax, None, events) == Changed(State.QUEUED)
    assert [event.kind for event in events] == ["rerouted", "released"]


def test_a_release_keeps_the_time_of_the_next_try() -> None:
    """Holding and releasing must not make a busy line be dialled sooner."""
    fax = fax_in(State.QUEUED)
    fax.due_at = 500.0
    apply_change(CHANGES["hold"], fax, None, [])
    apply_change(CHANGES["release"], fax, None, [])
    assert (fax.state, fax.due_at) == (State.QUEUED, 500.0)


def test_words_that_are_too_long_are_cut() -> None:
    """A carrier's or a person's text fits the table, however long it is."""
    fax, attempt = fax_in(State.SENDING), open_attempt()
    apply_change(FailedNow(FAX, FIRST, Failure.UNKNOWN_CODE, "x" * 5_000, 2.0), fax, attempt, [])
    assert attempt.code is not None
    assert len(attempt.code) == 200
    held = fax_in(State.QUEUED)
    apply_change(HoldAsked(FAX, "Ada", "y" * 5_000, 2.0), held, None, [])
    assert len(held.reason) == 200


class Story:
    """One fax with all its attempts, as the store would keep them."""

    def __init__(self) -> None:
        self.fax = FaxRow(FAX, State.QUEUED, 0.0, 0, 0, "", line=LINE)
        self.attempts: dict[int, AttemptRow] = {}
        self.events: list[Happened] = []

    def begin(self) -> None:
        if self.fax.state is State.QUEUED:
            self.fax.attempts += 1
            self.fax.calls += 1
            number = AttemptNumber(self.fax.attempts)
            self.attempts[number] = AttemptRow(FAX, number, None, 0.0, None, None, None)
            self.fax.state = State.SENDING

    def apply(self, make: Callable[[AttemptNumber], Change], number: int) -> None:
        change = make(AttemptNumber(number))
        before, told = self.fax.state, len(self.events)
        answer = apply_change(change, self.fax, self.attempts.get(number), self.events)
        assert answer.state is self.fax.state  # type: ignore[union-attr]
        assert self.fax.state is before or self.fax.state in NEXT[before]
        assert isinstance(answer, Changed) == (self.fax.state is not before)
        assert len(self.events) - told == (isinstance(answer, Changed) or self._contradicted(told))

    def _contradicted(self, told: int) -> bool:
        return any(event.kind == CONTRADICTED for event in self.events[told:])


MAKERS: list[Callable[[AttemptNumber], Change]] = [
    lambda number: Submitted(FAX, number, "SC", 1.0),
    lambda number: Doubted(FAX, number, "", 1.0),
    lambda number: DeliveredNow(FAX, number, 1, 1.0, 1.0),
    lambda number: GoesAgain(FAX, number, Failure.BUSY, "", 1.0, 1.0),
    lambda number: GoesAgain(FAX, number, Failure.CAPACITY, "", 1.0, 1.0, was_call=False),
    lambda number: FailedNow(FAX, number, Failure.PAGE, "", 1.0),
    lambda _: SetAside(FAX, "", 1.0),
    lambda _: Expired(FAX, 1.0),
    lambda _: HoldAsked(FAX, "", "", 1.0),
    lambda _: ReleaseAsked(FAX, "", "", 1.0),
    lambda _: CancelAsked(FAX, "", "", 1.0),
]
STEPS = st.lists(st.one_of(st.none(), st.tuples(st.sampled_from(MAKERS), st.integers(1, 4))), max_size=40)


@given(STEPS)
def test_no_sequence_of_changes_can_break_a_fax(
    steps: list[tuple[Callable[[AttemptNumber], Change], int] | None],
) -> None:
    """Whatever comes in whatever order: no bug is raised, final stays final, and at most one attempt is open."""
    story = Story()
    for step in steps:
        final_before = story.fax.state if story.fax.state in FINAL else None
        if step is None:
            story.begin()
        else:
            story.apply(*step)
        assert final_before in {None, story.fax.state}
        still_open = [number for number, attempt in story.attempts.items() if attempt.ended_at is None]
        assert still_open == ([story.fax.attempts] if story.fax.state in WITH_CARRIER else [])
        assert 0 <= story.fax.calls <= story.fax.attempts


# --- what waits for a person --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "becomes", "outcome"),
    [
        (DeliveredNow(FAX, FIRST, 1, 16.8, 3.0), State.DELIVERED, "delivered"),
        (GoesAgain(FAX, FIRST, Failure.BUSY, "BUSY", 60.0, 3.0), State.QUEUED, "busy"),
        (GoesAgain(FAX, FIRST, Failure.IN_DOUBT, "sent again", 60.0, 3.0), State.QUEUED, "in_doubt"),
        (FailedNow(FAX, FIRST, Failure.BAD_NUMBER, "WRONG", 3.0), State.FAILED, "bad_number"),
        (Submitted(FAX, FIRST, "SC1", 3.0), None, "in_doubt"),
        (Doubted(FAX, FIRST, "no answer", 3.0), None, "in_doubt"),
        (Parked(FAX, FIRST, "again", 3.0), None, "in_doubt"),
    ],
)
def test_what_may_still_become_of_a_parked_fax(change: Change, becomes: State | None, outcome: str) -> None:
    """How the attempt ended is news; its line was let go, so that it is never with the carrier again."""
    fax, attempt = fax_in(State.UNKNOWN), ended_attempt(Failure.IN_DOUBT)
    events: list[Happened] = []
    answer = apply_change(change, fax, attempt, events)
    assert answer == (Stale(State.UNKNOWN) if becomes is None else Changed(becomes))
    assert (attempt.outcome, len(events)) == (outcome, becomes is not None)
    assert fax.marked is (change == GoesAgain(FAX, FIRST, Failure.IN_DOUBT, "sent again", 60.0, 3.0))


def test_a_word_about_an_older_doubt_does_not_end_the_newer_attempt() -> None:
    """The first attempt was parked and sent again; the second one is in doubt now."""
    fax, first = fax_in(State.UNKNOWN), ended_attempt(Failure.IN_DOUBT)
    fax.attempts = 2
    events: list[Happened] = []
    assert apply_change(DeliveredNow(FAX, FIRST, 1, 16.8, 3.0), fax, first, events) == Stale(State.UNKNOWN)
    assert [event.kind for event in events] == [CONTRADICTED]


@pytest.mark.parametrize(("was_call", "rung", "calls"), [(True, 1, 3), (True, 11, 13), (False, 1, 2)])
def test_the_carriers_own_retries_are_calls(rung: int, calls: int, *, was_call: bool) -> None:
    """Begun as the third call: it was that one, or that one and ten more, or none."""
    fax = fax_in(State.SUBMITTED)
    fax.calls = 3
    change = GoesAgain(FAX, FIRST, Failure.BUSY, "BUSY", 60.0, 2.0, was_call=was_call, calls=rung)
    apply_change(change, fax, open_attempt(), [])
    assert fax.calls == calls
