"""The carrier in memory keeps its own time, its own tasks, and its word across the daemon's death."""

from collections.abc import Mapping

import pytest
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.fax import ClientRef
from faxgw.phone import Line
from faxgw.provider.mishaps import Call
from faxgw.provider.port import Absent, Accepted, Delivered, Found, InProgress, Report, Sending, Unclear
from faxgw.provider.scripted import Pace, ScriptedProvider
from faxgw.provider.switchboard import CallTimes

LINE = Line("+33199001234")
NOON = 1_900_000_000.0


def sending(reference: str, line: Line = LINE, pages: int = 1) -> Sending:
    return Sending(ClientRef(reference), line, b"II*\x00", pages)


class Daemon:
    """What stands for the daemon here: it takes receipts while it lives."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider
        self.reports: list[Report] = []
        self.heard_at: list[float] = []

    async def deliver(self, headers: Mapping[str, str], body: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        self.reports += self._provider.read_receipt(headers, body)
        self.heard_at.append(trio.current_time())
        return True


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider(clock=TrioClock(NOON))


async def test_a_call_lasts_as_long_as_a_call(provider: ScriptedProvider, autojump_clock: MockClock) -> None:
    """Two pages take one page's time more, and nobody waits for it in earnest."""
    accepted = await provider.send(sending("s-1-1", pages=2))
    assert isinstance(accepted, Accepted)
    await trio.sleep(29)
    assert [report.fate for report in await polled(provider, accepted)] == [InProgress()]
    await trio.sleep(1)
    [report] = await polled(provider, accepted)
    assert isinstance(report.fate, Delivered)
    assert report.fate.call_seconds == pytest.approx(16.8 + 13.0)


async def test_a_receipt_comes_when_the_call_ends(provider: ScriptedProvider, autojump_clock: MockClock) -> None:
    """`run` delivers it at that very moment."""
    daemon = Daemon(provider)
    provider.deliver = daemon.deliver
    async with trio.open_nursery() as nursery:
        nursery.start_soon(provider.run)
        await provider.send(sending("s-1-1"))
        nursery.cancel_scope.deadline = trio.current_time() + 20
    assert daemon.heard_at == [pytest.approx(0.05 + 16.8)]


async def test_receipts_wait_for_a_daemon_that_is_dead(provider: ScriptedProvider, autojump_clock: MockClock) -> None:
    """The daemon dies with a fax under way; the call goes on, and the next daemon hears of it."""
    async with trio.open_nursery() as outside:
        outside.start_soon(provider.run)
        first = Daemon(provider)
        provider.deliver = first.deliver
        with trio.move_on_after(1):
            await provider.send(sending("s-1-1"))
            await trio.sleep_forever()
        provider.deliver = None
        await trio.sleep(120)
        second = Daemon(provider)
        provider.deliver = second.deliver
        await trio.sleep(70)
        outside.cancel_scope.cancel()
    assert first.reports == []
    assert [report.client_ref for report in second.reports] == ["s-1-1"]


async def test_a_receipt_cut_off_in_the_middle_comes_again(
    provider: ScriptedProvider, autojump_clock: MockClock
) -> None:
    """Nobody said that it was taken, so it was not."""

    async def hang(headers: Mapping[str, str], body: bytes) -> bool:
        await trio.Event().wait()
        return True

    provider.deliver = hang
    await provider.send(sending("s-1-1"))
    with trio.move_on_after(20):
        await provider.run()
    daemon = Daemon(provider)
    provider.deliver = daemon.deliver
    with trio.move_on_after(5):
        await provider.run()
    assert [report.client_ref for report in daemon.reports] == ["s-1-1"]


async def test_a_slow_carrier_accepts_after_the_sender_and_a_look_up_have_gone(
    provider: ScriptedProvider, autojump_clock: MockClock
) -> None:
    """The trap in every look-up: absent now is not absent for good. Whoever resends on it sends twice."""
    provider.script(LINE, ["slow_before"])
    assert isinstance(await provider.send(sending("s-1-1")), Unclear)
    assert await provider.look_up(ClientRef("s-1-1")) == Absent()
    await trio.sleep(15)
    assert isinstance(await provider.look_up(ClientRef("s-1-1")), Found)


async def test_a_script_is_played_in_turn_and_then_the_shares_rule(
    provider: ScriptedProvider, autojump_clock: MockClock
) -> None:
    """Per number: other lines are not concerned."""
    provider.set_shares({"rejected": 1})
    provider.script(LINE, ["busy", "no_fax"])
    other = Line("+33261910000")
    for number, line in enumerate([LINE, other, LINE, LINE], start=1):
        await provider.send(sending(f"s-{number}-1", line))
    calls = [fax.play.call for fax in provider.faxes()]
    assert calls == [Call.BUSY, Call.REJECTED, Call.NO_FAX, Call.REJECTED]


async def test_a_late_receipt_is_late_and_a_missing_one_never_comes(
    provider: ScriptedProvider, autojump_clock: MockClock
) -> None:
    """Both calls ended long before."""
    daemon = Daemon(provider)
    provider.deliver = daemon.deliver
    provider.script(LINE, ["late_receipt", "missing_receipt"])
    await provider.send(sending("s-1-1"))
    await provider.send(sending("s-2-1"))
    with trio.move_on_after(86_400):
        await provider.run()
    assert daemon.heard_at == [pytest.approx(0.05 + 16.8 + 120)]
    assert provider.account()["delivered"] == 2


async def test_the_same_seed_plays_the_same_day(autojump_clock: MockClock) -> None:
    """Two carriers with one seed end with one account."""

    async def play(seed: int) -> dict[str, object]:
        shares = {"busy": 0.2, "lost_answer": 0.2, "doubled_receipt": 0.2, "ask_lost": 0.2}
        carrier = ScriptedProvider(clock=TrioClock(NOON), seed=seed, shares=shares, times=CallTimes(scale=60))
        for number in range(200):
            await carrier.send(sending(f"s-{number}-1"))
        await trio.sleep(60)
        return carrier.account()

    assert await play(1) == await play(1)
    assert await play(1) != await play(2)


async def test_an_idempotent_carrier_takes_a_reference_once(autojump_clock: MockClock) -> None:
    """The same reference gives the same fax, and one call."""
    carrier = ScriptedProvider(clock=TrioClock(NOON), idempotent=True, pace=Pace(request_seconds=0, answer_seconds=0))
    assert await carrier.send(sending("s-1-1")) == await carrier.send(sending("s-1-1"))
    assert carrier.account()["accepted"] == 1


async def polled(provider: ScriptedProvider, accepted: Accepted) -> list[Report]:
    reports = await provider.poll([accepted.provider_ref])
    assert isinstance(reports, list)
    return reports
