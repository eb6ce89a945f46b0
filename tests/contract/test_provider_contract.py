"""What every provider promises: held against carriers in memory, a real process, and fakes of real carriers' wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from faxgw.fax import ClientRef, Failure
from faxgw.provider.mishaps import Answer
from faxgw.provider.port import (
    Absent,
    Accepted,
    Delivered,
    Found,
    InProgress,
    NoAnswer,
    NotDelivered,
    ReceiptRefusedError,
    Refused,
    Report,
    Unclear,
    Unsent,
)
from tests.contract.listed_stages import open_sinch, open_telnyx
from tests.contract.stages import LINE, OTHER_LINE, STAGES, Stage

ALL_STAGES = {**STAGES, "Telnyx": open_telnyx, "Sinch": open_sinch}


@pytest.fixture(params=ALL_STAGES)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with asynccontextmanager(ALL_STAGES[request.param])() as stage:
        with trio.fail_after(20):
            yield stage


async def test_an_accepted_fax_is_delivered_by_poll_receipt_and_look_up_alike(stage: Stage) -> None:
    """All three ways to hear of a fax tell the same, and name both references."""
    accepted = await stage.send("s-1-1")
    assert isinstance(accepted, Accepted)
    await stage.carrier.wait_ended(1)
    receipt = await stage.report()
    assert isinstance(receipt.fate, Delivered)
    assert receipt.fate.pages == 1
    assert receipt.event_id is not None
    assert (receipt.provider_ref, receipt.client_ref) == (accepted.provider_ref, "s-1-1")
    asked = Report(stage.asked(receipt.fate), accepted.provider_ref, ClientRef("s-1-1"))
    assert await stage.provider.poll([accepted.provider_ref]) == [asked]
    assert await stage.find("s-1-1") == Found(asked)


async def test_each_way_a_call_can_fail_has_its_class(stage: Stage) -> None:
    """A carrier's code becomes the class that retry rules are written for, and is kept for the trail."""
    told: dict[str, tuple[Failure, str]] = {}
    for number, call in enumerate(stage.failures, start=1):
        await stage.carrier.script(LINE, call)
        assert isinstance(await stage.send(f"s-{number}-1"), Accepted)
        await stage.carrier.wait_ended(number)
        fate = (await stage.report()).fate
        assert isinstance(fate, NotDelivered)
        assert (fate.call_seconds is not None) is stage.times_calls
        told[call] = (fate.failure, fate.code)
    assert told == stage.failures


async def test_a_call_that_lasts_is_in_progress(stage: Stage) -> None:
    """Until the call has ended, asking says so."""
    await stage.carrier.script(LINE, "stuck")
    accepted = await stage.send()
    assert isinstance(accepted, Accepted)
    [report] = await expect_reports(stage, [accepted.provider_ref])
    assert report.fate == InProgress()


async def test_an_unknown_reference_is_absent(stage: Stage) -> None:
    """A carrier that never heard of a reference says so."""
    await stage.send("s-1-1")
    assert await stage.find("s-2-1") == Absent()


async def test_what_went_to_a_number_is_listed_without_our_reference(stage: Stage) -> None:
    """Everything taken for it since then, with its fate; nothing of other numbers. Who cannot list says so."""
    if not stage.lists:
        assert isinstance(await stage.provider.list_sent(LINE, 0.0), NoAnswer)
        return
    began = stage.now()
    await stage.carrier.script(LINE, "lost_answer", "busy")
    assert isinstance(await stage.send("s-1-1"), Unclear)
    await stage.carrier.wait_ended(1)
    second = await stage.send("s-1-2")
    await stage.send("s-2-1", OTHER_LINE)
    await stage.carrier.wait_ended(3)
    listed = await stage.provider.list_sent(LINE, began - 1)
    assert isinstance(listed, list)
    assert [(one.line, type(one.fate)) for one in listed] == [(LINE, Delivered), (LINE, NotDelivered)]
    assert listed[1].provider_ref == second.provider_ref
    assert all(began - 1 <= one.taken_at <= stage.now() + 1 for one in listed)
    assert await stage.provider.list_sent(LINE, stage.now() + 60) == []


async def test_a_list_without_an_answer_is_not_an_empty_one(stage: Stage) -> None:
    """Else a fax that was taken would go out again."""
    await stage.send("s-1-1")
    await stage.carrier.set_shares(ask_lost=1)
    assert isinstance(await stage.provider.list_sent(LINE, 0.0), NoAnswer)


@pytest.mark.parametrize("answer", ["lost_answer", "broken_body", "server_error_accepted"])
async def test_an_answer_that_cannot_be_read_leaves_it_unclear_and_the_look_up_finds_the_fax(
    stage: Stage, answer: str
) -> None:
    """The carrier took the fax and we were not told: only asking can tell."""
    await stage.carrier.script(LINE, answer)
    assert isinstance(await stage.send("s-1-1"), Unclear)
    await stage.carrier.wait_ended(1)
    found = await stage.find("s-1-1")
    assert isinstance(found, Found)
    assert found.report.client_ref == "s-1-1"


