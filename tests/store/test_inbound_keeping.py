"""What the store promises about files from inboxes: each fax is kept once, and none is taken for another."""

import pytest

from faxgw.store.inbound.keeping import NO_INBOUND, InboundId, KeptBefore, KeptNow, PoisonReason, SameBy
from faxgw.store.inbound.outcomes import Changed, InboundState, SetAside
from faxgw.store.inbound.views import InboundSought
from faxgw.store.sql import SqlStore
from tests.store.inbound_faxes import keep_one, new_inbound, poison

FIRST, SECOND = InboundId(1), InboundId(2)


async def kinds(store: SqlStore) -> list[str]:
    return [event.kind for event in await store.events(0, 100)]


async def test_a_kept_fax_is_unread_with_all_that_was_told_of_it(store: SqlStore) -> None:
    """Documents in the order of the pages, and the carrier's words as they were."""
    names = await store.inbound.keep_documents([b"first page", b"second page"])
    await store.inbound.keep([new_inbound(*names, receipt_id="R1")])
    [unread] = await store.inbound.unread(NO_INBOUND, 10)
    assert (unread.inbound_id, unread.documents, unread.receipt_id) == (FIRST, tuple(names), "R1")
    assert await store.inbound.documents(unread.documents) == [b"first page", b"second page"]
    view = await store.inbound.inbound(FIRST)
    assert view is not None
    assert (view.state, view.sidecar, view.sender_number) == (
        InboundState.KEPT,
        {"COLOUR": "green"},
        "+33199000001",
    )
    assert await kinds(store) == ["inbound_kept"]


async def test_the_file_that_a_crash_left_on_the_server_is_known(store: SqlStore) -> None:
    """It is fetched again at the next start: nothing is written, and it may be deleted."""
    await keep_one(store.inbound)
    assert await store.inbound.keep([new_inbound()]) == [KeptBefore(FIRST, SameBy.FILE)]
    assert await kinds(store) == ["inbound_kept"]


async def test_the_same_bytes_under_another_name_are_the_same_fax(store: SqlStore) -> None:
    """A carrier that delivers twice; the trail says so."""
    await keep_one(store.inbound)
    assert await store.inbound.keep([new_inbound(name="b.tif")]) == [KeptBefore(FIRST, SameBy.CONTENT)]
    assert await kinds(store) == ["inbound_kept", "inbound_again"]


async def test_the_same_receipt_with_other_bytes_is_the_same_fax(store: SqlStore) -> None:
    """The header line has another time on it: its checksum differs, its receipt does not. Receipts are of one inbox."""
    await store.inbound.keep([new_inbound("aa" * 32, receipt_id="R1")])
    same, others = await store.inbound.keep(
        [
            new_inbound("bb" * 32, name="b.tif", receipt_id="R1"),
            new_inbound("cc" * 32, name="c.tif", receipt_id="R1", inbox="other"),
        ]
    )
    assert same == KeptBefore(FIRST, SameBy.RECEIPT)
    assert others == KeptNow(SECOND)


async def test_repeats_within_one_commit_are_seen(store: SqlStore) -> None:
    """By content and by receipt, whichever comes first."""
    answers = await store.inbound.keep(
        [
            new_inbound("aa" * 32, receipt_id="R1"),
            new_inbound("aa" * 32, name="b.tif"),
            new_inbound("bb" * 32, name="c.tif", receipt_id="R1"),
            new_inbound("cc" * 32, name="d.tif"),
        ]
    )
    assert answers == [
        KeptNow(FIRST),
        KeptBefore(FIRST, SameBy.CONTENT),
        KeptBefore(FIRST, SameBy.RECEIPT),
        KeptNow(SECOND),
    ]


async def test_another_fax_under_the_same_name_and_minute_is_kept(store: SqlStore) -> None:
    """Listings tell time to the minute, and senders use names again: only bytes and receipts make a repeat."""
    await keep_one(store.inbound, "aa" * 32)
    assert await store.inbound.keep([new_inbound("bb" * 32)]) == [KeptNow(SECOND)]


