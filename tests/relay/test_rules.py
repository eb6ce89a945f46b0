"""Who may say what about an order, when, and what it comes to: a table of stories, each over a store in memory."""

import datetime as dt
from collections.abc import Iterator

import pytest

from faxgw.fax import FaxId, State
from faxgw.message import Channel, Kind, RejectReason, RelayMessage, faults_of
from faxgw.order import Order
from faxgw.relay.sentences import refusal_sentence
from faxgw.relay.step import Refused
from faxgw.store.relay.port import Refusal, RelayRefused, RelayRepeated, RelayTaken, Stage
from tests.journeys.town import START
from tests.relay.town import SENDER, RelayTown, said

STORE, OTHER, STRANGER = "FR-1", "FR-2", "FR-3"
NEXT_MONTH = dt.datetime(2027, 6, 1, 9, 0, tzinfo=dt.UTC).timestamp()


@pytest.fixture
def town() -> Iterator[RelayTown]:
    town = RelayTown()
    town.order(to=1)
    yield town
    town.close()


def arrive(town: RelayTown) -> None:
    town.fax_ends(FaxId(1), State.DELIVERED, "delivered")


def reach(town: RelayTown, stage: Stage) -> None:
    """Bring the order to that stage by what florists say."""
    arrive(town)
    words = {
        Stage.OFFERED: [],
        Stage.ACCEPTED: [Kind.ACK],
        Stage.UNPLACED: [Kind.REJ],
        Stage.DELIVERED: [Kind.DCON],
        Stage.CANCELLED: [Kind.CAN, Kind.CON],
    }
    for kind in words[stage]:
        [answer] = town.say(said(kind, SENDER if kind is Kind.CAN else STORE, key=f"to-{kind}"))
        assert isinstance(answer, RelayTaken)
    assert town.relay_order().stage is stage


FROM_STORE = [Kind.ACK, Kind.REJ, Kind.DCON, Kind.CON, Kind.DEN]
FROM_SENDER = [Kind.CAN, Kind.ORDER]


@pytest.mark.parametrize("kind", FROM_STORE)
@pytest.mark.parametrize("by", [SENDER, None, OTHER])
def test_only_the_executing_store_speaks_for_itself(town: RelayTown, kind: Kind, by: str | None) -> None:
    """Accepting, rejecting, delivering and answering a cancellation are for the store that the order is with."""
    arrive(town)
    [answer] = town.say(said(kind, by))
    assert isinstance(answer, RelayRefused)
    assert answer.refusal is Refusal.NOT_EXECUTING
    assert town.relay_order().stage is Stage.OFFERED


@pytest.mark.parametrize("kind", FROM_SENDER)
@pytest.mark.parametrize("by", [STORE, OTHER])
def test_only_the_sending_side_cancels_and_places(town: RelayTown, kind: Kind, by: str) -> None:
    """A florist who has the order, or none, cannot cancel it or give it to somebody as the sender does."""
    [answer] = town.say(said(kind, by, to=STRANGER if kind is Kind.ORDER else None))
    assert isinstance(answer, RelayRefused)
    assert answer.refusal is Refusal.NOT_SENDING


