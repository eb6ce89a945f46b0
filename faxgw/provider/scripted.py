"""A carrier in memory for journeys under a `MockClock`: the simulated carrier's words and mishaps without its sockets.

It lives outside the daemon it serves, as a carrier does: when the daemon's tasks are cancelled its calls go on, and
receipts wait and come again. Everything it does has a due time and happens in that order, so a journey
played twice with one seed is the same journey.
"""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
import trio

from faxgw.clock import Clock
from faxgw.fax import ClientRef, Failure
from faxgw.phone import Line
from faxgw.provider.mishaps import Answer, Ask, Call, Play, Receipt, Shares
from faxgw.provider.port import (
    Absent,
    Accepted,
    Capabilities,
    Found,
    Listed,
    LookUp,
    LookUpKind,
    NoAnswer,
    Refused,
    Report,
    Sending,
    SendOutcome,
    Unclear,
    Unsent,
)
from faxgw.provider.signature import sign
from faxgw.provider.simulated import FaxReport, FaxReports, read_report, read_signed
from faxgw.provider.switchboard import CallTimes, Switchboard, Taken, tells_most

Deliver = Callable[[Mapping[str, str], bytes], Awaitable[bool]]
"""Takes a webhook (lower-case headers, body); False when it was not taken, so that it comes again."""

