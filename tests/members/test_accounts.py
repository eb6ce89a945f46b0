"""To which account a member is paid is never one person's word, and a payout keeps the account it was approved with."""

import datetime as dt
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from faxgw.config.members import Members
from faxgw.faults import Fault
from faxgw.members import paying
from faxgw.members.accounts import check_account, first_day_in_force, mask_account
from faxgw.members.decisions import Decided, Decision, Faulty, Forbidden, NotThere
from faxgw.members.people import Person, are_two_people
from tests.members.florists import ASTRID, BJORN, TODAY, Office, florist, open_office

ONE, TWO = "NO9386011117947", "86011117947"
THREE = "FR1420041010050500013M02606"
BY_NAME = Members(timezone="Europe/Oslo", account_identity="name")


async def propose(office: Office, by: Person, number: str = ONE) -> int:
    done = await office.keeper.change(by, "", lambda b, a: paying.propose(b, a, "NO-1", number))
    assert isinstance(done, Decided), done
    proposal = office.keeper.books.accounts.open_proposal("NO-1")
    assert proposal is not None
    return proposal.seq


async def approve(office: Office, by: Person, proposal: int) -> Decision:
    rules = office.keeper.rules
    return await office.keeper.change(by, "", lambda b, a: paying.approve(b, a, "NO-1", proposal, rules))


def in_force(office: Office, day: dt.date, known_seq: int | None = None) -> str | None:
    account = office.keeper.books.accounts.in_force("NO-1", day, known_seq)
    return account.number if account is not None else None


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("8601 11 17947", "NO", "86011117947"),
        ("8601.11.17947", "NO", "86011117947"),
        ("no93 8601 1117 947", "NO", "NO9386011117947"),
        ("FR14 2004 1010 0505 0001 3M02 606", "FR", "FR1420041010050500013M02606"),
    ],
)
def test_a_good_number_is_taken_in_one_spelling(written: str, country: str, number: str) -> None:
    """Spaces, dots and small letters do not matter."""
    assert check_account(written, country) == number


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("8601 11 17948", "NO"),
        ("86011117947", "FR"),
        ("NO92 8601 1117 947", "NO"),
        ("FR14 2004 1010 0505 0001 3M02 607", "FR"),
        ("", "NO"),
        ("1" * 65, "NO"),
        ("\uff186011117947", "NO"),
    ],
)
def test_a_number_whose_digits_do_not_fit_is_refused(written: str, country: str) -> None:
    """Modulus 11 and modulus 97 find a slip of the hand."""
    assert isinstance(check_account(written, country), Fault)


@given(st.integers(0, 10), st.integers(1, 9))
def test_modulus_11_finds_every_single_slip(place: int, shift: int) -> None:
    """One digit otherwise is never another good number."""
    digits = list(TWO)
    digits[place] = str((int(digits[place]) + shift) % 10)
    assert isinstance(check_account("".join(digits), "NO"), Fault)


def test_a_masked_number_shows_its_end_alone() -> None:
    """As many signs as it has."""
    assert mask_account(ONE) == "***********7947"


# --- two people --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        "Astrid",
        "ASTRID",
        " astrid ",
        "Ástrid",
        "A s t r i d",
        "astrid.",
        "\uff21strid",
        "As\u00adtrid",
        "\u200bAstrid",
        "",
        " ",
    ],
)
@pytest.mark.parametrize("login", ["astrid", "bjorn"])
async def test_another_spelling_is_no_other_person(other: str, login: str) -> None:
    """Nor is nobody; and under another login neither, for both must differ."""
    office = await open_office(florist())
    proposal = await propose(office, ASTRID)
    refused = await approve(office, Person(other, login), proposal)
    assert isinstance(refused, Forbidden)
    assert in_force(office, TODAY + dt.timedelta(400)) is None


@pytest.mark.parametrize("login", ["astrid", None])
async def test_another_name_under_the_same_login_is_no_other_person(login: str | None) -> None:
    """A name is typed in a moment; a socket that does not tell whose it is proves nothing."""
    office = await open_office(florist())
    proposal = await propose(office, ASTRID)
    assert isinstance(await approve(office, Person("Bjørn", login), proposal), Forbidden)
    done = await approve(office, BJORN, proposal)
    assert isinstance(done, Decided)


async def test_names_alone_where_the_config_says_so() -> None:
    """A system that has checked who its people are comes over one login."""
    office = await open_office(florist(), rules=BY_NAME)
    proposal = await propose(office, Person("Astrid", "crm"))
    assert isinstance(await approve(office, Person("astrid", "crm"), proposal), Forbidden)
    assert isinstance(await approve(office, Person("Bjørn", "crm"), proposal), Decided)


@given(st.text(max_size=12), st.text(max_size=12), st.sampled_from(["login", "name"]))
def test_nobody_is_two_people(name: str, other: str, identity: Any) -> None:
    """Whatever is typed: alike, or told apart in both directions."""
    one, two = Person(name, "a"), Person(other, "b")
    assert not are_two_people(one, Person(name.upper(), "b"), identity)
    assert are_two_people(one, two, identity) == are_two_people(two, one, identity)
    assert not are_two_people(one, Person(other, "a"), "login")


async def test_an_approval_is_for_the_number_that_was_looked_at() -> None:
    """Who swaps the number after the other one looked does not get it approved."""
    office = await open_office(florist())
    first = await propose(office, ASTRID, ONE)
    second = await propose(office, ASTRID, THREE)
    refused = await approve(office, BJORN, first)
    assert isinstance(refused, Forbidden)
    assert str(second) in refused.detail
    assert in_force(office, TODAY) is None
    assert isinstance(await approve(office, BJORN, second), Decided)
    assert in_force(office, TODAY) == THREE


