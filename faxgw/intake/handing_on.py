"""Hands on what faxes say: answers to the relay, new orders to the queue, doubts to people; then notes what became.

Nothing is handed on twice: each message and each order has a key that follows from the fax, so that a fax that is read
again after a crash says the same under the same keys. One lock orders all of it: whether a fax repeats another one is
judged by what was handed on before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.errors import BugError, FaxgwError, StoreBusyError, StoreFailedError, StoreFullError
from faxgw.faults import Fault
from faxgw.fax import FaxId
from faxgw.intake.decision import Decision, NewOrderRead, RelayReply, Reply
from faxgw.intake.draft import order_of
from faxgw.intake.known import look_up
from faxgw.intake.port import OrderDoor
from faxgw.intake.sheets import Say, Step, Submit, refused, steps_for
from faxgw.members.register import Register
from faxgw.order import Order
from faxgw.relay.port import RelayDesk
from faxgw.store.admission import Admission, Admitted, Drained, KeyTaken, Repeated
from faxgw.store.inbound.keeping import PoisonReason
from faxgw.store.inbound.outcomes import (
    Concluded,
    Conclusion,
    DoubtfulSheet,
    OrderSheet,
    RepeatedSheet,
    ReplySheet,
    SetAside,
    Sheet,
)
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.views import Unread
from faxgw.store.relay.port import Refusal, RelayRefused

log = structlog.get_logger(__name__)

BROKE = "handling it broke: our fault, noted in the log; retry it after an upgrade"


class DrainingError(FaxgwError):
    """The gateway takes nothing in just now; the fax stays unread and is handed on later."""


@dataclass(frozen=True, slots=True)
class ReadFax:
    """A fax with what its sheets turned out to be."""

    fax: Unread
    decisions: list[Decision]
    pages: int


class Hands:
    """Between what was read and those who act on it."""

    def __init__(
        self,
        store: InboundStore,
        relay: RelayDesk,
        door: OrderDoor,
        register: Register,
        clock: Clock,
        *,
        is_routed: bool,
    ) -> None:
        self._store = store
        self._relay = relay
        self._door = door
        self._register = register
        self._clock = clock
        self._is_routed = is_routed
        self._one_at_a_time = trio.Lock()

    async def hand_on(self, faxes: Sequence[ReadFax]) -> list[Conclusion]:
        """Hand on what many faxes say, and return what was noted of each, durable.

        Raises:
            DrainingError: nothing is taken in just now; nothing was noted.
        """
        async with self._one_at_a_time:
            conclusions = await self._conclude(faxes)
            reach("intake-handed-on")
            await self._store.record(conclusions)
            reach("intake-concluded")
        return conclusions

    async def _conclude(self, faxes: Sequence[ReadFax]) -> list[Conclusion]:
        try:
            return await self._conclude_together(faxes)
        except (StoreBusyError, StoreFullError, StoreFailedError, DrainingError):
            raise
        except Exception:
            # The crash barrier of a fax: one that breaks must not take the others along.
            if len(faxes) == 1:
                log.exception("inbound_broke", inbound=faxes[0].fax.inbound_id)
                return [SetAside(faxes[0].fax.inbound_id, PoisonReason.BROKE, BROKE, self._clock.now())]
        return [conclusion for fax in faxes for conclusion in await self._conclude([fax])]

    async def _conclude_together(self, faxes: Sequence[ReadFax]) -> list[Conclusion]:
        now = self._clock.now()
        known = await look_up(self._store, self._register, sorted({name for fax in faxes for name in self._names(fax)}))
        steps = [steps_for(fax.fax, fax.decisions, known, now, is_routed=self._is_routed) for fax in faxes]
        every = [step for of_one in steps for step in of_one]
        await self._say([step for step in every if isinstance(step, Say)])
        admissions = await self._submit([step for step in every if isinstance(step, Submit)])
        sheets = iter(_sheets(every, admissions))
        return [
            Concluded(fax.fax.inbound_id, tuple(next(sheets) for _ in of_one), fax.pages, now)
            for fax, of_one in zip(faxes, steps, strict=True)
        ]

    def _names(self, fax: ReadFax) -> set[str]:
        """The order numbers that a decision rests on."""
        names: set[str] = set()
        for decision in fax.decisions:
            match decision:
                case Reply() | RelayReply():
                    names.add(decision.order_number)
                case NewOrderRead():
                    order = order_of(decision.draft, "x", self._clock.now(), is_routed=self._is_routed)
                    names |= {order.number} if isinstance(order, Order) else set()
                case _:
                    pass
        return names

    async def _say(self, replies: Sequence[Say]) -> None:
        """The relay keeps each message with its answer, refused or not: nothing more is to be done about them here."""
        messages = [message for reply in replies for message in reply.messages]
        answers = await self._relay.take(messages) if messages else []
        reach("intake-said")
        for answer in answers:
            match answer:
                case RelayRefused(refusal=Refusal.DRAINING):
                    raise DrainingError
                case RelayRefused(refusal=Refusal.BROKE):
                    raise BugError("the relay broke over what a fax says")
                case RelayRefused(refusal=refusal):
                    # The relay tells the florist why, by fax; nobody else has anything to do.
                    log.info("inbound_reply_refused", refusal=refusal)
                case _:
                    pass

    async def _submit(self, orders: Sequence[Submit]) -> list[Admission | list[Fault]]:
        """In one commit for all of an inbox."""
        by_submitter: dict[str, list[int]] = {}
        for place, step in enumerate(orders):
            by_submitter.setdefault(step.submitter, []).append(place)
        answers: dict[int, Admission | list[Fault]] = {}
        for submitter, places in by_submitter.items():
            taken = await self._door.submit(submitter, [orders[place].order for place in places])
            answers.update(zip(places, taken, strict=True))
        reach("intake-submitted")
        if any(isinstance(answer, Drained) for answer in answers.values()):
            raise DrainingError
        return [answers[place] for place in range(len(orders))]


def _sheets(steps: Sequence[Step], admissions: Sequence[Admission | list[Fault]]) -> list[Sheet]:
    """What each step became, in order."""
    admitted = iter(admissions)
    return [_sheet(step, next(admitted) if isinstance(step, Submit) else None) for step in steps]


def _sheet(step: Step, admission: Admission | list[Fault] | None) -> Sheet:
    match step:
        case Say(said=said):
            return ReplySheet(step.page, step.order_number, said.kinds, said.fax_id, said.speaker)
        case Submit():
            return _ordered(step, admission)
        case RepeatedSheet() | DoubtfulSheet():
            return step
        case _:
            assert_never(step)


def _ordered(step: Submit, admission: Admission | list[Fault] | None) -> Sheet:
    match admission:
        case Admitted(fax_id=fax_id) | Repeated(fax_id=fax_id) | KeyTaken(fax_id=fax_id):
            # A taken key is our own from before a crash and an upgrade that reads otherwise: what was sent, stands.
            return OrderSheet(step.page, step.order.number, FaxId(fax_id))
        case list():
            return refused(step.page, step.draft, {}, admission)
        case Drained() | None:
            raise BugError("an order is noted although the gateway drains")
        case _:
            assert_never(admission)
