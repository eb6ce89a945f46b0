"""Florists tick the sheet and fax it back."""

import errno

import msgspec
import pytest
import trio
from trio.testing import MockClock

from faxgw.intake.review import Resolved
from faxgw.store.documents import MemoryDocuments
from faxgw.store.inbound.keeping import InboundId
from faxgw.store.inbound.outcomes import InboundState
from faxgw.store.inbound.review import ReviewId, ReviewStale, Verdict
from faxgw.store.relay.port import Stage
from faxgw.store.stops import Scope
from tests.journeys.account import settle_account
from tests.journeys.paper import delivered_order, open_post_town, ticked
from tests.journeys.town import Town, line_of, order_for


async def moved_from(town: Town, number: str, member: str) -> str:
    """Who has the order now, once it is on that florist's paper."""
    seen = 0
    while True:
        story = await town.store.relay.story(number)
        if story is not None and story.order.executing not in {None, member}:
            await town.wait()
            return str(story.order.executing)
        await town.store.wait_events(seen)
        seen = await town.store.last_event()


async def test_an_accepted_sheet_stands_in_the_orders_trail(autojump_clock: MockClock) -> None:
    """The order goes out, the florist ticks ACCEPTED and faxes it back: whoever asks for the order sees it."""
    async with open_post_town() as (town, post), town.running():
        fax_id = await delivered_order(town, "N-1")
        post.send(ticked("N-1", "accept"))
        [fax] = await post.wait_read(1)
        assert fax.state is InboundState.APPLIED
        assert (await town.view(fax_id)).events[-1].kind == "reply_received"
        assert await post.said_of("N-1") == ["ACK"]
        story = await town.store.relay.story("N-1")
        assert story is not None
        assert story.order.stage is Stage.ACCEPTED
    await post.settle_inbound(applied=1)
    await settle_account(town, delivered=1)


async def test_a_rejected_order_is_with_nobody(autojump_clock: MockClock) -> None:
    """The network has to look for another florist."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        post.send(ticked("N-1", "reject"))
        await post.wait_read(1)
        assert await post.said_of("N-1") == ["REJ"]
        story = await town.store.relay.story("N-1")
        assert story is not None
        assert (story.order.stage, story.order.executing) == (Stage.UNPLACED, None)
    await post.settle_inbound(applied=1)


async def test_several_sheets_in_one_call_are_several_answers(autojump_clock: MockClock) -> None:
    """The feeder took three sheets; the one that is unclear does not hold the others up."""
    async with open_post_town() as (town, post), town.running():
        for number in ("N-1", "N-2", "N-3"):
            await delivered_order(town, number)
        post.send(ticked("N-1", "accept"), ticked("N-2", page=2, unsure=["reject"]), ticked("N-3", "accept", page=3))
        [fax] = await post.wait_read(1)
        assert fax.state is InboundState.REVIEW
        assert sorted(sheet.became for sheet in fax.sheets) == ["reply", "reply", "review"]
        assert [await post.said_of(number) for number in ("N-1", "N-2", "N-3")] == [["ACK"], [], ["ACK"]]
    await post.settle_inbound(review=1)


async def test_the_same_fax_twice_is_said_once(autojump_clock: MockClock) -> None:
    """A carrier delivers it twice with another checksum: known by what it says of which order."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        post.send(ticked("N-1", "accept"))
        post.send(ticked("N-1", "accept"))
        await post.wait_read(2)
        post.send(ticked("N-1", "accept"))
        faxes = await post.wait_read(3)
        assert [fax.state for fax in faxes] == [
            InboundState.APPLIED,
            InboundState.DUPLICATE,
            InboundState.DUPLICATE,
        ]
        assert await post.said_of("N-1") == ["ACK"]
    await post.settle_inbound(applied=1, duplicate=2)


async def test_an_unreadable_fax_is_resolved_by_a_person(autojump_clock: MockClock) -> None:
    """Anna looks at the picture and says what it is; Bea, a moment later, hears that Anna did."""
    async with open_post_town() as (town, post), town.running() as gateway:
        fax_id = await delivered_order(town, "N-1")
        post.send(damaged=True)
        [fax] = await post.wait_read(1)
        [review] = fax.reviews
        assert (fax.state, review.reason) == (InboundState.REVIEW, "unreadable")
        assert str(await gateway.incoming.faces.inbound.picture(fax, 1)).startswith("b'PNG 1")
        reviews = gateway.incoming.reviews
        said = {"order_number": "N-1", "kinds": ["reject"], "reason": "closed", "text": "closed on Sunday"}
        resolved = await reviews.resolve(review.review_id, Verdict.REPLY, said, "anna", "her writing")
        assert resolved == Resolved(fax_id)
        second = await reviews.resolve(review.review_id, Verdict.DISCARD, None, "bea", "nothing on it")
        assert isinstance(second, ReviewStale)
        story = await town.store.relay.story("N-1")
        assert story is not None
        [rejection] = story.messages
        assert (rejection.message.kind, rejection.message.reason) == ("REJ", "closed")
        assert (await post.view(1)).reviews[0].who == "anna"
    await post.settle_inbound(applied=1)


async def test_a_person_cannot_answer_for_an_order_that_is_not_there(autojump_clock: MockClock) -> None:
    """The fault names the field, and the review waits."""
    async with open_post_town() as (town, post), town.running() as gateway:
        post.send(damaged=True)
        await post.wait_read(1)
        said = {"order_number": "N-9", "kinds": ["accept"]}
        faults = await gateway.incoming.reviews.resolve(ReviewId(1), Verdict.REPLY, said, "anna", "seen")
        assert isinstance(faults, list)
        assert [fault.pointer for fault in faults] == ["/reply/order_number"]
    await post.settle_inbound(review=1)


