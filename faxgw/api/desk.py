"""The desk behind the faces: takes in orders and documents, and does with faxes what people ask.

What is asked is decided by the store alone; memory follows it. What comes while the fax is with a carrier is
refused with the state, never half done.
"""

from collections.abc import Awaitable, Callable, Sequence
from zoneinfo import ZoneInfo

import structlog
import trio

from faxgw.api.admission import new_document_fax, new_order_fax
from faxgw.api.placing import Placed, Placing
from faxgw.api.port import AgainWish, Destination, DocumentOrder, Why
from faxgw.api.why import Whys
from faxgw.clock import Clock
from faxgw.config.promises import ServiceRule
from faxgw.crashpoint import reach
from faxgw.dispatch.calls import OpenCalls
from faxgw.dispatch.drawing import Deposited
from faxgw.dispatch.outcome import Outcomes
from faxgw.dispatch.promises import Promises
from faxgw.dispatch.service import Service, apply_service
from faxgw.errors import BugError, QueueFullError, StoreBusyError
from faxgw.faults import Fault
from faxgw.fax import AttemptNumber, FaxId, State
from faxgw.members.register import Register
from faxgw.ops.metrics import Metrics
from faxgw.order import RANKS, Order, Priority
from faxgw.phone import NO_COUNTRY, Line, parse_line
from faxgw.queue.waiting import WaitingRoom
from faxgw.routing.router import NoRoute, Router
from faxgw.store.admission import NO_LINE, Admission, Admitted, AdmittedAgain, AgainAsked, NewFax
from faxgw.store.changes import (
    CancelAsked,
    Changed,
    HoldAsked,
    NoSuchFax,
    PriorityAsked,
    Recorded,
    ReleaseAsked,
    RerouteAsked,
    ResolveAsked,
    Ruling,
    SetAside,
    Stale,
)
from faxgw.store.port import Store
from faxgw.store.unfinished import Promise, Queued, queued_of
from faxgw.store.views import FaxView

log = structlog.get_logger(__name__)

ORDERS_BETWEEN_CHECKPOINTS = 100
"""Preparing one takes 0.02 ms: the loop waits some 2 ms at most, however many come in one upload."""
READ_AGAIN_SECONDS = 1.0
UTC = ZoneInfo("UTC")
FindFlorist = Callable[[FaxView, str, str], Awaitable[Recorded | NoRoute]]


