"""What the store promises about what became of faxes: one outcome each, decided once, and an account that adds up."""

from collections import Counter

from faxgw.fax import FaxId
from faxgw.store.inbound.keeping import InboundId, PoisonReason
from faxgw.store.inbound.outcomes import (
    Changed,
    Concluded,
    Conclusion,
    DoubtfulSheet,
    InboundState,
    LetOut,
    NoSuchInbound,
    NothingFetched,
    OrderSheet,
    QuarantineVerb,
    RepeatedSheet,
    ReplySheet,
    Said,
    SetAside,
    Sheet,
    Stale,
)
from faxgw.store.inbound.review import (
    CarriedOut,
    Decided,
    NoSuchReview,
    Reopened,
    ReviewId,
    ReviewNow,
    ReviewStale,
    ReviewState,
    Verdict,
)
from faxgw.store.inbound.views import InboundSought, InboundView
from faxgw.store.sql import SqlStore
from tests.store.faxes import admit_one
from tests.store.inbound_faxes import keep_one, new_inbound, poison

FIRST = InboundId(1)
DOUBT = DoubtfulSheet(1, "unsure_tick", "a box is neither ticked nor empty", b'{"reply":{}}', "a")


async def conclude(store: SqlStore, *sheets: Sheet, inbound_id: InboundId = FIRST) -> InboundState:
    [changed] = await store.inbound.record([Concluded(inbound_id, sheets, 1, 200.0)])
    assert isinstance(changed, Changed)
    return changed.state


async def view_of(store: SqlStore, inbound_id: InboundId = FIRST) -> InboundView:
    view = await store.inbound.inbound(inbound_id)
    assert view is not None
    return view


async def decide(store: SqlStore, verdict: Verdict, who: str = "anna") -> ReviewNow | ReviewStale | NoSuchReview:
    decided = Decided(
        review_id=ReviewId(1), verdict=verdict, order_number="a", decision=b"{}", who=who, why="seen", at=300.0
    )
    return (await store.inbound.change_reviews([decided]))[0]


async def test_a_reply_stands_in_the_trail_of_its_order(store: SqlStore) -> None:
    """Whoever looks at the order sees what came back, and from which fax."""
    fax_id = await admit_one(store, "a")
    await keep_one(store.inbound)
    assert await conclude(store, ReplySheet(1, "a", ("accept",), fax_id)) is InboundState.APPLIED
    trail = await store.fax(fax_id)
    assert trail is not None
    assert trail.events[-1].kind == "reply_received"
    assert trail.events[-1].data == {"inbound": 1, "page": 1, "kinds": ["accept"]}
    known = (await store.inbound.sheets_of(["a", "unknown"]))["a"]
    assert (known.faxes, known.said) == ((fax_id,), frozenset({Said(fax_id, "", ("accept",))}))


async def test_a_fax_is_concluded_once(store: SqlStore) -> None:
    """What is told again, as by a late process, changes nothing."""
    await keep_one(store.inbound)
    await conclude(store, RepeatedSheet(1, "a", ("accept",)))
    again: list[Conclusion] = [
        Concluded(FIRST, (DOUBT,), 1, 201.0),
        SetAside(FIRST, PoisonReason.BROKE, "broke", 201.0),
    ]
    assert await store.inbound.record(again) == [Stale(InboundState.DUPLICATE)] * 2
    assert await store.inbound.record([Concluded(InboundId(9), (), 1, 201.0)]) == [NoSuchInbound()]
    assert await store.inbound.reviews(is_open=None, after=ReviewId(0), limit=10) == []


async def test_one_doubtful_sheet_keeps_the_fax_in_review(store: SqlStore) -> None:
    """The others were handed on; once it is decided the fax is applied."""
    await keep_one(store.inbound)
    state = await conclude(store, ReplySheet(1, "b", ("reject",)), DOUBT, RepeatedSheet(3, "c", ("accept",)))
    assert state is InboundState.REVIEW
    assert await decide(store, Verdict.DISCARD) == ReviewNow(ReviewState.DECIDED)
    done = CarriedOut(review_id=ReviewId(1), fax_id=None, kinds=(), at=301.0)
    assert await store.inbound.change_reviews([done]) == [ReviewNow(ReviewState.DONE)]
    view = await view_of(store)
    assert view.state is InboundState.APPLIED
    assert [sheet.became for sheet in view.sheets] == ["reply", "discarded", "repeated"]


async def test_a_review_is_decided_by_one_person(store: SqlStore) -> None:
    """The second one hears who was first; nobody carries out what was not decided."""
    await keep_one(store.inbound)
    await conclude(store, DOUBT)
    early = CarriedOut(review_id=ReviewId(1), fax_id=None, kinds=(), at=250.0)
    assert isinstance((await store.inbound.change_reviews([early]))[0], ReviewStale)
    assert await decide(store, Verdict.REPLY) == ReviewNow(ReviewState.DECIDED)
    second = await decide(store, Verdict.DISCARD, who="bea")
    assert isinstance(second, ReviewStale)
    assert (second.view.who, second.view.verdict) == ("anna", Verdict.REPLY)
    [waiting] = await store.inbound.decided_reviews(10)
    assert (waiting.review_id, waiting.verdict, waiting.who) == (ReviewId(1), Verdict.REPLY, "anna")