STAGES = {
    # What the executing store may say where, and what it comes to.
    (Stage.OFFERED, Kind.ACK): Stage.ACCEPTED,
    (Stage.OFFERED, Kind.REJ): Stage.UNPLACED,
    (Stage.OFFERED, Kind.DCON): Stage.DELIVERED,
    (Stage.OFFERED, Kind.FOR): Stage.OFFERED,
    (Stage.ACCEPTED, Kind.ACK): Refusal.ALREADY_SAID,
    (Stage.ACCEPTED, Kind.REJ): Stage.UNPLACED,
    (Stage.ACCEPTED, Kind.DCON): Stage.DELIVERED,
    (Stage.ACCEPTED, Kind.FOR): Stage.OFFERED,
    (Stage.UNPLACED, Kind.ACK): Refusal.NOT_EXECUTING,
    (Stage.UNPLACED, Kind.REJ): Refusal.ALREADY_SAID,
    (Stage.UNPLACED, Kind.DCON): Refusal.NOT_EXECUTING,
    (Stage.UNPLACED, Kind.FOR): Refusal.NOT_EXECUTING,
    (Stage.DELIVERED, Kind.ACK): Refusal.ALREADY_SAID,
    (Stage.DELIVERED, Kind.REJ): Refusal.DELIVERED,
    (Stage.DELIVERED, Kind.DCON): Refusal.ALREADY_SAID,
    (Stage.DELIVERED, Kind.FOR): Refusal.DELIVERED,
    (Stage.CANCELLED, Kind.ACK): Refusal.CANCELLED,
    (Stage.CANCELLED, Kind.REJ): Refusal.CANCELLED,
    (Stage.CANCELLED, Kind.DCON): Refusal.CANCELLED,
    (Stage.CANCELLED, Kind.FOR): Refusal.CANCELLED,
    (Stage.CANCELLED, Kind.CON): Refusal.ALREADY_SAID,
    (Stage.OFFERED, Kind.CON): Refusal.NOTHING_ASKED,
    (Stage.OFFERED, Kind.DEN): Refusal.NOTHING_ASKED,
}


@pytest.mark.parametrize(("stage", "kind"), STAGES)
def test_what_the_store_says_in_each_stage(town: RelayTown, stage: Stage, kind: Kind) -> None:
    """Each word of the executing store in each stage comes to the stage, or the refusal, of the table."""
    reach(town, stage)
    [answer] = town.say(said(kind, STORE, to=OTHER if kind is Kind.FOR else None))
    outcome = answer.stage if isinstance(answer, RelayTaken) else answer.refusal  # type: ignore[union-attr]
    assert outcome == STAGES[stage, kind]


def test_a_rejection_belongs_to_the_month_of_its_order(town: RelayTown) -> None:
    """On the first of the next month, by the network's clock, a rejection is refused with what to do instead."""
    arrive(town)
    last_minute = dt.datetime(2027, 5, 31, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=2))).timestamp()
    [late] = town.say(said(Kind.REJ, STORE, at=last_minute + 61))
    assert isinstance(late, RelayRefused)
    assert late.refusal is Refusal.MONTH_OVER
    assert "ADJ" in late.sentence
    [in_time] = town.say(said(Kind.REJ, STORE, at=last_minute))
    assert isinstance(in_time, RelayTaken)


def test_a_delivery_is_not_confirmed_before_its_day() -> None:
    """The day of delivery counts by the network's clock."""
    town = RelayTown()
    town.order(to=1, day=START.date() + dt.timedelta(days=1))
    midnight = dt.datetime(2027, 5, 30, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=2))).timestamp()
    [early, in_time] = town.say(said(Kind.DCON, STORE, at=midnight - 1), said(Kind.DCON, STORE, at=midnight))
    assert isinstance(early, RelayRefused)
    assert early.refusal is Refusal.TOO_EARLY
    assert isinstance(in_time, RelayTaken)
    town.close()


def test_of_two_messages_at_once_the_second_is_judged_by_the_first(town: RelayTown) -> None:
    """The network forwards a silent store's order in the moment in which the store accepts: one of the two wins."""
    arrive(town)
    accepted, forwarded = town.say(said(Kind.ACK, STORE), said(Kind.FOR, None, to=OTHER))
    assert isinstance(accepted, RelayTaken)
    assert isinstance(forwarded, RelayRefused)
    assert forwarded.refusal is Refusal.ACCEPTED
    assert town.relay_order().executing == STORE


def test_a_sheet_that_was_withdrawn_is_taken_back_on_paper(town: RelayTown) -> None:
    """The network forwards an order whose page is there: the old store reads that it is not its own any more."""
    arrive(town)
    town.say(said(Kind.FOR, None, to=OTHER))
    [_, withdrawn, sheet] = list(town.papers())
    assert withdrawn[2] == STORE
    assert "Ne la livrez pas" in withdrawn[3].text  # type: ignore[union-attr]
    assert (sheet[2], isinstance(sheet[3], Order)) == (OTHER, True)


