"""What a person decides of a sheet that could not be understood, carried out as if it had been read so.

The decision is durable first, then carried out under keys that follow from the review, then noted. What a crash, a full
disk or a caller who went away left in between is finished by the next start, or soon after. What cannot be carried out
opens the review again, and its person hears why.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, assert_never

import msgspec
import structlog
import trio

from faxgw.clock import Clock
from faxgw.crashpoint import reach
from faxgw.errors import BugError, StoreBusyError, StoreFailedError, StoreFullError
from faxgw.faults import Fault, convert_or_faults
from faxgw.fax import FaxId
from faxgw.intake.decision import ReplyKind
from faxgw.intake.handing_on import DrainingError
from faxgw.intake.known import look_up
from faxgw.intake.port import OrderDoor
from faxgw.intake.sheets import messages_of, said_by, submitter_of
from faxgw.members.register import Register
from faxgw.message import TEXT_CHARS_MAX, Channel, RejectReason, Source
from faxgw.order import MemberId, OrderNumber, read_order
from faxgw.relay.port import RelayDesk
from faxgw.store.admission import Admitted, Drained, KeyTaken, Repeated
from faxgw.store.inbound.outcomes import Said
from faxgw.store.inbound.port import InboundStore
from faxgw.store.inbound.review import (
    CarriedOut,
    Decided,
    DecidedReview,
    NoSuchReview,
    Reopened,
    ReviewId,
    ReviewNow,
    ReviewStale,
    ReviewView,
    Verdict,
)
from faxgw.store.relay.port import Refusal, RelayRefused

log = structlog.get_logger(__name__)

AT_ONCE_MAX = 100
AGAIN_SECONDS = 5.0
BROKE = "carrying it out broke: our fault, noted in the log; decide again after an upgrade"


class ReplyGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply as a person reads it."""

    order_number: OrderNumber
    kinds: Annotated[tuple[ReplyKind, ...], msgspec.Meta(min_length=1, max_length=4)]
    text: Annotated[str, msgspec.Meta(max_length=TEXT_CHARS_MAX)] = ""
    """The question, or the reason: what stands there by hand."""
    reason: RejectReason | None = None
    """Of a rejection; `other` where nobody says."""
    from_member: MemberId | None = None
    """Who says it, where that is not the florist who has the order now."""


@dataclass(frozen=True, slots=True)
class Resolved:
    fax_id: FaxId | None
    """Of the order that was made, or answered."""


Resolution = Resolved | list[Fault] | ReviewStale | NoSuchReview


