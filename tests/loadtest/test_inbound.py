"""Faxes that come in during a run: when they do, what they are, and an account that finds what went wrong."""

import asyncio
import datetime as dt
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from faxgw.config.intake import DecisionRules, ReadingLimits
from faxgw.intake.decide import decide
from faxgw.intake.decision import KnownOrder, NeedsReview, Reply, ReviewReason
from faxgw.intake.faxread import FaxRead
from faxgw.intake.read import read_fax
from faxgw.order import Priority
from faxgw_loadtest.arrivals import Arrival, arrivals_of, thinned
from faxgw_loadtest.examples.shops import members
from faxgw_loadtest.follower import Story
from faxgw_loadtest.generator import Handing, Pace
from faxgw_loadtest.inbound.account import Inbound, InboundBooks, complaints, take_inbound
from faxgw_loadtest.inbound.due import Answer, Kind, answers_of
from faxgw_loadtest.inbound.inbox import Line, Told
from faxgw_loadtest.inbound.post import Post, Posting
from faxgw_loadtest.inbound.sheets import NAME_PATTERN, Run, draw_all
from faxgw_loadtest.profile import load_profile

SATURDAY = load_profile("mothers-day-saturday")
PUT_AT = 1_000.0


# --- when they come ------------------------------------------------------------------------------------------


def test_a_slice_of_the_day_gets_its_part_of_the_answers() -> None:
    """As large a part as of the orders, each after its order, repeats after the first; the same seed, the same day."""
    arrivals = thinned(arrivals_of(SATURDAY, 1), 3_800, 1)
    answers = answers_of(arrivals, SATURDAY, 1)
    assert len(answers) == 700
    assert answers == answers_of(arrivals, SATURDAY, 1) != answers_of(arrivals, SATURDAY, 2)
    kinds = Counter(each.kind for each in answers)
    assert kinds == {Kind.ACCEPT: 672, Kind.AGAIN: 7, Kind.UNCLEAR: 14, Kind.LETTER: 7}
    waits = [each.at_seconds - arrivals[each.order].at_seconds for each in answers]
    assert min(waits) >= 300
    assert answers == sorted(answers, key=lambda each: each.at_seconds)
    first = {each.order: each.at_seconds for each in answers if each.kind is Kind.ACCEPT}
    assert all(each.at_seconds > first[each.order] for each in answers if each.kind is Kind.AGAIN)
    assert max(Counter(each.order for each in answers if each.kind is not Kind.AGAIN).values()) == 1


def test_a_profile_without_inbound_faxes_has_none() -> None:
    flat = load_profile("flat")
    assert answers_of(arrivals_of(flat, 1)[:100], flat, 1) == []


# --- what they look like ---------------------------------------------------------------------------------------


def test_each_kind_of_answer_is_read_as_what_it_is(tmp_path: Path) -> None:
    """Drawn by other processes, read as the gateway reads: an accepted order twice, a case for a person, a letter."""
    florists = list(members(4))
    arrivals = [Arrival(0.0, 1, Priority.STANDARD, 1), Arrival(0.0, 2, Priority.STANDARD, 2)]
    run = Run("lt-0a1b2c", florists, dt.date(2027, 5, 29), arrivals)
    answers = [
        Answer(1.0, place % 2, kind) for place, kind in enumerate((Kind.ACCEPT, Kind.UNCLEAR, Kind.AGAIN, Kind.LETTER))
    ]
    drawn: list[int] = []
    files = draw_all(run, answers, tmp_path, drawn.append)
    assert drawn[-1] == len(set(files)) == 4
    assert len({file.read_bytes() for file in files}) == 4
    assert all(file.name.startswith("0033") for file in files)
    assert "sender_number" in NAME_PATTERN
    first, unclear, again, letter = (_decision(file, run) for file in files)
    assert isinstance(first, Reply)
    assert (first.order_number, first.kinds) == (run.writer.number(0), ("accept",))
    assert again == first
    assert isinstance(unclear, NeedsReview)
    assert (unclear.reason, unclear.order_number) == (ReviewReason.UNSURE_TICK, run.writer.number(1))
    assert isinstance(letter, NeedsReview)
    assert letter.reason is ReviewReason.NOTHING_RECOGNISED


def _decision(file: Path, run: Run) -> object:
    read = read_fax(file.read_bytes(), ReadingLimits())
    assert isinstance(read, FaxRead)
    numbers = [run.writer.number(order) for order in range(len(run.arrivals))]
    known = {number: KnownOrder(number=number, executing_member="m") for number in numbers}
    [decision] = decide(read, "", known, DecisionRules())
    return msgspec.structs.replace(decision, note_png=b"") if isinstance(decision, Reply) else decision


# --- how they are put in --------------------------------------------------------------------------------------


def posted(
    tmp_path: Path, outcomes: tuple[str | None, ...], *, orders_are_in: bool = True
) -> tuple[Post, Path, dict[int, Story]]:
    """A post whose answers are all due; the gateway says `outcomes` of their orders, None that it has not taken it."""
    folder = tmp_path / "in"
    folder.mkdir()
    files = [tmp_path / f"{order}.tif" for order in range(len(outcomes))]
    for file in files:
        file.write_bytes(file.name.encode())
    fax_ids = [None if outcome is None else order + 1 for order, outcome in enumerate(outcomes)]
    handing = Handing([0.0] * len(outcomes), [0.0] * len(outcomes), fax_ids)
    stories = {order + 1: Story(outcome=outcome) for order, outcome in enumerate(outcomes) if outcome is not None}
    answers = [Answer(0.0, order, Kind.ACCEPT) for order in range(len(outcomes))]
    post = Post(answers, files, folder, handing, stories, Pace(time.time(), 0.0, 1.0))
    post.orders_are_in = orders_are_in
    return post, folder, stories


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_an_order_that_came_to_nothing_is_never_answered(tmp_path: Path) -> None:
    """Delivered, failed, refused: one fax comes in, whole, and what lay beside for it is gone."""
    post, folder, _ = posted(tmp_path, ("delivered", "failed", None))
    asyncio.run(post.play())
    assert names_in(folder) == {"0.tif"}
    assert (folder / "0.tif").read_bytes() == b"0.tif"
    assert (post.posting.put_in, post.posting.held_back) == (1, 2)
    assert not (tmp_path / "0.tif").exists()


