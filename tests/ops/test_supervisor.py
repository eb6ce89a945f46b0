"""What systemd is told of the daemon's life, and that nobody is told where nobody listens."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from faxgw.fax import State
from faxgw.ops.metrics import QueueFigures
from faxgw.ops.supervisor import Supervisor, describe_queue, find_supervisor, supervised
from tests.notify_socket import NotifySocket, listening_at

PROCESS_ID = 4711


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[NotifySocket]:
    with listening_at(str(tmp_path / "notify")) as socket:
        yield socket


def watched(systemd: NotifySocket, seconds: float = 60.0) -> Supervisor:
    return find_supervisor(
        {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": str(round(seconds * 1_000_000))}, PROCESS_ID
    )


def well() -> list[str]:
    return []


async def test_a_long_start_asks_for_time_until_it_is_ready(systemd: NotifySocket, autojump_clock: MockClock) -> None:
    """A store of millions is no hung daemon: each request reaches further than the next one's hour."""
    supervisor = watched(systemd)
    async with supervised(supervisor, well, lambda: "fine"):
        await trio.sleep(99)
        asked = systemd.all_so_far()
        supervisor.note_ready()
        await trio.sleep(1)
        told = systemd.all_so_far()
    # At 0, 20, 40, 60 and 80 seconds, each for the minute that follows.
    assert asked == ["STATUS=starting: the store is opened and read\nEXTEND_TIMEOUT_USEC=60000000"] * 5
    assert told == ["READY=1", "STATUS=fine\nWATCHDOG=1"]


@pytest.mark.parametrize(("seconds", "beats"), [(60.0, 12), (6.0, 30)])
async def test_the_watchdog_is_fed_three_times_in_its_patience(
    seconds: float, beats: int, systemd: NotifySocket, autojump_clock: MockClock
) -> None:
    """And at least every five seconds, for the status is told with it."""
    supervisor = watched(systemd, seconds)
    async with supervised(supervisor, well, lambda: "fine"):
        supervisor.note_ready()
        told = []
        for _ in range(60):
            await trio.sleep(0.999)
            told += systemd.all_so_far()
    assert sum("WATCHDOG=1" in words for words in told) == beats


async def test_a_store_that_does_not_commit_is_no_beat(systemd: NotifySocket, autojump_clock: MockClock) -> None:
    """The loop still turns, and would feed a watchdog that only asked for that; the status says why it starves."""
    reasons: list[str] = []
    supervisor = watched(systemd)
    async with supervised(supervisor, lambda: reasons, lambda: "fine"):
        supervisor.note_ready()
        await trio.sleep(1)
        assert "STATUS=fine\nWATCHDOG=1" in systemd.all_so_far()
        reasons.append("the store has not committed for 11 s")
        with capture_logs() as logged:
            await trio.sleep(20)
        assert systemd.all_so_far() == ["STATUS=not alive: the store has not committed for 11 s"] * 4
        reasons.clear()
        await trio.sleep(5)
        assert systemd.all_so_far() == ["STATUS=fine\nWATCHDOG=1"]
    assert [line["event"] for line in logged] == ["not_alive"] * 4


async def test_a_stop_is_told_with_the_time_it_may_take(systemd: NotifySocket, autojump_clock: MockClock) -> None:
    """Who grants sends two minutes in the config need not edit the unit; the watchdog is fed to the end."""
    supervisor = watched(systemd)
    async with supervised(supervisor, well, lambda: "fine"):
        supervisor.note_ready()
        await trio.sleep(1)
        systemd.all_so_far()
        supervisor.note_stopping(152.5)
        await trio.sleep(5)
    assert systemd.all_so_far() == [
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=152500000",
        "STATUS=stopping: what is being sent is finished\nWATCHDOG=1",
    ]