async def test_an_answer_from_a_bare_number_is_nobodys_word(autojump_clock: MockClock) -> None:
    """The order went to a number of no member: its trail has the answer, and the relay hears nothing of the network."""
    async with open_post_town() as (town, post), town.running() as gateway:
        bare = msgspec.structs.replace(order_for(1, "N-1"), executing_member=None, fax_number="+33 1 99 00 77 77")
        [fax_id] = await town.submit(bare)
        await town.wait()
        post.send(ticked("N-1", "reject"))
        post.send(ticked("N-1", "reject"))
        post.send(ticked("N-1", "accept", unsure=["reject"]))
        faxes = await post.wait_read(3)
        assert [fax.state for fax in faxes] == [InboundState.APPLIED, InboundState.DUPLICATE, InboundState.REVIEW]
        said = {"order_number": "N-1", "kinds": ["accept"]}
        await gateway.incoming.reviews.resolve(ReviewId(1), Verdict.REPLY, said, "anna", "she called")
        replies = [event for event in (await town.view(fax_id)).events if event.kind == "reply_received"]
        assert [event.data["kinds"] for event in replies] == [["reject"], ["accept"]]
        assert await town.events("relay_message") == []
    await post.settle_inbound(applied=2, duplicate=1)


async def test_the_florist_that_routing_chose_answers_for_itself(autojump_clock: MockClock) -> None:
    """The order names nobody; the answer is that of the one who has it."""
    async with open_post_town(routed=True) as (town, post), town.running():
        await town.submit(msgspec.structs.replace(order_for(1, "N-1"), executing_member=None))
        await town.wait()
        post.send(ticked("N-1", "accept"))
        await post.wait_read(1)
        story = await town.store.relay.story("N-1")
        assert story is not None
        assert [each.message.from_member for each in story.messages] == [story.order.executing]
        assert story.order.executing is not None
    await post.settle_inbound(applied=1)


async def test_the_next_florist_s_no_is_no_repeat_of_the_first_one_s(autojump_clock: MockClock) -> None:
    """Each speaks from its own number; the first one's sheet, faxed again, says nothing about the second."""
    async with open_post_town(routed=True) as (town, post), town.running():
        await town.submit(order_for(1, "N-1"))
        await town.wait()
        post.send(ticked("N-1", "reject"), sender=line_of(1))
        await post.wait_read(1)
        second = await moved_from(town, "N-1", "FR-1")
        post.send(ticked("N-1", "reject"), sender=line_of(1))
        post.send(ticked("N-1", "reject"))
        post.send(ticked("N-1", "reject"), sender=line_of(int(second.removeprefix("FR-"))))
        faxes = await post.wait_read(4)
        assert [fax.state for fax in faxes[1:]] == [
            InboundState.DUPLICATE,
            InboundState.REVIEW,
            InboundState.APPLIED,
        ]
        assert faxes[2].reviews[0].reason == "wrong_sender"
        story = await town.store.relay.story("N-1")
        assert story is not None
        assert [each.message.from_member for each in story.messages if each.message.kind == "REJ"] == ["FR-1", second]


async def test_a_question_is_asked_twice(autojump_clock: MockClock) -> None:
    """It is written by hand: two that look alike may ask for two things."""
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        post.send(ticked("N-1", "question"))
        post.send(ticked("N-1", "question"))
        await post.wait_read(2)
        assert await post.said_of("N-1") == ["ASK", "ASK"]
    await post.settle_inbound(applied=2)


async def test_what_comes_in_while_the_gateway_drains_waits(autojump_clock: MockClock) -> None:
    """It is kept, and handed on once the gateway takes orders in again."""
    async with open_post_town() as (town, post), town.running() as gateway:
        await delivered_order(town, "N-1")
        await gateway.control.suspend(Scope.INTAKE, "", "anna", "moving")
        post.send(ticked("N-1", "accept"))
        await trio.sleep(600)
        assert (await post.view(1)).state is InboundState.KEPT
        await gateway.control.resume(Scope.INTAKE, "", "anna", "moved")
        await post.wait_read(1)
        assert await post.said_of("N-1") == ["ACK"]
        assert (await post.view(1)).inbound_id == InboundId(1)
    await post.settle_inbound(applied=1)


async def test_a_kept_file_that_cannot_be_opened_now_is_read_later(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All file descriptors are in use, say: that is no fault of the fax, and ends no daemon."""
    troubles = [OSError(errno.EMFILE, "Too many open files")]
    read = MemoryDocuments.read

    def read_at_last(documents: MemoryDocuments, name: str) -> bytes | None:
        if troubles:
            raise troubles.pop()
        return read(documents, name)

    monkeypatch.setattr(MemoryDocuments, "read", read_at_last)
    async with open_post_town() as (town, post), town.running():
        await delivered_order(town, "N-1")
        post.send(ticked("N-1", "accept"))
        await post.wait_read(1)
        assert await post.said_of("N-1") == ["ACK"]
    assert troubles == []
    await post.settle_inbound(applied=1)


async def test_an_inbox_that_cannot_be_read_keeps_nothing_from_being_sent(autojump_clock: MockClock) -> None:
    """It is told beside readiness; orders go out, and what lies on the server waits."""
    async with open_post_town() as (town, post):
        post.server.is_down = True
        async with town.running() as gateway:
            await delivered_order(town, "N-1")
            post.send(ticked("N-1", "accept"))
            [note] = gateway.incoming.inboxes_not_read()
            assert note.startswith("inbox shop cannot be read")
            post.server.is_down = False
            await post.wait_read(1)
            assert gateway.incoming.inboxes_not_read() == []
    await post.settle_inbound(applied=1)
    await settle_account(town, delivered=1)
