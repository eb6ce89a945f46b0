"""The store on the disk against a model in a dict, through any sequence of writes, merges and power cuts."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, Engine

from faxgw.fax import FINAL, WITH_CARRIER, AttemptNumber, Failure, FaxId, State
from faxgw.phone import Line
from faxgw.store import admission_rows, backlog_rows, change_rows, reading
from faxgw.store.admission import Admitted, KeyTaken, Repeated
from faxgw.store.attempt_rows import Begin
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
    ReleaseAsked,
    SetAside,
    Stale,
    Submitted,
)
from faxgw.store.database import bring_up_to_date, open_writer
from faxgw.store.writer import Operation, Request, commit_together
from tests.store.faxes import intent_for, new_fax

LINES = [Line(f"+3319900000{number}") for number in range(3)]
KEYS = st.sampled_from("abcdefgh")
FAXES = st.integers(1, 8).map(FaxId)
ATTEMPTS = st.integers(1, 3).map(AttemptNumber)


@dataclass
class Kept:
    """What the model knows of a fax."""

    words: str
    line: Line
    state: State = State.QUEUED
    attempts: int = 0
    over: dict[int, str] = field(default_factory=dict)
    """How each attempt ended, by number; an attempt that is missing is open."""


WAITING_MOVES: dict[type, tuple[set[State], State]] = {
    SetAside: ({State.QUEUED}, State.HELD),
    Expired: ({State.QUEUED, State.HELD}, State.EXPIRED),
    HoldAsked: ({State.QUEUED}, State.HELD),
    ReleaseAsked: ({State.HELD}, State.QUEUED),
    CancelAsked: ({State.QUEUED, State.HELD}, State.CANCELLED),
}


def changes() -> st.SearchStrategy[Change]:
    return st.one_of(
        st.builds(Submitted, FAXES, ATTEMPTS, st.just("SC"), st.just(1.0)),
        st.builds(Doubted, FAXES, ATTEMPTS, st.just(""), st.just(1.0)),
        st.builds(DeliveredNow, FAXES, ATTEMPTS, st.just(1), st.just(1.0), st.just(1.0)),
        st.builds(GoesAgain, FAXES, ATTEMPTS, st.just(Failure.BUSY), st.just(""), st.just(9.0), st.just(1.0)),
        st.builds(FailedNow, FAXES, ATTEMPTS, st.just(Failure.PAGE), st.just(""), st.just(1.0)),
        st.builds(SetAside, FAXES, st.just(""), st.just(1.0)),
        st.builds(Expired, FAXES, st.just(1.0)),
        st.builds(HoldAsked, FAXES, st.just(""), st.just(""), st.just(1.0)),
        st.builds(ReleaseAsked, FAXES, st.just(""), st.just(""), st.just(1.0)),
        st.builds(CancelAsked, FAXES, st.just(""), st.just(""), st.just(1.0)),
    )


class StoreModel(RuleBasedStateMachine):
    folder: Path
    engine: Engine
    connection: Connection

    @initialize()
    def make(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="faxgw-model-"))
        self.starts = 0
        self.model: dict[FaxId, Kept] = {}
        self.by_key: dict[str, FaxId] = {}
        self._open(self.root / "0")

    def _open(self, folder: Path) -> None:
        self.folder = folder
        self.engine = open_writer(folder / "faxgw.db")
        self.store_id = bring_up_to_date(self.engine)
        self.begin_operation = Begin(self.store_id)
        self.connection = self.engine.connect()

    def _write(self, operation: Operation[Any, Any], batches: Sequence[Sequence[Any]]) -> list[Any]:
        """Several callers' requests in one commit; all answers in order."""
        requests = [Request(operation, batch) for batch in batches]
        commit_together(self.connection, requests)
        for request, batch in zip(requests, batches, strict=True):
            assert request.error is None
            assert len(request.answers) == len(batch)
        return [answer for request in requests for answer in request.answers]

    @rule(batches=st.lists(st.lists(st.tuples(KEYS, st.booleans()), max_size=3), min_size=1, max_size=3))
    def submit(self, batches: list[list[tuple[str, bool]]]) -> None:
        faxes = [
            [new_fax(key, words="other" if other else "", line=LINES[ord(key) % 3]) for key, other in batch]
            for batch in batches
        ]
        answers = self._write(admission_rows.admit, faxes)
        for (key, other), answer in zip([item for batch in batches for item in batch], answers, strict=True):
            words = "other" if other else ""
            known = self.by_key.get(key)
            if known is None:
                assert isinstance(answer, Admitted)
                assert answer.fax_id > max(self.model, default=0)
                self.by_key[key] = answer.fax_id
                self.model[answer.fax_id] = Kept(words, LINES[ord(key) % 3])
            elif self.model[known].words == words:
                assert answer == Repeated(known, self.model[known].state)
            else:
                assert answer == KeyTaken(known)

    @rule(wanted=st.lists(FAXES, min_size=1, max_size=4))
    def begin(self, wanted: list[FaxId]) -> None:
        known = [fax_id for fax_id in wanted if fax_id in self.model]
        answers = self._write(self.begin_operation, [[intent_for(fax_id)] for fax_id in known])
        for fax_id, answer in zip(known, answers, strict=True):
            kept = self.model[fax_id]
            taken = any(other.line == kept.line and other.state in WITH_CARRIER for other in self.model.values())
            if kept.state is State.QUEUED and not taken:
                kept.attempts += 1
                kept.state = State.SENDING
                assert isinstance(answer, Attempt)
                assert answer.client_ref == f"{self.store_id}-{fax_id}-{kept.attempts}"
            else:
                assert answer == NotBegun(kept.state, line_taken=taken)

    @rule(wanted=st.lists(FAXES, min_size=2, max_size=3, unique=True))
    def begin_together(self, wanted: list[FaxId]) -> None:
        """Faxes of one line in one call: all of them, or none."""
        known = [fax_id for fax_id in wanted if fax_id in self.model]
        call = [fax_id for fax_id in known if self.model[fax_id].line == self.model[known[0]].line]
        if len(call) < 2:
            return
        first, *others = [intent_for(fax_id) for fax_id in call]
        together = msgspec.structs.replace(first, company=tuple(others), call_sha256="cd" * 32)
        [answer] = self._write(self.begin_operation, [[together]])
        kept = [self.model[fax_id] for fax_id in call]
        taken = any(other.line == kept[0].line and other.state in WITH_CARRIER for other in self.model.values())
        if taken or any(each.state is not State.QUEUED for each in kept):
            assert isinstance(answer, NotBegun)
            return
        assert isinstance(answer, Attempt)
        assert [each.fax_id for each in answer.call] == call
        for each in kept:
            each.attempts += 1
            each.state = State.SENDING

    @rule(batches=st.lists(st.lists(changes(), max_size=4), min_size=1, max_size=3))
    def record(self, batches: list[list[Change]]) -> None:
        answers = self._write(change_rows.record, batches)
        for change, answer in zip([item for batch in batches for item in batch], answers, strict=True):
            assert answer == self._predict(change), change

    def _predict(self, change: Change) -> Changed | Stale | NoSuchFax:
        kept = self.model.get(change.fax_id)
        if kept is None:
            return NoSuchFax()
        before = kept.state
        match change:
            case SetAside() | Expired() | HoldAsked() | ReleaseAsked() | CancelAsked():
                needs, becomes = WAITING_MOVES[type(change)]
                kept.state = becomes if before in needs else before
            case DeliveredNow(attempt=number):
                self._predict_delivery(kept, number)
            case Submitted(attempt=number) if self._is_open(kept, number):
                kept.state = State.SUBMITTED
            case Doubted(attempt=number) if self._is_open(kept, number):
                kept.state = State.UNKNOWN
            case GoesAgain(attempt=number) if self._is_open(kept, number):
                kept.state, kept.over[number] = State.QUEUED, "busy"
            case FailedNow(attempt=number) if self._is_open(kept, number):
                kept.state, kept.over[number] = State.FAILED, "page"
            case _:
                pass
        return Stale(before) if kept.state is before else Changed(kept.state)

    def _predict_delivery(self, kept: Kept, number: AttemptNumber) -> None:
        if number > kept.attempts or kept.over.get(number) == "delivered":
            return
        if self._is_open(kept, number) or kept.state in {State.QUEUED, State.HELD}:
            kept.state = State.DELIVERED
        kept.over[number] = "delivered"

    @staticmethod
    def _is_open(kept: Kept, number: AttemptNumber) -> bool:
        return number <= kept.attempts and number not in kept.over

    @rule()
    def power_cut(self) -> None:
        """What lies on the disk this moment is all that the next start has."""
        self.starts += 1
        image = self.root / str(self.starts)
        shutil.copytree(self.folder, image, ignore=shutil.ignore_patterns("*-shm"))
        self._close()
        self._open(image)

    @invariant()
    def nothing_is_lost(self) -> None:
        """accepted = final + unfinished, each fax in the state that was answered."""
        if not hasattr(self, "model"):
            return
        with self.connection.begin():
            counts = backlog_rows.read_counts(self.connection)
            unfinished = reading.read_unfinished(self.connection, self.store_id)
            open_counts = backlog_rows.read_unfinished_counts(self.connection)
        states = Counter(kept.state for kept in self.model.values())
        assert counts == states
        assert open_counts == {state: count for state, count in states.items() if state not in FINAL}
        queued = {fax_id for fax_id, kept in self.model.items() if kept.state is State.QUEUED}
        assert {each.fax_id for each in unfinished.queued} == queued
        with_carrier = {fax_id: kept.state for fax_id, kept in self.model.items() if kept.state in WITH_CARRIER}
        assert {each.fax_id: each.state for call in unfinished.attempts for each in call.call} == with_carrier
        lines = [each.line for each in unfinished.attempts]
        assert len(lines) == len(set(lines)), "two calls on one line"

    @invariant()
    def the_story_is_the_state(self) -> None:
        """The last event that moved a fax tells where it stands."""
        if not hasattr(self, "model"):
            return
        with self.connection.begin():
            events = reading.read_events(self.connection, 0, 1_000_000)
        assert [event.seq for event in events] == sorted({event.seq for event in events})
        told = {event.fax_id: STATE_AFTER[event.kind] for event in events if event.kind != "contradicted"}
        assert told == {fax_id: kept.state for fax_id, kept in self.model.items()}

    def _close(self) -> None:
        self.connection.close()
        self.engine.dispose()

    def teardown(self) -> None:
        if hasattr(self, "root"):
            self._close()
            shutil.rmtree(self.root)


STATE_AFTER = {
    "accepted": State.QUEUED,
    "sending": State.SENDING,
    "submitted": State.SUBMITTED,
    "in_doubt": State.UNKNOWN,
    "delivered": State.DELIVERED,
    "retry": State.QUEUED,
    "failed": State.FAILED,
    "set_aside": State.HELD,
    "held": State.HELD,
    "released": State.QUEUED,
    "expired": State.EXPIRED,
    "cancelled": State.CANCELLED,
}

TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
