"""A restored store sends nothing by itself that the lost one may have sent, and gives no number out twice."""

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import insert

from faxgw.daemon import only_one_daemon
from faxgw.errors import ConfigError, OperatorError
from faxgw.fax import AttemptNumber, Failure, FaxId, State, make_client_ref
from faxgw.money import Money
from faxgw.relay.ground import Calendar
from faxgw.relay.patience import Next, Patience
from faxgw.store.admission import Admitted
from faxgw.store.attempts import Attempt, NotBegun
from faxgw.store.backup.folder import RECONCILE, RESTORING
from faxgw.store.backup.marking import GAP, WHO
from faxgw.store.backup.restoring import Restored, RestoreWish, restore
from faxgw.store.changes import Changed, DeliveredNow, GoesAgain, ResolveAsked, Ruling, Stale
from faxgw.store.database import open_writer
from faxgw.store.relay.orders import encode_relay_order
from faxgw.store.relay.port import Absence, RelayOrder, Stage
from faxgw.store.relay.schema import relay_order
from faxgw.store.sql import SqlStore
from faxgw.store.stops import Resumption, Scope
from tests.backup.shop import BACKUP_AT, DOCUMENT, RESTORE_AT, back_up, fill, opened, states_of
from tests.store.faxes import intent_for, new_fax

LATER = RESTORE_AT + 60.0
FIRST = AttemptNumber(1)
IN_DOUBT = (State.QUEUED, State.HELD, State.SENDING, State.SUBMITTED, State.UNKNOWN)


def _restore(folder: Path) -> Restored:
    wish = RestoreWish(backup=folder / "one", state_dir=folder / "restored", now=RESTORE_AT)
    return restore(wish, lambda _: None)


async def _lost_and_restored(folder: Path) -> tuple[dict[State, FaxId], Restored]:
    async with opened(folder / "state") as store:
        faxes = await fill(store)
        await store.keep_document(DOCUMENT)
        back_up(folder / "state", folder / "one")
    return faxes, _restore(folder)


async def test_every_fax_that_was_not_over_is_held_and_marked_and_has_no_deadline(tmp_path: Path) -> None:
    """It may have gone out since: neither a deadline nor a start moves it, and its page would say so."""
    faxes, restored = await _lost_and_restored(tmp_path)
    assert restored.marked.faxes == dict.fromkeys(IN_DOUBT, 1)
    async with opened(tmp_path / "restored") as store:
        assert await states_of(store, faxes) == dict.fromkeys(IN_DOUBT, State.HELD) | {State.DELIVERED: State.DELIVERED}
        unfinished = await store.load()
        assert (unfinished.queued, unfinished.attempts, unfinished.parked, unfinished.promises) == ([], [], [], [])
        for was in IN_DOUBT:
            view = await store.fax(faxes[was])
            assert view is not None
            assert view.marked
            assert view.deadline_at is None
            assert view.reason.startswith(
                f"{WHO}: it may have gone out after the backup of 2027-01-15T08:00:00Z; it was {was}"
            )
            assert view.events[-1].kind == "held"
        assert (await store.fax(faxes[State.HELD])).reason.endswith("anna: the customer calls back")  # type: ignore[union-attr]


async def test_nothing_is_sent_before_a_person_resumes_the_gateway(tmp_path: Path) -> None:
    """A fax that came in new is not begun either, until then."""
    await _lost_and_restored(tmp_path)
    async with opened(tmp_path / "restored") as store:
        assert {(each.scope, each.who) for each in await store.suspensions()} == {
            (Scope.GATEWAY, WHO),
            (Scope.INTAKE, WHO),
        }
        fax_id = await _let_in(store, "new")
        [refused] = await store.begin([intent_for(fax_id, at=LATER)])
        assert isinstance(refused, NotBegun)
        assert refused.suspended is Scope.GATEWAY
        await store.resume([Resumption(Scope.GATEWAY, "", "anna", "reconciled", LATER)])
        assert isinstance((await store.begin([intent_for(fax_id, at=LATER)]))[0], Attempt)


async def _let_in(store: SqlStore, key: str) -> FaxId:
    await store.resume([Resumption(Scope.INTAKE, "", "anna", "reconciled", LATER)])
    [admitted] = await store.admit([new_fax(key)])
    assert isinstance(admitted, Admitted)
    return admitted.fax_id