@pytest.mark.parametrize("answer", ["closed_before", "server_error"])
async def test_an_unclear_send_that_was_not_taken_is_absent(stage: Stage, answer: str) -> None:
    """The same signs from outside, yet the carrier has nothing: look-up keeps the two apart."""
    await stage.carrier.script(LINE, answer)
    assert isinstance(await stage.send("s-1-1"), Unclear)
    assert await stage.find("s-1-1") == Absent()


@pytest.mark.parametrize("answer", ["slow_after", "slow_before"])
async def test_a_send_given_up_for_slowness_is_unclear_and_found_in_the_end(stage: Stage, answer: str) -> None:
    """A carrier may accept what the sender has long given up."""
    await stage.carrier.script(LINE, answer)
    assert isinstance(await stage.impatient.send(stage.sending("s-1-1")), Unclear)
    await stage.carrier.wait_ended(1)
    assert isinstance(await stage.find("s-1-1"), Found)


async def test_a_cancelled_send_may_have_arrived(stage: Stage) -> None:
    """Cancelling ends the waiting, not the fax: the carrier still has it."""
    await stage.carrier.script(LINE, "slow_after")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.send, "s-1-1")
        await stage.carrier.wait_ended(1)
        nursery.cancel_scope.cancel()
    assert isinstance(await stage.find("s-1-1"), Found)


async def test_too_many_requests_are_a_refusal_with_a_wait(stage: Stage) -> None:
    """429 is the carrier's capacity, not the florist's line, and says when to come again."""
    await stage.carrier.script(LINE, "too_many")
    assert await stage.send() == Refused(Failure.CAPACITY, "429", 1.0)


async def test_maintenance_is_a_refusal_where_it_is_documented(stage: Stage) -> None:
    """503 without Retry-After leaves the wait to us; where nobody documents it, a proxy may have said it too late."""
    await stage.carrier.script(LINE, "unavailable")
    refused = Refused(Failure.CAPACITY, "503")
    assert await stage.send() == (refused if stage.documents_503 else Unclear("answered with 503"))


async def test_a_carrier_that_is_down_has_got_nothing(stage: Stage) -> None:
    """No connection means unsent, and asking gets no answer; up again, it takes faxes as before."""
    assert isinstance(await stage.send("s-1-1"), Accepted)
    await stage.carrier.set_shares(down=1)
    # A question first: it may find the first send's connection just closing, which a send could not tell from lost.
    assert isinstance(await stage.find("s-2-1"), NoAnswer)
    assert isinstance(await stage.send("s-2-1"), Unsent)
    assert isinstance(await stage.provider.poll([stage.stranger(1)]), NoAnswer)
    await stage.carrier.set_shares()
    assert await stage.find("s-2-1") == Absent()
    assert isinstance(await stage.send("s-2-1"), Accepted)


@pytest.mark.parametrize("mishap", ["ask_lost", "ask_unavailable"])
async def test_a_question_without_an_answer_is_not_an_absence(stage: Stage, mishap: str) -> None:
    """When asking fails, nothing is known; taking that for "absent" would send a fax twice."""
    await stage.send("s-1-1")
    await stage.carrier.set_shares(**{mishap: 1})
    assert isinstance(await stage.find("s-1-1"), NoAnswer)
    assert isinstance(await stage.provider.poll([stage.stranger(1)]), NoAnswer)


async def test_a_poll_leaves_unknown_ids_out(stage: Stage) -> None:
    """One stray id does not spoil the others."""
    first, second = await stage.send("s-1-1"), await stage.send("s-2-1", OTHER_LINE)
    reports = await expect_reports(stage, [first.provider_ref, stage.stranger(1), second.provider_ref])
    assert {report.provider_ref for report in reports} == {first.provider_ref, second.provider_ref}


async def test_a_poll_may_be_longer_than_the_carrier_allows_at_once(stage: Stage) -> None:
    """The adapter cuts it into requests that the carrier takes."""
    accepted = await stage.send("s-1-1")
    strangers = [stage.stranger(number) for number in range(stage.polled_at_once)]
    reports = await expect_reports(stage, [*strangers, accepted.provider_ref])
    assert [report.provider_ref for report in reports] == [accepted.provider_ref]


async def test_a_doubled_receipt_keeps_its_event_id(stage: Stage) -> None:
    """The repeat can be known for one."""
    await stage.carrier.script(LINE, "doubled_receipt")
    await stage.send()
    first, second = await stage.report(), await stage.report()
    assert first == second
    assert first.event_id is not None