def test_a_rejection_answers_a_cancellation(town: RelayTown) -> None:
    """The sender does not want it, the store does not make it: it is cancelled, and nobody is looked for."""
    arrive(town)
    town.say(said(Kind.CAN, SENDER), said(Kind.REJ, STORE))
    order = town.relay_order()
    assert (order.stage, order.next_at) == (Stage.CANCELLED, None)


@pytest.mark.parametrize("stage", [Stage.OFFERED, Stage.ACCEPTED, Stage.UNPLACED])
@pytest.mark.parametrize("by", [STORE, SENDER, None])
def test_an_order_never_goes_back_to_its_sender(town: RelayTown, stage: Stage, by: str | None) -> None:
    """Whoever may give it to another store is told to choose another, and nothing moves."""
    reach(town, stage)
    kind = Kind.ORDER if stage is Stage.UNPLACED else Kind.FOR
    before = town.relay_order()
    [answer] = town.say(said(kind, by, to=SENDER))
    assert isinstance(answer, RelayRefused)
    assert town.relay_order() == before
    may_give = by == STORE if kind is Kind.FOR else by != STORE
    if may_give or (by is None and stage is Stage.OFFERED):
        assert answer.refusal is Refusal.SENDER_ITSELF
        assert answer.sentence.startswith("FR-0 sent order 1001")


def test_an_open_cancellation_is_answered_before_the_order_goes_on(town: RelayTown) -> None:
    """Else the next store would make what the sender does not want."""
    arrive(town)
    [_, refused] = town.say(said(Kind.CAN, SENDER), said(Kind.FOR, STORE, to=OTHER))
    assert isinstance(refused, RelayRefused)
    assert refused.refusal is Refusal.CANCEL_OPEN


# --- prices --------------------------------------------------------------------------------------------


def price(town: RelayTown) -> int:
    return town.relay_order().price.amount_minor


def test_the_senders_price_stands_unless_the_store_rejects(town: RelayTown) -> None:
    """Asked for by the sender, the new price holds at once; an answer with another amount brings the old one back."""
    arrive(town)
    town.say(said(Kind.ASKP, SENDER, cents=4_000))
    assert price(town) == 4_000
    [answer] = town.say(said(Kind.ANSP, STORE, cents=3_900))
    assert isinstance(answer, RelayTaken)
    assert "36.00 EUR stands" in answer.note
    assert price(town) == 3_600


def test_the_stores_price_needs_the_senders_word(town: RelayTown) -> None:
    """Asked for by the store, the old price holds until the sender agrees to that very amount."""
    arrive(town)
    town.say(said(Kind.ASKP, STORE, cents=4_200))
    assert price(town) == 3_600
    [own] = town.say(said(Kind.ANSP, STORE, cents=4_200))
    assert isinstance(own, RelayRefused), "nobody agrees with oneself"
    town.say(said(Kind.ANSP, SENDER, cents=4_200))
    assert price(town) == 4_200


def test_a_correction_needs_agreement_and_the_whole_price(town: RelayTown) -> None:
    """ADJ: by the sending member alone, after the delivery, of the amount that both named."""
    arrive(town)
    [early] = town.say(said(Kind.ADJ, SENDER, cents=4_000))
    reach_delivered = town.say(said(Kind.DCON, STORE))
    [alone] = town.say(said(Kind.ADJ, SENDER, cents=4_000, key="alone"))
    town.say(said(Kind.ASKP, SENDER, cents=4_000), said(Kind.ANSP, STORE, cents=4_000))
    assert price(town) == 3_600, "agreement alone corrects nothing"
    difference, by_network, right = town.say(
        said(Kind.ADJ, SENDER, cents=400),
        said(Kind.ADJ, None, cents=4_000),
        said(Kind.ADJ, SENDER, cents=4_000, key="right"),
    )
    refusals = [each.refusal for each in (early, alone, difference, by_network) if isinstance(each, RelayRefused)]
    assert refusals == [
        Refusal.NOT_DELIVERED,
        Refusal.NOT_AGREED,
        Refusal.NOT_THE_AGREED_PRICE,
        Refusal.NOT_SENDING,
    ]
    assert isinstance(right, RelayTaken)
    assert isinstance(reach_delivered[0], RelayTaken)
    assert price(town) == 4_000


