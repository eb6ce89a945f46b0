"""The whole way from the queue to the receipt on one thread: the real gateway, lanes, gates and calls, a store in
memory, and a carrier that is only a few timers.

A clock that jumps lets a day of calls pass while only computing takes time.
"""

import gc
import heapq
import logging
import math
import random
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256

import structlog
import trio
from trio.testing import MockClock

from faxgw.clock import TrioClock
from faxgw.config.calls import ONE_FAX
from faxgw.config.carriers import SimulatedConfig
from faxgw.config.daemon import RenderConfig
from faxgw.config.whole import Config
from faxgw.errors import BugError
from faxgw.fax import ClientRef, State
from faxgw.gateway import Gateway, Parts
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.phone import Line
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Delivered,
    Listed,
    LookUp,
    NoAnswer,
    Report,
    Sending,
    SendOutcome,
)
from faxgw.render.port import Drawing
from faxgw.render.sheet import Document, Unrenderable
from faxgw.routing.planner import plan_here
from faxgw.settlement.clearing import inline
from faxgw.store.admission import NewFax
from faxgw.store.sql import SqlStore, open_memory_store
from tools.bench.florist import FLORIST
from tools.bench.growth.figure import Figure
from tools.bench.posting import make_order

NOW = 1_800_000_000.0
ANSWER_SECONDS, CALL_SECONDS = 0.5, 0.5
"""Short: what the gateway does by the clock, such as looking for lost receipts, is no cost of a fax."""
FAXES = 4_000
LINES_MAX = 5_200
LANES = 200
CARRIER = "memory"
SECONDS_MAX = 86_400.0
PAGE = Document(tiff=b"II*\x00" + bytes(13_000), pages=1, sha256="ab" * 32, form_version="plain")


def measure_lanes(lanes: int) -> list[Figure]:
    """Every fax to a line of its own, so that the lanes are what bounds them."""
    _as_a_daemon()
    microseconds, at_once = _send_all(FAXES, lanes=lanes, lines=FAXES)
    if at_once != lanes:
        raise BugError(f"{at_once} of {lanes} lanes were used")
    return [Figure("whole way: a fax from the queue to its receipt", lanes, microseconds, "us")]


def measure_lines(lines: int) -> list[Figure]:
    """As many faxes as there may be lines, to fewer and fewer."""
    _as_a_daemon()
    microseconds, _ = _send_all(LINES_MAX, lanes=LANES, lines=lines)
    return [Figure("whole way: a fax from the queue to its receipt", lines, microseconds, "us")]


def _as_a_daemon() -> None:
    """Logs no step, and never walks again what is loaded."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    gc.collect()
    gc.freeze()


def _send_all(faxes: int, *, lanes: int, lines: int) -> tuple[float, int]:
    """CPU a fax in microseconds, and how many sends were under way at once."""
    return trio.run(_run, faxes, lanes, lines, clock=MockClock(autojump_threshold=0))


async def _run(faxes: int, lanes: int, lines: int) -> tuple[float, int]:
    clock, store = TrioClock(NOW - trio.current_time()), open_memory_store()
    await store.admit([_new_fax(number, lines) for number in range(faxes)])
    carrier = MemoryCarrier()
    gateway = _gateway(store, carrier, clock, lanes)
    carrier.gateway = gateway
    stopping = trio.Event()
    began = time.process_time_ns()
    async with trio.open_nursery() as outside:
        outside.start_soon(carrier.run)
        async with trio.open_nursery() as nursery:
            await nursery.start(gateway.run, stopping)
            with trio.fail_after(SECONDS_MAX):
                await carrier.wait_told(faxes)
                await _wait_delivered(store, faxes)
            stopping.set()
        outside.cancel_scope.cancel()
    return (time.process_time_ns() - began) / 1e3 / faxes, carrier.at_once


async def _wait_delivered(store: SqlStore, faxes: int) -> None:
    """What the carrier told is applied by the gateway's own tasks."""
    seen = 0
    while (await store.counts()).get(State.DELIVERED, 0) < faxes:
        await store.wait_events(seen)
        seen = await store.last_event()


class MemoryCarrier:
    """Implements `Provider`: takes every fax after a moment, delivers it, and says so."""

    name = CARRIER
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.gateway: Gateway | None = None
        self.at_once = 0
        self._under_way = 0
        self._told = 0
        self._told_all = trio.Event()
        self._told_wanted = math.inf
        self._calls: list[tuple[float, str]] = []
        self._called = trio.Event()

    async def send(self, sending: Sending) -> SendOutcome:
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        await trio.sleep(ANSWER_SECONDS)
        self._under_way -= 1
        heapq.heappush(self._calls, (trio.current_time() + CALL_SECONDS, sending.client_ref))
        self._called.set()
        return Accepted(f"M-{sending.client_ref}")

    async def run(self) -> None:
        """End calls as their time comes, and tell."""
        while True:
            await self._called.wait()
            while self._calls:
                ends_at, client_ref = heapq.heappop(self._calls)
                await trio.sleep_until(ends_at)
                await self._tell(client_ref)
            self._called = trio.Event()

    async def wait_told(self, count: int) -> None:
        """Until so many faxes were delivered."""
        self._told_wanted = count
        await self._told_all.wait()

    async def _tell(self, client_ref: str) -> None:
        if self.gateway is None:
            raise BugError("the carrier was asked to send by nobody")
        await self.gateway.receipts.take(CARRIER, {}, client_ref.encode())
        self._told += 1
        if self._told >= self._told_wanted:
            self._told_all.set()

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        del headers
        client_ref = ClientRef(body.decode())
        return [Report(Delivered(1, CALL_SECONDS), f"M-{client_ref}", client_ref, f"evt-{client_ref}")]

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        del client_ref
        await trio.lowlevel.checkpoint()
        return Absent()

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        del line, since
        await trio.lowlevel.checkpoint()
        return NoAnswer("it does not list")

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        del provider_refs
        await trio.lowlevel.checkpoint()
        return NoAnswer("it tells by itself")

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


class _NoPen:
    """Draws nothing: the page is not what grows."""

    async def render(self, drawings: Sequence[Drawing]) -> list[Document | Unrenderable]:
        await trio.lowlevel.checkpoint()
        return [PAGE] * len(drawings)


def _gateway(store: SqlStore, carrier: MemoryCarrier, clock: TrioClock, lanes: int) -> Gateway:
    own = SimulatedConfig(
        name=CARRIER,
        base_url="http://127.0.0.1:1",
        account="",
        password_file="",
        webhook_secret_file="",
        lanes=lanes,
        lanes_initial=lanes,
    )
    parts = Parts(
        config=Config(provider=[own], render=RenderConfig(workers=2), call=ONE_FAX),
        store=store,
        renderer=_NoPen(),
        providers=[(carrier, own)],
        register=Register([FLORIST]),
        clock=clock,
        random=random.Random(1).random,
        metrics=Metrics(),
        planner=plan_here,
        work=inline,
    )
    return Gateway(parts)


def _new_fax(number: int, lines: int) -> NewFax:
    order = make_order(number)
    return NewFax(
        submitter=f"shop-{number % 4}",
        key=f"k{number}",
        digest=sha256(order).digest(),
        number=f"WEB-{number}",
        line=Line(f"+33199{number % lines:06}"),
        rank=number % 3,
        order=order,
        accepted_at=NOW,
        due_at=NOW,
        deadline_at=None,
    )
