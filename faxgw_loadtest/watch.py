"""Looks every second at what the processes use, how long and old the queue is, and what the carrier has under way."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from faxgw_loadtest.client import Client
from faxgw_loadtest.processes import Used, is_started_at, used_by, used_by_daemon, used_by_own_word

LOAD_TEST, CARRIER = "this load test", "carrier"
_WANTED = ("faxgw_queue", "faxgw_unknown", "faxgw_inbound", "process_")


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One look; `at` in seconds since 1970."""

    at: float
    processes: dict[str, Used]
    """Of which something is known."""
    handed_in: int
    accepted: int
    submitted: int
    over: int
    answers_put_in: int
    queued: int
    oldest_due_seconds: float
    in_doubt: int
    inbound_waiting: int
    calls_under_way: int
    waiting_for_channel: int


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How far the run is."""

    handed_in: int
    accepted: int
    submitted: int
    over: int
    answers_put_in: int = 0


class _Calls(msgspec.Struct, frozen=True):
    """The carrier's word, of its calls and of itself."""

    under_way: int
    waiting: int
    cpu_seconds: float | None = None
    memory_mib: float | None = None


@dataclass(slots=True)
class Gauges:
    """The daemon's own figures, which it renews every five seconds."""

    queued: int = 0
    oldest_due_seconds: float = 0.0
    in_doubt: int = 0
    inbound_waiting: int = 0
    process: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Watch:
    """Takes moments. `pids` are processes of ours by the name they have in the report.

    `gateway_pid` may be a guess: it counts where the daemon says that it began in the same moment. Else the daemon is
    known by its own word alone, and what draws for it not at all.
    """

    gateway: Client
    carrier: Client
    pids: Mapping[str, int]
    gateway_pid: int | None
    moments: list[Moment] = field(default_factory=list)
    _is_seen: bool | None = None

    async def look(self, done: Done) -> Moment:
        gauges = await self._gauges()
        calls = msgspec.json.decode((await self.carrier.request("GET", "/control/now")).body, type=_Calls)
        moment = Moment(
            at=time.time(),
            processes=self._used(gauges.process, calls),
            handed_in=done.handed_in,
            accepted=done.accepted,
            submitted=done.submitted,
            over=done.over,
            answers_put_in=done.answers_put_in,
            queued=gauges.queued,
            oldest_due_seconds=gauges.oldest_due_seconds,
            in_doubt=gauges.in_doubt,
            inbound_waiting=gauges.inbound_waiting,
            calls_under_way=calls.under_way,
            waiting_for_channel=calls.waiting,
        )
        self.moments.append(moment)
        return moment

    def _used(self, process: Mapping[str, float], calls: _Calls) -> dict[str, Used]:
        used = self._gateway(process)
        if calls.cpu_seconds is not None and calls.memory_mib is not None:
            used[CARRIER] = Used(calls.cpu_seconds, calls.memory_mib)
        used |= {name: used_by([pid]) for name, pid in self.pids.items()}
        used[LOAD_TEST] = used_by([os.getpid()])
        return used

    def _gateway(self, process: Mapping[str, float]) -> dict[str, Used]:
        if self._is_seen is None:
            began_at = process.get("process_start_time_seconds")
            pid = self.gateway_pid
            self._is_seen = pid is not None and began_at is not None and is_started_at(pid, began_at)
        if self._is_seen and self.gateway_pid is not None:
            return used_by_daemon(self.gateway_pid)
        return used_by_own_word(process)

    async def _gauges(self) -> Gauges:
        reply = await self.gateway.request("GET", "/metrics")
        return await asyncio.to_thread(read_gauges, reply.body.decode())


def read_gauges(metrics: str) -> Gauges:
    """The few figures of the queue and the process out of Prometheus' text."""
    gauges = Gauges()
    wanted = [line for line in metrics.splitlines() if line.startswith(_WANTED)]
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
                case name, _ if name.startswith("process_"):
                    gauges.process[name] = sample.value
                case _:
                    pass
    return gauges
