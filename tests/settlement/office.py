"""A network's settlement over a store without a disk: a register, orders between florists, and whoever settles them."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import trio

from faxgw.api.admission import encode_order
from faxgw.config.members import Members
from faxgw.config.settlement import OwnAccount, SettlementConfig
from faxgw.members import paying
from faxgw.members.decisions import Decided
from faxgw.members.people import Person
from faxgw.message import Channel as By
from faxgw.message import Kind, RelayMessage, Source
from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient
from faxgw.relay.ground import Calendar
from faxgw.relay.judge import Judge
from faxgw.relay.outgoing import Outgoing
from faxgw.relay.patience import Patience
from faxgw.relay.wiring import RelayMembers
from faxgw.settlement.clearing import inline
from faxgw.settlement.exports.desk import load_books
from faxgw.settlement.scheme import Channel, Levy, Party, Percent, Scheme
from faxgw.settlement.tariff import Tariff
from faxgw.settlement.vat import VatRate
from faxgw.settlement.wiring import SettlementParts
from faxgw.store.admission import Admitted, NewFax
from faxgw.store.relay.port import FaxChanged, RelayTaken
from tests.members.florists import Office, SetClock, florist

IDA, PER = Person("Ida", "ida"), Person("Per", "per")
WEB, STORES = "NO-WEB", ("NO-A", "NO-B", "NO-C")
ACCOUNTS = {"NO-A": "86011117947", "NO-B": "12345678903", "NO-C": "15030089097"}
MAY_1, MAY_20, JUNE_10 = dt.date(2027, 5, 1), dt.date(2027, 5, 20), dt.date(2027, 6, 10)
PRICE = 64_900
OWN = OwnAccount(currency="NOK", name="Network", scheme="norway", account="86011117947")
TARIFF = Tariff(
    scheme=[
        Scheme(
            name="wire",
            version=1,
            currency="NOK",
            valid_from=dt.date(2027, 1, 1),
            channels=(Channel.WEB, Channel.STORE),
            components=(
                Percent(Party.SENDING, 2000),
                Percent(Party.NETWORK, 700),
                Percent(Party.EXECUTING, 7300),
                Levy(Party.SENDING, 100),
            ),
        )
    ],
    vat=[VatRate(country="NO", code="3", basis_points=2500, valid_from=dt.date(2027, 1, 1))],
)
CONFIG = SettlementConfig(
    tariffs=("-",), timezone="Europe/Oslo", web_members=(WEB,), fund="Hope", identity="name", account=[OWN]
)

BOOKS = load_books(str(Path(__file__).resolve().parents[2] / "config" / "settlement" / "books.toml"))


class Network:
    """Three stores and a web shop, on a day that the test sets."""

    def __init__(self, office: Office, settlement: SettlementParts) -> None:
        self.office = office
        self.store = office.store
        self.clock = office.clock
        self.settlement = settlement
        self.said = 0
        members = RelayMembers(office.keeper.live)
        calendar = Calendar(zone=settlement.zone, answer_seconds=0)
        patience = Patience(calendar=calendar, reminders_max=0, search_seconds=900)
        self._judge = Judge(members, calendar, Outgoing(office.keeper.live, []), patience)

    async def order(self, number: str, *, sender: str = WEB, executor: str = "NO-A", on: dt.date = MAY_20) -> None:
        """Taken two days before its delivery, and followed by the relay."""
        self.clock.set(on - dt.timedelta(days=2))
        ordered = order_of(number, sender, executor, on)
        now = self.clock.now()
        store = self.office.keeper.live.find(executor)
        assert store is not None
        line = self.office.keeper.live.line_of(store)
        digest = number.encode().ljust(32)[:32]
        new = NewFax("shop", number, digest, number, line, 1, encode_order(ordered), now, now, None)
        [admitted] = await self.store.admit([new])
        assert isinstance(admitted, Admitted)
        await self.store.relay.settle([self._judge.of_fax(FaxChanged(0, admitted.fax_id, number, now, "accepted"))])

    async def say(self, kind: Kind, number: str, by: str, **more: Any) -> None:
        self.said += 1
        source = Source(By.API, "test")
        message = RelayMessage(
            key=f"m{self.said}",
            kind=kind,
            at=self.clock.now(),
            source=source,
            order_number=number,
            from_member=by,
            **more,
        )
        [settled] = await self.store.relay.settle([self._judge.of_message(message)])
        assert isinstance(settled.answer, RelayTaken), settled.answer

    async def deliver(self, number: str, *, executor: str = "NO-A", on: dt.date = MAY_20) -> None:
        await self.say(Kind.ACK, number, executor)
        self.clock.set(on)
        await self.say(Kind.DCON, number, executor)

    async def give_account(self, member: str) -> None:
        """Proposed by one, approved by another."""
        keeper = self.office.keeper
        done = await keeper.change(IDA, "", lambda books, asked: paying.propose(books, asked, member, ACCOUNTS[member]))
        assert isinstance(done, Decided), done
        proposal = keeper.books.accounts.open_proposal(member)
        assert proposal is not None
        rules = Members(account_identity="name")
        agreed = await keeper.change(
            PER, "", lambda books, asked: paying.approve(books, asked, member, proposal.seq, rules)
        )
        assert isinstance(agreed, Decided), agreed


def order_of(number: str, sender: str, executor: str, on: dt.date) -> Order:
    return Order(
        key=number,
        number=number,
        delivery=Delivery(on),
        recipient=Recipient(name="Kari Fiktiv", street=["Storgata 1"], postcode="0155", city="Oslo", country="NO"),
        lines=[ProductLine(description="Bukett", quantity=1, unit_price=Money(PRICE, "NOK"))],
        customer_price=Money(PRICE, "NOK"),
        execution_price=Money(PRICE * 73 // 100, "NOK"),
        sending_member=sender,
        executing_member=executor,
    )


async def open_network(**changes: Any) -> Network:
    """With a register of the first of May; `changes` are of the config."""
    office = Office(Members(timezone="Europe/Oslo", account_identity="name"), clock=SetClock(MAY_1))
    await office.keeper.load()
    phones = {name: f"+33 1 99 00 01 {index:02}" for index, name in enumerate((WEB, *STORES))}
    await office.import_(*(florist(name, fax=phones[name]) for name in (WEB, *STORES)), day=MAY_1)
    config = msgspec.structs.replace(CONFIG, **changes)
    settlement = SettlementParts(
        config,
        TARIFF,
        office.store,
        office.keeper,
        office.clock,
        office.metrics,
        network="Network",
        books=BOOKS,
        work=inline,
    )
    network = Network(office, settlement)
    for store in STORES:
        await network.give_account(store)
    await trio.lowlevel.checkpoint()
    return network
