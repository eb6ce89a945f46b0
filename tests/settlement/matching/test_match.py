"""Each payment and each order is matched once, never on a tie, whatever came first."""

import datetime as dt
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.settlement.matching.assign import assign
from faxgw.settlement.matching.match import CONFIRMED, Expected, Matching, Payment, Reason, Rule, match_payments
from faxgw.settlement.matching.references import KidCheck, kid_payload, make_kid
from faxgw.store.clearing.names import normalised

DAY = dt.date(2027, 5, 28)


def payment(id_: int, reference: str, amount_minor: int = 64900, *, currency: str = "NOK", day: int = 0) -> Payment:
    on = DAY + dt.timedelta(days=day)
    return Payment(id=id_, reference=reference, amount_minor=amount_minor, currency=currency, day=on)


def expected(number: str, amount_minor: int = 64900, *references: str, currency: str = "NOK", day: int = 0) -> Expected:
    on = DAY + dt.timedelta(days=day)
    return Expected(number=number, references=references, amount_minor=amount_minor, currency=currency, day=on)


def rules(matching: Matching) -> dict[int, tuple[str, Rule]]:
    return {match.payment_id: (match.number, match.rule) for match in matching.matches}


def reasons(matching: Matching) -> dict[int, tuple[Reason, str]]:
    return {each.payment_id: (each.reason, each.number) for each in matching.unmatched}


def test_our_reference_and_the_amount_are_a_match() -> None:
    """The order's number, or what the shop called the payment; both name the order."""
    orders = [expected("NO27-0000017"), expected("NO27-0000018", 64900, "VIPPS-88")]
    done = match_payments([payment(1, "NO27-0000017"), payment(2, "VIPPS-88")], orders)
    assert rules(done) == {1: ("NO27-0000017", Rule.EXACT), 2: ("NO27-0000018", Rule.EXACT)}
    assert done.unmatched == ()


def test_another_amount_is_never_matched_by_itself() -> None:
    """The reference is right and the amount is not: a person decides, and is told which order it is about."""
    done = match_payments([payment(1, "NO27-0000017", 64800)], [expected("NO27-0000017")])
    assert done.matches == ()
    assert reasons(done) == {1: (Reason.AMOUNT_DIFFERS, "NO27-0000017")}


def test_two_payments_for_one_order_are_a_tie() -> None:
    """Nobody can tell which is the customer's and which the mistake, so neither is booked."""
    done = match_payments([payment(1, "NO27-0000017"), payment(2, "NO27-0000017")], [expected("NO27-0000017")])
    assert done.matches == ()
    assert reasons(done) == {
        1: (Reason.DUPLICATE, "NO27-0000017"),
        2: (Reason.DUPLICATE, "NO27-0000017"),
    }


def test_an_order_that_was_paid_is_not_paid_again() -> None:
    """The second payment comes in a later file."""
    done = match_payments([payment(2, "no27 0000017")], [], [expected("NO27-0000017")])
    assert reasons(done) == {2: (Reason.DUPLICATE, "NO27-0000017")}


def test_an_amount_captured_in_parts_is_one_payment() -> None:
    """All parts together, or none of them."""
    parts = [payment(1, "NO27-0000017", 40000), payment(2, "NO27-0000017", 24900)]
    whole = match_payments(parts, [expected("NO27-0000017")])
    assert rules(whole) == {1: ("NO27-0000017", Rule.PARTS), 2: ("NO27-0000017", Rule.PARTS)}
    short = match_payments([*parts, payment(3, "NO27-0000017", 100)], [expected("NO27-0000017")])
    assert short.matches == ()
    assert {reason for reason, _ in reasons(short).values()} == {Reason.AMOUNT_DIFFERS}


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ("no27-0000017", "mod10"),
        ("NO27/0000017", "mod10"),
        ("NO27 0000017", "mod11"),
        ("2700000173", "mod10"),
        ("002700000179", "mod11"),
    ],
)
def test_a_reference_is_recognised_as_payers_write_it(written: str, check: KidCheck) -> None:
    """Small letters, other signs, a KID of the number's digits with its check digit."""
    done = match_payments([payment(1, written)], [expected("NO27-0000017")], kid_check=check)
    assert rules(done) == {1: ("NO27-0000017", Rule.NORMALISED)}


def test_a_check_digit_that_is_written_as_a_dash_is_one() -> None:
    """By mod 11 one KID in eleven ends with a dash; it is its check digit, and no sign between."""
    kid = make_kid("270000025", "mod11")
    assert kid.endswith("-")
    done = match_payments([payment(1, kid)], [expected("NO27-0000025")], kid_check="mod11")
    assert rules(done) == {1: ("NO27-0000025", Rule.NORMALISED)}
    other = match_payments([payment(1, kid.replace("-", "1"))], [expected("NO27-0000025")], kid_check="mod11")
    assert reasons(other) == {1: (Reason.UNKNOWN_REFERENCE, "")}


def test_a_wrong_check_digit_is_no_reference_and_no_reason_to_lose_the_money() -> None:
    """It stays in the queue; the amount and the day suggest the order."""
    done = match_payments([payment(1, "2700000178")], [expected("NO27-0000017")])
    assert rules(done) == {1: ("NO27-0000017", Rule.AMOUNT_AND_DAY)}
    assert reasons(done) == {1: (Reason.UNKNOWN_REFERENCE, "")}