async def test_faxes_that_share_a_first_page_are_two(store: SqlStore) -> None:
    """Where each page is a file, one cover sheet goes before many orders."""
    cover, one, other = "00" * 32, "aa" * 32, "bb" * 32
    answers = await store.inbound.keep([new_inbound(cover, one), new_inbound(cover, other, name="b.tif")])
    assert answers == [KeptNow(FIRST), KeptNow(SECOND)]


async def test_a_receipt_longer_than_its_column_is_not_cut_into_another(store: SqlStore) -> None:
    """Two that differ only at their ends are two."""
    stem = "R" * 300
    answers = await store.inbound.keep(
        [new_inbound("aa" * 32, receipt_id=f"{stem}1"), new_inbound("bb" * 32, name="b.tif", receipt_id=f"{stem}2")]
    )
    assert answers == [KeptNow(FIRST), KeptNow(SECOND)]


@pytest.mark.parametrize("documents", [(), ("ab" * 32,)])
async def test_a_poison_file_is_set_aside_once(store: SqlStore, documents: tuple[str, ...]) -> None:
    """Known again by its bytes, or by its listing where nothing could be fetched."""
    assert await store.inbound.quarantine([poison(*documents)]) == [KeptNow(FIRST)]
    assert await store.inbound.quarantine([poison(*documents)]) == [KeptBefore(FIRST, SameBy.FILE)]
    [line] = await store.inbound.find(InboundSought(state=InboundState.QUARANTINED), 10)
    assert (line.inbound_id, line.reason) == (FIRST, "damaged")
    assert await store.inbound.unread(NO_INBOUND, 10) == []
    assert await kinds(store) == ["quarantined"]


async def test_another_unfetchable_file_of_the_same_name_is_another(store: SqlStore) -> None:
    """Told apart by when it was changed."""
    await store.inbound.quarantine([poison()])
    assert await store.inbound.quarantine([poison(modified_at=60.0)]) == [KeptNow(SECOND)]


async def test_what_was_incomplete_and_comes_whole_is_read(store: SqlStore) -> None:
    """Its sidecar was mended: the same document is no repeat of what nobody could use."""
    await store.inbound.quarantine([poison("aa" * 32, reason=PoisonReason.BAD_SIDECAR)])
    assert await store.inbound.keep([new_inbound("aa" * 32, receipt_id="R1")]) == [KeptNow(FIRST)]
    assert await store.inbound.keep([new_inbound("aa" * 32, receipt_id="R1")]) == [KeptBefore(FIRST, SameBy.FILE)]
    [unread] = await store.inbound.unread(NO_INBOUND, 10)
    assert unread.receipt_id == "R1"


async def test_a_second_try_of_a_fax_that_could_not_be_read_is_kept(store: SqlStore) -> None:
    """Under its carrier's id and with other bytes: the first try does not stand in its way."""
    await store.inbound.keep([new_inbound("aa" * 32, receipt_id="R1")])
    aside = SetAside(FIRST, PoisonReason.ENDED_ITS_PROCESS, "it took the process down", 120.0)
    assert await store.inbound.record([aside]) == [Changed(InboundState.QUARANTINED)]
    again = new_inbound("bb" * 32, name="b.tif", receipt_id="R1")
    assert await store.inbound.keep([again]) == [KeptNow(SECOND)]


async def test_unread_faxes_come_oldest_first_and_bounded(store: SqlStore) -> None:
    """However many there are."""
    await store.inbound.keep([new_inbound(f"{number:064}", name=f"{number}.tif") for number in range(50)])
    first = await store.inbound.unread(NO_INBOUND, 20)
    assert [fax.inbound_id for fax in first] == list(range(1, 21))
    rest = await store.inbound.unread(first[-1].inbound_id, 100)
    assert [fax.inbound_id for fax in rest] == list(range(21, 51))


async def test_nothing_about_a_person_is_in_the_events(store: SqlStore) -> None:
    """File names carry the caller's number with many carriers."""
    await store.inbound.keep([new_inbound(name="33199000001_12.tif")])
    await store.inbound.quarantine([poison("bb" * 32, name="33199000002_13.tif")])
    assert not any("33199" in str(event.data) for event in await store.events(0, 100))
