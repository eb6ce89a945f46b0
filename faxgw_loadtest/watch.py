"""Looks every second at what the processes use, how long and old the queue is, and what the carrier has under way."""

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from faxgw_loadtest.client import Client

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Used(msgspec.Struct, frozen=True):
    """What a process and those it started have used so far; memory is resident, shared pages counted each time."""

    cpu_seconds: float
    memory_mib: float


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One look; `at` in seconds since 1970."""

    at: float
    processes: dict[str, Used]
    handed_in: int
    accepted: int
    submitted: int
    over: int
    queued: int
    oldest_due_seconds: float
    in_doubt: int
    inbound_waiting: int
    calls_under_way: int
    waiting_for_channel: int


@dataclass(slots=True)
class Gauges:
    """The daemon's own figures, which it renews every five seconds."""

    queued: int = 0
    oldest_due_seconds: float = 0.0
    in_doubt: int = 0
    inbound_waiting: int = 0


@dataclass(slots=True)
class Watch:
    """Takes moments. `pids` are the processes by the name they have in the report; `gateway` has children that draw."""

    pids: dict[str, int]
    gateway: Client
    carrier: Client
    moments: list[Moment] = field(default_factory=list)

    async def look(self, handed_in: int, accepted: int, submitted: int, over: int) -> Moment:
        gauges = await self._gauges()
        calls = msgspec.json.decode((await self.carrier.request("GET", "/control/now")).body, type=dict[str, int])
        moment = Moment(
            at=time.time(),
            processes=self._used(),
            handed_in=handed_in,
            accepted=accepted,
            submitted=submitted,
            over=over,
            queued=gauges.queued,
            oldest_due_seconds=gauges.oldest_due_seconds,
            in_doubt=gauges.in_doubt,
            inbound_waiting=gauges.inbound_waiting,
            calls_under_way=calls["under_way"],
            waiting_for_channel=calls["waiting"],
        )
        self.moments.append(moment)
        return moment

    def _used(self) -> dict[str, Used]:
        used = {name: used_by([pid]) for name, pid in self.pids.items()}
        if "gateway" in self.pids:
            used["drawing"] = used_by(children_of(self.pids["gateway"]))
        used["this load test"] = used_by([os.getpid()])
        return used

    async def _gauges(self) -> Gauges:
        reply = await self.gateway.request("GET", "/metrics")
        return await asyncio.to_thread(read_gauges, reply.body.decode())


def read_gauges(metrics: str) -> Gauges:
    """The few figures of the queue out of Prometheus' text."""
    gauges = Gauges()
    wanted = (
        line for line in metrics.splitlines() if line.startswith(("faxgw_queue", "faxgw_unknown", "faxgw_inbound"))
    )
    for family in text_string_to_metric_families("\n".join(wanted) + "\n"):
        for sample in family.samples:
            match sample.name, sample.labels.get("state"):
                case "faxgw_queue_faxes", "queued":
                    gauges.queued = int(sample.value)
                case "faxgw_queue_oldest_due_age_seconds", _:
                    gauges.oldest_due_seconds = sample.value
                case "faxgw_unknown_outcome_faxes", _:
                    gauges.in_doubt = int(sample.value)
                case "faxgw_inbound_waiting_faxes", "kept":
                    gauges.inbound_waiting = int(sample.value)
                case _:
                    pass
    return gauges


def used_by(pids: Iterable[int]) -> Used:
    """Of these processes together; one that has ended counts nothing."""
    ticks = pages = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        ticks += int(fields[11]) + int(fields[12])
    return Used(ticks / _TICKS_A_SECOND, round(pages * _PAGE_BYTES / 2**20, 1))


def children_of(pid: int) -> list[int]:
    """Processes that any of its threads started, and theirs."""
    try:
        children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")).split()
    except OSError:
        return []
    return [each for child in children for each in (int(child), *children_of(int(child)))]