class _CannotBeError(Exception):
    """The decision cannot be carried out."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


class ReviewDesk:
    """Where people decide."""

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
        self._left_behind = trio.Event()
        """Set where something may be decided that nobody carries out."""

    async def run(self) -> None:
        """Carry out what was decided and was cut off, for ever."""
        while True:
            await self._left_behind.wait()
            self._left_behind = trio.Event()
            await trio.sleep(AGAIN_SECONDS)
            try:
                await self.recover()
            except (StoreBusyError, StoreFullError) as error:
                log.warning("reviews_wait", reason=str(error))
                self._left_behind.set()

    async def resolve(self, review_id: ReviewId, verdict: Verdict, said: Any, who: str, why: str) -> Resolution:
        """Decide a review. `said` is the decoded JSON of the order or the reply; None to discard.

        Raises:
            DrainingError: the gateway takes nothing in; the review is as it was.
        """
        view = await self._store.review(review_id)
        if view is None:
            return NoSuchReview()
        read = await self._read(view, verdict, said)
        if isinstance(read, list):
            return read
        number, decision = read
        now = self._clock.now()
        decided = Decided(
            review_id=review_id,
            verdict=verdict,
            order_number=number,
            decision=decision,
            who=who,
            why=why,
            at=now,
        )
        match (await self._store.change_reviews([decided]))[0]:
            case ReviewNow():
                reach("intake-review-decided")
                return await self._finish_or_leave(
                    DecidedReview(review_id, view.inbound_id, view.page, verdict, decision, who, why, now)
                )
            case ReviewStale() | NoSuchReview() as refused:
                return refused
            case _ as other:
                assert_never(other)

    async def recover(self) -> None:
        """Carry out what was decided before a crash; called at each start, before anybody decides."""
        while decided := await self._store.decided_reviews(AT_ONCE_MAX):
            for each in decided:
                try:
                    await self._finish_apart(each)
                except DrainingError:
                    log.warning("review_waits", review=each.review_id, reason="the gateway takes nothing in")
                    return

    # --- reading what a person said --------------------------------------------------------------------------

    async def _read(self, view: ReviewView, verdict: Verdict, said: Any) -> tuple[str, bytes] | list[Fault]:
        """The order number and the decision as JSON, or why it cannot be carried out."""
        match verdict:
            case Verdict.DISCARD:
                return view.order_number, b"{}"
            case Verdict.ORDER:
                if not isinstance(said, dict):
                    return [Fault("/order", "the whole order is needed, as POST /v1/orders takes it")]
                now = dt.datetime.fromtimestamp(self._clock.now(), dt.UTC)
                order = read_order(said | {"key": _key(view.review_id)}, now, is_routed=self._is_routed)
                if isinstance(order, list):
                    return [Fault(f"/order{fault.pointer}", fault.detail) for fault in order]
                return order.number, msgspec.json.encode(order)
            case Verdict.REPLY:
                return await self._read_reply(said)
            case _:
                assert_never(verdict)

    async def _read_reply(self, said: Any) -> tuple[str, bytes] | list[Fault]:
        reply = convert_or_faults(said, ReplyGiven)
        if isinstance(reply, list):
            return [Fault(f"/reply{fault.pointer}", fault.detail) for fault in reply]
        if ReplyKind.QUESTION in reply.kinds and not reply.text.strip():
            return [Fault("/reply/text", "write down what is asked")]
        known = await look_up(self._store, self._register, [reply.order_number])
        if reply.order_number not in known.orders:
            return [Fault("/reply/order_number", f"no order of ours has the number {reply.order_number}")]
        return reply.order_number, msgspec.json.encode(reply)

    # --- carrying it out -------------------------------------------------------------------------------------

    async def _finish_or_leave(self, decided: DecidedReview) -> Resolution:
        """Whoever asked may be gone, or the store busy: then `run` finishes it."""
        is_finished = False
        try:
            resolution = await self._finish(decided)
            is_finished = True
        finally:
            if not is_finished:
                self._left_behind.set()
        return resolution

    async def _finish_apart(self, decided: DecidedReview) -> None:
        try:
            await self._finish(decided)
        except (StoreBusyError, StoreFullError, StoreFailedError, DrainingError):
            raise
        except Exception:
            # The crash barrier of a review: the others are carried out, and the gateway starts.
            log.exception("review_broke", review=decided.review_id)
            await self._store.change_reviews([Reopened(review_id=decided.review_id, why=BROKE, at=self._clock.now())])

    async def _finish(self, decided: DecidedReview) -> Resolution:
        try:
            said = await self._carry_out(decided)
        except _CannotBeError as refused:
            await self._store.change_reviews(
                [Reopened(review_id=decided.review_id, why=str(refused), at=self._clock.now())]
            )
            return refused.faults
        except DrainingError:
            why = "the gateway took nothing in; decide again"
            await self._store.change_reviews([Reopened(review_id=decided.review_id, why=why, at=self._clock.now())])
            raise
        reach("intake-review-carried-out")
        done = CarriedOut(
            review_id=decided.review_id,
            fax_id=said.fax_id,
            kinds=said.kinds,
            speaker=said.speaker,
            at=self._clock.now(),
        )
        # Stale where a start that found it decided was quicker: the same, under the same keys.
        await self._store.change_reviews([done])
        return Resolved(said.fax_id)

    async def _carry_out(self, decided: DecidedReview) -> Said:
        match decided.verdict:
            case Verdict.DISCARD:
                return Said(None, "", ())
            case Verdict.ORDER:
                return Said(await self._submit(decided), "", ())
            case Verdict.REPLY:
                return await self._say(decided)
            case _:
                assert_never(decided.verdict)

    async def _submit(self, decided: DecidedReview) -> FaxId:
        inbound = await self._store.inbound(decided.inbound_id)
        if inbound is None:
            raise BugError(f"review {decided.review_id} is of no fax")
        now = dt.datetime.fromtimestamp(decided.at, dt.UTC)
        order = read_order(msgspec.json.decode(decided.decision), now, is_routed=self._is_routed)
        if isinstance(order, list):
            raise _CannotBeError(order)
        match (await self._door.submit(submitter_of(inbound.origin.inbox), [order]))[0]:
            case Admitted(fax_id=fax_id) | Repeated(fax_id=fax_id) | KeyTaken(fax_id=fax_id):
                # A taken key is our own from before a crash and an upgrade that reads otherwise: what was sent, stands.
                return fax_id
            case Drained():
                raise DrainingError
            case list() as faults:
                raise _CannotBeError([Fault(f"/order{fault.pointer}", fault.detail) for fault in faults])
            case _ as other:
                assert_never(other)

    async def _say(self, decided: DecidedReview) -> Said:
        reply = msgspec.json.decode(decided.decision, type=ReplyGiven)
        known = await look_up(self._store, self._register, [reply.order_number])
        speaker = reply.from_member or known.executing(reply.order_number)
        messages = messages_of(
            reply.kinds,
            reply.order_number,
            speaker,
            Source(Channel.FAX, str(decided.inbound_id)),
            key=_key(decided.review_id),
            at=decided.at,
            text=reply.text,
            reason=reply.reason or RejectReason.OTHER,
        )
        for answer in await self._relay.take(messages) if messages else ():
            match answer:
                case RelayRefused(refusal=Refusal.DRAINING):
                    raise DrainingError
                case RelayRefused(sentence=sentence, seq=None):
                    raise _CannotBeError([Fault("/reply", sentence)])
                case _:
                    # Refused and kept is carried out: the florist hears why by fax.
                    pass
        return said_by(speaker, reply.kinds, reply.order_number, known)


def _key(review_id: ReviewId) -> str:
    return f"review-{review_id}"