class OrderDesk:
    """See `port.Desk`."""

    def __init__(
        self,
        store: Store,
        waiting: WaitingRoom,
        calls: OpenCalls,
        outcomes: Outcomes,
        register: Register,
        whys: Whys,
        clock: Clock,
        metrics: Metrics,
        rules: Sequence[ServiceRule] = (),
        promises: Promises | None = None,
        router: Router | None = None,
    ) -> None:
        self._placing = Placing(register, router)
        self.find_florist: FindFlorist | None = None
        """Looks again for somebody to execute an order that waits for a florist; None where nothing is routed."""
        self._store = store
        self._waiting = waiting
        self._calls = calls
        self._outcomes = outcomes
        self._register = register
        self._whys = whys
        self._clock = clock
        self._metrics = metrics
        self._rules = rules
        self._promises = promises or Promises(clock, metrics)

    # --- taking in ---------------------------------------------------------------------------------------

    def heed_rules(self, rules: Sequence[ServiceRule]) -> None:
        """Promise by these to orders that come in from now on."""
        self._rules = rules

    async def submit(self, submitter: str, orders: Sequence[Order]) -> list[Admission | list[Fault]]:
        self._refuse_if_full()
        now = self._clock.now()
        prepared: list[NewFax | list[Fault]] = []
        with self._placing.batch() as batch:
            for number, order in enumerate(orders, start=1):
                prepared.append(new := self._prepare(submitter, order, batch.place(order), now))
                # Characters that no font has are looked for in every font: milliseconds, where they are many.
                if number % ORDERS_BETWEEN_CHECKPOINTS == 0 or (isinstance(new, NewFax) and new.boxes):
                    await trio.lowlevel.checkpoint()
            faxes = [each for each in prepared if isinstance(each, NewFax)]
            reach("desk-before-admitting")
            admissions = batch.note(faxes, await self._store.admit(faxes))
        reach("desk-admitted")
        await self._put_in_line(faxes, admissions)
        admitted = iter(admissions)
        return [next(admitted) if isinstance(each, NewFax) else each for each in prepared]

    def _prepare(self, submitter: str, order: Order, placed: Placed | list[Fault], now: float) -> NewFax | list[Fault]:
        if isinstance(placed, list):
            return placed
        return new_order_fax(submitter, order, placed, now, self._service_of(submitter, placed.order, now))

    async def send_document(self, submitter: str, wish: DocumentOrder) -> Admission:
        self._refuse_if_full()
        # Durable before the row that names it: a crash in between leaves a file that nobody names.
        name = await self._store.keep_document(wish.content)
        size = len(wish.content)
        deposited = Deposited(document=name, kind=wish.kind, bytes=size, resolution=wish.resolution, photo=wish.photo)
        faxes = [new_document_fax(submitter, wish, deposited, self._clock.now())]
        admissions = await self._store.admit(faxes)
        await self._put_in_line(faxes, admissions)
        return admissions[0]

    def _refuse_if_full(self) -> None:
        """What comes faster than it goes would else wait without bound, and in vain."""
        if self._waiting.is_full:
            raise QueueFullError(
                "as many faxes wait as [queue] waiting_max allows; nothing was taken, send it again later"
            )

    # --- what people ask ---------------------------------------------------------------------------------

    async def hold(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        recorded = (await self._store.record([HoldAsked(fax_id, who, why, self._clock.now())]))[0]
        reach("desk-held")
        if isinstance(recorded, Changed):
            self._waiting.remove(fax_id)
        return recorded

    async def release(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        view = await self._store.fax(fax_id) if self.find_florist is not None else None
        if self.find_florist is not None and view is not None and view.state is State.HELD and view.line == NO_LINE:
            found = await self.find_florist(view, who, why)
            return found if isinstance(found, Changed | Stale | NoSuchFax) else Stale(view.state)
        recorded = (await self._store.record([ReleaseAsked(fax_id, who, why, self._clock.now())]))[0]
        reach("desk-released")
        if isinstance(recorded, Changed):
            await self._put_back_in_line(fax_id)
        return recorded

    async def cancel(self, fax_id: FaxId, who: str, why: str) -> Recorded:
        recorded = (await self._store.record([CancelAsked(fax_id, who, why, self._clock.now())]))[0]
        reach("desk-cancelled")
        if isinstance(recorded, Changed):
            self._waiting.remove(fax_id)
            self._promises.cancelled(fax_id)
            self._metrics.finished.labels("cancelled").inc()
        return recorded

    async def set_priority(self, fax_id: FaxId, priority: Priority, who: str, why: str) -> Recorded:
        return await self._revise(PriorityAsked(fax_id, RANKS[priority], who, why, self._clock.now()))

    async def reroute(self, fax_id: FaxId, to: Destination, who: str, why: str) -> Recorded | list[Fault]:
        line = self._destination(to)
        if isinstance(line, list):
            return line
        now = self._clock.now()
        asked = RerouteAsked(fax_id, line, to.member, who, why, now)
        view = await self._store.fax(fax_id)
        if view is not None and view.state is State.HELD and view.line == NO_LINE:
            # It waited for nothing else than a florist.
            [rerouted, released] = await self.move([asked, ReleaseAsked(fax_id, who, why, now)])
            return released if isinstance(rerouted, Changed) else rerouted
        return await self._revise(asked)

    async def move(self, changes: Sequence[RerouteAsked | ReleaseAsked | SetAside]) -> list[Recorded]:
        """Change together where faxes go; all in one commit, and then in line. See `routing.rerouting.Mover`."""
        recorded = await self._store.record(changes)
        pairs = zip(changes, recorded, strict=True)
        for fax_id in dict.fromkeys(change.fax_id for change, told in pairs if isinstance(told, Changed)):
            self._waiting.remove(fax_id)
            await self._put_back_in_line(fax_id)
        return recorded

    async def resolve(self, fax_id: FaxId, ruling: Ruling, who: str, why: str) -> Recorded:
        view = await self._store.fax(fax_id)
        if view is None:
            return NoSuchFax()
        if view.state is State.HELD and view.marked:
            return await self._resolve_held(view, ruling, who, why)
        if view.state is not State.UNKNOWN:
            return Stale(view.state)
        last = view.attempts[-1]
        attempt = self._calls.get(last.client_ref)
        if attempt is None:
            # A receipt settled it this very moment, and the store will say so.
            attempt = await self._store.attempt_of(last.client_ref, last.provider, last.provider_ref)
        if attempt is None:
            raise BugError(f"fax {fax_id} is in doubt without an attempt")
        own = next((each for each in attempt.call if each.fax_id == fax_id), attempt)
        return await self._outcomes.resolved(own, ruling, who, why)

    async def _resolve_held(self, view: FaxView, ruling: Ruling, who: str, why: str) -> Recorded:
        """It may have come before: then it is over; else it goes, marked as a possible duplicate."""
        now, last = self._clock.now(), AttemptNumber(len(view.attempts))
        recorded = (await self._store.record([ResolveAsked(view.fax_id, last, ruling, who, why, now)]))[0]
        match recorded:
            case Changed(state=State.QUEUED):
                await self._put_back_in_line(view.fax_id)
            case Changed(state=state):
                self._metrics.finished.labels(state.value).inc()
                self._promises.cancelled(view.fax_id)
            case Stale() | NoSuchFax():
                pass
        return recorded

    async def send_again(self, fax_id: FaxId, wish: AgainWish, who: str, why: str) -> AdmittedAgain | list[Fault]:
        line = self._destination(wish.to) if wish.to != Destination() else None
        if isinstance(line, list):
            return line
        asked = AgainAsked(
            origin_id=fax_id,
            kinship=wish.kinship,
            who=who,
            why=why,
            at=self._clock.now(),
            key=wish.key,
            line=line,
            member=wish.to.member,
            rank=RANKS[wish.priority] if wish.priority else None,
            deadline_at=wish.deadline.timestamp() if wish.deadline else None,
        )
        admitted = (await self._store.admit_again([asked]))[0]
        if isinstance(admitted, Admitted):
            self._metrics.accepted.labels(wish.kinship.value).inc()
            await self._put_back_in_line(admitted.fax_id)
        return admitted

    def why(self, view: FaxView) -> Why:
        return self._whys.why(view)

    # --- memory follows ----------------------------------------------------------------------------------

    async def _revise(self, change: PriorityAsked | RerouteAsked) -> Recorded:
        """Pages that were drawn before are of an older revision: the store refuses to send them."""
        recorded = (await self._store.record([change]))[0]
        if isinstance(recorded, Changed):
            self._waiting.remove(change.fax_id)
            await self._put_back_in_line(change.fax_id)
        return recorded

    async def _put_back_in_line(self, fax_id: FaxId) -> None:
        """What is queued in the store must be in line, or it would wait for the next start."""
        view = await self._read(fax_id)
        if view is not None and view.state is State.QUEUED:
            self._waiting.put([queued_of(view)])
            if view.deadline_at is not None:
                self._promises.put([Promise(fax_id, view.deadline_at, view.service)])

    async def _read(self, fax_id: FaxId) -> FaxView | None:
        while True:
            try:
                return await self._store.fax(fax_id)
            except StoreBusyError:
                log.warning("store_busy", waits_to_read="a fax that goes back in line")
                await trio.sleep(READ_AGAIN_SECONDS)

    async def _put_in_line(self, faxes: Sequence[NewFax], admissions: Sequence[Admission]) -> None:
        new = [
            Queued(admission.fax_id, fax.line, fax.rank, fax.due_at, fax.deadline_at, 0, submitter=fax.submitter)
            for fax, admission in zip(faxes, admissions, strict=True)
            if isinstance(admission, Admitted) and admission.state is State.QUEUED
        ]
        held = sum(isinstance(each, Admitted) and each.state is State.HELD for each in admissions)
        self._metrics.set_aside.inc(held)
        self._metrics.accepted.labels("api").inc(len(new) + held)
        self._promises.put(
            Promise(admission.fax_id, fax.deadline_at, fax.service)
            for fax, admission in zip(faxes, admissions, strict=True)
            if isinstance(admission, Admitted) and fax.deadline_at is not None
        )
        # Shielded, though it waits for nobody: what is queued in the store must be in line, all of it.
        with trio.CancelScope(shield=True):
            for start in range(0, len(new), ORDERS_BETWEEN_CHECKPOINTS):
                self._waiting.put(new[start : start + ORDERS_BETWEEN_CHECKPOINTS])
                await trio.lowlevel.checkpoint()

    # --- how, and where to -------------------------------------------------------------------------------

    def _service_of(self, submitter: str, order: Order, now: float) -> Service:
        home = self._register.find(order.executing_member or order.sending_member)
        zone = ZoneInfo(home.timezone) if home is not None else UTC
        return apply_service(order, submitter, zone, now, self._rules)

    def _destination(self, to: Destination) -> Line | list[Fault]:
        if (to.number is None) == (to.member is None):
            return [Fault("/to", "name a number in `to`, or a member in `member`; one of the two")]
        if to.number is not None:
            line = parse_line(to.number, NO_COUNTRY)
            return line or [Fault("/to", "not a possible telephone number; write it as +33 1 99 00 12 34")]
        member = self._register.find(to.member or "")
        absence = Fault("/member", self._register.absence_of(to.member or ""))
        return self._register.line_of(member) if member is not None else [absence]
