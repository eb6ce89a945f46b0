"""A journal sums to zero or is none; a pending one ends once; balances are what folding gives."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxgw.store.ledger.journal import (
    Account,
    AccountKind,
    Journal,
    Phase,
    Posting,
    Standing,
    faults_of,
    fold,
    parse_account,
    sums_by_currency,
)

DAY = dt.date(2027, 5, 30)
OSLO = Account(AccountKind.MEMBER, "NO-0301", "NOK")
BERGEN = Account(AccountKind.MEMBER, "NO-4601", "NOK")
NETWORK = Account(AccountKind.NETWORK, "commission", "NOK")
EUROS = Account(AccountKind.SUSPENSE, "unallocated", "EUR")


def journal(*postings: tuple[Account, int], key: str = "k", phase: Phase = Phase.PLAIN, resolves: str = "") -> Journal:
    made = tuple(Posting(account, amount_minor) for account, amount_minor in postings)
    return Journal(key=key, phase=phase, effective_on=DAY, postings=made, resolves=resolves)


SALE = journal((OSLO, 64900), (BERGEN, -47377), (NETWORK, -17523), phase=Phase.PENDING, key="sale")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (journal((OSLO, 100), (BERGEN, -99)), "sum to 1"),
        (journal((OSLO, 100), (EUROS, -100)), "in EUR sum to -100"),
        (journal((OSLO, 100), (BERGEN, -100), (NETWORK, 0)), "posting of nothing"),
        (journal(), "at least two"),
        (journal((OSLO, 1), (BERGEN, -1), phase=Phase.POST), "name the pending journal"),
        (journal((OSLO, 1), (BERGEN, -1), resolves="sale"), "name the pending journal"),
        (journal((OSLO, 1), (BERGEN, -1), phase=Phase.VOID, resolves="sale"), "a void has no postings"),
    ],
)
def test_what_is_no_journal_is_told(wrong: Journal, told: str) -> None:
    """Each rule of double entry has its sentence."""
    assert any(told in fault for fault in faults_of(wrong))


def test_a_post_is_at_most_what_was_pending() -> None:
    """All of it or a part of it, never more, never the other way round, never on another account."""
    whole = journal((OSLO, 64900), (BERGEN, -47377), (NETWORK, -17523), phase=Phase.POST, resolves="sale", key="p")
    part = journal((OSLO, 40000), (BERGEN, -40000), phase=Phase.POST, resolves="sale", key="p")
    more = journal((OSLO, 64901), (BERGEN, -47378), (NETWORK, -17523), phase=Phase.POST, resolves="sale", key="p")
    turned = journal((OSLO, -1), (BERGEN, 1), phase=Phase.POST, resolves="sale", key="p")
    assert not list(faults_of(SALE))
    assert not list(faults_of(whole, SALE.postings))
    assert not list(faults_of(part, SALE.postings))
    assert len(list(faults_of(more, SALE.postings))) == 2
    assert len(list(faults_of(turned, SALE.postings))) == 2


def test_pending_stands_apart_until_it_is_posted_or_voided() -> None:
    """What may fall away is no balance; a partial post gives back the rest."""
    assert fold([SALE])[BERGEN] == Standing(0, -47377)
    void = Journal(key="v", phase=Phase.VOID, effective_on=DAY, resolves="sale")
    assert fold([SALE, void]) == {}
    part = journal((OSLO, 40000), (BERGEN, -40000), phase=Phase.POST, resolves="sale", key="p")
    assert fold([SALE, part]) == {OSLO: Standing(40000, 0), BERGEN: Standing(-40000, 0)}


def test_an_account_is_its_name() -> None:
    """What is written is read again; anything else is refused."""
    assert parse_account(str(OSLO)) == OSLO
    for text in ("member:NO-0301", "florist:NO-0301:NOK", "a:b:c:d", ""):
        with pytest.raises(ValueError, match=r"."):
            parse_account(text)


ACCOUNTS = st.sampled_from([OSLO, BERGEN, NETWORK])


@given(st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(1, 10**9)), max_size=30))
def test_the_whole_ledger_sums_to_zero_at_any_prefix(moves: list[tuple[Account, Account, int]]) -> None:
    """Whatever moves between accounts, nothing appears and nothing vanishes."""
    journals = [
        journal((debit, amount), (credit, -amount), key=str(number))
        for number, (debit, credit, amount) in enumerate(moves)
    ]
    for length in range(len(journals) + 1):
        assert sum(standing.posted_minor for standing in fold(journals[:length]).values()) == 0
        assert all(not total for each in journals[:length] for total in sums_by_currency(each.postings).values())