# --- keys, words, faults -------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer(town: RelayTown) -> None:
    """Said again it changes nothing; with other words under the key it is refused; a refusal stays one."""
    arrive(town)
    message = said(Kind.REJ, STORE, key="k", reason=RejectReason.PRICE)
    first, again, other = town.say(message, message, said(Kind.ACK, STORE, key="k"))
    assert isinstance(first, RelayTaken)
    assert again == RelayRepeated(first)
    assert isinstance(other, RelayRefused)
    assert other.refusal is Refusal.KEY_TAKEN
    refused = said(Kind.DCON, STORE, key="r")
    [no] = town.say(refused)
    assert isinstance(no, RelayRefused)
    assert town.say(refused) == [RelayRepeated(no)]
    assert [view.message.kind for view in town.story().messages] == [Kind.REJ, Kind.DCON]


def test_keys_are_the_sources_own(town: RelayTown) -> None:
    """A fax and the order system may use the same key."""
    arrive(town)
    by_api, by_fax = town.say(said(Kind.ACK, STORE, key="k"), said(Kind.ASK, STORE, key="k", channel=Channel.FAX))
    assert isinstance(by_api, RelayTaken)
    assert isinstance(by_fax, RelayTaken)


@pytest.mark.parametrize("language", ["de", "en", "fr", "nb"])
@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_sentence(refusal: Refusal, language: str) -> None:
    """In every language, and with every name filled in."""
    names = ["number", "member", "kind", "delivery_date", "executing", "month", "asked", "agreed", "currency"]
    sentence = refusal_sentence(Refused(refusal, {name: f"<{name}>" for name in names}), language)  # type: ignore[arg-type]
    assert "{" not in sentence
    assert sentence.endswith(".")


FAULTY = [
    (said(Kind.ACK, STORE, ""), "/order_number"),
    (said(Kind.FOR, STORE), "/to_member"),
    (said(Kind.ASKP, STORE), "/amount"),
    (said(Kind.ACK, STORE, cents=100), "/amount"),
    (said(Kind.ASK, STORE, text=" "), "/text"),
    (said(Kind.ACK, STORE, reason=RejectReason.PRICE), "/reason"),
    (said(Kind.SUS, STORE), "/order_number"),
    (said(Kind.SUS, None, ""), "/to_member"),
    (said(Kind.ACK, STORE, first_day=START.date()), "/first_day"),
    (said(Kind.SUS, STORE, "", first_day=dt.date(2027, 6, 2), last_day=dt.date(2027, 6, 1)), "/last_day"),
]


@pytest.mark.parametrize(("message", "pointer"), FAULTY)
def test_a_message_that_is_wrong_in_itself_names_the_field(message: RelayMessage, pointer: str) -> None:
    """Before any rule is asked."""
    assert pointer in [fault.pointer for fault in faults_of(message)]


def test_two_orders_with_one_number_do_not_disturb_each_other() -> None:
    """What is said by the number is said of the first; the fax of the second goes out as any other."""
    town = RelayTown()
    first = town.order(to=1)
    with town.connection.begin():
        town.connection.exec_driver_sql("UPDATE fax SET key = 'of somebody else'")
    second = town.order(to=2)
    town.look(second, "accepted")
    town.fax_ends(first, State.DELIVERED, "delivered")
    town.say(said(Kind.REJ, STORE))
    town.look(second, "accepted")
    assert town.relay_order().fax_id == first
    assert {fax_id: state for fax_id, state, *_ in town.papers()}[second] is State.QUEUED
    town.close()