def test_amount_and_day_only_suggest_and_only_where_both_are_the_only_ones() -> None:
    """One order of that amount near, one payment for it: a suggestion; a second of either: nothing."""
    one = match_payments([payment(1, "")], [expected("A"), expected("B", day=10)])
    assert rules(one) == {1: ("A", Rule.AMOUNT_AND_DAY)}
    assert Rule.AMOUNT_AND_DAY not in CONFIRMED
    assert reasons(one) == {1: (Reason.NO_REFERENCE, "")}
    assert match_payments([payment(1, "")], [expected("A"), expected("B", day=2)]).matches == ()
    assert match_payments([payment(1, ""), payment(2, "", day=1)], [expected("A")]).matches == ()


def test_another_currency_is_another_payment() -> None:
    """649 euros do not pay for 649 kroner."""
    done = match_payments([payment(1, "A", currency="EUR")], [expected("A")])
    assert done.matches == ()
    assert reasons(done) == {1: (Reason.AMOUNT_DIFFERS, "A")}


def test_what_is_left_is_suggested_one_to_one() -> None:
    """A mistyped reference goes to the order that it resembles, and nobody gets two."""
    payments = [payment(1, "NO27-0000071", 64900), payment(2, "N027-0000018", 64900), payment(3, "", 900)]
    orders = [expected("NO27-0000017"), expected("NO27-0000018"), expected("NO27-0000099", 99900)]
    done = match_payments(payments, orders, assign=assign)
    assert rules(done) == {1: ("NO27-0000017", Rule.ASSIGNED), 2: ("NO27-0000018", Rule.ASSIGNED)}
    assert set(reasons(done)) == {1, 2, 3}


REFERENCES = st.sampled_from(["A1", "a1", "A-1", "B2", "C3", "", "18", "XX"])
PAYMENTS = st.lists(st.tuples(REFERENCES, st.sampled_from([100, 200, 300]), st.integers(-4, 4)), max_size=8)
ORDERS = st.lists(st.tuples(st.sampled_from(["A1", "B2", "C3", "D4"]), st.sampled_from([100, 200, 300])), max_size=4)


@given(payments=PAYMENTS, orders=ORDERS, seed=st.integers(0, 99))
def test_whatever_comes_in_whatever_order(
    payments: list[tuple[str, int, int]], orders: list[tuple[str, int]], seed: int
) -> None:
    """Shuffled it matches the same; each payment once, each order once (parts apart); nothing is forgotten."""
    paid = [payment(id_, reference, amount, day=day) for id_, (reference, amount, day) in enumerate(payments)]
    owed = [expected(number, amount) for number, amount in dict(orders).items()]
    done = match_payments(paid, owed, assign=assign)
    dice = random.Random(seed)  # noqa: S311 - to play it again
    assert match_payments(dice.sample(paid, len(paid)), dice.sample(owed, len(owed)), assign=assign) == done
    placed = [match for match in done.matches if match.rule in CONFIRMED]
    assert len({match.payment_id for match in done.matches}) == len(done.matches)
    numbers = [match.number for match in done.matches if match.rule is not Rule.PARTS]
    assert len(set(numbers)) == len(numbers)
    assert {match.payment_id for match in placed} | {each.payment_id for each in done.unmatched} == set(
        range(len(paid))
    )
    assert not {match.payment_id for match in placed} & {each.payment_id for each in done.unmatched}
    amounts = {order.number: order.amount_minor for order in owed}
    for number in {match.number for match in placed}:
        parts = [paid[match.payment_id].amount_minor for match in placed if match.number == number]
        assert sum(parts) == amounts[number]


def test_check_digits_are_those_of_the_manual() -> None:
    """The manual's own examples: 12345678 gives 2 by mod 10 and 5 by mod 11."""
    assert kid_payload("123456782", "mod10") == kid_payload("123456785", "mod11") == "12345678"
    assert kid_payload("123456782", "mod11") is kid_payload("123456785", "mod10") is None
    assert kid_payload("7", "mod10") is None
    assert kid_payload("12a4", "mod10") is None
    assert normalised(" no27-0000017 ") == "NO270000017"


def test_parts_of_a_cart_for_two_orders_are_nobodys() -> None:
    """Two orders of one amount bear the shop's one reference: whose the parts are, nobody can tell."""
    parts = [payment(1, "CART-9", 30000), payment(2, "CART-9", 34900)]
    orders = [expected("A", 64900, "CART-9"), expected("B", 64900, "CART-9")]
    assert match_payments(parts, orders).matches == ()


@pytest.mark.parametrize("place", range(10))
def test_a_kid_with_one_wrong_digit_is_no_kid(place: int) -> None:
    """Whichever digit it is, and whichever is typed instead."""
    kid = "2700000173"
    for digit in set("0123456789") - {kid[place]}:
        typed = kid[:place] + digit + kid[place + 1 :]
        assert kid_payload(typed, "mod10") is None


def test_many_payments_of_one_price_are_looked_through_in_no_time() -> None:
    """20,000 orders and 5,000 payments without a name, all of one price: each looks at its days, not at all others."""
    orders = [expected(f"N{index}", day=index % 30) for index in range(20_000)]
    payments = [payment(index, "", day=index % 30) for index in range(5_000)]
    started = time.process_time()
    assert match_payments(payments, orders).matches == ()
    assert time.process_time() - started < 2