_KEY: Final = sha256(b"the scripted carrier signs with this").digest()
_DELIVER_SECONDS_MAX: Final = 10.0
_BACKOFF_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that things take, apart from the calls.

    `patience_seconds` is the sender's read time-out: an answer slower than that is `Unclear`, while the
    carrier goes on as if nothing had happened.
    """

    request_seconds: float = 0.05
    answer_seconds: float = 0.05
    slow_seconds: float = 45.0
    patience_seconds: float = 30.0
    late_seconds: float = 120.0
    retry_after_seconds: float = 1.0
    receipt_backoff_seconds: float = 1.0
    receipt_tries_max: int = 12


@dataclass(slots=True, eq=False)
class _Message:
    id: str
    body: bytes
    tries: int = 0


class ScriptedProvider:
    """Implements `Provider`. Give `run` to a nursery of its own for receipts; without it fates are found by asking.

    Args:
        name: as in the config.
        clock: moves with trio's, such as `TrioClock`.
        seed, shares: which mishaps happen how often, see `mishaps.py`. `down` may be any share here.
        times, pace: how long calls, requests and receipts take.
        idempotent: the same reference again gives the same fax.
        capabilities: what it can do; how it answers questions follows `look_up`.
        deliver: where receipts go; may be set and taken away at any time (`deliver` attribute).
    """

    def __init__(
        self,
        name: str = "scripted",
        *,
        clock: Clock,
        seed: int = 0,
        shares: Mapping[str, float] | None = None,
        times: CallTimes | None = None,
        pace: Pace | None = None,
        idempotent: bool = False,
        capabilities: Capabilities | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._pace = pace or Pace()
        self._capabilities = capabilities or Capabilities(
            tells_pages=True, idempotent_seconds=math.inf if idempotent else 0.0
        )
        self._board = Switchboard(
            seed=seed, times=times or CallTimes(), shares=Shares(dict(shares or {})), idempotent=idempotent
        )
        self.deliver = deliver
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._outbox: list[tuple[float, int, _Message]] = []
        self._sequence = itertools.count()
        self._something_new = trio.Event()
        self._call_ended = trio.lowlevel.ParkingLot()
        self._answers: Counter[str] = Counter()
        self._webhooks: Counter[str] = Counter()
        self.documents: dict[str, bytes] = {}
        """What was handed in last under each reference: what the florists' machines print."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def set_shares(self, shares: Mapping[str, float]) -> None:
        """Other mishaps from now on; `{"down": 1}` switches the carrier off, `{}` makes it flawless."""
        self._board.shares = Shares(dict(shares))

    def script(self, number: str, plays: Sequence[str]) -> None:
        """What happens to the next faxes to `number`, in turn, such as `["lost_answer+busy", "delivered"]`."""
        self._board.script(number, plays)

    def account(self) -> dict[str, object]:
        """As `GET /control/account` of the simulated carrier; see `Switchboard.account`."""
        self._catch_up()
        return self._board.account() | {"answers": dict(self._answers), "webhooks": dict(self._webhooks)}

    def faxes(self) -> list[Taken]:
        """All faxes ever taken, oldest first."""
        self._catch_up()
        return list(self._board.by_id.values())

    async def wait_ended(self, count: int) -> None:
        """Until so many calls have ended, well or not; needs `run`."""
        while self._board.ended < count:
            await self._call_ended.park()

    async def send(self, sending: Sending) -> SendOutcome:
        self._catch_up()
        play = self._board.next_play(sending.client_ref, sending.line)
        self._answers[play.answer.value] += 1
        if play.answer is Answer.DOWN:
            await trio.lowlevel.checkpoint()
            return Unsent("it refuses connections")
        await trio.sleep(self._pace.request_seconds)
        if not play.answer.accepts:
            await trio.sleep(self._pace.answer_seconds)
            return self._turn_away(play.answer)
        if sending.format not in self._capabilities.formats:
            return Refused(Failure.DOCUMENT, "UNSUPPORTED_FORMAT")
        if play.answer is Answer.SLOW_BEFORE:
            return await self._accept_late(sending, play)
        fax = self._accept(sending, play, self._clock.now())
        if play.receipt is Receipt.EARLY and fax.ended_at is None:
            self._end_call(fax, self._clock.now())
            await self._post_due()
        return await self._confirm(fax, play.answer)

    async def look_up(self, client_ref: ClientRef) -> LookUp:
        if (refusal := await self._ask()) is not None:
            return refusal
        found = self._board.by_reference.get(client_ref, [])
        match self._capabilities.look_up:
            case LookUpKind.NUMBER | LookUpKind.LISTED | LookUpKind.NONE:
                return NoAnswer("it cannot be asked by reference")
            case LookUpKind.COMPLETED:
                found = [fax for fax in found if fax.ended_at is not None]
            case LookUpKind.REFERENCE:
                pass
        return Found(read_report(_report(max(found, key=tells_most)))) if found else Absent()

    async def list_sent(self, line: Line, since: float) -> list[Listed] | NoAnswer:
        if (refusal := await self._ask()) is not None:
            return refusal
        faxes = [fax for fax in self._board.by_id.values() if fax.number == line and fax.taken_at >= since]
        names = self._capabilities.look_up is LookUpKind.LISTED
        return [
            Listed(fax.id, line, fax.taken_at, report.fate, report.client_ref if names else None)
            for fax in faxes
            for report in [read_report(_report(fax))]
        ]

    async def poll(self, provider_refs: Sequence[str]) -> list[Report] | NoAnswer:
        if (refusal := await self._ask()) is not None:
            return refusal
        by_id = self._board.by_id
        return [read_report(_report(by_id[ref])) for ref in provider_refs if ref in by_id]

    def read_receipt(self, headers: Mapping[str, str], body: bytes) -> list[Report]:
        return read_signed(_KEY, headers, body, self._clock.now())

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()

    async def run(self) -> None:
        """Send receipts as they fall due, until cancelled. May be cancelled and started again; nothing is lost."""
        while True:
            self._catch_up()
            await self._post_due()
            due = min((heap[0][0] for heap in (self._agenda, self._outbox) if heap), default=math.inf)
            with trio.move_on_after(max(due - self._clock.now(), 0)):
                await self._something_new.wait()
            self._something_new = trio.Event()

    def _turn_away(self, answer: Answer) -> SendOutcome:
        match answer:
            case Answer.TOO_MANY:
                return Refused(Failure.CAPACITY, "429", self._pace.retry_after_seconds)
            case Answer.UNAVAILABLE:
                return Refused(Failure.CAPACITY, "503")
            case Answer.ERROR:
                return Unclear("answered with 500")
            case _:
                return Unclear("no whole HTTP answer")

    def _accept(self, sending: Sending, play: Play, now: float) -> Taken:
        if (known := self._board.repeated(sending.client_ref)) is not None:
            return known
        self.documents[sending.client_ref] = sending.document
        digest = sha256(sending.document).hexdigest()
        fax = self._board.take(sending.client_ref, sending.line, sending.pages, digest, play, now)
        # An early receipt comes while the answer is on its way; a fax accepted late has nobody left to outrun.
        ends_in_send = play.receipt is Receipt.EARLY and play.answer is not Answer.SLOW_BEFORE
        if play.call is not Call.STUCK and not ends_in_send:
            self._schedule(now + fax.call_seconds, lambda due: self._end_call(fax, due))
        return fax

    async def _accept_late(self, sending: Sending, play: Play) -> SendOutcome:
        """The carrier has read everything and lets it lie; it is going to accept it even if nobody waits any more."""
        accepted: list[Taken] = []
        due = self._clock.now() + self._pace.slow_seconds
        self._schedule(due, lambda due: accepted.append(self._accept(sending, play, due)))
        await trio.sleep(min(self._pace.slow_seconds, self._pace.patience_seconds))
        self._catch_up()
        return Accepted(accepted[0].id) if accepted else Unclear("no answer in time")

    async def _confirm(self, fax: Taken, answer: Answer) -> SendOutcome:
        slow_seconds = self._pace.slow_seconds if answer is Answer.SLOW_AFTER else self._pace.answer_seconds
        await trio.sleep(min(slow_seconds, self._pace.patience_seconds))
        match answer:
            case Answer.LOST:
                return Unclear("no whole HTTP answer")
            case Answer.BROKEN:
                return Unclear("answered with 201, and no id that can be read")
            case Answer.ERROR_ACCEPTED:
                return Unclear("answered with 500")
            case _ if slow_seconds > self._pace.patience_seconds:
                return Unclear("no answer in time")
            case _:
                return Accepted(fax.id)

    async def _ask(self) -> NoAnswer | None:
        await trio.sleep(self._pace.request_seconds + self._pace.answer_seconds)
        self._catch_up()
        if self._board.shares.by_name.get(Answer.DOWN.value, 0) >= 1:
            return NoAnswer("it refuses connections")
        match self._board.next_ask():
            case Ask.ANSWERED:
                return None
            case Ask.UNAVAILABLE:
                return NoAnswer("answered with 503")
            case Ask.LOST:
                return NoAnswer("no whole HTTP answer")

    def _end_call(self, fax: Taken, now: float) -> None:
        self._board.end(fax, now)
        self._call_ended.unpark_all()
        final = msgspec.structs.replace(_report(fax), event_id=f"evt_{fax.id}_{fax.status}")
        match fax.play.receipt:
            case Receipt.MISSING:
                pass
            case Receipt.LATE:
                self._tell(final, now + self._pace.late_seconds)
            case Receipt.DOUBLED:
                self._tell(final, now)
                self._tell(final, now)
            case Receipt.OUT_OF_ORDER:
                self._tell(final, now)
                self._tell(msgspec.structs.replace(final, event_id=f"evt_{fax.id}_early", status="in_progress"), now)
            case Receipt.ON_TIME | Receipt.EARLY:
                self._tell(final, now)

    def _tell(self, report: FaxReport, due: float) -> None:
        message = _Message(f"msg_{next(self._sequence)}", msgspec.json.encode(FaxReports([report])))
        self._put_out(message, due)

    def _put_out(self, message: _Message, due: float) -> None:
        heapq.heappush(self._outbox, (due, next(self._sequence), message))
        self._something_new.set()

    async def _post_due(self) -> None:
        while self._outbox and self._outbox[0][0] <= self._clock.now():
            await self._post(heapq.heappop(self._outbox)[2])

    async def _post(self, message: _Message) -> None:
        message.tries += 1
        taken = False
        try:
            taken = await self._offer(message)
        finally:
            # Also when we are cancelled in the middle: nobody said that it was taken.
            self._webhooks["taken" if taken else "not_taken"] += 1
            if not taken and message.tries < self._pace.receipt_tries_max:
                wait_seconds = min(self._pace.receipt_backoff_seconds * 2 ** (message.tries - 1), _BACKOFF_SECONDS_MAX)
                self._put_out(message, self._clock.now() + wait_seconds)

    async def _offer(self, message: _Message) -> bool:
        if self.deliver is None:
            return False
        timestamp = int(self._clock.now())
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(_KEY, message.id, timestamp, message.body),
        }
        with trio.move_on_after(_DELIVER_SECONDS_MAX):
            return await self.deliver(headers, message.body)
        return False

    def _schedule(self, due: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, (due, next(self._sequence), action))
        self._something_new.set()

    def _catch_up(self) -> None:
        """Let everything happen that is due by now, each at its own time."""
        now = self._clock.now()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, action = heapq.heappop(self._agenda)
            action(due)


def _report(fax: Taken) -> FaxReport:
    call_seconds = None if fax.ended_at is None else fax.ended_at - fax.taken_at
    return FaxReport(fax.id, fax.reference, fax.status, fax.code, fax.pages_delivered, call_seconds)
