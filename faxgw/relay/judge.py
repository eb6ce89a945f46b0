"""Decides each matter of the relay inside the store's transaction: rules, then what goes out, then who is told.

Pure over what the store read, the register and the config, and quick: it runs on the thread that writes.
"""

from dataclasses import replace

import msgspec

from faxgw.errors import BugError
from faxgw.fax import FaxId
from faxgw.message import ASKED, Channel, RelayMessage
from faxgw.relay.ground import Calendar, Members
from faxgw.relay.mirror import catch_up, look
from faxgw.relay.names import name_of, ref_of
from faxgw.relay.offers import offers_of
from faxgw.relay.outgoing import Occasion, Outgoing
from faxgw.relay.patience import Next, Patience
from faxgw.relay.port import NobodyFound
from faxgw.relay.pricing import with_amount
from faxgw.relay.rules import rule
from faxgw.relay.sentences import refusal_sentence
from faxgw.relay.step import Effect, Refused, Remind, Step, StopFax
from faxgw.store.admission import NewFax
from faxgw.store.relay.port import (
    Decision,
    FaxChanged,
    Known,
    Matter,
    Page,
    Refusal,
    RelayOrder,
    RelayRefused,
    RelayTaken,
    Told,
)

MESSAGE, REFUSED, LOST, REMINDED, NOBODY, SILENT = (
    "relay_message", "relay_refused", "relay_lost", "relay_reminder", "relay_unplaced", "relay_silent",
)  # fmt: skip
"""Kinds of the relay's events."""

DELIVERED = "delivered"
"""The fax event that tells of an arrival."""

NOT_ANSWERED_BY_FAX = frozenset({Refusal.ALREADY_SAID})
"""Nobody needs to do anything about it: a sheet faxed twice is no reason to fax back."""


class Judge:
    """Makes matters of what comes; the store decides them in its transaction."""

    def __init__(self, members: Members, calendar: Calendar, outgoing: Outgoing, patience: Patience) -> None:
        self._members = members
        self._calendar = calendar
        self._outgoing = outgoing
        self._patience = patience

    def of_message(self, message: RelayMessage) -> Matter:
        def decide(known: Known) -> Decision:
            caught_up = catch_up(known.order, known.page) if known.order is not None else None
            ground = replace(known, order=caught_up.order if caught_up is not None else None)
            whole = with_amount(message, ground.order)
            ruling = rule(whole, ground, self._members, self._calendar)
            match ruling:
                case Refused():
                    decision = self._refused(message, ruling, ground)
                case Step():
                    decision = self._taken(whole, ruling, ground)
            decision = _with_offers(decision, known, message.at)
            if caught_up is None or not caught_up.effects:
                return decision
            name = f"{name_of(message)} behind"
            occasion = Occasion(name=name, at=message.at, before=known.order, after=ground.order, page=known.page)
            return replace(decision, faxes=(*self._outgoing.faxes(caught_up.effects, occasion), *decision.faxes))

        return Matter(decide, message.at, message.order_number, message)

    def of_handing_on(self, message: RelayMessage, order: RelayOrder) -> Matter:
        """The network gives `order` to another store, unless it went somewhere meanwhile; then nothing was said."""
        matter = self.of_message(message)

        def decide(known: Known) -> Decision:
            now = catch_up(known.order, known.page).order if known.order is not None else None
            is_as_seen = now is not None and (now.stage, now.executing) == (order.stage, order.executing)
            return matter.decide(known) if is_as_seen else Decision()

        return replace(matter, decide=decide)

    def of_fax(self, changed: FaxChanged) -> Matter:
        def decide(known: Known) -> Decision:
            step = look(known, changed, self._calendar)
            decision = Decision() if step is None else self._looked(step, changed, known)
            return _with_offers(decision, known, changed.at, arrived_at=_arrived_at(known, changed))

        return Matter(decide, changed.at, changed.number, fax_id=changed.fax_id)

    def of_silence(self, number: str, at: float) -> Matter:
        """Nothing was said for too long: a reminder goes out, or nobody waits any more."""

        def decide(known: Known) -> Decision:
            order = known.order
            if order is None or order.next_at is None or order.next_at > at:
                # Somebody spoke meanwhile.
                return Decision()
            match self._patience.next_of(order, known.absences, at):
                case Next.REMIND:
                    return self._reminded(order, known.page, at)
                case Next.NOTHING:
                    return _with_offers(_given_up(order), known, at)
                case Next.PLACE | Next.FORWARD:
                    return Decision()

        return Matter(decide, at, number)

    def of_nobody_found(self, order: RelayOrder, nobody: NobodyFound, at: float) -> Matter:
        """No other florist was found: people hear of it, and it is looked for again later."""

        def decide(known: Known) -> Decision:
            if known.order is None or known.order.next_at != order.next_at or known.order.stage is not order.stage:
                return Decision()
            later = msgspec.structs.replace(known.order, next_at=self._patience.look_again_at(known.order, at))
            told = Told(NOBODY, {"number": order.number, "stage": order.stage, "reason": nobody.explanation})
            return Decision(order=later, told=(told,))

        return Matter(decide, at, order.number)

    def of_day(self, number: str, at: float) -> Matter:
        """The store is away on the day: look for another now."""

        def decide(known: Known) -> Decision:
            if known.order is None:
                return Decision()
            return Decision(order=msgspec.structs.replace(known.order, next_at=at))

        return Matter(decide, at, number)

    # --- what follows from a step ------------------------------------------------------------------------

    def _taken(self, message: RelayMessage, step: Step, known: Known) -> Decision:
        after = step.order
        occasion = Occasion(
            name=name_of(message), at=message.at, before=known.order, after=after, page=known.page, message=message
        )
        return Decision(
            answer=RelayTaken(0, after.stage if after is not None else None, step.note),
            order=msgspec.structs.replace(after, changed_at=message.at) if after is not None else None,
            faxes=self._outgoing.faxes(step.effects, occasion),
            stops=_stops(step.effects, known.order),
            told=(_told(message, after, step.note),),
            absence=step.absence,
            resumed=step.resumed,
        )

    def _refused(self, message: RelayMessage, refused: Refused, known: Known) -> Decision:
        occasion = Occasion(name=name_of(message), at=message.at, before=known.order, after=None, page=known.page)
        told = {"number": message.order_number, "kind": message.kind, "from": message.from_member}
        return Decision(
            answer=RelayRefused(refused.refusal, refusal_sentence(refused)),
            order=known.order,
            faxes=self._answered_by_fax(message, refused, occasion),
            told=(Told(REFUSED, {**told, "refusal": refused.refusal}),),
        )

    def _answered_by_fax(self, message: RelayMessage, refused: Refused, occasion: Occasion) -> tuple[NewFax, ...]:
        to = message.from_member
        if message.source.channel is not Channel.FAX or to is None or refused.refusal in NOT_ANSWERED_BY_FAX:
            return ()
        why = refusal_sentence(refused, self._outgoing.language_of(to))
        return self._outgoing.refusal_fax(to, why, message.kind, occasion)

    def _looked(self, step: Step, changed: FaxChanged, known: Known) -> Decision:
        name = f"fax {changed.fax_id} at event {changed.seq}"
        after = step.order if step.order is not None else known.order
        occasion = Occasion(name=name, at=changed.at, before=known.order, after=after, page=known.changed)
        told = {"number": changed.number, "reason": step.note, "stage": after.stage if after is not None else None}
        return Decision(
            order=step.order,
            faxes=self._outgoing.faxes(step.effects, occasion),
            stops=_stops(step.effects, known.order),
            told=(Told(LOST, told),) if step.note else (),
        )

    def _reminded(self, order: RelayOrder, page: Page | None, at: float) -> Decision:
        if order.executing is None:
            raise BugError(f"order {order.number} is {order.stage} with nobody")
        reminded = self._patience.reminded(order, at)
        name = f"reminder {reminded.reminders} of fax {order.fax_id}"
        occasion = Occasion(name=name, at=at, before=order, after=reminded, page=page)
        told = {"number": order.number, "member": order.executing, "reminders": reminded.reminders}
        return Decision(
            order=reminded,
            faxes=self._outgoing.faxes((Remind(order.executing),), occasion),
            told=(Told(REMINDED, told),),
        )


