"""What a fax tells of itself when more happened to it than is shown at once."""

from faxgw.fax import FaxId
from faxgw.store.changes import HoldAsked, ReleaseAsked
from faxgw.store.sql import SqlStore
from tests.store.faxes import admit_one

TIMES = 600


async def hold_and_release(store: SqlStore, fax_id: FaxId, times: int) -> None:
    changes = [change(fax_id, "Ada", "", 300.0 + turn) for turn in range(times) for change in (HoldAsked, ReleaseAsked)]
    await store.record(changes)


async def test_the_newest_events_are_shown_and_the_others_counted(store: SqlStore) -> None:
    """After 600 holds and releases: a thousand in their order, the last one last, and 201 that came before."""
    fax_id = await admit_one(store)
    await hold_and_release(store, fax_id, TIMES)
    await admit_one(store, "b")
    view = await store.fax(fax_id)
    assert view is not None
    assert (len(view.events), view.earlier_events) == (1_000, 1 + 2 * TIMES - 1_000)
    assert [event.seq for event in view.events] == sorted(event.seq for event in view.events)
    assert (view.events[-1].kind, view.events[-1].at) == ("released", 300.0 + TIMES - 1)


async def test_exactly_as_many_as_are_shown_leave_none_out(store: SqlStore) -> None:
    """The bound itself is no trail that was cut."""
    fax_id = await admit_one(store)
    await hold_and_release(store, fax_id, 499)
    await store.record([HoldAsked(fax_id, "Ada", "", 999.0)])
    view = await store.fax(fax_id)
    assert view is not None
    assert (len(view.events), view.events[0].kind, view.earlier_events) == (1_000, "accepted", 0)


async def test_all_events_of_a_fax_are_read_from_a_cursor_on(store: SqlStore) -> None:
    """The oldest first, none of another fax among them; of a fax that never was there are none."""
    fax_id, other = await admit_one(store), await admit_one(store, "b")
    await hold_and_release(store, fax_id, 4)
    await hold_and_release(store, other, 4)
    first = await store.events_of(fax_id, 0, 5)
    rest = await store.events_of(fax_id, first[-1].seq, 100)
    assert [event.kind for event in [*first, *rest]] == ["accepted", *["held", "released"] * 4]
    assert {event.fax_id for event in [*first, *rest]} == {fax_id}
    assert await store.events_of(FaxId(99), 0, 100) == []