async def test_a_late_word_of_the_carrier_ends_a_fax_and_never_sends_it_again(tmp_path: Path) -> None:
    """`Busy` about an attempt of before says nothing of what the lost store did next; `delivered` does."""
    async with opened(tmp_path / "state") as store:
        faxes, lost_id = await fill(store), store.store_id
        back_up(tmp_path / "state", tmp_path / "one")
    _restore(tmp_path)
    async with opened(tmp_path / "restored") as store:
        for was in (State.SENDING, State.SUBMITTED, State.UNKNOWN):
            busy = GoesAgain(faxes[was], FIRST, failure=Failure.BUSY, code="17", due_at=LATER, at=LATER)
            assert await store.record([busy]) == [Stale(State.HELD)]
        # The carrier repeats the lost store's reference, and its own, by which the fax is found.
        lost_ref = make_client_ref(lost_id, faxes[State.SUBMITTED], FIRST)
        found = await store.attempt_of(lost_ref, "north", "ref-submitted")
        assert found is not None
        assert found.fax_id == faxes[State.SUBMITTED]
        others_ref = make_client_ref("0ther", faxes[State.SUBMITTED], FIRST)
        assert await store.attempt_of(others_ref, "north", "ref-submitted") is None
        arrived = DeliveredNow(found.fax_id, found.number, pages=1, call_seconds=30.0, at=LATER)
        assert await store.record([arrived]) == [Changed(State.DELIVERED)]


async def test_a_person_says_of_each_what_became_of_it(tmp_path: Path) -> None:
    """Delivered, lost, or to be sent: then it goes, marked as a possible duplicate, under a reference never used."""
    faxes, _ = await _lost_and_restored(tmp_path)
    async with opened(tmp_path / "restored") as store:
        rulings = {
            State.QUEUED: (Ruling.SEND_AGAIN, State.QUEUED),
            State.HELD: (Ruling.NOT_DELIVERED, State.FAILED),
            State.SUBMITTED: (Ruling.DELIVERED, State.DELIVERED),
            State.SENDING: (Ruling.SEND_AGAIN, State.QUEUED),
        }
        for was, (ruling, becomes) in rulings.items():
            number = AttemptNumber(0) if was in {State.QUEUED, State.HELD} else FIRST
            asked = ResolveAsked(faxes[was], number, ruling, "anna", "asked the carrier", LATER)
            assert await store.record([asked]) == [Changed(becomes)]
        await store.resume([Resumption(Scope.GATEWAY, "", "anna", "reconciled", LATER)])
        view = await store.fax(faxes[State.SENDING])
        assert view is not None
        intent = intent_for(view.fax_id, at=LATER)
        [begun] = await store.begin([msgspec.structs.replace(intent, revision=view.revision)])
        assert isinstance(begun, Attempt)
        assert begun.client_ref == f"{store.store_id}-{view.fax_id}-2"


async def test_a_held_fax_that_cannot_have_come_before_is_not_resolved(tmp_path: Path) -> None:
    """Outside a restore a hold is a hold: it is released or cancelled."""
    async with opened(tmp_path / "state") as store:
        faxes = await fill(store)
        asked = ResolveAsked(faxes[State.HELD], AttemptNumber(0), Ruling.DELIVERED, "anna", "", LATER)
        assert await store.record([asked]) == [Stale(State.HELD)]


async def test_numbers_and_references_of_the_lost_store_never_come_back(tmp_path: Path) -> None:
    """It gave ids out after the backup, and carriers know them: a new fax must not be taken for one of those."""
    async with opened(tmp_path / "state") as store:
        faxes = await fill(store)
        back_up(tmp_path / "state", tmp_path / "one")
        [lost] = await store.admit([new_fax("lost")])
        assert isinstance(lost, Admitted)
        lost_id, lost_event = store.store_id, await store.last_event()
    _restore(tmp_path)
    async with opened(tmp_path / "restored") as store:
        assert store.store_id != lost_id
        assert await store.last_event() > lost_event
        assert await _let_in(store, "new") == max(faxes.values()) + GAP + 1 > lost.fax_id


