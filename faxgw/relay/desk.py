"""The desk of the relay: takes messages, has the store decide and keep them, and puts in line what goes out.

Refuses what is wrong in itself before the store hears of it. Logs nothing of what is said: messages are personal.
"""

from collections.abc import Callable, Sequence

import msgspec
import structlog
import trio

from faxgw.dispatch.promises import Promises
from faxgw.errors import BugError, StoreBusyError, StoreFailedError, StoreFullError
from faxgw.faults import convert_or_faults
from faxgw.fax import FaxId
from faxgw.message import Kind, RelayMessage, faults_of
from faxgw.ops.metrics import Metrics
from faxgw.queue.waiting import WaitingRoom
from faxgw.relay.away import AwayFlorists
from faxgw.relay.judge import Judge
from faxgw.relay.sentences import refusal_sentence
from faxgw.relay.step import Refused
from faxgw.store.admission import NewFax
from faxgw.store.port import Store
from faxgw.store.relay.port import Answer, Matter, Refusal, RelayRefused, RelayRepeated, RelayTaken, Settled
from faxgw.store.unfinished import Promise, Queued

log = structlog.get_logger(__name__)


def _nobody_listens() -> None:
    pass


class Relay:
    """See `port.RelayDesk`."""

    def __init__(self, store: Store, judge: Judge, waiting: WaitingRoom, promises: Promises, metrics: Metrics) -> None:
        self._store = store
        self._judge = judge
        self._waiting = waiting
        self._promises = promises
        self._metrics = metrics
        self.on_absences: Callable[[], None] = _nobody_listens
        self.away = AwayFlorists()
        self.woken = trio.Event()
        """Set when something may be due."""

    async def take(self, messages: Sequence[RelayMessage]) -> list[Answer]:
        wrong = [_invalid(message) for message in messages]
        matters = [self._judge.of_message(each) for each, fault in zip(messages, wrong, strict=True) if fault is None]
        settled = iter(await self._settle_apart(matters))
        answers = [fault or _answer_of(next(settled)) for fault in wrong]
        if any(message.kind in {Kind.SUS, Kind.RES} for message in messages):
            await self.learn_absences()
        for message, answer in zip(messages, answers, strict=True):
            self.count(message, answer)
        return answers

    async def _settle_apart(self, matters: Sequence[Matter]) -> list[Settled]:
        """Settle all; if that breaks, each half alone, until the message that breaks it is found and left out."""
        try:
            return await self.settle(matters)
        except (StoreFailedError, StoreBusyError, StoreFullError):
            raise
        except Exception:
            # The crash barrier of a message: nothing of the batch was kept.
            if len(matters) == 1:
                log.exception("relay_message_broke")
                return [Settled(RelayRefused(Refusal.BROKE, ""))]
        middle = len(matters) // 2
        return [*await self._settle_apart(matters[:middle]), *await self._settle_apart(matters[middle:])]

    def count(self, message: RelayMessage, answer: Answer) -> None:
        self._metrics.relay_messages.labels(message.kind.value, _result(answer)).inc()

    async def learn_absences(self) -> None:
        """At the start, and whenever somebody told of one."""
        if self.away.put(await self._store.relay.absences()):
            self.on_absences()

    async def settle(self, matters: Sequence[Matter]) -> list[Settled]:
        """Have the store decide; memory follows what it decided."""
        if not matters:
            return []
        settled = await self._store.relay.settle(matters)
        # No checkpoint in between: what is queued in the store must be in line, all of it.
        for each in settled:
            self._follow(each)
        self.woken.set()
        return settled

    def heed_clock(self) -> None:
        """The machine's clock was set: what is due by it is looked for again."""
        self.woken.set()

    def _follow(self, settled: Settled) -> None:
        for fax_id in settled.stopped:
            self._waiting.remove(fax_id)
            self._promises.cancelled(fax_id)
            self._metrics.finished.labels("cancelled").inc()
        for new, fax_id in settled.admitted:
            self._metrics.accepted.labels("relay").inc()
            if new.deadline_at is not None:
                self._promises.put([Promise(fax_id, new.deadline_at, new.service)])
        self._waiting.put([_queued(new, fax_id) for new, fax_id in settled.admitted])


def _queued(new: NewFax, fax_id: FaxId) -> Queued:
    return Queued(fax_id, new.line, new.rank, new.due_at, new.deadline_at, 0, submitter=new.submitter)


def _invalid(message: RelayMessage) -> RelayRefused | None:
    """What was made by hand is checked like what came as JSON: a row that cannot be read back is never written."""
    checked = convert_or_faults(msgspec.to_builtins(message), RelayMessage)
    faults = checked if isinstance(checked, list) else list(faults_of(message))
    return (
        RelayRefused(Refusal.INVALID, "; ".join(f"{each.pointer}: {each.detail}" for each in faults))
        if faults
        else None
    )


def _answer_of(settled: Settled) -> Answer:
    match settled.answer:
        case RelayRefused(sentence="", refusal=refusal, seq=seq):
            # The store knows no sentences.
            return RelayRefused(refusal, refusal_sentence(Refused(refusal)), seq)
        case None:
            raise BugError("a message was settled without an answer")
        case answer:
            return answer


def _result(answer: Answer) -> str:
    match answer:
        case RelayTaken():
            return "taken"
        case RelayRepeated():
            return "repeated"
        case RelayRefused(refusal=Refusal.BROKE):
            return "broke"
        case RelayRefused():
            return "refused"
