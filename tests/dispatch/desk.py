"""The parts around one attempt, over a store in memory, each where a test can reach it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import trio

from faxgw.config.sending import DEFAULT_RETRIES
from faxgw.dispatch.attempt import Attempts
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.carriers import Carrier
from faxgw.dispatch.doubt import Askable, Doubts
from faxgw.dispatch.gate import Gate
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.prepared import Prepared
from faxgw.fax import ClientRef, FaxId, State
from faxgw.ops.metrics import Metrics
from faxgw.phone import Line
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Listed,
    LookUp,
    NoAnswer,
    Report,
    Sending,
    SendOutcome,
)
from faxgw.queue.waiting import WaitingRoom
from faxgw.render.sheet import Document
from faxgw.store.attempts import Attempt
from faxgw.store.sql import SqlStore, open_memory_store
from faxgw.store.unfinished import Queued
from tests.clocks import SetClock
from tests.store.faxes import LINE, admit_one

NOW = 1_800_000_000.0
PAGE = Document(tiff=b"II*\x00", pages=1, sha256="ab" * 32, form_version="plain")


@dataclass
class TellingCarrier:
    """Answers what it is told to; the last answer of a list is given again and again."""

    name: str = "north"
    outcomes: list[SendOutcome | Exception] = field(default_factory=lambda: [Accepted("SC1")])
    look_ups: list[LookUp | Exception] = field(default_factory=lambda: [Absent()])
    polls: list[list[Report] | NoAnswer | Exception] = field(default_factory=lambda: [[]])
    send_seconds: float = 0.1
    ask_seconds: float = 0.1
    sent: list[Sending] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    polled: list[list[str]] = field(default_factory=list)
    capabilities: Capabilities = field(default_factory=Capabilities)
    listed: list[Listed] = field(default_factory=list)

    async def send(self, sending: Sending) -> SendOutcome:
        self.sent.append(sending)
        await trio.sleep(self.send_seconds)
        answer = next_of(self.outcomes)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        del client_ref
        self.asked_at.append(trio.current_time())
        await trio.sleep(self.ask_seconds)
        answer = next_of(self.look_ups)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        await trio.sleep(self.ask_seconds)
        return [one for one in self.listed if one.line == line and one.taken_at >= since]

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        self.polled.append(list(provider_refs))
        await trio.sleep(self.ask_seconds)
        answer = next_of(self.polls)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        raise NotImplementedError

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


Given = TypeVar("Given")


def next_of(answers: list[Given]) -> Given:
    return answers.pop(0) if len(answers) > 1 else answers[0]


class Desk:
    """Everything dispatch is made of."""

    def __init__(
        self,
        *,
        store: SqlStore | None = None,
        provider: TellingCarrier | None = None,
        settle_seconds: float = 60.0,
        send_seconds: float = 30.0,
        resend_after_seconds: float = 0.0,
    ) -> None:
        self.store = store or open_memory_store()
        self.provider = provider or TellingCarrier()
        self.clock = SetClock(NOW)
        self.metrics = Metrics()
        self.waiting = WaitingRoom(self.clock)
        self.calls = OpenCalls()
        self.gate = Gate(self.provider.name, self.clock)
        self.outcomes = Outcomes(
            self.store, self.calls, self.waiting, self.clock, DEFAULT_RETRIES.__getitem__, lambda: 0.0, self.metrics
        )
        askable = {
            self.provider.name: Askable(self.provider, settle_seconds, resend_after_seconds=resend_after_seconds)
        }
        self.doubts = Doubts(askable, self.calls, self.outcomes, self.clock)
        self.attempts = Attempts(
            self.store, self.calls, self.waiting, self.outcomes, self.doubts, self.clock, self.metrics
        )
        self.carrier = Carrier(self.provider, send_seconds, self.gate)

    async def take_one(self, key: str = "a", line: Line = LINE, deadline_at: float | None = None) -> Queued:
        """A fax that was admitted, waited and was handed out: its line is busy with it."""
        fax_id = await admit_one(self.store, key, line)
        self.waiting.put([Queued(fax_id, line, 1, NOW, deadline_at, 0)])
        [taken] = await self.waiting.wait_due(1)
        return taken

    async def make_one(self, key: str = "a", line: Line = LINE) -> FaxId:
        """One attempt for a new fax."""
        fax = await self.take_one(key, line)
        await self.attempts.make(Prepared(fax, PAGE, NOW), self.carrier)
        return fax.fax_id

    async def state(self, fax_id: FaxId) -> State:
        view = await self.store.fax(fax_id)
        assert view is not None
        return view.state

    async def kinds(self, fax_id: FaxId) -> list[str]:
        view = await self.store.fax(fax_id)
        assert view is not None
        return [event.kind for event in view.events]

    def lines_busy(self) -> int:
        return self.waiting.statistics().lines_busy

    def open_attempt(self) -> Attempt:
        [attempt] = self.calls
        return attempt