async def test_a_reload_is_one_datagram_by_the_monotonic_clock(systemd: NotifySocket) -> None:
    """Told in two, or by another clock, systemd takes the READY that follows for an older one, and ends the service."""
    supervisor = watched(systemd)
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
    supervisor.note_reloading()
    supervisor.note_ready()
    words = await systemd.next()
    assert words["RELOADING"] == "1"
    assert before <= int(words["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
    assert await systemd.next() == {"READY": "1"}


async def test_an_abstract_name_is_heard(tmp_path: Path) -> None:
    """systemd in a container hands one in: no file, and a zero byte in front."""
    with listening_at(f"@faxgw-test{tmp_path}") as socket:
        find_supervisor({"NOTIFY_SOCKET": socket.address}, PROCESS_ID).note_ready()
        assert await socket.next() == {"READY": "1"}


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
async def test_without_a_supervisor_nothing_is_said(environment: dict[str, str]) -> None:
    """In a terminal there is none, and what speaks another protocol is none that we know."""
    supervisor = find_supervisor(environment | {"WATCHDOG_USEC": "60000000"}, PROCESS_ID)
    with capture_logs() as logged:
        async with supervised(supervisor, well, lambda: "fine"):
            supervisor.note_ready()
            supervisor.note_reloading()
            supervisor.note_stopping(1)
    assert not supervisor.listens
    assert logged == []


async def test_a_supervisor_that_has_gone_is_told_of_once_in_the_log(tmp_path: Path) -> None:
    """The daemon goes on: to be watched is no condition of sending faxes."""
    address = str(tmp_path / "notify")
    supervisor = Supervisor(address)
    with capture_logs() as logged:
        supervisor.note_ready()
        supervisor.note_reloading()
    assert [(line["event"], line["error"]) for line in logged] == [("supervisor_not_told", "No such file or directory")]
    with listening_at(address) as socket:
        supervisor.note_ready()
        assert await socket.next() == {"READY": "1"}
    with capture_logs() as logged:
        supervisor.note_ready()
    assert [(line["event"], line["error"]) for line in logged] == [("supervisor_not_told", "Connection refused")]


async def test_a_supervisor_that_does_not_read_keeps_nobody_waiting(systemd: NotifySocket) -> None:
    """Its socket fills up; a blocking send would stop all faxes there."""
    supervisor = watched(systemd)
    with capture_logs() as logged:
        for _ in range(2_000):
            supervisor.note_reloading()
    assert [line["event"] for line in logged] == ["supervisor_not_told"]


async def test_ready_is_said_again_until_it_is_taken(systemd: NotifySocket, autojump_clock: MockClock) -> None:
    """A start whose READY was lost would be ended as one that hangs."""
    supervisor = watched(systemd)
    async with supervised(supervisor, well, lambda: "fine"):
        for _ in range(2_000):
            supervisor.note_reloading()
        supervisor.note_ready()
        await trio.sleep(1)
        assert not any("READY" in words for words in systemd.all_so_far())
        await trio.sleep(5)
        assert systemd.all_so_far() == ["READY=1", "STATUS=fine\nWATCHDOG=1"]
        await trio.sleep(5)
        assert systemd.all_so_far() == ["STATUS=fine\nWATCHDOG=1"]


@pytest.mark.parametrize(
    ("environment", "beats"),
    [
        ({"WATCHDOG_USEC": "6000000"}, 5),
        ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": str(PROCESS_ID)}, 5),
        ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "1"}, 2),
        ({"WATCHDOG_USEC": "0"}, 2),
        ({"WATCHDOG_USEC": "soon"}, 2),
        ({}, 2),
    ],
)
async def test_only_a_watchdog_meant_for_us_sets_the_pace(
    environment: dict[str, str], beats: int, systemd: NotifySocket, autojump_clock: MockClock
) -> None:
    """WATCHDOG_PID is another's where a parent passed its environment on; the status is told all the same."""
    supervisor = find_supervisor({"NOTIFY_SOCKET": systemd.address} | environment, PROCESS_ID)
    async with supervised(supervisor, well, lambda: "fine"):
        supervisor.note_ready()
        await trio.sleep(9.9)
    assert systemd.all_so_far()[1:] == ["STATUS=fine\nWATCHDOG=1"] * beats


def test_the_status_is_figures() -> None:
    """`systemctl status` shows it to everybody on the machine."""
    figures = QueueFigures({State.QUEUED: 1200, State.SENDING: 16, State.SUBMITTED: 80}, 12.4)
    assert describe_queue(figures, is_ready=True) == ("1200 queued, 16 sending, 80 with carriers; oldest due for 12 s")
    doubtful = QueueFigures({State.UNKNOWN: 2}, 0.0)
    assert describe_queue(doubtful, is_ready=False) == (
        "not ready (GET /readyz says why); 0 queued, 0 sending, 0 with carriers; oldest due for 0 s; 2 in doubt"
    )
