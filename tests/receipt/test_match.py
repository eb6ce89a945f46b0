"""What carriers say finds its attempt, however they say it, and a strange word breaks nothing."""

from collections.abc import MutableMapping
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from faxgw.errors import StoreFailedError, StoreFullError
from faxgw.fax import ClientRef, Failure, State
from faxgw.provider.port import Delivered, Fate, InProgress, NotDelivered, Report
from faxgw.receipt.match import Matcher
from tests.dispatch.desk import Desk
from tests.dispatch.test_attempt import sick_store

DELIVERED = Delivered(1, 16.8)


def matcher_of(desk: Desk) -> Matcher:
    return Matcher(desk.store, desk.calls, desk.outcomes, desk.clock, desk.metrics)


def counted(desk: Desk, result: str) -> float:
    labels = {"via": "webhook", "result": result}
    return desk.metrics.registry.get_sample_value("faxgw_receipts_total", labels) or 0.0


async def kept(desk: Desk, report: Report) -> int:
    [receipt] = await desk.store.keep_receipts("north", [report], 1.0)
    assert receipt is not None
    return receipt.id


@pytest.mark.parametrize("named_by", ["ours", "theirs", "both", "ours and nonsense"])
async def test_an_attempt_is_found_by_what_the_carrier_names(named_by: str, autojump_clock: MockClock) -> None:
    """Our reference counts more than the carrier's."""
    desk = Desk()
    fax_id = await desk.make_one()
    ours = desk.open_attempt().client_ref if "ours" in named_by or named_by == "both" else None
    theirs = {"theirs": "SC1", "both": "SC1", "ours and nonsense": "SC999"}.get(named_by)
    await matcher_of(desk).apply("north", Report(DELIVERED, theirs, ours), "webhook")
    assert await desk.state(fax_id) is State.DELIVERED
    assert (counted(desk, "matched"), len(desk.calls), desk.lines_busy()) == (1, 0, 0)


@pytest.mark.parametrize(
    ("provider", "client_ref", "provider_ref"),
    [
        ("south", None, "SC1"),
        ("south", "{}-1-1", None),
        ("north", None, "SC999"),
        ("north", "other000-1-1", "SC1"),
        ("north", "{}-1-2", "SC1"),
        ("north", "{}-77-1", None),
        ("north", "{}-" + "9" * 5_000 + "-1", "SC1"),
        ("north", None, None),
    ],
)
async def test_what_names_no_attempt_of_this_carrier_moves_nothing(
    provider: str, client_ref: str | None, provider_ref: str | None, autojump_clock: MockClock
) -> None:
    """A carrier speaks of its own attempts only; its receipt is settled, as there is nothing to do."""
    desk = Desk()
    fax_id = await desk.make_one()
    ours = None if client_ref is None else ClientRef(client_ref.format(desk.store.store_id))
    report = Report(DELIVERED, provider_ref, ours, "e1")
    await matcher_of(desk).apply(provider, report, "webhook", await kept(desk, report))
    assert await desk.state(fax_id) is State.SUBMITTED
    assert counted(desk, "unmatched") == 1
    assert (await desk.store.load()).receipts == []


async def test_a_report_of_an_attempt_that_is_over_is_looked_up(autojump_clock: MockClock) -> None:
    """A delivery told late still ends a fax that waits for its next try."""
    desk = Desk()
    fax_id = await desk.make_one()
    ours = desk.open_attempt().client_ref
    matcher = matcher_of(desk)
    await matcher.apply("north", Report(NotDelivered(Failure.BUSY, "BUSY"), "SC1", ours), "webhook")
    assert await desk.state(fax_id) is State.QUEUED
    await matcher.apply("north", Report(DELIVERED, "SC1", ours), "webhook")
    assert (await desk.state(fax_id), counted(desk, "late")) == (State.DELIVERED, 1)


async def test_how_long_final_words_took_is_measured(autojump_clock: MockClock) -> None:
    """From the carrier's yes on; a word in between is none, and one that comes after the end says nothing of it."""
    desk = Desk()
    await desk.make_one()
    ours = desk.open_attempt().client_ref
    matcher = matcher_of(desk)
    for later_seconds, fate in ((5.0, InProgress()), (30.0, DELIVERED), (25.0, DELIVERED)):
        await trio.sleep(later_seconds)
        await matcher.apply("north", Report(fate, "SC1", ours), "poll")
    value = desk.metrics.registry.get_sample_value
    assert value("faxgw_receipt_lag_seconds_count", {"via": "poll"}) == 1
    assert value("faxgw_receipt_lag_seconds_sum", {"via": "poll"}) == 35.0
    assert value("faxgw_receipt_lag_seconds_count", {"via": "webhook"}) is None


async def test_in_progress_only_settles_its_receipt(autojump_clock: MockClock) -> None:
    """Also when it comes after the final word."""
    desk = Desk()
    fax_id = await desk.make_one()
    ours = desk.open_attempt().client_ref
    matcher = matcher_of(desk)
    told: list[tuple[State, Fate]] = [
        (State.SUBMITTED, InProgress()),
        (State.DELIVERED, DELIVERED),
        (State.DELIVERED, InProgress()),
    ]
    for state, fate in told:
        report = Report(fate, "SC1", ours, f"e{state}{type(fate).__name__}")
        await matcher.apply("north", report, "webhook", await kept(desk, report))
        assert await desk.state(fax_id) is state
    assert (await desk.store.load()).receipts == []


@pytest.mark.parametrize("error", [KeyError("bug"), ExceptionGroup("bug", [ValueError()])])
async def test_a_report_that_breaks_is_left_for_the_next_start(
    error: Exception, autojump_clock: MockClock, logged: list[MutableMapping[str, Any]]
) -> None:
    """It is logged, stays unsettled, and the daemon lives."""
    store = sick_store()
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    report = Report(DELIVERED, "SC1", None, "e1")
    receipt_id = await kept(desk, report)
    store.record_errors = [error]
    await matcher_of(desk).apply("north", report, "webhook", receipt_id)
    assert await desk.state(fax_id) is State.SUBMITTED
    assert [receipt.id for receipt in (await store.load()).receipts] == [receipt_id]
    assert "report_broke" in [entry["event"] for entry in logged]
    assert counted(desk, "broken") == 1


async def test_a_full_disk_delays_a_report(autojump_clock: MockClock) -> None:
    """What was learnt waits for room."""
    store = sick_store()
    desk = Desk(store=store)
    fax_id = await desk.make_one()
    store.record_errors = [StoreFullError("full")] * 3
    await matcher_of(desk).apply("north", Report(DELIVERED, "SC1", None), "webhook")
    assert await desk.state(fax_id) is State.DELIVERED


async def test_a_failed_disk_is_not_hidden(autojump_clock: MockClock) -> None:
    """The process must end."""
    store = sick_store()
    desk = Desk(store=store)
    await desk.make_one()
    store.record_errors = [StoreFailedError("disk")]
    with pytest.raises(StoreFailedError):
        await matcher_of(desk).apply("north", Report(DELIVERED, "SC1", None), "webhook")