async def test_events_leave_a_gap_also_where_the_backup_had_none(tmp_path: Path) -> None:
    """Who followed the lost store asks for what came after its last event, and would miss as many of the new one's."""
    async with opened(tmp_path / "state"):
        back_up(tmp_path / "state", tmp_path / "one")
    _restore(tmp_path)
    async with opened(tmp_path / "restored") as store:
        await _let_in(store, "new")
        assert await store.last_event() > GAP


async def test_what_is_in_doubt_is_listed_with_the_references_that_carriers_know(tmp_path: Path) -> None:
    """The list that a person takes to carriers and florists; only its owner can read it."""
    async with opened(tmp_path / "state") as store:
        faxes = await fill(store)
        back_up(tmp_path / "state", tmp_path / "one")
        former_id = store.store_id
    restored = _restore(tmp_path)
    assert restored.reconcile == tmp_path / "restored" / RECONCILE
    with restored.reconcile.open(newline="") as file:
        listed = {row["was"]: row for row in csv.DictReader(file)}
    assert set(listed) == set(IN_DOUBT)
    assert listed["submitted"]["our_reference"] == f"{former_id}-{faxes[State.SUBMITTED]}-1"
    assert listed["submitted"]["carrier_reference"] == "ref-submitted"
    assert listed["queued"]["our_reference"] == ""
    assert restored.reconcile.stat().st_mode & 0o077 == 0


def _order(number: str, stage: Stage, next_at: float | None) -> RelayOrder:
    return RelayOrder(
        number=number,
        fax_id=FaxId(1),
        sending="FR-51-015",
        executing="FR-75-001" if stage is not Stage.UNPLACED else None,
        stage=stage,
        ordered_at=BACKUP_AT,
        delivery_date=dt.date(2027, 1, 15),
        price=Money(4_500, "EUR"),
        waiting_since=BACKUP_AT if stage is Stage.OFFERED else None,
        next_at=next_at,
    )


async def test_the_network_gives_no_restored_order_to_another_florist_by_itself(tmp_path: Path) -> None:
    """The lost store may have done so: neither silence nor an absence makes a second bouquet."""
    async with opened(tmp_path / "state"):
        pass
    engine = open_writer(tmp_path / "state" / "faxgw.db")
    with engine.begin() as connection:
        for order in (_order("A1", Stage.OFFERED, BACKUP_AT), _order("A2", Stage.UNPLACED, BACKUP_AT)):
            row = {"number": order.number, "stage": order.stage, "executing": order.executing, "next_at": order.next_at}
            more = {"delivery_date": "2027-01-15", "turn": 1, "body": encode_relay_order(order)}
            connection.execute(insert(relay_order), [row | more])
    engine.dispose()
    back_up(tmp_path / "state", tmp_path / "one")
    assert _restore(tmp_path).marked.orders == 2
    patience = Patience(
        calendar=Calendar(zone=ZoneInfo("Europe/Paris"), answer_seconds=2_700.0), reminders_max=2, search_seconds=60.0
    )
    away = Absence("FR-75-001", dt.date(2027, 1, 1), None)
    async with opened(tmp_path / "restored") as store:
        assert await store.relay.due(LATER, 10) == []
        assert await store.relay.next_due_at() is None
        for number in ("A1", "A2"):
            story = await store.relay.story(number)
            assert story is not None
            assert patience.next_of(story.order, [away], LATER) is Next.NOTHING


async def test_a_state_directory_with_anything_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    """The lost store is evidence; it is moved away by a person, never written over."""
    async with opened(tmp_path / "state"):
        pass
    back_up(tmp_path / "state", tmp_path / "one")
    _restore(tmp_path)
    with pytest.raises(OperatorError, match="not empty"):
        _restore(tmp_path)


async def test_a_backup_that_is_not_whole_is_not_restored(tmp_path: Path) -> None:
    """It is refused before anything is written."""
    async with opened(tmp_path / "state"):
        pass
    back_up(tmp_path / "state", tmp_path / "one")
    (tmp_path / "one" / "manifest.json").write_text("{}")
    with pytest.raises(OperatorError, match="not whole"):
        _restore(tmp_path)
    assert not any((tmp_path / "restored").iterdir())


def test_no_daemon_starts_where_a_restore_was_cut_off(tmp_path: Path) -> None:
    """It would begin with an empty store, and nobody would miss the rest before it is too late."""
    (tmp_path / RESTORING).mkdir()
    with pytest.raises(ConfigError, match="cut off"), only_one_daemon(tmp_path):
        pass
