"""Settles matters of the relay: reads what each may rest on, decides, and keeps all that was decided in one commit.

There is one writer, so of two messages at once the second is decided on what the first did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import Connection, insert, update

from faxgw.fax import FaxId
from faxgw.message import RelayMessage
from faxgw.store.admission import Admitted, Content, NewFax
from faxgw.store.admission_rows import admit
from faxgw.store.change_rows import record
from faxgw.store.changes import CancelAsked, Changed
from faxgw.store.relay.absences import end_absences, read_absences, write_absence
from faxgw.store.relay.messages import MessageRow, digest_of, key_of, known_messages, write_messages
from faxgw.store.relay.offers import learned, read_offers, write_offers
from faxgw.store.relay.orders import open_orders, read_orders, read_pages, write_orders
from faxgw.store.relay.port import (
    Absence,
    Answer,
    Decision,
    Known,
    Matter,
    Offer,
    Page,
    Refusal,
    RelayOrder,
    RelayRefused,
    RelayRepeated,
    RelayTaken,
    Settled,
)
from faxgw.store.relay.schema import relay_cursor
from faxgw.store.rows import NO_FAX, insert_events, take_ids
from faxgw.store.suspensions import drains
from faxgw.store.transitions import Happened

CURSOR = "faxes"
WHO = "relay"
"""Who stops a fax whose order went elsewhere or was cancelled."""


def settle(connection: Connection, matters: Sequence[Matter]) -> list[Settled]:
    """One by one; matters of one order see each other."""
    if not matters:
        return []
    return _Desk(connection, matters).settle(matters)


@dataclass(slots=True)
class _Desk:
    """What one transaction has read and is to write."""

    connection: Connection
    matters: Sequence[Matter]
    orders: dict[str, RelayOrder] = field(init=False)
    rows: set[str] = field(init=False)
    """Orders that have a row."""
    pages: dict[FaxId, Page] = field(init=False)
    offers: dict[tuple[str, int], Offer] = field(init=False)
    offer_rows: set[tuple[str, int]] = field(init=False)
    """Offers that have a row."""
    absences: tuple[Absence, ...] = field(init=False)
    said: dict[tuple[str, str, str], tuple[bytes, RelayTaken | RelayRefused]] = field(init=False)
    is_drained: bool = field(init=False)
    changed: dict[str, RelayOrder] = field(default_factory=dict)
    changed_offers: dict[tuple[str, int], Offer] = field(default_factory=dict)
    messages: list[MessageRow] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    next_seq: int = field(init=False)

    def __post_init__(self) -> None:
        numbers = {each.order_number for each in self.matters if each.order_number is not None}
        self.orders = read_orders(self.connection, numbers)
        self.rows = set(self.orders)
        opened = open_orders(self.connection, numbers - self.rows)
        self.orders |= opened.orders
        self.changed |= opened.orders
        changed_faxes = {each.fax_id for each in self.matters if each.fax_id is not None}
        wanted = {order.fax_id for order in self.orders.values()} | changed_faxes
        self.pages = opened.pages | read_pages(self.connection, wanted - opened.pages.keys())
        self.offers = read_offers(self.connection, self.rows)
        self.offer_rows = set(self.offers)
        self.absences = read_absences(self.connection)
        messages = [each.message for each in self.matters if each.message is not None]
        self.said = known_messages(self.connection, messages)
        self.is_drained = drains(self.connection, self.matters[0].at)
        self.next_seq = take_ids(self.connection, "relay_message", len(messages)) if messages else 0

    def settle(self, matters: Sequence[Matter]) -> list[Settled]:
        settled = [self._settle(matter) for matter in matters]
        write_orders(self.connection, self.changed, self.rows)
        write_offers(self.connection, self.changed_offers, self.offer_rows)
        write_messages(self.connection, self.messages)
        insert_events(self.connection, self.events)
        return settled

    def _settle(self, matter: Matter) -> Settled:
        message = matter.message
        if message is not None and (earlier := self._said_before(message)) is not None:
            return Settled(earlier, self._order_of(matter))
        if message is not None and self.is_drained:
            return Settled(RelayRefused(Refusal.DRAINING, ""))
        decision = matter.decide(self._known(matter))
        if self.is_drained and decision.faxes:
            # Nothing new may go out: it stays due, and is decided again once the gateway takes in again.
            return Settled(None, self._order_of(matter))
        return self._carry_out(matter, decision)

    def _order_of(self, matter: Matter) -> RelayOrder | None:
        return self.orders.get(matter.order_number) if matter.order_number is not None else None

    def _known(self, matter: Matter) -> Known:
        order = self._order_of(matter)
        page = self.pages.get(order.fax_id) if order is not None else None
        changed = self.pages.get(matter.fax_id) if matter.fax_id is not None else None
        return Known(order, page, changed, self.absences)

    def _said_before(self, message: RelayMessage) -> Answer | None:
        earlier = self.said.get(key_of(message))
        if earlier is None:
            return None
        digest, answer = earlier
        return RelayRepeated(answer) if digest == digest_of(message) else RelayRefused(Refusal.KEY_TAKEN, "")

    def _carry_out(self, matter: Matter, decision: Decision) -> Settled:
        stopped = self._stop(decision.stops, matter)
        admitted = self._admit(decision.faxes)
        if decision.order is not None:
            self._put(decision.order, admitted)
        self._learn(decision.offers)
        seq = self._keep_message(matter, decision)
        self._keep_absence(decision, matter, seq)
        order = self._order_of(matter)
        about = order.fax_id if order is not None else NO_FAX
        numbered: dict[str, object] = {"seq": seq} if seq is not None else {}
        self.events += [Happened(about, matter.at, told.kind, {**told.data, **numbered}) for told in decision.told]
        answer = replace(decision.answer, seq=seq) if decision.answer is not None and seq is not None else None
        return Settled(answer, order, tuple(admitted), stopped)

    def _put(self, order: RelayOrder, admitted: Sequence[tuple[NewFax, FaxId]]) -> None:
        sheet = next((fax_id for new, fax_id in admitted if new.content is Content.ORDER), None)
        if sheet is not None:
            order = msgspec.structs.replace(order, fax_id=sheet, earlier=(*order.earlier, order.fax_id))
        if order.fax_id not in self.pages:
            self.pages |= read_pages(self.connection, {order.fax_id})
        self.orders[order.number] = self.changed[order.number] = order

    def _learn(self, offers: Sequence[Offer]) -> None:
        for told in offers:
            place = (told.number, told.nth)
            known = self.offers.get(place)
            offer = learned(known, told)
            if offer != known:
                self.offers[place] = self.changed_offers[place] = offer

    def _admit(self, faxes: Sequence[NewFax]) -> list[tuple[NewFax, FaxId]]:
        admissions = admit(self.connection, faxes) if faxes else []
        return [
            (new, admission.fax_id)
            for new, admission in zip(faxes, admissions, strict=True)
            if isinstance(admission, Admitted)
        ]

    def _stop(self, fax_ids: Sequence[FaxId], matter: Matter) -> tuple[FaxId, ...]:
        why = matter.message.kind.value if matter.message is not None else ""
        wishes = [CancelAsked(fax_id, WHO, why, matter.at) for fax_id in fax_ids]
        recorded = record(self.connection, wishes) if wishes else []
        stopped = tuple(fax_id for fax_id, each in zip(fax_ids, recorded, strict=True) if isinstance(each, Changed))
        if stopped:
            self.pages |= read_pages(self.connection, stopped)
        return stopped

    def _keep_message(self, matter: Matter, decision: Decision) -> int | None:
        message, answer = matter.message, decision.answer
        if message is None or answer is None:
            return None
        seq, self.next_seq = self.next_seq, self.next_seq + 1
        kept = replace(answer, seq=seq)
        self.said[key_of(message)] = (digest_of(message), kept)
        self.messages.append(MessageRow(seq, digest_of(message), message, kept))
        return seq

    def _keep_absence(self, decision: Decision, matter: Matter, seq: int | None) -> None:
        if decision.absence is not None and seq is not None:
            absence = replace(decision.absence, seq=seq)
            write_absence(self.connection, absence)
            self.absences = (*self.absences, absence)
        if decision.resumed is not None:
            end_absences(self.connection, decision.resumed, matter.at)
            self.absences = tuple(each for each in self.absences if each.member != decision.resumed)


def keep_cursor(connection: Connection, seqs: Sequence[int]) -> list[None]:
    """How far the events of faxes were followed: the furthest of these."""
    moved = update(relay_cursor).where(relay_cursor.c.name == CURSOR).values(seq=max(seqs))
    if connection.execute(moved).rowcount == 0:
        connection.execute(insert(relay_cursor), [{"name": CURSOR, "seq": max(seqs)}])
    return [None] * len(seqs)
