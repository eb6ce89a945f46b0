"""Whatever happens to an order, the ledger ends with what it is worth, booked once."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.fax import FaxId
from faxgw.money import Money
from faxgw.order import Delivery, Order, ProductLine, Recipient
from faxgw.settlement.claims import Claim, Earned, Grace, Nothing, Promised, Worth, claim_in, journals_to, worth_of
from faxgw.settlement.sale import Sale, Terms, sale_of
from faxgw.settlement.scheme import Channel, Levy, Party, Percent, Scheme, SchemeBook, SplitRefused
from faxgw.settlement.vat import VatRate, VatTable
from faxgw.store.ledger.journal import Account, AccountKind, Journal, Posting, Standing, balances, faults_of, fold
from faxgw.store.ledger.port import Kept
from faxgw.store.relay.port import RelayOrder, Stage

TAKEN = dt.date(2027, 5, 28)
DELIVERY = dt.date(2027, 5, 30)
GRACE = Grace(days=5)
SCHEME = Scheme(
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
TERMS = Terms(schemes=SchemeBook([SCHEME]), web_members=frozenset({"NO-WEB"}), fund="Hope")


def nok(amount_minor: int) -> Money:
    return Money(amount_minor, "NOK")


def order_from(sending: str) -> Order:
    return Order(
        key="k",
        number="N1",
        delivery=Delivery(DELIVERY),
        recipient=Recipient(name="Kari Fiktiv", street=["Storgata 1"], postcode="0155", city="Oslo", country="NO"),
        lines=[ProductLine(description="Bouquet", quantity=1, unit_price=nok(64900))],
        customer_price=nok(64900),
        execution_price=nok(47377),
        sending_member=sending,
        executing_member="NO-0301",
    )


def relay_order(stage: Stage, **changes: Any) -> RelayOrder:
    fields: dict[str, Any] = {
        "number": "N1",
        "fax_id": FaxId(1),
        "sending": "NO-4601",
        "executing": "NO-0301",
        "stage": stage,
        "ordered_at": 0.0,
        "delivery_date": DELIVERY,
        "price": nok(47377),
    }
    return RelayOrder(**(fields | changes))


def sale(sending: str) -> Sale:
    sold = sale_of(order_from(sending), "NO-0301", nok(47377), TAKEN, TERMS)
    assert isinstance(sold, Sale)
    return sold


def told(postings: tuple[Posting, ...]) -> dict[str, int]:
    return {str(account): amount_minor for account, amount_minor in balances(postings).items()}


def test_a_web_order_is_owed_by_the_customer_and_shared_by_the_network() -> None:
    """The shop of the network sold it: its share is the network's, the levy the fund's."""
    assert told(sale("NO-WEB").postings) == {
        "customer:orders:NOK": 64900,
        "network:sales:NOK": -12880,
        "member:NO-0301:NOK": -47377,
        "network:commission:NOK": -4543,
        "fund:Hope:NOK": -100,
    }


def test_a_store_that_took_the_money_owes_it_less_its_own_share() -> None:
    """From store to store the customer paid the sending one; the whole sums to zero."""
    assert told(sale("NO-4601").postings) == {
        "member:NO-4601:NOK": 64900 - 12880,
        "member:NO-0301:NOK": -47377,
        "network:commission:NOK": -4543,
        "fund:Hope:NOK": -100,
    }


def test_shares_bear_the_tax_of_what_was_sold_and_the_levy_none() -> None:
    """A bouquet at 10 % and a vase at 20 %: each share in their proportion, to the minor unit."""
    rates = [
        VatRate(country="NO", code="10", basis_points=1000, valid_from=TAKEN, family="flowers"),
        VatRate(country="NO", code="20", basis_points=2000, valid_from=TAKEN),
    ]
    order = msgspec.structs.replace(
        order_from("NO-WEB"),
        lines=[
            ProductLine(description="Bouquet", quantity=1, unit_price=nok(40000), code="FL-1"),
            ProductLine(description="Vase", quantity=2, unit_price=nok(10000), code="VA-1"),
        ],
    )
    terms = Terms(
        schemes=TERMS.schemes,
        web_members=TERMS.web_members,
        vat=VatTable(rates),
        families={"FL": "flowers"},
        fund="Hope",
    )
    sold = sale_of(order, "NO-0301", nok(47377), TAKEN, terms)
    assert isinstance(sold, Sale)
    florist = [(each.tax, each.amount_minor) for each in sold.postings if each.account.name == "NO-0301"]
    assert florist == [("NO/10/1000", -31585), ("NO/20/2000", -15792)]
    assert {each.tax for each in sold.postings if each.account.kind in {AccountKind.FUND, AccountKind.CUSTOMER}} == {""}
    assert not sum(each.amount_minor for each in sold.postings)


def test_an_order_without_a_scheme_is_a_persons() -> None:
    """Before the first scheme there is nothing to split by, and nothing is guessed."""
    early = sale_of(order_from("NO-WEB"), "NO-0301", nok(47377), dt.date(2026, 12, 31), TERMS)
    assert isinstance(early, SplitRefused)
    assert "no scheme for web orders in NOK" in early.reason


@pytest.mark.parametrize(
    ("order", "today", "grace", "wanted"),
    [
        (relay_order(Stage.OFFERED), DELIVERY, GRACE, Nothing),
        (relay_order(Stage.ACCEPTED), DELIVERY + dt.timedelta(5), GRACE, Promised),
        (relay_order(Stage.ACCEPTED), DELIVERY + dt.timedelta(6), GRACE, Earned),
        (relay_order(Stage.DELIVERED), DELIVERY, GRACE, Earned),
        (relay_order(Stage.CANCELLED), DELIVERY + dt.timedelta(60), GRACE, Nothing),
        (relay_order(Stage.UNPLACED), DELIVERY + dt.timedelta(60), GRACE, Nothing),
        (relay_order(Stage.OFFERED, waiting_since=1.0), DELIVERY + dt.timedelta(6), GRACE, Nothing),
        (relay_order(Stage.OFFERED, waiting_since=1.0), DELIVERY + dt.timedelta(6), Grace(5, True), Earned),
        (relay_order(Stage.OFFERED), DELIVERY + dt.timedelta(6), Grace(5, True), Nothing),
    ],
)
def test_what_an_order_is_worth(order: RelayOrder, today: dt.date, grace: Grace, wanted: type[Worth]) -> None:
    """Accepted is promised; delivered is earned, and so is accepted without complaint; silence only where agreed."""
    assert isinstance(worth_of(order, sale("NO-WEB").postings, today, grace), wanted)


A, B, C = (Account(AccountKind.MEMBER, name, "NOK") for name in "abc")


def owes(creditor: Account, amount_minor: int) -> tuple[Posting, ...]:
    return (Posting(A, amount_minor), Posting(creditor, -amount_minor))


WORTHS = st.one_of(
    st.just(Nothing()),
    st.builds(owes, st.sampled_from([B, C]), st.sampled_from([100, 90])).map(Promised),
    st.builds(owes, st.sampled_from([B, C]), st.sampled_from([100, 90])).map(Earned),
)


def book(ledger: list[Journal], worth: Worth) -> tuple[Journal, ...]:
    kept = [Kept(seq=seq, booked_at=0.0, period="2027-05", journal=each) for seq, each in enumerate(ledger)]
    claim: Claim = claim_in(kept, "N1")
    journals = journals_to(worth, claim, "N1", "memo", DELIVERY)
    pending = {each.key: each.postings for each in ledger}
    assert not [fault for each in journals for fault in faults_of(each, pending.get(each.resolves))]
    ledger.extend(journals)
    return journals


@given(st.lists(WORTHS, max_size=12))
def test_the_ledger_shows_what_the_order_is_worth_after_any_story(story: list[Worth]) -> None:
    """Accepted, forwarded, repriced, rejected, delivered, taken back, in any order, heard twice or not at all."""
    ledger: list[Journal] = []
    for worth in story:
        book(ledger, worth)
        assert book(ledger, worth) == ()
        wanted: dict[Account, Standing] = {}
        match worth:
            case Promised(postings):
                wanted = {account: Standing(0, amount) for account, amount in balances(postings).items()}
            case Earned(postings):
                wanted = {account: Standing(amount, 0) for account, amount in balances(postings).items()}
            case Nothing():
                pass
        assert {account: own for account, own in fold(ledger).items() if own != Standing()} == wanted
    keys = [journal.key for journal in ledger]
    assert len(set(keys)) == len(keys)


def test_the_plain_story_is_two_journals() -> None:
    """Accepted and delivered: one pending, one post that resolves it; nothing is countered."""
    ledger: list[Journal] = []
    book(ledger, Promised(owes(B, 100)))
    book(ledger, Earned(owes(B, 100)))
    assert [journal.phase for journal in ledger] == ["pending", "post"]


def test_a_forwarded_order_is_a_void_and_a_new_pending_one_together() -> None:
    """Nobody can see it owed to two, or to none, in between."""
    ledger: list[Journal] = []
    book(ledger, Promised(owes(B, 100)))
    assert [journal.phase for journal in book(ledger, Promised(owes(C, 100)))] == ["void", "pending"]


def test_a_wrong_report_is_set_right_by_the_difference() -> None:
    """The right amount after the month: a correction that names what it corrects, of what was too much."""
    ledger: list[Journal] = []
    book(ledger, Earned(owes(B, 100)))
    (correction,) = book(ledger, Earned(owes(B, 90)))
    assert correction.corrects == ledger[0].key
    assert balances(correction.postings) == {A: -10, B: 10}