async def test_what_cannot_be_carried_out_waits_again(store: SqlStore) -> None:
    """With the reason, and open to anybody."""
    await keep_one(store.inbound)
    await conclude(store, DOUBT)
    await decide(store, Verdict.ORDER)
    await store.inbound.change_reviews([Reopened(review_id=ReviewId(1), why="no member X", at=301.0)])
    view = await store.inbound.review(ReviewId(1))
    assert view is not None
    assert (view.state, view.detail, view.verdict, view.who) == (ReviewState.OPEN, "no member X", None, "")
    assert await decide(store, Verdict.DISCARD) == ReviewNow(ReviewState.DECIDED)


async def test_a_persons_reply_is_known_as_said(store: SqlStore) -> None:
    """The same sheet that comes again is a repeat of it, and the order's trail has it."""
    fax_id = await admit_one(store, "a")
    await keep_one(store.inbound)
    await conclude(store, DOUBT)
    await decide(store, Verdict.REPLY)
    done = CarriedOut(review_id=ReviewId(1), fax_id=fax_id, kinds=("accept",), speaker="FR-2", at=301.0)
    await store.inbound.change_reviews([done])
    assert (await store.inbound.sheets_of(["a"]))["a"].said == frozenset({Said(fax_id, "FR-2", ("accept",))})
    trail = await store.fax(fax_id)
    assert trail is not None
    assert trail.events[-1].kind == "reply_received"
    [resolved] = [event for event in await store.events(0, 100) if event.kind == "review_resolved"]
    assert resolved.data == {"review": 1, "inbound": 1, "verdict": "reply", "who": "anna", "why": "seen", "fax": fax_id}


async def test_a_fax_leaves_quarantine_by_a_persons_word(store: SqlStore) -> None:
    """To be read again, to the review queue, or for good; what was never fetched only for good."""
    await store.inbound.quarantine([poison(f"{number:064}", name=f"{number}.tif") for number in range(3)])
    await store.inbound.quarantine([poison(name="large.tif", reason=PoisonReason.TOO_LARGE)])
    verbs = [QuarantineVerb.RETRY, QuarantineVerb.RELEASE, QuarantineVerb.DISCARD, QuarantineVerb.RETRY]
    asked = [LetOut(InboundId(place), verb, "anna", "looked", 200.0) for place, verb in enumerate(verbs, start=1)]
    assert await store.inbound.record(asked) == [
        Changed(InboundState.KEPT),
        Changed(InboundState.REVIEW),
        Changed(InboundState.DISCARDED),
        NothingFetched(),
    ]
    assert await store.inbound.record(asked[1:2]) == [Stale(InboundState.REVIEW)]
    [review] = await store.inbound.reviews(is_open=True, after=ReviewId(0), limit=10)
    assert (review.inbound_id, review.reason) == (InboundId(2), "damaged")


async def test_the_account_adds_up(store: SqlStore) -> None:
    """kept = unread + applied + review + duplicate + quarantined + discarded, whichever way it is asked."""
    await store.inbound.keep([new_inbound(f"{number:064}", name=f"{number}.tif") for number in range(6)])
    outcomes: list[tuple[Sheet, ...]] = [
        (OrderSheet(1, "n1", FaxId(7)),),
        (ReplySheet(1, "n2", ("accept",)),),
        (RepeatedSheet(1, "n2", ("accept",)),),
        (DOUBT,),
    ]
    concluded = [Concluded(InboundId(place), sheets, 1, 200.0) for place, sheets in enumerate(outcomes, start=1)]
    await store.inbound.record([*concluded, SetAside(InboundId(5), PoisonReason.BROKE, "broke", 200.0)])
    totals = await store.inbound.totals(only_waiting=False)
    states = Counter({state: count for (_, state), count in totals.states.items()})
    assert states == {
        InboundState.APPLIED: 2,
        InboundState.DUPLICATE: 1,
        InboundState.REVIEW: 1,
        InboundState.QUARANTINED: 1,
        InboundState.KEPT: 1,
    }
    assert (totals.oldest_unread_at, totals.reviews_open, totals.oldest_review_at) == (100.0, 1, 200.0)
    waiting = await store.inbound.totals(only_waiting=True)
    assert sum(waiting.states.values()) == 3
    for state, count in states.items():
        assert len(await store.inbound.find(InboundSought(state=state), 10)) == count
    assert [line.inbound_id for line in await store.inbound.find(InboundSought(order_number="n2"), 10)] == [3, 2]
    newest = await store.inbound.find(InboundSought(), 4)
    rest = await store.inbound.find(InboundSought(before=newest[-1].inbound_id), 4)
    assert [line.inbound_id for line in (*newest, *rest)] == [6, 5, 4, 3, 2, 1]


async def test_files_are_forgotten_when_nobody_needs_them(store: SqlStore) -> None:
    """Not those of faxes that wait, nor pages that another fax has too, nor what somebody has just kept again."""
    cover, one, other, doubtful = await store.inbound.keep_documents([b"cover", b"one", b"other", b"doubtful"])
    await store.inbound.keep(
        [
            new_inbound(cover, one, name="1.tif"),
            new_inbound(cover, other, name="2.tif"),
            new_inbound(doubtful, name="3.tif"),
        ]
    )
    await conclude(store, RepeatedSheet(1, "n"), inbound_id=InboundId(1))
    await conclude(store, DOUBT, inbound_id=InboundId(3))
    assert await store.inbound.forget_documents(before=150.0, limit=10) == 0
    assert await store.inbound.forget_documents(before=9e9, limit=10) == 1
    assert [document is not None for document in await store.inbound.documents([cover, one, other, doubtful])] == [
        True,
        False,
        True,
        True,
    ]
    assert (await view_of(store)).is_forgotten
    assert await store.inbound.forget_documents(before=9e9, limit=10) == 0
