"""What is known of processes: by /proc where they can be seen, else by their own word, else nothing."""

import asyncio
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from faxgw_loadtest.client import Client, Reply
from faxgw_loadtest.processes import Used, is_started_at, listener_of, used_by, used_by_own_word
from faxgw_loadtest.progress import LiveProgress
from faxgw_loadtest.watch import Done, Moment, Watch

NOBODY = 4_194_305
"""Above the kernel's highest process id (PID_MAX_LIMIT)."""
DONE = Done(handed_in=3, accepted=2, submitted=1, over=1, answers_put_in=1)


class Told(Client):
    """A gateway or carrier that always answers the same."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(Path("nowhere"))
        self.answer = answer

    async def request(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Reply:
        return Reply(200, self.answer)


def began_at() -> float:
    """When this process began, as the Prometheus client works it out."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    [booted] = [line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime")]
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")


def metrics(start: float | None) -> bytes:
    told = "" if start is None else f"process_start_time_seconds {start}\n"
    return (told + "process_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 1048576\n").encode()


def look(gateway: bytes, carrier: bytes, pid: int | None, pids: dict[str, int] | None = None) -> Moment:
    return asyncio.run(Watch(Told(gateway), Told(carrier), pids or {}, pid).look(DONE))


CARRIER = b'{"under_way":2,"waiting":1,"busy_met":0,"cpu_seconds":3.5,"memory_mib":20.5}'
OLD_CARRIER = b'{"under_way":2,"waiting":1}'


def test_a_gateway_that_can_be_seen_is_watched_with_what_it_starts() -> None:
    """This process stands for it, and began a moment that only it can know."""
    with subprocess.Popen([sys.executable, "-c", "input()", "faxgw.intake.worker"], stdin=subprocess.PIPE) as child:
        moment = look(metrics(began_at()), CARRIER, os.getpid())
        child.communicate(b"\n")
    assert {"gateway", "drawing", "reading"} <= moment.processes.keys()
    assert moment.processes["gateway"] != Used(12.5, 1.0)
    assert moment.processes["carrier"] == Used(3.5, 20.5)
    assert (moment.calls_under_way, moment.answers_put_in) == (2, 1)


@pytest.mark.parametrize("pid", [None, NOBODY, os.getpid()], ids=["not told", "of nobody", "of another"])
def test_a_gateway_out_of_sight_is_known_by_its_own_word_and_its_drawing_not_at_all(pid: int | None) -> None:
    """A process id from elsewhere may be somebody else's here: one that began at another time is not believed."""
    moment = look(metrics(began_at() - 1_000), OLD_CARRIER, pid)
    assert moment.processes["gateway"] == Used(12.5, 1.0)
    assert moment.processes.keys() == {"gateway", "this load test"}


def test_a_gateway_that_says_nothing_is_not_known() -> None:
    assert look(b"", OLD_CARRIER, None).processes.keys() == {"this load test"}
    assert used_by_own_word({}) == {}
    assert used_by([NOBODY]) == Used(0.0, 0.0)
    assert not is_started_at(NOBODY, began_at())


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        yield tmp_path / "s"


def test_the_kernel_says_who_listens_on_a_socket(listening: Path) -> None:
    assert listener_of(listening) == os.getpid()
    assert listener_of(listening.with_name("nobody")) is None


def test_away_from_a_terminal_progress_is_lines_and_not_too_many() -> None:
    """A moment a second makes a line every quarter of a minute; the end of a count is always told."""
    paper = io.StringIO()
    moment = look(b"", CARRIER, None)
    with LiveProgress(Console(file=paper, width=200), 3, 2) as progress:
        for _ in range(5):
            progress.show(moment)
        progress.count("documents read", 1, 2)
        progress.count("documents read", 2, 2)
    first, last = paper.getvalue().splitlines()
    assert first.startswith("handed in 3 of 3; accepted, durable 2 of 3")
    assert "answers put in 1 of 2" in first
    assert last == "documents read 2 of 2"


def test_on_a_terminal_progress_is_bars() -> None:
    paper = io.StringIO()
    with LiveProgress(Console(file=paper, width=120, force_terminal=True), 3, 2) as progress:
        progress.count("documents read", 2, 2)
        progress.show(look(b"", CARRIER, None))
        progress.show(look(b"", OLD_CARRIER, None))
    assert "documents read" in paper.getvalue()
    assert "came in, unread" in paper.getvalue()
