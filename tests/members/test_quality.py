"""Sample orders are drawn by lot and known to the headquarters alone; quality makes one explained score."""

import dataclasses
import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.members import testing
from faxgw.members.complaints import is_in_time
from faxgw.members.decisions import Decided, Faulty, Forbidden, NotThere
from faxgw.members.entries import ComplaintRaised
from faxgw.members.samples import CATEGORIES, draw_round
from faxgw.members.score import Quality, quality_of, score_of
from faxgw.members.sheets import compose_sheet
from faxgw.members.traffic import Traffic
from faxgw.money import Money
from faxgw.order import Order
from tests.api.fakes import order_json
from tests.members.florists import ASTRID, TODAY, Office, florist, open_office

UNTIL = TODAY + dt.timedelta(14)


async def plan(office: Office, size: int, seed: int = 7) -> int:
    done = await office.keeper.change(
        ASTRID, "", lambda b, a: testing.plan_round(b, a, office.keeper.live, size, TODAY, UNTIL, seed)
    )
    assert isinstance(done, Decided)
    return int(done.came_of_it)


def drawn(office: Office, number: int) -> list[str]:
    found = office.keeper.books.samples.round(number)
    assert found is not None
    return list(found.samples)


async def test_a_round_is_drawn_by_lot_and_draws_others_next_time() -> None:
    """The same seed and members draw the same; who was tested within the year comes last."""
    members = [florist(f"NO-{number}") for number in range(10)]
    office = await open_office(*members, florist("NO-S", role="sending"))
    first = drawn(office, await plan(office, 4))
    second = drawn(office, await plan(office, 6))
    assert sorted(first + second) == [f"NO-{number}" for number in range(10)]
    assert draw_round(members, 4, 7) == first
    assert draw_round(reversed(members), 4, 7) == first
    assert any(draw_round(members, 4, seed) != first for seed in range(20))


async def test_a_sample_is_placed_and_judged() -> None:
    """In this order; the sheet has all its categories, and is noted for nobody else."""
    office = await open_office(florist())
    keeper, number = office.keeper, await plan(office, 1)
    sheet = dict.fromkeys(CATEGORIES, 4)
    early = await keeper.change(ASTRID, "", lambda b, a: testing.judge_sample(b, a, number, "NO-1", sheet))
    assert isinstance(early, Forbidden)
    await keeper.change(ASTRID, "", lambda b, a: testing.place_sample(b, a, number, "NO-1", "ORDER-1"))
    other = await keeper.change(ASTRID, "", lambda b, a: testing.place_sample(b, a, number, "NO-1", "ORDER-2"))
    assert isinstance(other, Forbidden)
    bad = await keeper.change(ASTRID, "", lambda b, a: testing.judge_sample(b, a, number, "NO-1", {"goods": 6}))
    assert isinstance(bad, Faulty)
    assert len(bad.faults) == len(CATEGORIES)
    done = await keeper.change(ASTRID, "", lambda b, a: testing.judge_sample(b, a, number, "NO-1", sheet))
    assert isinstance(done, Decided)
    nobody = await keeper.change(ASTRID, "", lambda b, a: testing.judge_sample(b, a, number, "NO-2", sheet))
    assert isinstance(nobody, NotThere)
    assert [each.mean for each in keeper.books.samples.judged("NO-1", 0.0)] == [4.0]


async def test_a_store_cannot_tell_a_sample() -> None:
    """The sheet it gets is the same sign for sign, and neither events nor the order say a word."""
    office = await open_office(florist(), florist("FR-0001"))
    order = msgspec.convert(order_json(executing_member="NO-1", fax_number=None), Order)
    before = compose_sheet(order, office.keeper.live, office.clock.at, "faxgw")
    number = await plan(office, 2)
    await office.keeper.change(ASTRID, "", lambda b, a: testing.place_sample(b, a, number, "NO-1", order.number))
    assert office.keeper.books.samples.is_sample(order.number)
    assert compose_sheet(order, office.keeper.live, office.clock.at, "faxgw") == before
    told = [event for event in await office.store.events(0, 100) if "NO-1" in repr(event.data)]
    assert not any(order.number in repr(event.data) for event in await office.store.events(0, 100))
    assert told == []