async def test_a_proposal_is_decided_once() -> None:
    """Approved again, refused after, or guessed: there is nothing."""
    office = await open_office(florist())
    proposal = await propose(office, ASTRID)
    assert isinstance(await approve(office, BJORN, proposal + 7), Forbidden)
    assert isinstance(await approve(office, BJORN, proposal), Decided)
    assert isinstance(await approve(office, BJORN, proposal), NotThere)
    refused = await office.keeper.change(ASTRID, "", lambda b, a: paying.refuse(b, a, "NO-1", proposal))
    assert isinstance(refused, NotThere)


async def test_races_do_not_pass_the_rule() -> None:
    """Two daemons over one store: one swaps the number while the other approves the old one."""
    office = await open_office(florist())
    other = Office(store=office.store, clock=office.clock)
    proposal = await propose(office, ASTRID, ONE)
    await other.keeper.load()
    # The other's books are older than this swap, which its decision does not see.
    swapped = await propose(office, ASTRID, THREE)
    refused = await approve(other, BJORN, proposal)
    assert isinstance(refused, Forbidden)
    assert isinstance(await approve(other, ASTRID, swapped), Forbidden)
    assert in_force(other, TODAY + dt.timedelta(400)) is None


async def test_many_at_once_approve_once() -> None:
    """However they fall together, the number comes into force once, and by two."""
    office = await open_office(florist())
    keepers = [Office(store=office.store, clock=office.clock) for _ in range(3)]
    proposal = await propose(office, ASTRID)
    for each in keepers:
        await each.keeper.load()
    came: list[Decision] = []

    async def try_it(own: Office, by: Person) -> None:
        came.append(await approve(own, by, proposal))

    async with trio.open_nursery() as nursery:
        for each in keepers:
            for by in (ASTRID, BJORN, Person("ASTRID", "root"), Person("Siv", "astrid")):
                nursery.start_soon(try_it, each, by)
    assert sum(isinstance(each, Decided) for each in came) == 1
    entries = await office.store.register.entries(0, 100)
    assert [entry.kind for entry in entries].count("account_approved") == 1
    assert [entry.who for entry in entries if entry.kind == "account_approved"] == ["Bjørn"]


async def test_the_account_in_force_cannot_be_proposed_again_nor_a_bad_one() -> None:
    """Both would waste a second person's look."""
    office = await open_office(florist())
    await approve(office, BJORN, await propose(office, ASTRID))
    again = await office.keeper.change(ASTRID, "", lambda b, a: paying.propose(b, a, "NO-1", ONE))
    assert isinstance(again, Forbidden)
    bad = await office.keeper.change(ASTRID, "", lambda b, a: paying.propose(b, a, "NO-1", "12345678901"))
    assert isinstance(bad, Faulty)


# --- from when ---------------------------------------------------------------------------------------


def test_the_cut_off_day() -> None:
    """Before it this month's payouts change, from it on the next month's; the year's end is no end."""
    first_days = {
        day: first_day_in_force(dt.date(2027, 12, day), 5, is_first=False).isoformat() for day in (1, 4, 5, 31)
    }
    assert first_days == {1: "2027-12-01", 4: "2027-12-04", 5: "2028-01-01", 31: "2028-01-01"}
    assert first_day_in_force(dt.date(2027, 12, 31), 5, is_first=True) == dt.date(2027, 12, 31)


async def test_an_approved_payout_keeps_its_account() -> None:
    """It noted the book's newest entry: whatever is approved later, the same day, changes nothing of it."""
    office = await open_office(florist())
    await approve(office, BJORN, await propose(office, ASTRID, ONE))
    payout_day, payout_seq = TODAY, office.keeper.books.seq
    await approve(office, BJORN, await propose(office, ASTRID, THREE))
    assert in_force(office, payout_day) == THREE
    assert in_force(office, payout_day, payout_seq) == ONE


async def test_after_the_cut_off_the_old_account_is_paid_to_until_the_month_ends() -> None:
    """And a restart knows it."""
    office = await open_office(florist())
    await approve(office, BJORN, await propose(office, ASTRID, ONE))
    office.clock.set(dt.date(2027, 2, 5))
    done = await approve(office, BJORN, await propose(office, ASTRID, THREE))
    assert isinstance(done, Decided)
    assert done.came_of_it == dt.date(2027, 3, 1)
    again = Office(store=office.store, clock=office.clock)
    await again.keeper.load()
    assert in_force(again, dt.date(2027, 2, 25)) == ONE
    assert in_force(again, dt.date(2027, 3, 1)) == THREE


async def test_the_books_are_not_rewritten_when_the_clock_is_set_back() -> None:
    """What is recorded later counts as later, whatever the wall clock says."""
    office = await open_office(florist())
    await approve(office, BJORN, await propose(office, ASTRID, ONE))
    at, seq = office.clock.now(), office.keeper.books.seq
    office.clock.set(TODAY - dt.timedelta(1))
    await approve(office, BJORN, await propose(office, ASTRID, THREE))
    ats = [entry.at for entry in await office.store.register.entries(0, 100)]
    assert ats == sorted(ats)
    assert min(ats[seq:]) >= at
    assert in_force(office, TODAY, seq) == ONE


async def test_no_event_tells_a_number() -> None:
    """Whoever reads events learns that, of whom and by whom."""
    office = await open_office(florist())
    await approve(office, BJORN, await propose(office, ASTRID, ONE))
    events = await office.store.events(0, 100)
    assert [event.kind for event in events] == ["members_imported", "account_proposed", "account_approved"]
    assert not any(ONE[-8:] in repr(event.data) for event in events)