def _given_up(order: RelayOrder) -> Decision:
    """Nobody waits for the store's word any more: people hear of it where it was waited for."""
    told = (Told(SILENT, {"number": order.number, "member": order.executing}),) if order.waiting_since else ()
    return Decision(order=msgspec.structs.replace(order, next_at=None, waiting_since=None), told=told)


def _with_offers(decision: Decision, known: Known, at: float, *, arrived_at: float | None = None) -> Decision:
    """Whom the order was offered to, and what came of it, stands beside the order."""
    if known.order is None:
        return decision
    after = decision.order if decision.order is not None else known.order
    return replace(decision, offers=offers_of(known.order, after, known.absences, at, arrived_at))


def _arrived_at(known: Known, changed: FaxChanged) -> float | None:
    is_own = known.order is not None and known.order.fax_id == changed.fax_id
    return changed.at if is_own and changed.kind == DELIVERED else None


def _stops(effects: tuple[Effect, ...], order: RelayOrder | None) -> tuple[FaxId, ...]:
    own = order.fax_id if order is not None else None
    wanted = [effect.fax_id or own for effect in effects if isinstance(effect, StopFax)]
    return tuple(fax_id for fax_id in wanted if fax_id is not None)


def _told(message: RelayMessage, after: RelayOrder | None, note: str) -> Told:
    """Without the text: whoever may read it asks for the order."""
    data: dict[str, object] = {
        "number": message.order_number,
        "kind": message.kind,
        "from": message.from_member,
        "to": message.to_member,
        "channel": message.source.channel,
    }
    if message.kind in ASKED:
        data["ref"] = ref_of(message)
    if message.amount is not None:
        data["amount"] = msgspec.structs.asdict(message.amount)
    if message.reason is not None:
        data["reason"] = message.reason
    if after is not None:
        data |= {"stage": after.stage, "executing": after.executing, "price": msgspec.structs.asdict(after.price)}
    return Told(MESSAGE, data | ({"note": note} if note else {}))
