"""What the store promises of lines: as many calls as they take, and a memory that outlives faxes and processes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from faxgw.fax import Failure
from faxgw.phone import Line
from faxgw.store.attempts import Attempt, Intent, NotBegun
from faxgw.store.changes import DeliveredNow, FailedNow, GoesAgain
from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.lines import (
    FAILED_CALLS_KEPT_MAX,
    HOUR_SECONDS,
    MACHINE_ANSWERED,
    NOT_A_CALL,
    SUSPICIOUS,
    LineMemory,
    delivered_on,
    failed_on,
    forgiven,
)
from faxgw.store.schema import attempt as attempt_table
from faxgw.store.sql import SqlStore
from faxgw.store.stops import Resumption, Scope
from tests.store.faxes import FIRST, LINE, OTHER, admit_one, begin_one, opened


def intent(fax_id: int, calls_max: int, provider: str = "north") -> Intent:
    return Intent(fax_id, provider, "ab" * 32, "order-1", 1, 200.0, 200.0, calls_max=calls_max)  # type: ignore[arg-type]


async def memory_of(store: SqlStore, line: Line = LINE) -> LineMemory | None:
    return next((memory for memory in (await store.load()).lines if memory.line == line), None)


# --- calls at once -----------------------------------------------------------------------------------


async def test_a_line_takes_as_many_calls_as_it_has_and_no_more(store: SqlStore) -> None:
    """Within one list and between lists, over all carriers; one that ends makes room for one."""
    faxes = [await admit_one(store, key) for key in "abcde"]
    begun = await store.begin([intent(faxes[0], 2), intent(faxes[1], 2, "south"), intent(faxes[2], 2)])
    assert [type(answer) for answer in begun] == [Attempt, Attempt, NotBegun]
    [refused] = await store.begin([intent(faxes[3], 2)])
    assert isinstance(refused, NotBegun)
    assert refused.line_taken
    await store.record([DeliveredNow(faxes[0], FIRST, 1, 1.0, 300.0)])
    begun = await store.begin([intent(faxes[3], 2), intent(faxes[4], 2)])
    assert [type(answer) for answer in begun] == [Attempt, NotBegun]


async def test_a_line_that_lost_a_machine_waits_for_its_calls(store: SqlStore) -> None:
    """The register said three, now it says one: nothing begins before all three are over."""
    faxes = [await admit_one(store, key) for key in "abcd"]
    await store.begin([intent(fax_id, 3) for fax_id in faxes[:3]])
    for fax_id in faxes[:3]:
        assert isinstance((await store.begin([intent(faxes[3], 1)]))[0], NotBegun)
        await store.record([DeliveredNow(fax_id, FIRST, 1, 1.0, 300.0)])
    assert isinstance((await store.begin([intent(faxes[3], 1)]))[0], Attempt)


def test_the_database_itself_refuses_a_second_call_in_a_slot() -> None:
    """The lock is an index, so no bug above it can call a line twice at once."""
    engine = open_in_memory()
    bring_up_to_date(engine)
    row = {
        "provider": "north",
        "line": LINE,
        "slot": 0,
        "sha256": "",
        "form_version": "",
        "pages": 1,
        "rendered_at": 1.0,
        "started_at": 1.0,
        "changed_at": 1.0,
    }
    with engine.connect() as connection:
        # There are no such faxes, and none of this is committed.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.execute(insert(attempt_table), [row | {"fax_id": 1, "number": 1}])
        connection.execute(insert(attempt_table), [row | {"fax_id": 2, "number": 1, "slot": 1}])
        connection.execute(insert(attempt_table), [row | {"fax_id": 3, "number": 1, "ended_at": 2.0}])
        with pytest.raises(IntegrityError):
            connection.execute(insert(attempt_table), [row | {"fax_id": 4, "number": 1}])
        assert len(connection.execute(select(attempt_table.c.fax_id)).all()) == 3


# --- memory ------------------------------------------------------------------------------------------


async def test_failed_calls_are_remembered_with_the_change_that_ends_them(store: SqlStore) -> None:
    """Counted over faxes and carriers, with their times; what was no call counts nothing."""
    first = await begin_one(store, "a")
    await store.record([GoesAgain(first.fax_id, FIRST, Failure.NO_FAX, "", 900.0, 210.0, calls=2)])
    second = await begin_one(store, "b")
    await store.record([FailedNow(second.fax_id, FIRST, Failure.BAD_NUMBER, "", 220.0)])
    third = await begin_one(store, "c")
    await store.record([GoesAgain(third.fax_id, FIRST, Failure.CAPACITY, "", 900.0, 230.0, was_call=False)])
    assert await memory_of(store) == LineMemory(LINE, bad_number=1, no_fax=2, failed_at=(210.0, 210.0, 220.0))


async def test_a_delivery_forgives_and_is_remembered(store: SqlStore) -> None:
    """A fax machine was heard: the line has a clean sheet and more patience from now on."""
    first = await begin_one(store, "a")
    await store.record([GoesAgain(first.fax_id, FIRST, Failure.NO_ANSWER, "", 900.0, 210.0)])
    second = await begin_one(store, "b")
    await store.record([DeliveredNow(second.fax_id, FIRST, 1, 1.0, 220.0)])
    assert await memory_of(store) == LineMemory(LINE, has_answered=True)
    assert await memory_of(store, OTHER) is None


async def test_a_change_that_comes_too_late_teaches_nothing(store: SqlStore) -> None:
    """The same receipt twice is one call."""
    attempt = await begin_one(store)
    failed = FailedNow(attempt.fax_id, FIRST, Failure.BAD_NUMBER, "", 220.0)
    await store.record([failed, failed])
    await store.record([failed])
    assert await memory_of(store) == LineMemory(LINE, bad_number=1, failed_at=(220.0,))


async def test_a_person_revives_a_line_and_a_timer_does_not(store: SqlStore) -> None:
    """The answer says whether there was anything to mend."""
    attempt = await begin_one(store)
    await store.record([FailedNow(attempt.fax_id, FIRST, Failure.BAD_NUMBER, "", 220.0)])
    by_timer = Resumption(Scope.LINE, LINE, "faxgw", "", 300.0)
    assert await store.resume([by_timer]) == [False]
    by_person = Resumption(Scope.LINE, LINE, "Ada", "", 300.0, revives=True)
    assert await store.resume([by_person]) == [True]
    assert await store.resume([by_person]) == [False]
    assert await memory_of(store) == LineMemory(LINE)


async def test_what_was_learnt_is_there_after_a_restart(tmp_path: Path) -> None:
    """On the disk."""
    async with opened("disk", tmp_path) as store:
        attempt = await begin_one(store)
        await store.record([FailedNow(attempt.fax_id, FIRST, Failure.NO_FAX, "", 220.0)])
    async with opened("disk", tmp_path) as store:
        assert await memory_of(store) == LineMemory(LINE, no_fax=1, failed_at=(220.0,))


# --- the pure rules ----------------------------------------------------------------------------------

MEMORY = LineMemory(LINE, bad_number=1, no_fax=1, no_answer=1, failed_at=(10.0,))


@pytest.mark.parametrize("failure", list(Failure))
def test_what_each_failure_teaches(failure: Failure) -> None:
    """Suspicious ones count, those in which a machine was heard forgive, the rest leave the counts alone."""
    learnt = failed_on(MEMORY, failure, 1, 20.0)
    if failure in NOT_A_CALL:
        assert learnt == MEMORY
    elif failure in MACHINE_ANSWERED:
        assert learnt == LineMemory(LINE, has_answered=True, failed_at=(10.0, 20.0))
    else:
        counts = {each: learnt.in_a_row(each) for each in SUSPICIOUS}
        assert counts == {each: 2 if each is failure else 1 for each in SUSPICIOUS}
        assert learnt.failed_at == (10.0, 20.0)


def test_calls_older_than_an_hour_and_more_than_kept_are_forgotten() -> None:
    """The row stays small whatever a carrier does."""
    old = LineMemory(LINE, failed_at=(0.0, 1.0, 3_000.0))
    assert failed_on(old, Failure.BUSY, 1, HOUR_SECONDS + 1.0).failed_at == (3_000.0, HOUR_SECONDS + 1.0)
    assert len(failed_on(old, Failure.BUSY, 500, 3_001.0).failed_at) == FAILED_CALLS_KEPT_MAX


@given(st.lists(st.one_of(st.none(), st.sampled_from(Failure)), max_size=30))
def test_a_row_counts_what_came_since_a_machine_was_heard(calls: list[Failure | None]) -> None:
    """Whatever came before is forgiven."""
    memory = LineMemory(LINE)
    for at, failure in enumerate(calls):
        memory = delivered_on(memory) if failure is None else failed_on(memory, failure, 1, float(at))
    heard = [at for at, failure in enumerate(calls) if failure is None or failure in MACHINE_ANSWERED]
    since = calls[heard[-1] + 1 :] if heard else calls
    assert memory.has_answered == bool(heard)
    for failure in SUSPICIOUS:
        assert memory.in_a_row(failure) == since.count(failure)
    assert forgiven(memory) == LineMemory(LINE, has_answered=bool(heard))
