"""The desk behind the faces: admits orders, and does with faxes what people ask.

What is asked is decided by the store alone; memory follows it. A hold or a cancel that comes while the fax
is with a carrier is refused with the state, never half done.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from faxgw.api.port import Why
from faxgw.clock import Clock
from faxgw.dispatch.gate import Gate
from faxgw.faults import Fault
from faxgw.fax import FaxId, State, Waiting
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.order import Order, Priority
from faxgw.phone import Line, parse_line
from faxgw.queue.waiting import WaitingRoom
from faxgw.store.port import (
    Admission,
    Admitted,
    CancelAsked,
    Changed,
    FaxView,
    HoldAsked,
    NewFax,
    Queued,
    Recorded,
    ReleaseAsked,
    Store,
)

RANKS = {Priority.EXPRESS: 0, Priority.STANDARD: 1, Priority.BULK: 2}

encode_order = msgspec.json.Encoder(order="deterministic").encode


class OrderDesk:
    """See `port.Desk`."""

    def __init__(
        self,
        store: Store,
        waiting: WaitingRoom,
        register: Register,
        gates: Mapping[str, Gate],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._register = register
        self._gates = gates
        self._clock = clock
        self._metrics = metrics

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        now = self._clock.now()
        lines = [self._line_of(order) for order in orders]
        faxes = [
            _new_fax(submitter, order, line, now)
            for order, line in zip(orders, lines, strict=True)
            if not isinstance(line, list)
        ]
        admissions = await self._store.admit(faxes)
        self._put_in_line(faxes, admissions)
        admitted = iter(admissions)
        return [line if isinstance(line, list) else next(admitted) for line in lines]

    async def hold(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        recorded = (await self._store.record([HoldAsked(fax_id, who, why, self._clock.now())]))[0]
        if isinstance(recorded, Changed):
            self._waiting.remove(fax_id)
        return recorded

    async def release(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        recorded = (await self._store.record([ReleaseAsked(fax_id, who, why, self._clock.now())]))[0]
        view = await self._store.fax(fax_id) if isinstance(recorded, Changed) else None
        if view is not None and view.state is State.QUEUED:
            self._waiting.put([Queued(fax_id, view.line, view.rank, view.due_at, view.deadline_at, view.calls)])
        return recorded

    async def cancel(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        recorded = (await self._store.record([CancelAsked(fax_id, who, why, self._clock.now())]))[0]
        if isinstance(recorded, Changed):
            self._waiting.remove(fax_id)
            self._metrics.finished.labels("cancelled").inc()
        return recorded

    def why(self, view: FaxView) -> Why:
        """Why the fax is not being sent this moment, in one sentence for a person."""
        match view.state:
            case State.QUEUED:
                return self._why_queued(view)
            case State.HELD:
                return Why(Waiting.HELD, f"held ({view.reason}); release it to let it go")
            case State.SENDING | State.SUBMITTED:
                provider = view.attempts[-1].provider if view.attempts else "a carrier"
                return Why(Waiting.WITH_CARRIER, f"{provider} has it; its receipt is awaited")
            case State.UNKNOWN:
                return Why(Waiting.IN_DOUBT, f"in doubt ({view.reason}); the carrier is being asked what it has")
            case final:
                return Why(Waiting.OVER, f"it is over: {final}" + (f" ({view.reason})" if view.reason else ""))

    def _why_queued(self, view: FaxView) -> Why:
        opens_at = [gate.closed_until for gate in self._gates.values()]
        if opens_at and all(opens_at):
            until = min(at for at in opens_at if at is not None)
            return Why(Waiting.PROVIDER_PAUSED, "every carrier asked us to wait", until)
        match self._waiting.why(view.fax_id, view.line):
            case Waiting.NOT_DUE:
                return Why(Waiting.NOT_DUE, f"waits for its next try after: {view.reason or 'its time'}", view.due_at)
            case Waiting.LINE_BUSY:
                return Why(Waiting.LINE_BUSY, "another fax has the line; a line takes one call at a time")
            case waiting:
                return Why(waiting, "nothing stands in its way; it goes as soon as a lane is free")

    def _line_of(self, order: Order) -> Line | list[Fault]:
        faults: list[Fault] = []
        if self._register.find(order.sending_member) is None:
            faults.append(Fault("/sending_member", f"no member {order.sending_member} in the register"))
        executor = self._register.find(order.executing_member) if order.executing_member else None
        if order.executing_member and executor is None:
            faults.append(Fault("/executing_member", f"no member {order.executing_member} in the register"))
        line = parse_line(order.fax_number, order.recipient.country) if order.fax_number else None
        if line is None and executor is not None:
            line = self._register.line_of(executor)
        return faults if faults or line is None else line

    def _put_in_line(self, faxes: Sequence[NewFax], admissions: Sequence[Admission]) -> None:
        new = [
            Queued(admission.fax_id, fax.line, fax.rank, fax.due_at, fax.deadline_at, 0)
            for fax, admission in zip(faxes, admissions, strict=True)
            if isinstance(admission, Admitted)
        ]
        self._metrics.accepted.labels("api").inc(len(new))
        self._waiting.put(new)


def _new_fax(submitter: str, order: Order, line: Line, now: float) -> NewFax:
    body = encode_order(order)
    return NewFax(
        submitter=submitter,
        key=order.key,
        digest=hashlib.sha256(body).digest(),
        number=order.number,
        line=line,
        rank=RANKS[order.priority],
        order=body,
        accepted_at=now,
        due_at=now,
        deadline_at=order.deadline.astimezone(dt.UTC).timestamp() if order.deadline else None,
    )
