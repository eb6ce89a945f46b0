"""A store on the disk with a fax in each state that a loss may find, and backups of it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from faxgw.fax import FaxId, State
from faxgw.phone import Line
from faxgw.store.admission import Admitted
from faxgw.store.attempts import Attempt
from faxgw.store.backup.making import Made, Progress, Wish, make_backup
from faxgw.store.changes import DeliveredNow, Doubted, HoldAsked, Submitted
from faxgw.store.sql import SqlStore, open_store
from tests.store.faxes import BOUNDS, intent_for, new_fax, nobody_watches

BACKUP_AT = 1_800_000_000.0
RESTORE_AT = BACKUP_AT + 3_600.0
DOCUMENT = b"a list of prices"


def opened(state_dir: Path) -> AbstractAsyncContextManager[SqlStore]:
    state_dir.mkdir(exist_ok=True)
    return open_store(state_dir / "faxgw.db", BOUNDS, nobody_watches)


async def fill(store: SqlStore) -> dict[State, FaxId]:
    """One fax in each state; all with a deadline."""
    faxes = {state: await _admit(store, state, number) for number, state in enumerate(_STATES)}
    for state in (State.SENDING, State.SUBMITTED, State.UNKNOWN, State.DELIVERED):
        [begun] = await store.begin([intent_for(faxes[state])])
        assert isinstance(begun, Attempt)
        if state is not State.SENDING:
            await store.record([Submitted(begun.fax_id, begun.number, f"ref-{state}", 201.0)])
        if state is State.UNKNOWN:
            await store.record([Doubted(begun.fax_id, begun.number, "silence", 202.0)])
        if state is State.DELIVERED:
            await store.record([DeliveredNow(begun.fax_id, begun.number, pages=1, call_seconds=30.0, at=203.0)])
    await store.record([HoldAsked(faxes[State.HELD], "anna", "the customer calls back", 204.0)])
    return faxes


_STATES = (State.QUEUED, State.HELD, State.SENDING, State.SUBMITTED, State.UNKNOWN, State.DELIVERED)


async def _admit(store: SqlStore, state: State, number: int) -> FaxId:
    line = Line(f"+3319900{number:04}")
    [admitted] = await store.admit([new_fax(f"order-{state}", line=line, deadline_at=BACKUP_AT + 60.0)])
    assert isinstance(admitted, Admitted)
    return admitted.fax_id


def back_up(state_dir: Path, target: Path, watch: Callable[[Progress], None] = lambda _: None) -> Made:
    return make_backup(Wish(state_dir=state_dir, target=target, made_at=BACKUP_AT, free_bytes_min=0), watch)


async def states_of(store: SqlStore, faxes: dict[State, FaxId]) -> dict[State, State]:
    """By the state that each was in: where it stands now."""
    views = {was: await store.fax(fax_id) for was, fax_id in faxes.items()}
    return {was: view.state for was, view in views.items() if view is not None}