async def test_a_stale_receipt_may_follow_the_final_one(stage: Stage) -> None:
    """Receipts out of order are different events of one fax."""
    await stage.carrier.script(LINE, "out_of_order")
    await stage.send()
    final = await stage.report()
    assert isinstance(final.fate, Delivered)
    if not stage.tells_progress:
        assert stage.inbox.waiting() == 0
        return
    stale = await stage.report()
    assert stale.fate == InProgress()
    assert (final.client_ref, final.event_id != stale.event_id) == (stale.client_ref, True)


async def test_a_receipt_may_come_before_the_answer(stage: Stage) -> None:
    """When the send returns, its receipt is already there."""
    await stage.carrier.script(LINE, "early_receipt")
    accepted = await stage.send()
    assert isinstance(accepted, Accepted)
    assert stage.inbox.waiting() == 1
    assert (await stage.report()).provider_ref == accepted.provider_ref


async def test_a_missing_receipt_is_found_by_polling(stage: Stage) -> None:
    """No webhook comes for it; the one that comes is the next fax's."""
    await stage.carrier.script(LINE, "missing_receipt", "delivered")
    silent = await stage.send("s-1-1")
    await stage.carrier.wait_ended(1)
    await stage.send("s-2-1")
    assert (await stage.report()).client_ref == "s-2-1"
    [report] = await expect_reports(stage, [silent.provider_ref])
    assert isinstance(report.fate, Delivered)


async def test_a_receipt_refused_by_us_comes_again(stage: Stage) -> None:
    """Carriers repeat what was not answered with 2xx."""
    stage.inbox.refusals = 3
    await stage.send("s-1-1")
    assert (await stage.report()).client_ref == "s-1-1"


async def test_a_forged_webhook_is_refused(stage: Stage) -> None:
    """Nobody but the carrier may tell us that a fax was delivered."""
    await stage.send()
    headers, body = await stage.inbox.take()
    assert stage.provider.read_receipt(headers, body)
    for forge in stage.forgeries.values():
        with pytest.raises(ReceiptRefusedError):
            stage.provider.read_receipt(*forge(headers, body))


async def test_sending_twice_is_seen_at_the_carrier(stage: Stage) -> None:
    """The account names a reference that came twice, and a fax of which two attempts were delivered."""
    for reference in ("s-1-1", "s-1-1", "s-2-1", "s-2-2", "s-3-1"):
        assert isinstance(await stage.send(reference), Accepted)
    await stage.carrier.wait_ended(5)
    account = await stage.carrier.account()
    assert account["references_accepted_twice"] == ["s-1-1"]
    assert account["delivered_twice"] == ["s-1", "s-2"]
    assert (account["accepted"], account["delivered"], account["faxes_delivered"]) == (5, 5, 3)


async def test_a_retry_after_a_failed_call_is_not_twice(stage: Stage) -> None:
    """Dialling a busy line again is what a gateway is for; resending what is in doubt is not."""
    await stage.carrier.script(LINE, "busy", "delivered", "in_doubt", "delivered")
    for reference in ("s-1-1", "s-1-2", "s-2-1", "s-2-2"):
        await stage.send(reference)
    await stage.carrier.wait_ended(4)
    account = await stage.carrier.account()
    assert account["delivered_twice"] == []
    assert account["arrived_twice"] == ["s-2"]
    assert account["faxes_dialled_twice"] == 2


async def test_calls_at_once_to_one_line_are_counted(stage: Stage) -> None:
    """The carrier remembers the most calls any line ever had at once."""
    await stage.carrier.script(LINE, "stuck", "stuck", "stuck")
    for reference, line in [("s-1-1", LINE), ("s-2-1", LINE), ("s-3-1", OTHER_LINE), ("s-4-1", LINE)]:
        await stage.send(reference, line)
    assert (await stage.carrier.account())["line_overlap_max"] == 3


async def test_many_sends_at_once_all_arrive(stage: Stage) -> None:
    """More tasks than lanes take turns; none is lost, none is double."""
    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(stage.send, f"s-{number}-1")
    await stage.carrier.wait_ended(100)
    account = await stage.carrier.account()
    assert (account["faxes_delivered"], account["delivered_twice"]) == (100, [])


@pytest.mark.parametrize("answer", [answer.value for answer in Answer if answer is not Answer.DOWN])
async def test_an_accepted_or_refused_send_is_never_the_contrary(stage: Stage, answer: str) -> None:
    """Whatever goes wrong: accepted means taken, refused and unsent mean not taken."""
    await stage.carrier.script(LINE, answer)
    outcome = await stage.send()
    taken = (await stage.carrier.account())["accepted"]
    match outcome:
        case Accepted():
            assert taken == 1
        case Refused() | Unsent():
            assert taken == 0
        case _:
            assert isinstance(outcome, Unclear)


async def expect_reports(stage: Stage, provider_refs: list[str]) -> list[Report]:
    reports = await stage.provider.poll(provider_refs)
    assert isinstance(reports, list), reports
    return reports