def test_an_answer_waits_until_its_order_was_delivered(tmp_path: Path) -> None:
    """One order is on its way, one was not even taken in yet; the answers to both come once they were delivered."""
    post, folder, stories = posted(tmp_path, ("", None), orders_are_in=False)

    async def deliver() -> None:
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(post.play())
            while post.posting.held_back < 2:  # noqa: ASYNC110 - the post tells nobody
                await asyncio.sleep(0)
            assert names_in(folder) == set()
            post.handing.fax_ids[1] = 2
            for fax_id in (1, 2):
                stories[fax_id] = Story(outcome="delivered")
            await playing

    asyncio.run(deliver())
    assert names_in(folder) == {"0.tif", "1.tif"}


# --- the account -------------------------------------------------------------------------------------------------


def line(place: int, state: str = "applied", *, name: str = "", read_after: float | None = 3.0) -> Line:
    kept_at = dt.datetime.fromtimestamp(PUT_AT + 1, dt.UTC)
    read_at = None if read_after is None else dt.datetime.fromtimestamp(PUT_AT + read_after, dt.UTC)
    return Line(place + 1, name or f"{place}.tif", state, kept_at, read_at)


def taken(
    kinds: list[Kind],
    lines: list[Line],
    *,
    left: tuple[str, ...] = (),
    orders: list[int] | None = None,
    replies: dict[int, int] | None = None,
    counted: int | None = None,
) -> Inbound:
    """Answers put in at once, a second apart; each to an order of its own unless `orders` says otherwise."""
    answers = [Answer(0.0, order, kind) for order, kind in zip(orders or range(len(kinds)), kinds, strict=True)]
    totals = {"applied": len(lines) if counted is None else counted}
    books = InboundBooks(
        answers,
        [f"{place}.tif" for place in range(len(kinds))],
        Posting([PUT_AT + place for place in range(len(kinds))]),
        Told(lines, totals, frozenset(left)),
        [order + 1 for order in range(len(kinds))],
        {fax_id: Story(outcome="delivered", replies=count) for fax_id, count in (replies or {}).items()},
    )
    return take_inbound(books, [PUT_AT + 0.5, PUT_AT + 2.5, PUT_AT + 10])


def test_a_good_account_stands_in_the_gateways_list_as_what_it_is() -> None:
    """Which of two equal sheets counts as the first is the gateway's to say."""
    kinds = [Kind.ACCEPT, Kind.UNCLEAR, Kind.LETTER, Kind.AGAIN]
    lines = [line(0, "duplicate"), line(1, "review"), line(2, "review"), line(3, "applied", read_after=6.0)]
    inbound = taken(kinds, lines, orders=[0, 1, 2, 0], replies={1: 1})
    assert (inbound.put_in, inbound.read) == (4, 4)
    assert (inbound.accepted, inbound.repeated, inbound.review) == (1, 1, 2)
    assert complaints(inbound) == []
    assert inbound.to_read is not None
    assert inbound.to_read.longest == pytest.approx(3.0, rel=1e-3)
    assert [(count, oldest) for _, count, oldest in inbound.waiting] == [(1, 0.5), (3, 2.5), (0, 0.0)]


def test_a_fax_that_is_nowhere_is_lost_and_one_in_the_folder_is_unread() -> None:
    """Kept and not read counts as unread, too; a file that is kept and not deleted yet counts once."""
    lines = [line(0), line(2, "kept", read_after=None)]
    inbound = taken([Kind.ACCEPT] * 4, lines, left=("0.tif", "1.tif"))
    assert (inbound.read, inbound.unread, inbound.lost, inbound.twice) == (1, 2, 1, 0)
    assert complaints(inbound) == [
        "1 lost of the faxes that came in",
        "2 unread when the time was over of the faxes that came in",
    ]


def test_a_fax_that_is_listed_twice_or_heard_twice_is_twice() -> None:
    """The second order heard one answer of two equal sheets, the third both."""
    kinds = [Kind.ACCEPT, Kind.ACCEPT, Kind.AGAIN, Kind.ACCEPT, Kind.AGAIN]
    lines = [line(0), line(9, name="0.tif"), line(1), line(2, "duplicate"), line(3), line(4, "applied")]
    inbound = taken(kinds, lines, orders=[0, 1, 1, 2, 2], replies={1: 1, 2: 1, 3: 2})
    assert (inbound.twice, inbound.misread) == (2, 1)
    assert len(complaints(inbound)) == 2


def test_a_clear_answer_that_goes_to_a_person_is_misread_and_so_is_the_other_way_round() -> None:
    inbound = taken(
        [Kind.ACCEPT, Kind.LETTER, Kind.UNCLEAR], [line(0, "review"), line(1, "applied"), line(2, "quarantined")]
    )
    assert (inbound.misread, inbound.aside) == (3, 1)
    assert complaints(inbound) == ["3 misread of the faxes that came in"]


def test_a_gateway_that_counts_other_than_it_lists_is_complained_of() -> None:
    inbound = taken([Kind.ACCEPT], [line(0)], counted=0)
    assert complaints(inbound) == ["the gateway lists 1 faxes that came in and counts 0"]