def complaint(received_on: dt.date) -> ComplaintRaised:
    return ComplaintRaised("NO-1", "ORDER-1", TODAY, received_on, "wilted", in_time=False)


async def complain(office: Office, received_on: dt.date) -> None:
    raised = complaint(received_on)
    done = await office.keeper.change(ASTRID, "", lambda b, a: testing.raise_complaint(b, a, raised, 5))
    assert isinstance(done, Decided)


async def uphold(office: Office, number: int, paid: Money | None) -> None:
    done = await office.keeper.change(
        ASTRID, "", lambda b, a: testing.decide_complaint(b, a, number, is_upheld=True, compensation=paid)
    )
    assert isinstance(done, Decided)


async def test_a_complaint_counts_within_its_days_once_it_is_upheld() -> None:
    """One that comes too late is kept; what the customer gets back is noted as money."""
    office = await open_office(florist())
    keeper = office.keeper
    for days in (5, 6):
        await complain(office, TODAY + dt.timedelta(days))
    paid = Money(12_000, "NOK")
    for number in (1, 2):
        await uphold(office, number, paid)
    first, second = keeper.books.complaints.of("NO-1")
    assert (first.in_time, first.counts, first.compensation) == (True, True, paid)
    assert (second.in_time, second.counts) == (False, False)
    refused = await keeper.change(
        ASTRID, "", lambda b, a: testing.decide_complaint(b, a, 1, is_upheld=False, compensation=paid)
    )
    assert isinstance(refused, Faulty)


@pytest.mark.parametrize(("days", "in_time"), [(0, True), (5, True), (6, False)])
def test_the_day_of_the_delivery_is_not_counted(days: int, in_time: bool) -> None:
    """Five days after it is in time."""
    assert is_in_time(TODAY, TODAY + dt.timedelta(days), 5) == in_time


def test_a_store_of_which_nothing_is_known_is_taken_for_usual() -> None:
    """And each part says why it has its value."""
    score = score_of(Quality())
    assert 0.8 < score.value < 0.95
    assert [part.name for part in score.parts] == ["samples", "complaints", "rejects", "answers"]
    assert all(part.why for part in score.parts)


QUALITIES = st.builds(
    Quality,
    st.lists(st.integers(4, 20).map(lambda quarters: quarters / 4), max_size=6).map(tuple),
    st.integers(0, 5),
    st.integers(0, 200).flatmap(
        lambda offered: st.integers(0, offered).flatmap(
            lambda rejected: st.builds(
                Traffic,
                offered=st.just(offered),
                rejected=st.just(rejected),
                delivered=st.integers(0, offered),
                answered=st.integers(0, offered),
                answer_seconds=st.floats(0, 30_000),
            )
        )
    ),
)


@given(QUALITIES)
def test_what_is_worse_never_scores_better(quality: Quality) -> None:
    """One complaint, rejection or bad sample more; the score lies between 0 and 1, and is the mean of its parts."""
    score = score_of(quality)
    assert 0.0 <= score.value <= 1.0
    assert abs(score.value - sum(part.value * part.weight for part in score.parts)) < 1e-3
    traffic = quality.traffic
    rejected = dataclasses.replace(traffic, offered=traffic.offered + 1, rejected=traffic.rejected + 1)
    worse = (
        dataclasses.replace(quality, complaints_upheld=quality.complaints_upheld + 1),
        dataclasses.replace(quality, sample_means=(*quality.sample_means, 1.0)),
        dataclasses.replace(quality, traffic=dataclasses.replace(rejected, answer_seconds=None)),
    )
    assert score_of(worse[0]).value <= score.value
    assert score_of(worse[1]).value <= score.value
    assert score_of(worse[2]).parts[2].value <= score.parts[2].value
    assert score_of(dataclasses.replace(quality, sample_means=tuple(reversed(quality.sample_means)))) == score


async def test_the_score_counts_what_is_known_since_a_day() -> None:
    """A sample and a complaint of before do not."""
    office = await open_office(florist())
    await complain(office, TODAY)
    await uphold(office, 1, None)
    books, at = office.keeper.books, office.clock.at
    assert quality_of(books, "NO-1", Traffic(), at - 86_400, TODAY).complaints_upheld == 1
    assert quality_of(books, "NO-1", Traffic(), at, TODAY + dt.timedelta(1)).complaints_upheld == 0
