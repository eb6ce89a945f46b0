"""Orders between florists without a gateway: a store in memory, the judge over it, and a carrier played by the test."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select, update

from faxgw.api.admission import encode_order
from faxgw.fax import FaxId, State
from faxgw.members.register import Register
from faxgw.message import Channel, Kind, RelayMessage, Source
from faxgw.money import Money
from faxgw.order import Order
from faxgw.relay.ground import Calendar
from faxgw.relay.judge import Judge
from faxgw.relay.outgoing import Outgoing
from faxgw.relay.paper import Paper, decode_paper
from faxgw.relay.patience import Patience
from faxgw.relay.wiring import RelayMembers
from faxgw.store.admission import Admitted, Content, NewFax
from faxgw.store.admission_rows import admit
from faxgw.store.database import bring_up_to_date, open_in_memory
from faxgw.store.relay.operations import settle
from faxgw.store.relay.port import Answer, FaxChanged, Matter, OrderStory, RelayOrder, Settled
from faxgw.store.relay.reading import read_story
from faxgw.store.schema import event, fax, fax_state
from tests.journeys.town import START, florist, line_of, order_for

T = TypeVar("T")
PARIS = ZoneInfo("Europe/Paris")
SENDER = "FR-0"
HOUR = 3_600.0


def said(
    kind: Kind,
    by: str | None,
    number: str = "1001",
    *,
    key: str = "",
    at: float = START.timestamp(),
    to: str | None = None,
    text: str = "",
    cents: int | None = None,
    channel: Channel = Channel.API,
    **more: object,
) -> RelayMessage:
    """A message as a test says it."""
    message = RelayMessage(
        key=key or f"{kind}-{by}-{at}-{to}-{cents}",
        kind=kind,
        at=at,
        source=Source(channel, "test"),
        order_number=number or None,
        from_member=by,
        to_member=to,
        text=text or ("?" if kind in {Kind.ASK, Kind.ANS, Kind.GEN} else ""),
        amount=Money(cents, "EUR") if cents is not None else None,
    )
    return msgspec.structs.replace(message, **more)


@cache
def empty_store() -> bytes:
    """A store with its tables; making them takes longer than a hundred messages."""
    engine = open_in_memory()
    bring_up_to_date(engine)
    with engine.connect() as connection:
        content: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    return content


@dataclass
class RelayTown:
    """Florists FR-0 (who sends) to FR-5 and one order store in memory."""

    answer_seconds: float = HOUR
    connection: Connection = field(init=False)
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        engine = open_in_memory()
        self.connection = engine.connect()
        self.connection.connection.driver_connection.deserialize(empty_store())  # type: ignore[union-attr]
        register = Register(florist(number) for number in range(6))
        calendar = Calendar(zone=PARIS, answer_seconds=self.answer_seconds)
        patience = Patience(calendar=calendar, reminders_max=1, search_seconds=900)
        self.judge = Judge(RelayMembers(register), calendar, Outgoing(register, []), patience)

    def close(self) -> None:
        self.connection.close()

    def order(self, number: str = "1001", to: int = 1, *, day: dt.date | None = None, at: float | None = None) -> FaxId:
        """An order fax on its way to florist `to`."""
        order = order_for(to, number)
        if day is not None:
            order = msgspec.structs.replace(order, delivery=msgspec.structs.replace(order.delivery, date=day))
        now = START.timestamp() if at is None else at
        new = NewFax("shop", number, b"0" * 32, number, line_of(to), 1, encode_order(order), now, now, None)
        [admitted] = self._write(lambda: admit(self.connection, [new]))
        assert isinstance(admitted, Admitted)
        return admitted.fax_id

    def say(self, *messages: RelayMessage) -> list[Answer]:
        settled = self.settle(*(self.judge.of_message(message) for message in messages))
        answers = [each.answer for each in settled]
        assert None not in answers
        return [answer for answer in answers if answer is not None]

    def settle(self, *matters: Matter) -> list[Settled]:
        return self._write(lambda: settle(self.connection, matters))

    def fax_ends(
        self, fax_id: FaxId, state: State, kind: str, *, at: float = START.timestamp(), marked: bool = False
    ) -> list[Settled]:
        """A carrier's word of a fax, and the follower's look at it."""
        values = {"state": state} | ({"marked": True} if marked else {})
        moved = update(fax_state).where(fax_state.c.fax_id == fax_id).values(values)
        self._write(lambda: self.connection.execute(moved))
        return self.look(fax_id, kind, at=at)

    def look(self, fax_id: FaxId, kind: str, *, at: float = START.timestamp()) -> list[Settled]:
        number = self.connection.execute(select(fax.c.number).where(fax.c.id == fax_id)).scalar_one()
        self.connection.rollback()
        return self.settle(self.judge.of_fax(FaxChanged(0, fax_id, number, at, kind)))

    def story(self, number: str = "1001") -> OrderStory:
        story = read_story(self.connection, number)
        self.connection.rollback()
        assert story is not None
        return story

    def relay_order(self, number: str = "1001") -> RelayOrder:
        return self.story(number).order

    def papers(self) -> Iterator[tuple[FaxId, State, str, Paper | Order]]:
        """Every fax in the order in which they were taken in: id, state, whom it is for, and what it says."""
        rows = self.connection.execute(
            select(fax.c.id, fax.c.content, fax.c.order, fax_state.c.state, fax_state.c.line)
            .join(fax_state, fax_state.c.fax_id == fax.c.id)
            .order_by(fax.c.id)
        ).all()
        self.connection.rollback()
        members = {line_of(number): f"FR-{number}" for number in range(6)}
        for row in rows:
            is_order = row.content == Content.ORDER
            says = msgspec.json.decode(row.order, type=Order) if is_order else decode_paper(row.order)
            yield FaxId(row.id), State(row.state), members[row.line], says

    def events(self, kind: str) -> list[dict[str, object]]:
        rows = self.connection.execute(select(event.c.data).where(event.c.kind == kind).order_by(event.c.seq)).scalars()
        told = [msgspec.json.decode(data) for data in rows]
        self.connection.rollback()
        return told

    def _write(self, job: Callable[[], T]) -> T:
        with self.connection.begin():
            return job()
